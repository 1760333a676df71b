"""An operation while it runs: its frame, its subsegment, its line."""

from __future__ import annotations

from mangaobs.runtime import _facts, _log
from mangaobs.runtime._context import CURRENT, Frame, leave, make_current
from mangaobs.runtime._fields import renamed
from mangaobs.runtime._interruption import is_interruption
from mangaobs.runtime._log import ERROR, INFO
from mangaobs.runtime._span_values import annotate, annotation
from mangaobs.runtime._spans import closed, opened
from mangaobs.runtime._telemetry import RESERVED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mangaobs.runtime._operation import Operation
    from mangaobs.runtime._telemetry import Telemetry
    from mangaobs.runtime.tracer import Span


class Running:
    """What an operation's calls share: its encoded pieces, and where its facts come from."""

    __slots__ = ("annotations", "derived", "fallback", "operation", "piece", "read", "static", "telemetry")

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.read: Callable[[object], dict[str, object]] | None = (
            getattr(_facts, operation.reads) if operation.reads else None
        )
        self.telemetry: Telemetry | None = None
        self.piece = b""
        self.fallback: dict[str, object] = {}
        # What is declared with the operation, if X-Ray can index it, goes to its subsegment, too.
        self.annotations: dict[str, str | int | float] = {}
        # A field of the caller's that is called as a measured one gets a `_` at the end.
        self.static = renamed(operation.static, _MEASURED)
        self.derived: dict[str, Callable[..., object]] = renamed(operation.derived, _MEASURED)  # type: ignore[assignment]

    def enter(self) -> Frame | None:
        """Open a frame and make it the current one."""
        parent = CURRENT.get()
        telemetry = _log.assembled or _log.telemetry()
        frame = Frame(parent, self.operation.name, telemetry.monotonic())
        if parent is not None:
            invocation = frame.invocation
            if invocation is not None:
                invocation.open[frame] = None
            frame.span = opened(telemetry, frame)
        make_current(frame)
        return frame

    def leave(self, frame: Frame | None, result: object, error: BaseException | None) -> None:
        """Close the frame: its line, its subsegment."""
        if frame is None:
            return
        leave(frame)
        telemetry = _log.assembled or _log.telemetry()
        ended = telemetry.monotonic()
        invocation = frame.invocation
        if invocation is not None:
            invocation.open.pop(frame, None)
        extras: dict[str, object] = {}
        try:
            if telemetry is not self.telemetry:
                self._prepare(telemetry)
            extras = self._extras(telemetry, frame, result, error)
            self._write(telemetry, frame, (ended - frame.started) * 1000, extras, error)
        except Exception as problem:  # noqa: BLE001 - `failed` raises what is not telemetry's
            telemetry.failed("operation", problem)
        if frame.span is not None:
            self._annotate(telemetry, frame.span, extras)
        closed(telemetry, frame.span, ended, error)

    def _extras(
        self, telemetry: Telemetry, frame: Frame, result: object, error: BaseException | None
    ) -> dict[str, object]:
        """What there is to say beside the measured: what clients and answers told, what the code says."""
        extras = self._told(telemetry, frame, result)
        if frame.facts:
            extras.update(frame.facts)
        if error is not None:
            if isinstance(error, Exception):
                # The tries of an instrumented client's calls are added up already.
                extras = {**_facts.error_facts(error), **extras}
            return extras
        for name, derive in self.derived.items():
            try:
                extras[name] = derive(result)
            except BaseException as problem:
                # The caller's own code; without it the call would be fine.
                if is_interruption(problem):
                    raise
                telemetry.problem("field", name)
        return extras

    def _told(self, telemetry: Telemetry, frame: Frame, result: object) -> dict[str, object]:
        """What instrumented clients told, and the result, if it is an answer that they did not."""
        facts: dict[str, object] = {}
        for _, told in frame.told:
            _facts.add_up(facts, told)
        if self.read is not None and type(result) is dict:
            try:
                answered = _facts.request_id(result)
                if answered is None or all(answered != known for known, _ in frame.told):
                    _facts.add_up(facts, self.read(result))
            except BaseException as problem:
                # The values in the answer may be anybody's objects.
                if is_interruption(problem):
                    raise
                telemetry.problem("field", "answer")
        if facts.get("table", "") is None:
            del facts["table"]
        elif not frame.told:
            facts = {**self.fallback, **facts}
        return facts

    def _write(
        self,
        telemetry: Telemetry,
        frame: Frame,
        duration_ms: float,
        extras: dict[str, object],
        error: BaseException | None,
    ) -> None:
        invocation = frame.invocation
        level = ERROR if isinstance(error, Exception) else INFO
        if level < (telemetry.level if invocation is None else invocation.level):
            return
        static = self.static
        status = b"success" if error is None else b"error" if level is ERROR else b"canceled"
        own = {name: value for name, value in extras.items() if name not in static} if extras else extras
        if not _MEASURED.isdisjoint(own):
            own = renamed(own, _MEASURED)
        taken = RESERVED if invocation is None else invocation.taken
        if taken.isdisjoint(static) and taken.isdisjoint(own) and taken.isdisjoint(_WRITTEN):
            prefix = telemetry.prefix if invocation is None else invocation.prefix
            tail = telemetry.tail(own, len(prefix) + len(self.piece) + 64)
            body = b',"duration_ms":%.2f,"status":"%b"%b' % (duration_ms, status, tail)
            telemetry.put(telemetry.finished(level, self.piece, body, invocation))
            return
        fields = {"operation": self.operation.name, **static, "duration_ms": round(duration_ms, 2)}
        telemetry.log(level, self.operation.event, {**fields, "status": status.decode(), **own})

    def _prepare(self, telemetry: Telemetry) -> None:
        """Encode what is the same in every call, as this telemetry's settings have it."""
        fields = {"operation": self.operation.name, **self.static}
        # The table that is meant when nothing says which.
        table = telemetry.settings.table
        self.fallback = {"table": table} if table and self.read is _facts.dynamodb_facts else {}
        encoded = telemetry.encode_cleaned(telemetry.cleaned(fields))
        self.piece = telemetry.event_piece(self.operation.event) + b"," + encoded[1:-1]
        self.annotations = {}
        for name, value in self.operation.static.items():
            if type(value) in _INDEXED and (indexed := annotation(telemetry, name, value)) is not None:
                self.annotations[name] = indexed
        self.telemetry = telemetry

    def _annotate(self, telemetry: Telemetry, span: Span, extras: dict[str, object]) -> None:
        try:
            for name, value in self.annotations.items():
                span.annotate(name, value)
            for name in self.derived:
                if type(extras.get(name)) in _INDEXED:
                    annotate(telemetry, span, name, extras[name])
        except Exception as error:  # noqa: BLE001 - `failed` raises what is not telemetry's
            telemetry.failed("trace", error, foreign=True)


_INDEXED = (str, int, float, bool)
_WRITTEN = frozenset(("operation", "duration_ms", "status"))
_MEASURED = frozenset(("operation", "duration_ms", "status", "event"))
