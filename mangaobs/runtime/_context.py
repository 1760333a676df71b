"""Where code is: the invocation, and within it the operation, that a line or a subsegment belongs to.

One context variable holds the innermost `Frame`. Tasks of asyncio inherit it by themselves, threads through `carry`.
"""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._metrics import Sample
    from mangaobs.runtime.tracer import Span


class Frame:
    """An open operation, or a part of one: its parent, its subsegment, and what is known of it so far.

    `started` is seconds of the monotonic clock; `told` what AWS calls inside it told, each with its request id, and
    `facts` what code said. A part has a `whole`, the operation that all that is for.
    """

    __slots__ = ("facts", "invocation", "name", "parent", "span", "started", "told", "whole")

    facts: dict[str, object] | None
    invocation: Invocation | None
    span: Span | None

    def __init__(self, parent: Frame | None, name: str, started: float) -> None:
        self.parent = parent
        self.invocation = parent.invocation if parent is not None else None
        self.name = name
        self.started = started
        self.span = None
        self.facts = None
        self.told: list[tuple[object, dict[str, object]]] = []
        self.whole: Frame | None = None


class Invocation(Frame):
    """One call of a handler: the frame around all others of it.

    `prefix` is the part of a line that every line of the invocation has, encoded; `taken` are the names in it; `level`
    the least severe level that it writes; `open` its open operations, the innermost last; `samples` what it has counted
    so far; `held` its held-back debug lines; `summary` what its summary line says beside the measured.
    """

    __slots__ = (
        "closed",
        "context",
        "deadline",
        "fields",
        "held",
        "level",
        "margin_ms",
        "open",
        "prefix",
        "request_id",
        "samples",
        "summary",
        "taken",
        "trace_header",
        "warned",
    )

    def __init__(self, context: object, started: float) -> None:
        self.parent = None
        self.name = ""
        self.started = started
        self.span = None
        self.facts = None
        self.told = []
        self.whole = None
        self.context = context
        self.request_id = ""
        self.fields: dict[str, object] = {}
        self.prefix = b""
        self.taken: frozenset[str] = frozenset()
        self.level = 0
        self.open: dict[Frame, None] = {}
        self.samples: list[Sample] = []
        self.held: HeldLines | None = None
        self.summary: dict[str, object] | None = None
        self.trace_header = ""
        self.deadline = 0.0
        self.margin_ms = 0.0
        self.warned = False
        self.closed = False

    @property
    def invocation(self) -> Invocation:  # type: ignore[override] # the one frame that is its own
        """Itself; as an attribute it would be a cycle, and every invocation work for the garbage collector."""
        return self


class HeldLines:
    """Debug lines that are written only if the invocation fails: the newest, up to `limit` bytes in all."""

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
        while self.size > self.limit and self.lines:
            self.size -= len(self.lines.pop(0))
            self.dropped += 1

    def take(self) -> bytes:
        """All of it, once: whoever else takes at the same time, the deadline's thread say, gets the others."""
        taken = []
        try:
            while self.lines:
                taken.append(self.lines.pop())
        except IndexError:
            pass
        self.size = 0
        return b"".join(reversed(taken))


def make_current(frame: Frame) -> None:
    """Make `frame` the current one; if a signal handler raises at this moment, its parent stays so."""
    try:
        CURRENT.set(frame)
    except BaseException:
        CURRENT.set(frame.parent)
        raise


def abandon(frame: Frame | None) -> None:
    """Make the parent of `frame` current again, if that has not been done."""
    if frame is not None and CURRENT.get() is frame:
        CURRENT.set(frame.parent)


CURRENT: ContextVar[Frame | None] = ContextVar("mangaobs.frame", default=None)
