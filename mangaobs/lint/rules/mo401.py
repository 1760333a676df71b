"""A filter pattern that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _filters
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """What the language's reader refuses."""
    for one in _filters.filters(app):
        for error in one.errors:
            yield Found("MO401", one.resource, error.problem, error.right, Spot.of("FilterPattern").at(error))
