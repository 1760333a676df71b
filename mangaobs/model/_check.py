"""How a wrong value in a definition fails: where it is written, with the field's name and what would be right."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

from mangaobs.errors import DefinitionError, Place

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_BUNDLED = str(Path(_PACKAGE) / "_project")


def written_at() -> Place:
    """The innermost line outside this package that is being executed: the definition."""
    frame = sys._getframe(1)  # noqa: SLF001 - the caller's line, without a traceback
    while frame.f_back is not None:
        file = frame.f_code.co_filename
        if file.startswith(_BUNDLED) or not file.startswith((_PACKAGE, "<")):
            break
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)


def fail(subject: str, field: str, problem: str, right: str = "") -> NoReturn:
    """Refuse `subject.field`, at the line of the definition."""
    raise DefinitionError(f"{subject}: {field} {problem}", right=right, place=written_at())
