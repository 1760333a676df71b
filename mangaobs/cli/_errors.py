"""Errors as a person reads them: where, what is wrong, the line with the token underlined, and what would be right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from mangaobs.errors import LanguageError

if TYPE_CHECKING:
    from mangaobs.errors import MangaobsError, Place


_WIDE: Final = 240
_AROUND: Final = 70


def describe(error: MangaobsError, *, label: str = "error", aside: str = "") -> str:
    """The error in a few lines of text; `aside` is put behind what is wrong."""
    where = f"{shortened(error.place)}: " if error.place else ""
    lines = [f"{label}: {where}{printable(error.problem)}" + (f" ({aside})" if aside else "")]
    if error.place:
        source = error.source if isinstance(error, LanguageError) else None
        lines += excerpt(error.place, error.length, source)
    if error.right:
        lines.append(f"right: {printable(error.right)}")
    return "\n".join(lines)


def printable(text: str) -> str:
    """Text without what a terminal would obey rather than show."""
    return "".join(one if one.isprintable() or one in "\t\n" else "?" for one in text)


def shortened(place: Place) -> Place:
    """The place relative to the working directory, where it is below that."""
    try:
        return place._replace(file=str(Path(place.file).relative_to(Path.cwd())))
    except ValueError:
        return place


def excerpt(place: Place, length: int, source: str | None) -> list[str]:
    """The line at fault, of `source` if it is given, else of the place's file."""
    if not place.line:
        return []
    try:
        if source is None:
            source = Path(place.file).read_text(encoding="utf-8", errors="replace")
        # What a terminal would obey rather than show is no part of an excerpt.
        line = printable(source.split("\n")[place.line - 1].rstrip("\r"))
    except (OSError, IndexError):
        return []
    number = f"{place.line:>5}"
    if len(line) > _WIDE and place.column:
        # Of a line such as a whole DashboardBody, what is around the token.
        start = max(place.column - 1 - _AROUND, 0)
        cut = line[start : place.column - 1 + max(length, 1) + _AROUND]
        line = ("…" if start else "") + cut + ("…" if start + len(cut) < len(line) else "")
        place = place._replace(column=place.column - start + (1 if start else 0))
    before = line[: place.column - 1] if place.column else line[: len(line) - len(line.lstrip())]
    # Tabs stay tabs, so that the mark stands under the token whatever a tab's width.
    indent = "".join(character if character == "\t" else " " for character in before)
    width = length or (1 if place.column else len(line.strip()))
    width = max(min(width, len(line) - len(before)), 1)
    return [f"{number} | {line}", f"{' ' * len(number)} | {indent}{'^' * width}"]
