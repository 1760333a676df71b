"""`subsegment`: a named part of a trace, in one line.

    with subsegment("LoadContext", model=MODEL) as part:
        part.annotate(turn_count=len(turns))

Without a trace (outside an invocation, unsampled, tracing off) the same code runs and nothing is recorded.
"""

from __future__ import annotations

from mangaobs.runtime import _log
from mangaobs.runtime._context import CURRENT, Frame, leave, make_current
from mangaobs.runtime._span_values import annotate, note
from mangaobs.runtime._spans import closed, opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mangaobs.runtime._telemetry import Telemetry
    from mangaobs.runtime.tracer import Span


class subsegment:  # noqa: N801 - used as the statement `with subsegment(…)`
    """A subsegment around a block. Annotations are indexed by X-Ray: texts, whole or broken numbers, booleans."""

    def __init__(self, name: str, /, **annotations: str | float | bool) -> None:
        self._name = name
        self._annotations = annotations
        self._frame: Frame | None = None

    def __enter__(self) -> subsegment:  # noqa: PYI034 - `typing.Self` would load `typing`
        telemetry = _log.assembled or _log.telemetry()
        parent = CURRENT.get()
        frame = self._frame = Frame(parent, self._name, telemetry.monotonic())
        frame.block = True
        if parent is not None:
            # What is told within belongs to the operation around, which this is only a part of.
            frame.whole = parent.whole or parent
            frame.span = opened(telemetry, frame)
            self.annotate(**self._annotations)
        if frame.invocation is not None:
            frame.invocation.open[frame] = None
        make_current(frame)
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        frame = self._frame
        if frame is None:
            return
        leave(frame)
        if frame.invocation is not None:
            frame.invocation.open.pop(frame, None)
        telemetry = _log.assembled or _log.telemetry()
        closed(telemetry, frame.span, telemetry.monotonic(), error)

    def annotate(self, **annotations: str | float | bool) -> None:
        """Index the subsegment by these; what X-Ray cannot index is left out, and said once."""
        self._tell(annotate, annotations)

    def note(self, **values: object) -> None:
        """Keep these beside the subsegment, unindexed (X-Ray's metadata): redacted and shortened as log fields are.

        A trace cannot be erased for 30 days: sizes, counts and hashes, not contents.
        """
        self._tell(note, values)

    def _tell(self, tell: Callable[[Telemetry, Span, str, object], None], values: Mapping[str, object]) -> None:
        frame = self._frame
        if frame is None or frame.span is None:
            return
        telemetry = _log.assembled or _log.telemetry()
        try:
            for name, value in values.items():
                tell(telemetry, frame.span, name, value)
        except Exception as problem:  # noqa: BLE001 - `failed` raises what is not telemetry's
            telemetry.failed("trace", problem, foreign=True)
