"""An invocation, from its beginning to its summary line."""

from __future__ import annotations

from mangaobs.runtime import _log
from mangaobs.runtime._context import CURRENT, Frame, Invocation, leave, make_current
from mangaobs.runtime._deadline import disarm, guard
from mangaobs.runtime._facts import error_facts, type_name
from mangaobs.runtime._fields import renamed
from mangaobs.runtime._held import HeldLines, write_held
from mangaobs.runtime._interruption import is_interruption
from mangaobs.runtime._lambda_context import is_id, remaining_ms, request_id
from mangaobs.runtime._log import DEBUG, ERROR, INFO
from mangaobs.runtime._metrics import documents
from mangaobs.runtime._spans import closed
from mangaobs.runtime._telemetry import RESERVED, taken_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._observe import Observation
    from mangaobs.runtime._telemetry import Telemetry

_TRACE_HEADER = "_X_AMZN_TRACE_ID"

_cold = True  # whether this process has had no invocation yet


class Invocations:
    """What the invocations of one handler share."""

    __slots__ = ("name", "observation")

    def __init__(self, observation: Observation, name: str) -> None:
        self.observation = observation
        self.name = name

    def enter(self, args: tuple[object, ...], kwargs: dict[str, object]) -> Frame | None:
        """Begin an invocation and make it the current frame. A handler called by another one is a part of that."""
        current = CURRENT.get()
        event, context = _event_and_context(args, kwargs)
        if current is not None and current.invocation is not None and current.invocation.context is context:
            return None
        telemetry = _log.assembled or _log.telemetry()
        invocation = Invocation(context, telemetry.monotonic())
        invocation.parent = current
        try:
            self._begin(telemetry, invocation, event, context)
        except Exception as error:  # noqa: BLE001 - `failed` raises what is not telemetry's
            invocation.taken = invocation.taken or RESERVED
            invocation.prefix = invocation.prefix or telemetry.prefix
            telemetry.failed("invocation", error)
        make_current(invocation)
        return invocation

    def _begin(self, telemetry: Telemetry, invocation: Invocation, event: object, context: object) -> None:
        global _cold  # noqa: PLW0603 - a fact about the process
        settings = telemetry.settings
        telemetry.set_clock()
        invocation.level = _level(telemetry)
        if settings.debug_hold_bytes and invocation.level <= DEBUG:
            invocation.held = HeldLines(settings.debug_hold_bytes)
        fields = invocation.fields
        lambda_id = request_id(context)
        if lambda_id:
            fields["request_id"] = lambda_id
        header = settings.environ.get(_TRACE_HEADER, "")
        if header:
            trace_id = header.partition("Root=")[2].partition(";")[0]
            if trace_id and trace_id.isascii():
                fields["trace_id"] = trace_id
        fields["cold_start"] = _cold and settings.cold_starts
        _cold = False
        self._correlate(telemetry, fields, event)
        invocation.taken = taken_names(*fields)
        invocation.prefix = telemetry.invocation_prefix(invocation)
        if "Sampled=1" in header:
            self._open_span(telemetry, invocation, header)
        if settings.deadline_margin_ms:
            remaining = remaining_ms(context)
            if remaining is not None:
                guard(telemetry).arm(invocation, remaining, settings.deadline_margin_ms)

    def _correlate(self, telemetry: Telemetry, fields: dict[str, object], event: object) -> None:
        observation = self.observation
        if observation.correlation is not None:
            value = _asked(telemetry, "correlation", observation.correlation, event)
            if value is not None:
                fields.update(telemetry.cleaned({"correlation_id": value}))
        elif type(event) is dict:
            request = event.get("requestContext")
            if type(request) is dict:
                api_request_id = request.get("requestId")
                if is_id(api_request_id):
                    fields["correlation_id"] = api_request_id
        if observation.session is not None:
            session = _asked(telemetry, "session", observation.session, event)
            if session is not None:
                from mangaobs.runtime._session import session_field

                value = session_field(telemetry, session, raw=observation.raw_session)
                if value is not None:
                    fields.update(
                        telemetry.cleaned({"session": value}) if observation.raw_session else {"session": value}
                    )

    def _open_span(self, telemetry: Telemetry, invocation: Invocation, header: str) -> None:
        try:
            tracer = telemetry.tracer
            segment = None if tracer is None else tracer.begin(header)
            if tracer is None or segment is None:
                return
            span = tracer.open(segment, self.name, telemetry.epoch(invocation.started))
            if span is None:
                return
            for name in ("request_id", "cold_start", "session")[: 2 if self.observation.raw_session else 3]:
                value = invocation.fields.get(name)
                if isinstance(value, (str, bool)):
                    span.annotate(name, value)
            invocation.span = span
        except Exception as error:  # noqa: BLE001 - `failed` raises what is not telemetry's
            telemetry.failed("trace", error, foreign=True)

    def leave(self, frame: Frame | None, result: object, error: BaseException | None) -> None:
        """End the invocation: what it held back or counted, its subsegment, its summary line."""
        if not isinstance(frame, Invocation):
            return
        telemetry = _log.assembled or _log.telemetry()
        ended = telemetry.monotonic()
        leave(frame)
        try:
            disarm(frame)
            self._end(telemetry, frame, ended, result, error)
        except Exception as problem:  # noqa: BLE001 - `failed` raises what is not telemetry's
            telemetry.failed("invocation", problem)

    def _end(
        self, telemetry: Telemetry, invocation: Invocation, ended: float, result: object, error: BaseException | None
    ) -> None:
        status = _status(result)
        failed = error is not None or (status is not None and status >= 500)
        if failed:
            write_held(telemetry, invocation)
        # Metrics and the summary in one write: on a small function, a system call counts.
        lines = documents(telemetry, invocation)
        level = ERROR if failed else INFO
        if level >= invocation.level:
            lines += self._summary(telemetry, invocation, ended, status, error, failed=failed)
        if lines:
            telemetry.put(lines)
        closed(telemetry, invocation.span, ended, error, fault=failed and error is None)

    def _summary(
        self,
        telemetry: Telemetry,
        invocation: Invocation,
        ended: float,
        status: int | None,
        error: BaseException | None,
        *,
        failed: bool,
    ) -> bytes:
        level = ERROR if failed else INFO
        duration, outcome = (ended - invocation.started) * 1000, "error" if failed else "success"
        remaining = remaining_ms(invocation.context)
        more: dict[str, object] = {} if error is None else error_facts(error)
        if status is not None:
            more["http_status"] = status
        if invocation.summary:
            more.update(renamed(invocation.summary, _MEASURED))
        if not (invocation.taken.isdisjoint(more) and invocation.taken.isdisjoint(_WRITTEN)):
            fields: dict[str, object] = {"duration_ms": round(duration, 2), "outcome": outcome}
            if remaining is not None:
                fields["remaining_ms"] = remaining
            fields.update(more)
            return telemetry.line(level, "invocation", fields, invocation)
        body = b',"duration_ms":%.2f,"outcome":"%b"' % (duration, outcome.encode())
        if remaining is not None:
            body += b',"remaining_ms":%a' % remaining
        if len(more) == 1 and status is not None:
            body += b',"http_status":%d}' % status
        else:
            body += telemetry.tail(more, len(invocation.prefix) + len(body) + 64)
        return telemetry.finished(level, _EVENT, body, invocation)


