"""Why a text in a template cannot be evaluated, and where it stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.errors import LanguageError, MangaobsError, ManyErrors

if TYPE_CHECKING:
    from mangaobs.template import Resource


def why(resource: Resource, error: MangaobsError, *path: str | int) -> str:
    """The (first) problem in the text at `path`, with file, line and column of the token."""
    first = error.errors[0] if isinstance(error, ManyErrors) else error
    offset = first.start if isinstance(first, LanguageError) else None
    return f"{first.problem} ({resource.where(*path, offset=offset)})"
