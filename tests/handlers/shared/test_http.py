"""API Gateway's events: who asks, what is wrong with a request; nothing that a client can write is believed."""

from __future__ import annotations

import base64
import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers._http import Refused, answer, body_of, identity_of, refusal, request_of
from mangaobs.runtime import configure


class Body(msgspec.Struct, forbid_unknown_fields=True):
    text: str


def event(body: str | None = '{"text":"hello"}', authorizer: object = None, **more):
    context = {"requestId": "r", "authorizer": authorizer or {"customer_id": "alice", "session_id": "s1"}}
    return {"httpMethod": "POST", "resource": "/messages", "body": body, "requestContext": context, **more}


def test_the_identity_is_the_authorizers():
    request = request_of(event('{"customer_id":"mallory"}', queryStringParameters={"session_id": "other"}))
    assert identity_of(request).customer_id == "alice"
    assert identity_of(request).session_id == "s1"


@pytest.mark.parametrize(
    "authorizer",
    [{"customer_id": "alice"}, {"customer_id": "", "session_id": "s"}, {"customer_id": "a#b", "session_id": "s"}],
)
def test_an_identity_that_is_not_whole_is_refused(authorizer):
    with pytest.raises(Refused) as refused:
        identity_of(request_of(event(authorizer=authorizer)))
    assert (refused.value.status, refused.value.reason) == (401, "not_signed_in")


def test_without_an_authorizer_nobody_is_signed_in():
    bare = event()
    del bare["requestContext"]["authorizer"]
    with pytest.raises(Refused) as refused:
        identity_of(request_of(bare))
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (None, 400, "invalid_body"),
        ("", 400, "invalid_body"),
        ("{", 400, "invalid_body"),
        ("[]", 400, "invalid_body"),
        ('{"text":3}', 400, "invalid_body"),
        ('{"text":"a","more":1}', 400, "invalid_body"),
        ('{"text":"\\ud800"}', 400, "invalid_body"),
        ('{"text":"%s"}' % ("a" * 200), 413, "body_too_large"),
    ],
)
def test_a_wrong_body_is_refused_with_its_reason(body, status, reason):
    with pytest.raises(Refused) as refused:
        body_of(request_of(event(body)), Body, most_bytes=100)
    assert (refused.value.status, refused.value.reason) == (status, reason)


def test_a_body_in_base64_is_read_and_a_broken_one_refused():
    encoded = base64.b64encode(b'{"text":"hello"}').decode()
    assert body_of(request_of(event(encoded, isBase64Encoded=True)), Body, most_bytes=100).text == "hello"
    with pytest.raises(Refused):
        body_of(request_of(event("%%%", isBase64Encoded=True)), Body, most_bytes=100)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_comes_is_a_request_or_refused(anything):
    with suppress(Refused):
        assert request_of(anything).http_method


def test_a_refusal_is_an_answer_with_a_line_of_its_reason():
    written: list[bytes] = []
    configure(write=written.append)
    given_answer = refusal(Refused(429, "limited", "wait", effect="limited", retry_after=3))
    assert given_answer["statusCode"] == 429
    assert given_answer["headers"]["Retry-After"] == "3"
    assert json.loads(given_answer["body"]) == {"error": {"reason": "limited", "right": "wait"}}
    (line,) = [json.loads(line) for line in b"".join(written).splitlines()]
    assert (line["event"], line["reason"], line["http_status"]) == ("request_rejected", "limited", 429)


def test_an_answer_is_never_kept_by_a_cache():
    assert answer(200, {"a": 1})["headers"]["Cache-Control"] == "no-store"
