"""What is read must be emitted: no alarm and no graph on a metric that nobody sends."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mangaobs import catalog
from mangaobs.errors import RenderError

if TYPE_CHECKING:
    from mangaobs.errors import Place
    from mangaobs.model.metric import Metric, Series
    from mangaobs.model.observability import Observability


class Emitted:
    """The metrics that are sent: AWS's by the catalog, ours by the signals and the metric filters."""

    def __init__(self, observability: Observability) -> None:
        self._ours = {
            (metric.namespace, metric.name): frozenset(metric.dimensions) for metric in observability.signals.metrics
        }
        for filter in observability.filters:
            self._ours[filter.namespace, filter.metric_name] = frozenset(key for key, _ in filter.dimensions)

    def check(self, subject: str, place: Place, series: Series) -> None:
        """Refuse `series`, which `subject` reads, if it rests on a metric that nobody sends."""
        for stat in series.metric_stats():
            problem, right = _problem(stat.metric, self._ours)
            if problem:
                raise RenderError(f"{subject}: {problem}", right=right, place=place)


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