_EVENT = b'"event":"invocation"'
_MEASURED = frozenset(("duration_ms", "outcome", "remaining_ms", "event"))
_WRITTEN = _MEASURED - {"event"}


def _event_and_context(args: tuple[object, ...], kwargs: dict[str, object]) -> tuple[object, object]:
    """What a handler is called with: the first two; of a method, the two behind `self`."""
    if "context" in kwargs:
        return kwargs.get("event", args[-1] if args else None), kwargs["context"]
    if len(args) > 2 and request_id(args[2]) and not request_id(args[1]):
        return args[1], args[2]
    if len(args) > 1:
        return args[0], args[1]
    return (args[0] if args else kwargs.get("event")), None


def _status(result: object) -> int | None:
    """The HTTP status of an answer for API Gateway: 200, HTTPStatus.OK and "200" are one."""
    status: object = result.get("statusCode") if type(result) is dict else None
    if issubclass(type(status), int):
        status = int.__index__(status)  # type: ignore[arg-type]
    elif type(status) is str and len(status) == 3 and status.isdecimal():
        status = int(status)
    return status if type(status) is int and 0 < status < 1000 else None


def _level(telemetry: Telemetry) -> int:
    settings = telemetry.settings
    if not settings.wants_debug or telemetry.level <= DEBUG:
        return telemetry.level
    if settings.debug_sample:
        draw = int.from_bytes(settings.random(4), "big") / 2**32
        if draw >= settings.debug_sample:
            return telemetry.level
    return max(DEBUG, settings.platform_level)


def _asked(telemetry: Telemetry, what: str, find: object, event: object) -> object:
    """What the caller's function finds in the event; an event that does not have it is no error, and said once."""
    try:
        return find(event)  # type: ignore[operator]
    except BaseException as error:
        # An event of another shape; the handler decides what it makes of that.
        if is_interruption(error):
            raise
        telemetry.problem(what, f"not found in an event: {type_name(error)}")
        return None
