"""Metric math over what does not exist, or does not fit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mangaobs.languages import metric_math
from mangaobs.lint import _graph
from mangaobs.lint._found import Found, Spot
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._alarms import Alarm
    from mangaobs.lint._app import App
    from mangaobs.lint._bodies import Body


def check(app: App) -> Iterator[Found]:
    """Ids, functions, what they take."""
    for alarm in app.alarms:
        yield from _of_alarm(alarm)
        yield from _ids(alarm)
    for body in app.bodies:
        yield from _of_body(body)


def _of_alarm(alarm: Alarm) -> Iterator[Found]:
    kinds = _graph.kinds_of_alarm(alarm)
    for query in alarm.queries or ():
        if query.tree is None or isinstance(query.expression, Unknown):
            continue
        for error in metric_math.check(query.tree, kinds, str(query.expression)).errors:
            yield Found("MO116", alarm.resource, error.problem, error.right, query.expression_spot.at(error))
        for name in metric_math.names(query.tree):
            if name.name == query.id:
                start, end = name.span
                spot = query.expression_spot._replace(offset=start, length=end - start)
                yield Found("MO116", alarm.resource, f"{query.id} is made of itself", "another id", spot)


def _ids(alarm: Alarm) -> Iterator[Found]:
    seen: set[str] = set()
    for query in alarm.queries or ():
        if query.id is None:
            continue
        spot = Spot((*query.spot.path, "Id"))
        if query.id in seen:
            yield Found("MO116", alarm.resource, f"the id {query.id} is there twice", "ids that differ", spot)
        elif not re.fullmatch(r"[a-z][A-Za-z0-9_]*", query.id):
            right = "a small letter first, then letters, digits and _"
            yield Found("MO116", alarm.resource, f"{query.id!r} is no id", right, spot)
        seen.add(query.id)


def _of_body(body: Body) -> Iterator[Found]:
    rows = list(_graph.rows(body))
    for number_ in {row.widget for row in rows}:
        kinds = _graph.kinds_of_widget(body, number_, [row for row in rows if row.widget == number_])
        for row in rows:
            if row.widget != number_ or row.tree is None or body.is_unknown(row.expression):
                continue
            for error in metric_math.check(row.tree, kinds, row.expression).errors:
                if error.problem.startswith("no metric or expression has the id"):
                    continue  # MO218 says so
                spot = row.spot._replace(offset=error.start, length=error.end - error.start)
                yield Found("MO116", body.resource, error.problem, error.right, spot)
