"""A frame's subsegment: opened and closed; whatever a tracer does, nobody else has to care."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._context import Frame
    from mangaobs.runtime._telemetry import Telemetry
    from mangaobs.runtime.tracer import Span


def opened(telemetry: Telemetry, frame: Frame) -> Span | None:
    """A subsegment for `frame` within its parent's, if that has one."""
    parent = frame.parent
    if parent is None or parent.span is None:
        return None
    try:
        tracer = telemetry.tracer
        return None if tracer is None else tracer.open(parent.span, frame.name, telemetry.epoch(frame.started))
    except Exception as error:  # noqa: BLE001 - `failed` raises what is not telemetry's
        telemetry.failed("trace", error, foreign=True)
        return None


def closed(
    telemetry: Telemetry, span: Span | None, ended: float, error: BaseException | None, *, fault: bool = False
) -> None:
    """End a subsegment; `fault` marks as failed what raised nothing."""
    if span is None:
        return
    try:
        if fault:
            span.fault()
        span.close(telemetry.epoch(ended), error)
    except Exception as problem:  # noqa: BLE001 - `failed` raises what is not telemetry's
        telemetry.failed("trace", problem, foreign=True)
