"""An invocation, from its beginning to its summary line."""

from __future__ import annotations

from json import loads

from mangaobs.runtime import _log
from mangaobs.runtime._context import CURRENT, Frame, HeldLines, Invocation, make_current
from mangaobs.runtime._deadline import disarm, guard
from mangaobs.runtime._facts import error_facts
from mangaobs.runtime._held import write_held
from mangaobs.runtime._interruption import is_interruption, is_ours
from mangaobs.runtime._metrics import documents
from mangaobs.runtime._telemetry import DEBUG, ERROR, INFO, RESERVED, taken_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._observe import Observation
    from mangaobs.runtime._telemetry import Telemetry

_TRACE_HEADER = "_X_AMZN_TRACE_ID"
_NUMBERS = (int, float)
_LONGEST_MS = 10**9  # more than any timeout

_cold = True  # whether this process has had no invocation yet


class Invocations:
    """What the invocations of one handler share."""

    __slots__ = ("observation",)

    def __init__(self, observation: Observation) -> None:
        self.observation = observation

    def enter(self, args: tuple[object, ...], kwargs: dict[str, object]) -> Frame | None:
        """Begin an invocation and make it the current frame. A handler called by another one is a part of that."""
        current = CURRENT.get()
        # A method has `self` before them.
        event, context = (
            args[-2:] if len(args) > 1 else (args[-1] if args else kwargs.get("event"), kwargs.get("context"))
        )
        if current is not None and current.invocation is not None and current.invocation.context is context:
            return None
        telemetry = _log.assembled or _log.telemetry()
        invocation = Invocation(context, telemetry.monotonic())
        invocation.parent = current
        try:
            self._begin(telemetry, invocation, event, context)
        except Exception as error:
            if not is_ours(error):
                raise
            invocation.taken = RESERVED
            invocation.prefix = invocation.prefix or telemetry.prefix
            telemetry.problem("invocation", type(error).__name__)
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
        request_id = _request_id(context)
        if request_id:
            fields["request_id"] = invocation.request_id = request_id
        header = settings.environ.get(_TRACE_HEADER, "")
        if header:
            invocation.trace_header = header
            trace_id = header.partition("Root=")[2].partition(";")[0]
            if trace_id and trace_id.isascii():
                fields["trace_id"] = trace_id
        fields["cold_start"] = _cold and settings.cold_starts
        _cold = False
        self._correlate(telemetry, fields, event)
        invocation.taken = taken_names(fields)
        invocation.prefix = telemetry.invocation_prefix(invocation)
        if "Sampled=1" in header:
            self._open_span(telemetry, invocation)
        if settings.deadline_margin_ms:
            remaining = _remaining_ms(context)
            if remaining is not None:
                guard(telemetry).arm(invocation, remaining, settings.deadline_margin_ms)

    def _correlate(self, telemetry: Telemetry, fields: dict[str, object], event: object) -> None:
        observation = self.observation
        if observation.correlation is not None:
            value = _asked(observation.correlation, event)
            if value is not None:
                fields.update(telemetry.cleaned({"correlation_id": value}))
        elif type(event) is dict:
            request = event.get("requestContext")
            if type(request) is dict:
                request_id = request.get("requestId")
                if _is_id(request_id):
                    fields["correlation_id"] = request_id
        if observation.session is not None:
            session = _asked(observation.session, event)
            if session is not None:
                from mangaobs.runtime._session import session_field

                value = session_field(telemetry, session, raw=observation.raw_session)
                if value is not None:
                    fields.update(
                        telemetry.cleaned({"session": value}) if observation.raw_session else {"session": value}
                    )

    def _open_span(self, telemetry: Telemetry, invocation: Invocation) -> None:
        tracer = telemetry.tracer
        if tracer is None:
            return
        segment = tracer.begin(invocation.trace_header)
        if segment is None:
            return
        span = tracer.open(segment, self.observation.name, telemetry.epoch(invocation.started))
        if span is not None:
            for name in ("request_id", "cold_start", "session")[: 2 if self.observation.raw_session else 3]:
                value = invocation.fields.get(name)
                if isinstance(value, (str, bool)):
                    span.annotate(name, value)
            invocation.span = span

    def leave(self, frame: Frame | None, result: object, error: BaseException | None) -> None:
        """End the invocation: what it held back or counted, its subsegment, its summary line."""
        if not isinstance(frame, Invocation):
            return
        telemetry = _log.assembled or _log.telemetry()
        ended = telemetry.monotonic()
        frame.closed = True
        CURRENT.set(frame.parent)
        try:
            disarm(frame)
            self._end(telemetry, frame, ended, result, error)
        except Exception as problem:
            if not is_ours(problem):
                raise
            telemetry.problem("invocation", type(problem).__name__)

    def _end(
        self, telemetry: Telemetry, invocation: Invocation, ended: float, result: object, error: BaseException | None
    ) -> None:
        status = result.get("statusCode") if type(result) is dict else None
        status = status if type(status) is int and 0 < status < 1000 else None
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
        if invocation.span is not None:
            if failed and error is None:
                invocation.span.fault()
            invocation.span.close(telemetry.epoch(ended), error)

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
        more: dict[str, object] = {} if error is None else error_facts(error)
        for name, value in (invocation.summary or {}).items():
            more[name + "_" if name in _MEASURED else name] = value
        measured = b',"duration_ms":%.2f,"outcome":"%b"' % (
            (ended - invocation.started) * 1000,
            b"error" if failed else b"success",
        )
        remaining = _remaining_ms(invocation.context)
        if remaining is not None:
            measured += b',"remaining_ms":%a' % remaining
        if status is not None and "http_status" not in more:
            measured += b',"http_status":%d' % status
        level = ERROR if failed else INFO
        if invocation.taken.isdisjoint(more):
            body = measured + (b"," + telemetry.body(more) if more else b"}")
            return telemetry.finished(level, _EVENT, body, invocation)
        fields = {**loads(b"{" + measured[1:] + b"}"), **more}
        return telemetry.line(level, "invocation", fields, invocation)


