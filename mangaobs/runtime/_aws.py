"""AWS clients: a subsegment for each call, and what it tells for the line of the operation around it.

botocore's own events carry everything, so nothing is patched. Nothing here imports botocore.
"""

from __future__ import annotations

import re
import sys

from mangaobs.runtime import _facts, _log
from mangaobs.runtime._aws_fields import CHOICES, COUNT, KEYS
from mangaobs.runtime._context import CURRENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from mangaobs.runtime._context import Frame
    from mangaobs.runtime.tracer import Span

    T = TypeVar("T")

_STATE = "mangaobs"  # in botocore's context of a call
_CAPITALS = (re.compile("(.)([A-Z][a-z]+)"), re.compile("([a-z0-9])([A-Z])"))
_LARGEST_FIELDS = 20_000


def instrument(target: T) -> T:
    """Observe the calls of a boto3 or botocore client, of a resource's client, or of all clients that a session makes.

    Returns `target`: `table = instrument(boto3.client("dynamodb"))`. Twice is as good as once.
    """
    emitter = _emitter(target)
    if emitter is None:
        _log.telemetry().problem("instrument", f"a {type(target).__name__} has no botocore events")
        return target
    for event, handler in _HANDLERS:
        emitter.register(event, handler, unique_id=f"mangaobs-{event}")  # type: ignore[attr-defined]
    return target


def _emitter(target: object) -> object:
    meta = getattr(target, "meta", None)
    client = getattr(meta, "client", None) or target
    for owner, name in ((getattr(client, "meta", None), "events"), (target, "events")):
        found = getattr(owner, name, None)
        if found is not None and hasattr(found, "register"):
            return found
    session = getattr(target, "get_component", None)
    return session("event_emitter") if session is not None else None


def _safely(handler: Callable[..., None]) -> Callable[..., None]:
    """Whatever goes wrong here is not the call's affair. botocore takes an answer for its own: there is none."""

    def call(**event: object) -> None:
        try:
            handler(**event)
        except Exception as error:  # noqa: BLE001 - `failed` raises what is not telemetry's
            _log.telemetry().failed("aws_call", error, foreign=True)

    return call


class _Call:
    """An AWS call under way."""

    __slots__ = ("fields", "frame", "operation", "parameters", "service", "span")

    def __init__(self, parameters: object) -> None:
        self.parameters = parameters
        self.frame: Frame | None = None
        self.span: Span | None = None
        self.service = ""
        self.operation = ""
        self.fields: dict[str, object] = {}


@_safely
def _parameters(*, params: object, context: dict[str, object], **_: object) -> None:
    if CURRENT.get() is not None:
        context[_STATE] = _Call(params)


@_safely
def _begin(*, model: object, params: dict[str, object], context: dict[str, object], **_: object) -> None:
    call = context.get(_STATE)
    frame = CURRENT.get()
    if not isinstance(call, _Call) or frame is None:
        return
    call.frame = frame
    call.operation = model.name  # type: ignore[attr-defined]
    call.service = model.service_model.endpoint_prefix  # type: ignore[attr-defined]
    call.fields = {"operation": call.operation, "region": context.get("client_region")}
    if frame.span is None or hasattr(sys.modules.get("botocore.client"), "_xray_enabled"):
        return  # nothing is traced, or the X-Ray SDK's own patch does it
    telemetry = _log.telemetry()
    tracer = telemetry.tracer
    if tracer is None:
        return
    call.span = tracer.open(frame.span, call.service, telemetry.epoch(telemetry.monotonic()), "aws")
    headers = params.get("headers")
    if call.span is not None and headers is not None:
        headers["X-Amzn-Trace-Id"] = call.span.header  # type: ignore[index]


