"""Debug lines that are held back, and written only if the invocation fails."""

from __future__ import annotations

from mangaobs.runtime._log import INFO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from mangaobs.runtime._context import Invocation
    from mangaobs.runtime._telemetry import Telemetry

    T = TypeVar("T")


class HeldLines:
    """The newest debug lines, up to `limit` bytes in all; `dropped` counts the others."""

    __slots__ = ("dropped", "limit", "lines", "size")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.lines: list[bytes] = []
        self.size = 0
        self.dropped = 0

    def add(self, line: bytes) -> None:
        """Keep `line`, at the expense of the oldest."""
        if len(line) > self.limit:
            self.dropped += 1
            return
        self.lines.append(line)
        self.size += len(line)
        try:
            while self.size > self.limit:
                self.size -= len(self.lines.pop(0))
                self.dropped += 1
        except IndexError:
            self.size = 0  # another thread, or a signal handler, took them all


def write_held(telemetry: Telemetry, invocation: Invocation) -> None:
    """Write the debug lines that were held back, and how many were too many; from here on none is held."""
    held, invocation.held = invocation.held, None
    if held is None:
        return
    taken = drained(held.lines)
    lines = b"".join(taken)
    dropped, held.dropped = held.dropped, 0
    if dropped:
        fields: dict[str, object] = {"reason": "debug_lines_dropped", "detail": f"{dropped} debug lines"}
        lines += telemetry.line(INFO, "telemetry_problem", fields, invocation)
    if lines:
        telemetry.put(lines)


def drained(items: list[T]) -> list[T]:
    """What is in `items`, which is empty then. Whoever else drains it, the deadline's thread say, gets the others."""
    taken: list[T] = []
    try:
        while items:
            taken.append(items.pop())
    except IndexError:
        pass
    taken.reverse()
    return taken
