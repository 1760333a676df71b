"""What a rule finds, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from mangaobs.errors import LanguageError, Place
    from mangaobs.template import Resource

Verdict: TypeAlias = Literal["refuted", "unproven", "proven"]
Severity: TypeAlias = Literal["error", "warning", "info"]
Step: TypeAlias = str | int


class Spot(NamedTuple):
    """A place in a resource's properties.

    `offset` is a character of the text at `path`, `length` how many are at fault (0: the whole value). `inner` are the
    steps within the JSON that the text is. `key`: the property's name, rather than its value.
    """

    path: tuple[Step, ...] = ()
    offset: int | None = None
    length: int = 0
    inner: tuple[Step, ...] | None = None
    key: bool = False

    @classmethod
    def of(cls, *path: Step) -> Spot:
        """The value at a path."""
        return cls(path)

    def at(self, error: LanguageError) -> Spot:
        """The token of a text here that a language's reader complains of."""
        return self._replace(offset=error.start, length=error.end - error.start)


class Change(NamedTuple):
    """The one right answer: a text at the spot that is to become another."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule says of a resource; the rule's own severity, if it names no other.

    `absence`: it rests on something not being there, so that it only counts if it is so under every condition.
    """

    rule: str
    resource: Resource
    message: str
    right: str = ""
    spot: Spot = field(default=Spot())
    verdict: Verdict = "refuted"
    severity: Severity | None = None
    change: Change | None = None
    absence: bool = False


@dataclass(frozen=True, slots=True)
class Fix:
    """A text in a file, and what it is to become."""

    place: Place
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as it is reported.

    `path` is a JSON pointer into the template, through the JSON of a DashboardBody too. `definition` is the file and
    line of a mangaobs project that the resource comes from. `assuming` says under which condition it is so.
    """

    rule: str
    severity: Severity
    verdict: Verdict
    resource: str
    path: str
    place: Place
    length: int
    message: str
    right: str = ""
    fix: Fix | None = None
    definition: str = ""
    assuming: str = ""
