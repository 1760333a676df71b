"""What is read must be emitted: no alarm and no graph on a metric that nobody sends."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mangaobs import catalog
from mangaobs.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mangaobs.errors import Place
    from mangaobs.model.metric import Metric, Series
    from mangaobs.model.observability import Observability


class Emitted:
    """The metrics that are sent: AWS's by the catalog, ours by the signals and the metric filters."""

    def __init__(self, observability: Observability) -> None:
        self._ours: dict[tuple[str, str], set[frozenset[str]]] = {}
        for metric in observability.signals.metrics:
            self._add(metric.namespace, metric.name, metric.dimensions)
        for filter in observability.filters:
            self._add(filter.namespace, filter.metric_name, [key for key, _ in filter.dimensions])

    def _add(self, namespace: str, name: str, dimensions: Iterable[str]) -> None:
        self._ours.setdefault((namespace, name), set()).add(frozenset(dimensions))

    def check(self, subject: str, place: Place, series: Series) -> None:
        """Refuse `series`, which `subject` reads, if it rests on a metric that nobody sends."""
        for stat in series.metric_stats():
            problem, right = _problem(stat.metric, self._ours)
            if problem:
                raise RenderError(f"{subject}: {problem}", right=right, place=place)


def _problem(metric: Metric, ours: dict[tuple[str, str], set[frozenset[str]]]) -> tuple[str, str]:
    names = tuple(sorted(name for name, _ in metric.dimensions))
    if metric.namespace.startswith("AWS/") or metric.namespace in catalog.namespaces():
        return _aws_problem(metric.namespace, metric.name, names)
    declared = ours.get((metric.namespace, metric.name))
    if declared is None:
        right = "declare the signal in handlers/signals.py and emit it, or read one that exists"
        return f"nobody emits {metric.namespace} {metric.name}", right
    if frozenset(names) not in declared:
        said = " or ".join(sorted(", ".join(sorted(one)) or "no dimensions" for one in declared))
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