_EVENT = b'"event":"invocation"'
_MEASURED = frozenset(("duration_ms", "outcome", "remaining_ms", "event"))


def _level(telemetry: Telemetry) -> int:
    settings = telemetry.settings
    if not settings.wants_debug or telemetry.level <= DEBUG:
        return telemetry.level
    if settings.debug_sample:
        draw = int.from_bytes(settings.random(4), "big") / 2**32
        if draw >= settings.debug_sample:
            return telemetry.level
    return max(DEBUG, settings.platform_level)


def _remaining_ms(context: object) -> float | None:
    """What Lambda says is left, if this is a context of Lambda's."""
    try:
        value = context.get_remaining_time_in_millis()  # type: ignore[attr-defined]
    except BaseException as error:
        # A context of a test's or of another caller's.
        if is_interruption(error):
            raise
        return None
    return value if type(value) in _NUMBERS and -_LONGEST_MS < value < _LONGEST_MS else None


def _request_id(context: object) -> str:
    try:
        value: object = context.aws_request_id  # type: ignore[attr-defined]
    except BaseException as error:
        if is_interruption(error):
            raise
        return ""
    return value if _is_id(value) else ""  # type: ignore[return-value]


def _is_id(value: object) -> bool:
    """Whether it is an id as AWS makes them; an event's may be anybody's text."""
    return type(value) is str and len(value) <= 64 and value.isascii() and value.translate(_NOT_IN_WORDS).isalnum()


_NOT_IN_WORDS = {ord(character): None for character in "-=_"}


def _asked(find: object, event: object) -> object:
    """What the caller's function finds in the event; an event that does not have it is no error."""
    try:
        return find(event)  # type: ignore[operator]
    except BaseException as error:
        # An event of another shape; the handler decides what it makes of that.
        if is_interruption(error):
            raise
        return None
