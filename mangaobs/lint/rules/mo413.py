"""A filter on a log group that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _filters, _queries
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Names that differ by a slip from a log group of the templates."""
    for one in _filters.filters(app):
        problem = _queries.group_problem(app, one.group)
        if problem:
            yield Found("MO413", one.resource, *problem, Spot.of("LogGroupName"))
