"""The authorizer: tokens really signed, keys really served, and whatever is not beyond doubt opens nothing."""

from __future__ import annotations

import base64
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from handlers.authorizer._authorizer import Authorizer, routes
from handlers.authorizer._keys import Keys, KeysUnavailable, fetch_from
from handlers.authorizer._token import Verifier
from mangaobs.runtime import configure, observe

from ..conftest import Context

KEY, OTHER = (rsa.generate_private_key(65537, 2048) for _ in range(2))
ARN = "arn:aws:execute-api:us-east-1:123456789012:api1/live/POST/messages"
STAGE = "arn:aws:execute-api:us-east-1:123456789012:api1/live"
EVERYONE = [
    f"{STAGE}/{route}"
    for route in ("POST/messages", "POST/privacy/requests", "GET/privacy/requests/*", "POST/privacy/requests/*/link")
]


def jwk(key, kid, **more):
    return {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig", "alg": "RS256", **more}


class Issuer:
    """Serves its keys on a free port of this machine."""

    def __init__(self):
        self.body = json.dumps({"keys": [jwk(KEY, "k1")]}).encode()
        self.status = 200
        self.asked = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked += 1
                self.send_response(issuer.status)
                if issuer.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(issuer.body)))
                self.end_headers()
                self.wfile.write(issuer.body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Gate:
    """An authorizer of the issuer, whose clock the test moves."""

    def __init__(self, issuer):
        self.issuer = issuer
        self.now = 0.0
        self.keys = Keys(
            fetch_from(f"{issuer.url}/.well-known/jwks.json"), monotonic=lambda: self.now, kept=3600, stale=21600
        )
        self.written = []

    def claims(self, **more):
        now = int(time.time())
        whole = {
            "iss": self.issuer.url,
            "sub": "customer-1",
            "client_id": "app-1",
            "token_use": "access",
            "origin_jti": "session-1",
            "iat": now - 10,
            "exp": now + 600,
            "cognito:groups": ["agents", "admin-read"],
            **more,
        }
        return {name: value for name, value in whole.items() if value is not ...}

    def token(self, key=KEY, kid="k1", algorithm="RS256", **more):
        return jwt.encode(self.claims(**more), key, algorithm, headers={"kid": kid} if kid else {})

    def ask(self, token, *, kind="TOKEN", use="access"):
        configure(write=self.written.append, tracer="off")
        verifier = Verifier(
            self.keys,
            issuer=self.issuer.url,
            client_ids={"app-1"},
            token_use=use,
            session_claim="origin_jti",
            groups_claim="cognito:groups",
        )
        authorizer = Authorizer(verifier, routes(), hashed=lambda text: f"h{len(text)}")
        event = {"type": kind, "methodArn": ARN}
        event |= {"authorizationToken": token} if kind == "TOKEN" else {"headers": {"Authorization": token}}
        return observe(authorizer.__call__)(event, Context())

    def effect(self, token, **more):
        (statement,) = self.ask(f"Bearer {token}", **more)["policyDocument"]["Statement"]
        return statement["Effect"]

    def reason(self):
        lines = [json.loads(line) for line in b"".join(self.written).splitlines()]
        return [line["reason"] for line in lines if line["event"] == "request_rejected"][-1]


@pytest.fixture(scope="module")
def serving():
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def gate(serving):
    serving.body, serving.status, serving.asked = json.dumps({"keys": [jwk(KEY, "k1")]}).encode(), 200, 0
    return Gate(serving)


@pytest.mark.parametrize("kind", ["TOKEN", "REQUEST"])
def test_a_good_token_opens_its_routes_and_says_whose_it_is(gate, kind):
    answer = gate.ask(f"Bearer {gate.token()}", kind=kind)
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == [
        *EVERYONE,
        f"{STAGE}/GET/admin/customers/*",
        f"{STAGE}/GET/admin/sessions/*",
    ]
    assert answer["context"] == {"customer_id": "customer-1", "session_id": "session-1", "groups": "agents,admin-read"}
    assert answer["principalId"] == "h10"


def test_without_a_group_nothing_of_the_administrators_is_open(gate):
    answer = gate.ask(f"Bearer {gate.token(**{'cognito:groups': ...})}")
    assert answer["policyDocument"]["Statement"][0]["Resource"] == EVERYONE


def hs256_with_the_public_key(gate):
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    import hashlib
    import hmac

    def part(content):
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=")

    signed = part({"alg": "HS256", "kid": "k1"}) + b"." + part(gate.claims())
    mac = base64.urlsafe_b64encode(hmac.new(public, signed, hashlib.sha256).digest()).rstrip(b"=")
    return (signed + b"." + mac).decode()


NOW = int(time.time())
BAD = {
    "no token": (lambda gate: "", "token_missing"),
    "nonsense": (lambda gate: "abc", "token_malformed"),
    "too long": (lambda gate: "a" * 9000, "token_too_long"),
    "not signed": (lambda gate: jwt.encode(gate.claims(), None, "none", headers={"kid": "k1"}), "token_algorithm"),
    "the public key as a secret": (hs256_with_the_public_key, "token_algorithm"),
    "another algorithm of the key": (lambda gate: gate.token(algorithm="RS512"), "token_algorithm"),
    "another key under the id": (lambda gate: gate.token(OTHER), "token_invalid"),
    "no key id": (lambda gate: gate.token(kid=None), "token_key_missing"),
    "an unknown key id": (lambda gate: gate.token(kid="k9"), "token_key_unknown"),
    "expired": (lambda gate: gate.token(exp=NOW - 60), "token_expired"),
    "no end": (lambda gate: gate.token(exp=...), "token_invalid"),
    "not yet valid": (lambda gate: gate.token(nbf=NOW + 600), "token_invalid"),
    "made in the future": (lambda gate: gate.token(iat=NOW + 600), "token_invalid"),
    "another issuer": (lambda gate: gate.token(iss="https://evil.example"), "token_issuer"),
    "another client": (lambda gate: gate.token(client_id="app-2"), "token_client"),
    "no client": (lambda gate: gate.token(client_id=...), "token_client"),
    "an id token": (lambda gate: gate.token(token_use="id", aud="app-1"), "token_use"),
    "no customer": (lambda gate: gate.token(sub=...), "token_invalid"),
    "a customer that is a key of the table": (lambda gate: gate.token(sub="a#b"), "token_claims"),
    "no session": (lambda gate: gate.token(origin_jti=...), "token_claims"),
    "a session with a line end": (lambda gate: gate.token(origin_jti="s1\n"), "token_claims"),
    "groups with a comma": (lambda gate: gate.token(**{"cognito:groups": ["a,admin-delete"]}), "token_claims"),
    "groups that are a text": (lambda gate: gate.token(**{"cognito:groups": "admin-delete"}), "token_claims"),
}


@pytest.mark.parametrize("what", BAD)
def test_whatever_is_wrong_with_a_token_it_opens_nothing_and_the_line_says_why(gate, what):
    make, reason = BAD[what]
    token = make(gate)
    assert gate.effect(token) == "Deny"
    assert gate.reason() == reason
    # and nothing of the token is written
    written = b"".join(gate.written).decode()
    assert "customer-1" not in written
    assert len(token) < 9 or token not in written


def test_an_id_token_is_taken_where_it_is_asked_for_with_its_audience(gate):
    assert gate.effect(gate.token(token_use="id", aud=["app-1"]), use="id") == "Allow"
    assert gate.effect(gate.token(token_use="id", aud="app-2"), use="id") == "Deny"
    assert gate.effect(gate.token(token_use="id"), use="id") == "Deny"


@given(data=st.data())
@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_change_of_a_good_token_is_let_through(gate, data):
    token = gate.token()
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_."))
    changed = data.draw(
        st.sampled_from([token[:at] + letter + token[at + 1 :], token[:at] + token[at + 1 :], token[:at]])
    )
    # the last letter of a base64 text has bits that say nothing
    if changed != token and at < len(token) - 1:
        assert gate.effect(changed) == "Deny"


# --- the issuer's keys ---


def test_keys_are_asked_for_once(gate):
    for _ in range(5):
        assert gate.effect(gate.token()) == "Allow"
    assert gate.issuer.asked == 1


def test_a_new_key_is_found_and_made_up_ids_cause_no_storm(gate):
    assert gate.effect(gate.token()) == "Allow"
    gate.issuer.body = json.dumps({"keys": [jwk(KEY, "k1"), jwk(OTHER, "k2")]}).encode()
    gate.now += 31
    assert gate.effect(gate.token(OTHER, kid="k2")) == "Allow"
    for number in range(20):
        assert gate.effect(gate.token(kid=f"made-up-{number}")) == "Deny"
    assert gate.issuer.asked == 2


def test_a_key_that_the_issuer_took_back_is_not_taken_any_more(gate):
    assert gate.effect(gate.token()) == "Allow"
    gate.issuer.body = json.dumps({"keys": [jwk(OTHER, "k2")]}).encode()
    gate.now += 3601
    assert gate.effect(gate.token()) == "Deny"


def test_where_the_issuer_is_away_known_keys_serve_for_hours_and_then_nobody_comes_in(gate):
    assert gate.effect(gate.token()) == "Allow"
    gate.issuer.status = 500
    gate.now += 4000
    assert gate.effect(gate.token()) == "Allow"
    gate.now += 21600
    with pytest.raises(KeysUnavailable):
        gate.effect(gate.token())


GARBAGE = {
    "an error": (500, b"{}"),
    "no JSON": (200, b"<html>"),
    "no keys": (200, b'{"keys":[]}'),
    "keys of another kind": (200, json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}]}).encode()),
    "a broken key": (200, json.dumps({"keys": [{"kty": "RSA", "n": "!", "e": "AQAB", "kid": "k1"}]}).encode()),
    "keys to encrypt with": (200, json.dumps({"keys": [jwk(KEY, "k1", use="enc")]}).encode()),
    "too much": (200, json.dumps({"keys": [jwk(KEY, "k1")], "x": "y" * 70_000}).encode()),
    "a redirect": (302, b""),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_without_keys_the_function_fails_and_nobody_comes_in(gate, what):
    gate.issuer.status, gate.issuer.body = GARBAGE[what]
    with pytest.raises(KeysUnavailable):
        gate.effect(gate.token())


@pytest.mark.parametrize("url", ["http://issuer.example/keys", "file:///etc/passwd", "ftp://issuer.example/keys", ""])
def test_keys_are_fetched_over_https(url):
    with pytest.raises(ValueError, match="https"):
        fetch_from(url)


@pytest.mark.parametrize("event", [{}, {"type": "TOKEN"}, {"type": "OTHER", "methodArn": ARN}, [], None])
def test_another_event_is_no_question(gate, event):
    with pytest.raises(ValueError, match="not an event of a Lambda authorizer"):
        Authorizer(None, routes(), hashed=str)(event, Context())
