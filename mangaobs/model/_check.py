"""How a wrong value in a definition fails: where it is written, with the field's name and what would be right."""

from __future__ import annotations

from typing import NoReturn

from mangaobs.errors import DefinitionError
from mangaobs.model.place import written_at


def fail(subject: str, field: str, problem: str, right: str = "") -> NoReturn:
    """Refuse `subject.field`, at the line of the definition."""
    raise DefinitionError(f"{subject}: {field} {problem}", right=right, place=written_at())
