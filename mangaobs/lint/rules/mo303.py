"""A query on a field that no handler logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.languages import logs_insights
from mangaobs.lint import _queries
from mangaobs.lint._found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Held against the contract that mangaobs renders; without one, against a recording."""
    fields = _queries.known_fields(app)
    if fields is None:
        return
    for query in _queries.queries(app):
        if any(str(group).startswith("${import") for group, _ in query.groups):
            continue
        plain = {(one.error.start, one.error.problem) for one in logs_insights.check(query.text)}
        for finding in logs_insights.check(query.text, fields):
            if (finding.error.start, finding.error.problem) not in plain and finding.severity == "error":
                yield Found("MO303", query.resource, finding.error.problem, finding.error.right, query.at(finding))
