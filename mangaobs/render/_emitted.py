"""What is read must be emitted: no alarm and no graph on a metric that nobody sends."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mangaobs import catalog
from mangaobs.errors import RenderError
from mangaobs.model.dashboard import place
from mangaobs.model.widget import Graph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.errors import Place
    from mangaobs.model.metric import Metric, Series
    from mangaobs.model.observability import Observability


def check_emitted(observability: Observability) -> None:
    """Refuse an alarm or a graph on a metric that AWS, a handler or a metric filter does not publish."""
    ours = {(metric.namespace, metric.name): frozenset(metric.dimensions) for metric in observability.signals.metrics}
    for filter in observability.filters:
        ours[filter.namespace, filter.metric_name] = frozenset(key for key, _ in filter.dimensions)
    for subject, where, series in _read(observability):
        for stat in series.metric_stats():
            problem, right = _problem(stat.metric, ours)
            if problem:
                raise RenderError(f"{subject}: {problem}", right=right, place=where)


def _read(observability: Observability) -> Iterator[tuple[str, Place, Series]]:
    for alarm in observability.alarms:
        yield f"alarm {alarm.name!r}", alarm.place, alarm.condition.series
    for dashboard in observability.dashboards:
        for one in place(dashboard):
            if isinstance(one.widget, Graph):
                for series in (*one.widget.left, *one.widget.right):
                    yield f"dashboard {dashboard.name!r}, graph {one.widget.title!r}", dashboard.place, series


def _problem(metric: Metric, ours: dict[tuple[str, str], frozenset[str]]) -> tuple[str, str]:
    names = tuple(sorted(name for name, _ in metric.dimensions))
    if metric.namespace.startswith("AWS/"):
        return _aws_problem(metric.namespace, metric.name, names)
    declared = ours.get((metric.namespace, metric.name))
    if declared is None:
        right = "declare the signal in handlers/signals.py and emit it, or read one that exists"
        return f"nobody emits {metric.namespace} {metric.name}", right
    if declared != set(names):
        said = ", ".join(sorted(declared)) or "no dimensions"
        return (
            f"{metric.namespace} {metric.name} is read under {', '.join(names) or 'no dimensions'}",
            f"emitted is {said}",
        )
    return "", ""


@lru_cache(maxsize=4096)
def _aws_problem(namespace: str, name: str, names: tuple[str, ...]) -> tuple[str, str]:
    # Only what the catalog knows to be wrong: a namespace that it does not list in full may emit more.
    if catalog.emits(namespace, name, names) is not False:
        return "", ""
    facts = catalog.find(namespace, name)
    if facts is None:
        near = catalog.nearest(name, catalog.metrics(namespace))
        return f"{namespace} emits no {name}", f"did you mean {near}?" if near else ""
    sets = " or ".join("+".join(one) or "no dimensions" for one in facts.dimension_sets) or facts.note
    return f"{namespace} does not emit {name} under {'+'.join(names) or 'no dimensions'}", sets
