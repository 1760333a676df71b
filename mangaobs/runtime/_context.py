"""Where code is: the invocation, and within it the operation, that a line or a subsegment belongs to.

One context variable holds the innermost `Frame`. Tasks of asyncio inherit it by themselves, threads through `carry`.
"""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._held import HeldLines
    from mangaobs.runtime._metrics import Sample
    from mangaobs.runtime.tracer import Span


class Frame:
    """An open operation, or a part of one: its parent, its subsegment, and what is known of it so far.

    `started` is seconds of the monotonic clock; `told` what AWS calls inside it told, each with its request id, and
    `facts` what code said. A part has a `whole`, the operation that all that is for. A `block` is around a `with`
    statement, anything else around a call.
    """

    __slots__ = ("block", "facts", "invocation", "name", "over", "parent", "span", "started", "told", "whole")

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
        self.over = False
        self.block = False


class Invocation(Frame):
    """One call of a handler: the frame around all others of it.

    `prefix` is the part of a line that every line of the invocation has, encoded; `taken` are the names in it; `level`
    the least severe level that it writes; `open` its open operations, the innermost last; `samples` what it has counted
    so far; `held` its held-back debug lines; `summary` what its summary line says beside the measured.
    """

    __slots__ = (
        "context",
        "deadline",
        "fields",
        "held",
        "level",
        "margin_ms",
        "open",
        "prefix",
        "samples",
        "summary",
        "taken",
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
        self.over = False
        self.block = False
        self.context = context
        self.fields: dict[str, object] = {}
        self.prefix = b""
        self.taken: frozenset[str] = frozenset()
        self.level = 0
        self.open: dict[Frame, None] = {}
        self.samples: list[Sample] = []
        self.held: HeldLines | None = None
        self.summary: dict[str, object] | None = None
        self.deadline = 0.0
        self.margin_ms = 0.0
        self.warned = False

    @property
    def invocation(self) -> Invocation:  # type: ignore[override] # the one frame that is its own
        """Itself; as an attribute it would be a cycle, and every invocation work for the garbage collector."""
        return self


def make_current(frame: Frame) -> None:
    """Make `frame` the current one; if a signal handler raises at this moment, its parent stays so."""
    try:
        CURRENT.set(frame)
    except BaseException:
        CURRENT.set(frame.parent)
        raise


def leave(frame: Frame | None) -> None:
    """End `frame`: what was current before it, and is not over yet, becomes so again. Twice is as good as once.

    Functions end in the order of their calls, whatever was left open within; blocks may overlap, or end elsewhere.
    """
    if frame is None:
        return
    frame.over = True
    if not frame.block or CURRENT.get() is frame:
        parent = frame.parent
        while parent is not None and parent.over:
            parent = parent.parent
        CURRENT.set(parent)


CURRENT: ContextVar[Frame | None] = ContextVar("mangaobs.frame", default=None)
