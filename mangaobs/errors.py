"""The one exception tree.

Every error that a user can cause is a `MangaobsError`: it says where, what is wrong and what would be right, and the
command line prints it without a traceback.
"""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A place in a file: `line` and `column` count from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        numbers = [str(n) for n in (self.line, self.column) if n]
        return ":".join([self.file, *numbers])


class MangaobsError(Exception):
    """Something that the user wrote or asked for cannot be done.

    `problem` says what is wrong, `right` what would be right, `place` where it stands and `length` how many characters
    of the line are at fault (0: unknown).
    """

    def __init__(self, problem: str, *, right: str = "", place: Place | None = None, length: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.right = right
        self.place = place
        self.length = length

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.problem}" + (f"; {self.right}" if self.right else "")


class DefinitionError(MangaobsError):
    """A value in a definition (an alarm, a widget, a query …) that CloudWatch cannot work with."""


class SignalError(DefinitionError):
    """A metric or log event that is declared wrongly."""


class LanguageError(MangaobsError):
    """A text in one of AWS's little languages that AWS would refuse.

    `start` and `end` are offsets in `source` in characters, from 0, the end exclusive. `place`, line and column count
    in `source` itself until whoever knows the file says otherwise.
    """

    def __init__(self, problem: str, *, right: str = "", language: str, source: str, start: int, end: int) -> None:
        before = source[:start]
        line, column = before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1
        super().__init__(problem, right=right, place=Place(language, line, column), length=max(end - start, 1))
        self.source = source
        self.start = start
        self.end = end


class RecordingError(MangaobsError):
    """A recording, or a file of events, that cannot be read."""


class TemplateError(MangaobsError):
    """A template that cannot be read."""


class ConfigurationError(MangaobsError):
    """`mangaobs.toml`, an environment or a `--set` that is not valid."""


class ProjectError(MangaobsError):
    """A project that cannot be found or loaded."""


class RenderError(MangaobsError):
    """Definitions that are each valid but make no deployable template together."""


class ManyErrors(MangaobsError):  # noqa: N818 - it is several, not one
    """Several errors that were found in one pass."""

    def __init__(self, errors: list[MangaobsError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors


def together(errors: list[MangaobsError]) -> MangaobsError:
    """One exception for all of `errors`: the one, or `ManyErrors`."""
    return errors[0] if len(errors) == 1 else ManyErrors(errors)
