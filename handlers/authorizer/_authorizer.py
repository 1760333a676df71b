"""API Gateway's question, and the policy that answers it.

API Gateway keeps an answer by its token and uses it for other routes too, so a policy lists everything that the token
opens, not just what was asked for. Source: API Gateway developer guide, "Use API Gateway Lambda authorizers".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from mangaobs.runtime import log_event, summarize

from .._entry import Context
from ..signals import REQUEST_REJECTED
from ._token import Bearer, Refused, Verifier

ROUTES = Path(__file__).with_name("routes.json")


class Question(msgspec.Struct, frozen=True, rename="camel"):
    """The event, of either type of authorizer."""

    type: Literal["TOKEN", "REQUEST"]
    method_arn: str
    authorization_token: str = ""
    headers: dict[str, str] | None = None


class Routes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which routes are open, to everyone who signed in and to members of groups: `METHOD/path`, `*` for anything."""

    everyone: list[str]
    groups: dict[str, list[str]]

    def of(self, bearer: Bearer) -> list[str]:
        """The routes that are open to `bearer`."""
        return [*self.everyone, *(route for group in bearer.groups for route in self.groups.get(group, ()))]


class Authorizer:
    """The authorizer. `hashed` makes an id's keyed hash."""

    def __init__(self, verifier: Verifier, routes: Routes, *, hashed: Callable[[str], str]) -> None:
        self._verifier = verifier
        self._routes = routes
        self._hashed = hashed

    def __call__(self, event: object, _: Context) -> dict[str, Any]:
        """Allow the routes of a good token, deny everything to any other.

        Raises `KeysUnavailable` if nobody can tell good from bad: API Gateway then lets nothing through, and an alarm
        sees it. A bad token is no error of this function.
        """
        try:
            question = msgspec.convert(event, Question)
        except msgspec.ValidationError:
            raise ValueError("not an event of a Lambda authorizer") from None
        stage = "/".join(question.method_arn.split("/", 2)[:2])
        try:
            bearer = self._verifier.bearer(_token(question))
        except Refused as refused:
            summarize(effect="rejected")
            log_event(REQUEST_REJECTED, reason=refused.reason, http_status=403)
            return {"principalId": "unknown", "policyDocument": _policy("Deny", [f"{stage}/*"])}
        return {
            "principalId": self._hashed(bearer.customer_id),
            "policyDocument": _policy("Allow", [f"{stage}/{route}" for route in self._routes.of(bearer)]),
            "context": {
                "customer_id": bearer.customer_id,
                "session_id": bearer.session_id,
                "groups": ",".join(bearer.groups),
            },
        }


def routes() -> Routes:
    """The routes, as `routes.json` has them."""
    return msgspec.json.decode(ROUTES.read_bytes(), type=Routes)


def _token(question: Question) -> str:
    text = question.authorization_token
    if question.type == "REQUEST":
        text = next((value for name, value in (question.headers or {}).items() if name.lower() == "authorization"), "")
    scheme, _, token = text.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused("token_missing")
    return token.strip()


def _policy(effect: Literal["Allow", "Deny"], resources: list[str]) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resources}
    return {"Version": "2012-10-17", "Statement": [statement]}
