"""Debug lines that were held back, and are written since the invocation fails."""

from __future__ import annotations

from mangaobs.runtime._telemetry import INFO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._context import Invocation
    from mangaobs.runtime._telemetry import Telemetry


def write_held(telemetry: Telemetry, invocation: Invocation) -> None:
    """Write the debug lines that were held back, and how many were too many."""
    held, invocation.held = invocation.held, None
    if held is None:
        return
    lines = held.take()
    dropped, held.dropped = held.dropped, 0
    if dropped:
        fields: dict[str, object] = {"reason": "debug_lines_dropped", "detail": f"{dropped} debug lines"}
        lines += telemetry.line(INFO, "telemetry_problem", fields, invocation)
    if lines:
        telemetry.put(lines)
