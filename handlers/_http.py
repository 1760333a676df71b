"""API Gateway's proxy events: who asks, what for, and the answer.

The identity comes from the authorizer's context alone; nothing that a client can write is believed.
Source: API Gateway developer guide, "Set up Lambda proxy integrations".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from mangaobs.runtime import log_event, summarize

from .signals import REQUEST_REJECTED

T = TypeVar("T")

Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]+\Z")]


class Identity(msgspec.Struct, frozen=True):
    """Who asks, as the authorizer verified it."""

    customer_id: Id
    session_id: Id
    groups: str = ""


class Source(msgspec.Struct, frozen=True, rename="camel"):
    """Where a request comes from."""

    source_ip: str = ""


class RequestContext(msgspec.Struct, frozen=True, rename="camel"):
    """What API Gateway says of a request."""

    request_id: str = ""
    authorizer: dict[str, Any] | None = None
    identity: Source = Source()


class Request(msgspec.Struct, frozen=True, rename="camel"):
    """A proxy event, as far as it is read."""

    http_method: str
    resource: str
    request_context: RequestContext = RequestContext()
    body: str | None = None
    is_base64_encoded: bool = False
    path_parameters: dict[str, str] | None = None
    query_string_parameters: dict[str, str] | None = None


class Refused(Exception):  # noqa: N818 - it is an answer, not a failure
    """A request that is not carried out: `reason` is a code, `status` the HTTP status, `right` what would be right."""

    def __init__(
        self, status: int, reason: str, right: str, *, effect: str = "rejected", retry_after: int | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.right = right
        self.effect = effect
        self.retry_after = retry_after


def request_of(event: object) -> Request:
    """The event, checked. Raises `Refused` if it is no proxy event."""
    return _converted(event, Request, "invalid_event", "an event of API Gateway's proxy integration")


def identity_of(request: Request) -> Identity:
    """Who asks. Raises `Refused` if no authorizer has said so."""
    if request.request_context.authorizer is None:
        raise Refused(401, "not_signed_in", "send a token that is valid")
    try:
        return msgspec.convert(request.request_context.authorizer, Identity)
    except msgspec.ValidationError:
        raise Refused(401, "not_signed_in", "send a token that names a customer and a session") from None


def body_of(request: Request, kind: type[T], *, most_bytes: int) -> T:
    """The body as a `kind`. Raises `Refused` that names the field that is wrong, never its value."""
    text = (request.body or "").encode("utf-8", "surrogatepass")
    if len(text) > most_bytes * 4 // 3 + 4:
        raise Refused(413, "body_too_large", f"at most {most_bytes} bytes")
    if request.is_base64_encoded:
        try:
            text = base64.b64decode(text, validate=True)
        except binascii.Error:
            raise Refused(400, "invalid_body", "base64, as isBase64Encoded says") from None
    if len(text) > most_bytes:
        raise Refused(413, "body_too_large", f"at most {most_bytes} bytes")
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        right = str(error) if isinstance(error, msgspec.ValidationError) else "a JSON object in UTF-8"
        raise Refused(400, "invalid_body", right) from None


def require_group(identity: Identity, group: str) -> None:
    """Raise `Refused` unless `identity` is a member of `group`; the authorizer sees to that too."""
    if group not in identity.groups.split(","):
        raise Refused(403, "not_allowed", f"a member of the group {group}")


def path_id(request: Request, name: str) -> str:
    """The id in the path that is called `name`. Raises `Refused` if it is none."""
    try:
        return msgspec.convert((request.path_parameters or {}).get(name), Id)
    except msgspec.ValidationError:
        raise Refused(400, "invalid_parameter", f"{name}: an id") from None


def answer(status: int, content: object, *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A proxy response with `content` as JSON."""
    body = msgspec.json.encode(content).decode()
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})},
        "body": body,
    }


def refusal(refused: Refused) -> dict[str, Any]:
    """The answer to a request that is not carried out, with its line."""
    summarize(effect=refused.effect)
    log_event(REQUEST_REJECTED, reason=refused.reason, http_status=refused.status)
    headers = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
    return answer(refused.status, {"error": {"reason": refused.reason, "right": refused.right}}, headers=headers)


def _converted(value: object, kind: type[T], reason: str, right: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        raise Refused(400, reason, right) from None
