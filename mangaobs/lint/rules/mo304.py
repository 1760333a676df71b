"""A saved query on a log group that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _queries
from mangaobs.lint._app import DASHBOARD
from mangaobs.lint._found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Names that differ by a slip from a log group of the templates."""
    for query in _queries.queries(app):
        if query.resource.type == DASHBOARD:
            continue
        for group, spot in query.groups:
            problem = _queries.group_problem(app, group)
            if problem:
                yield Found("MO304", query.resource, *problem, spot)
