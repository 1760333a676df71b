"""A log widget whose query or log group is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _queries
from mangaobs.lint._app import DASHBOARD
from mangaobs.lint._found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The query after SOURCE, and the names in SOURCE."""
    for query in _queries.queries(app):
        if query.resource.type != DASHBOARD:
            continue
        for finding in _queries.check(query.text):
            if finding.severity == "error":
                yield Found("MO205", query.resource, finding.error.problem, finding.error.right, query.at(finding))
        for group, spot in query.groups:
            problem = _queries.group_problem(app, group)
            if problem:
                yield Found("MO205", query.resource, *problem, spot)
