"""What is read must be emitted: no alarm, widget or query on a metric or field that nobody sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.errors import RenderError

if TYPE_CHECKING:
    from mangaobs.model.metric import Metric
    from mangaobs.model.observability import Observability


def check_signals(observability: Observability) -> None:
    """Refuse an alarm on a metric of ours that no handler emits and no metric filter publishes."""
    emitted = {
        (metric.namespace, metric.name): frozenset(metric.dimensions) for metric in observability.signals.metrics
    }
    for filter in observability.filters:
        emitted[filter.namespace, filter.metric_name] = frozenset(key for key, _ in filter.dimensions)
    for alarm in observability.alarms:
        for stat in alarm.condition.series.metric_stats():
            problem = _problem(stat.metric, emitted)
            if problem:
                raise RenderError(
                    f"alarm {alarm.name!r}: {problem}",
                    right="declare the signal in handlers/signals.py and emit it, or alarm on one that exists",
                    place=alarm.place,
                )


def _problem(metric: Metric, emitted: dict[tuple[str, str], frozenset[str]]) -> str:
    if metric.namespace.startswith("AWS/"):
        return ""  # the services make these only as the catalog allows
    dimensions = emitted.get((metric.namespace, metric.name))
    if dimensions is None:
        return f"nobody emits {metric.namespace} {metric.name}"
    if dimensions != {name for name, _ in metric.dimensions}:
        said = ", ".join(sorted(dimensions)) or "no dimensions"
        return f"{metric.namespace} {metric.name} is emitted under {said}"
    return ""