@_safely
def _end(*, parsed: object, context: dict[str, object], **_: object) -> None:
    call = context.pop(_STATE, None)
    if not isinstance(call, _Call) or type(parsed) is not dict:
        return
    metadata = parsed.get("ResponseMetadata") or {}
    _tell(call, parsed)
    span = call.span
    if span is None:
        return
    status = metadata.get("HTTPStatusCode")
    fields = call.fields
    fields["request_id"] = metadata.get("RequestId")
    if metadata.get("RetryAttempts"):
        fields["retries"] = metadata["RetryAttempts"]
    failed = isinstance(status, int) and status >= 300
    extended_id = (metadata.get("HTTPHeaders") or {}).get("x-amz-id-2")
    if extended_id and not failed:
        fields["id_2"] = extended_id
    _choose(call, None if failed else parsed)
    telemetry = _log.telemetry()
    span.aws(_bounded(fields), status)
    error = None
    if failed:
        code = (parsed.get("Error") or {}).get("Code")
        error = _answered(str(code or "ClientError"))
    span.close(telemetry.epoch(telemetry.monotonic()), error, remote=True)


@_safely
def _fail(*, exception: BaseException, context: dict[str, object], **_: object) -> None:
    call = context.pop(_STATE, None)
    if not isinstance(call, _Call):
        return
    tried = context.get("retries")
    again = tried.get("attempt", 1) - 1 if type(tried) is dict else 0
    _tell(call, {"ResponseMetadata": {"RetryAttempts": again}} if again else {})
    if call.span is not None:
        telemetry = _log.telemetry()
        _choose(call, None)
        call.span.aws(_bounded(call.fields), None)
        call.span.close(telemetry.epoch(telemetry.monotonic()), exception)


_HANDLERS = (
    ("before-parameter-build", _parameters),
    ("before-call", _begin),
    ("after-call", _end),
    ("after-call-error", _fail),
)


def _tell(call: _Call, parsed: dict[str, object]) -> None:
    """Leave what the call and its answer tell for the line of the operation that is open."""
    frame = call.frame
    if frame is None:
        return
    frame = frame.whole or frame
    if frame.invocation is frame:
        return
    if call.service == "dynamodb":
        told = {**_facts.dynamodb_request_facts(call.operation, call.parameters), **_facts.dynamodb_facts(parsed)}
    elif call.service.startswith("bedrock"):
        told = _facts.bedrock_facts(parsed)
    else:
        told = _facts.response_facts(parsed)
    if parsed.get("Error") or not parsed:
        # The exception tells, if it gets out at all; and nothing was written.
        told.pop("http_status", None)
        told.pop("item_count", None)
    # Threads may work on one operation: an append cannot be interrupted.
    frame.told.append((_facts.request_id(parsed), told))


def _choose(call: _Call, response: dict[str, object] | None) -> None:
    """Add the fields that the service's choice names."""
    choice = CHOICES.get(call.service, {}).get(call.operation)
    if choice is None:
        return
    request_names, response_names, request_as, response_as = choice
    sides = [(request_names, request_as, call.parameters)]
    if response is not None:
        sides.append((response_names, response_as, response))
    for names, renamed, source in sides:
        if type(source) is not dict:
            continue
        for name in names:
            if name in source:
                call.fields[_snake(name)] = source[name]
        for name, (how, new_name) in renamed.items():
            if name in source:
                value = source[name]
                call.fields[new_name] = len(value) if how is COUNT else sorted(value) if how is KEYS else value


def _bounded(fields: dict[str, object]) -> dict[str, object]:
    from mangaobs.runtime._clean import cleaned

    present = {name: value for name, value in fields.items() if value is not None}
    return cleaned(present, _LARGEST_FIELDS, _log.telemetry().names)[0]


def _snake(name: str) -> str:
    for pattern in _CAPITALS:
        name = pattern.sub(r"\1_\2", name)
    return name.lower()


def _answered(code: str) -> Exception:
    """An exception that stands for an error answer; botocore raises its own only after its event."""
    error: Exception = type(code if code.isidentifier() else "ClientError", (Exception,), {})()
    return error
