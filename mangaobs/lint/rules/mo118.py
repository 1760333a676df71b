"""An alarm on several series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.languages import metric_math
from mangaobs.lint import _graph
from mangaobs.lint._alarms import ANOMALY
from mangaobs.lint._found import Found
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """What an alarm returns is one series: no SEARCH, no array, no number."""
    for alarm in app.alarms:
        kinds = _graph.kinds_of_alarm(alarm)
        searches = [query for query in alarm.queries or () if query.tree is not None and _searches(query.tree)]
        for query in searches:
            what = "an alarm cannot use SEARCH"
            yield Found("MO118", alarm.resource, what, "name the metrics, at most 10", query.expression_spot)
        if searches or alarm.operator in ANOMALY or "ThresholdMetricId" in alarm.resource.properties:
            continue
        for query in alarm.queries or ():
            if query.returns is not True or query.tree is None or isinstance(query.expression, Unknown):
                continue
            checked = metric_math.check(query.tree, kinds, str(query.expression))
            if not checked.errors and checked.kind in ("A", "S", "X"):
                what = f"the expression gives {checked.words}, an alarm needs one series"
                right = "SUM, MAX or AVG over them" if checked.kind == "A" else "a series in it"
                yield Found("MO118", alarm.resource, what, right, query.expression_spot)


def _searches(tree: metric_math.Expression) -> bool:
    return any(call.function == "SEARCH" for call in _graph.calls(tree))
