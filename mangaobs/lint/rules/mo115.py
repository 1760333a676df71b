"""Metric math that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _graph
from mangaobs.lint._found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The text of expressions, in alarms and widgets."""
    for alarm in app.alarms:
        for query in alarm.queries or ():
            if query.error is not None:
                spot = query.expression_spot.at(query.error)
                yield Found("MO115", alarm.resource, query.error.problem, query.error.right, spot)
    for body in app.bodies:
        for row in _graph.rows(body):
            if row.error is not None:
                spot = row.spot._replace(offset=row.error.start, length=row.error.end - row.error.start)
                yield Found("MO115", body.resource, row.error.problem, row.error.right, spot)
