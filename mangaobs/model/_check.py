"""How a wrong value in a definition fails: where it is written, with the field's name and what would be right."""

from __future__ import annotations

from typing import NoReturn

from mangaobs.errors import DefinitionError
from mangaobs.model.place import written_at


def fail(subject: str, field: str, problem: str, right: str = "") -> NoReturn:
    """Refuse `subject.field`, at the line of the definition."""
    place = written_at()
    raise DefinitionError(f"{subject}: {field} {problem}", right=right, place=place if place.file else None)


def is_whole(value: object) -> bool:
    """Whether it is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Whether it is a finite number; JSON has no other."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return abs(float(value)) < float("inf")
    except OverflowError:
        return False
