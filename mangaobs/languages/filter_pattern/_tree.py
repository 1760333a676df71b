"""What a pattern consists of; every node knows its span in the pattern's text."""

from __future__ import annotations

from enum import Enum

from mangaobs.languages.node import Node
from mangaobs.languages.parsing import Span


class Wildcard(Enum):
    """A step of a selector that stands for many."""

    ELEMENTS = "[*]"
    FIELDS = ".*"


class Comparison(Enum):
    """The six comparisons."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    GREATER = ">"
    LESS_OR_EQUAL = "<="
    GREATER_OR_EQUAL = ">="

    @property
    def ordering(self) -> bool:
        """Whether it compares numbers only."""
        return self not in (Comparison.EQUAL, Comparison.NOT_EQUAL)


class Selector(Node):
    """`$.a.b[0]`: the names, indexes and wildcards that lead to a value."""

    span: Span
    text: str
    steps: tuple[str | int | Wildcard, ...]

    @property
    def wildcards(self) -> int:
        """How many of its steps stand for many."""
        return sum(isinstance(step, Wildcard) for step in self.steps)


class Literal(Node):
    """A value to compare with; `text` is unescaped, and `*` in it stands for any characters."""

    span: Span
    text: str
    quoted: bool

    @property
    def number(self) -> float | None:
        """The number that it reads as, if it does."""
        return number_of(self.text)


class Regex(Node):
    """`%expression%`; `translated` is the same in RE2's syntax."""

    span: Span
    text: str
    translated: str


class Compare(Node):
    """`$.a = value` in a JSON pattern, `name = value` in a slot, where `selector` is the slot's."""

    span: Span
    selector: Selector | None
    comparison: Comparison
    value: Literal | Regex


class Is(Node):
    """`$.a IS NULL`, `IS TRUE`, `IS FALSE`."""

    span: Span
    selector: Selector
    value: bool | None


class NotExists(Node):
    """`$.a NOT EXISTS`."""

    span: Span
    selector: Selector


class And(Node):
    """All of `parts`."""

    span: Span
    parts: tuple[Condition, ...]


class Or(Node):
    """Any of `parts`."""

    span: Span
    parts: tuple[Condition, ...]


Condition = And | Or | Compare | Is | NotExists


class Everything(Node):
    """The empty pattern, which matches every event."""

    text: str


class Json(Node):
    """`{ … }`."""

    text: str
    condition: Condition


class Term(Node):
    """A term; `sign` is "" (must be there), "-" (must not) or "?" (one of these must)."""

    span: Span
    text: str
    quoted: bool
    sign: str


class Terms(Node):
    """Terms, or one stand-alone regular expression."""

    text: str
    terms: tuple[Term, ...]
    regex: Regex | None = None


class Slot(Node):
    """A field of a space-delimited pattern; `...` has the name "...", a field without one ""."""

    span: Span
    name: str
    condition: Condition | None

    @property
    def ellipsis(self) -> bool:
        """Whether it stands for any number of fields."""
        return self.name == "..."


class Delimited(Node):
    """`[ … ]`."""

    text: str
    slots: tuple[Slot, ...]


Pattern = Everything | Json | Terms | Delimited


def number_of(text: str) -> float | None:
    """The number that a text is, as CloudWatch writes numbers (`1e-3`, `+5`); None if it is none."""
    if not text or text[0] not in "+-.0123456789" or "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number - number == 0 else None  # neither infinite nor no number
