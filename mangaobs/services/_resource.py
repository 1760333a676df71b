"""What all services share: a metric is made only from what the catalog knows that AWS emits."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import msgspec

from mangaobs import catalog
from mangaobs.catalog import MetricFacts
from mangaobs.model._check import fail
from mangaobs.model.metric import Metric
from mangaobs.model.value import Value


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that AWS measures; `key` is its short name in the project's configuration."""

    namespace: ClassVar[str]
    key: str

    def metric(self, name: str, /, **dimensions: Value) -> Metric:
        """Metric `name` of this namespace under exactly `dimensions`.

        Raises `DefinitionError` where AWS does not emit it so.
        """
        return emitted(self.namespace, name, tuple(dimensions.items()), label=self.key)


def emitted(namespace: str, name: str, dimensions: tuple[tuple[str, Value], ...], *, label: str = "") -> Metric:
    """A metric that AWS emits: refuses an unknown name and every other dimension set."""
    facts = _facts(namespace, name, tuple(dimension for dimension, _ in dimensions))
    return Metric(
        namespace,
        name,
        dimensions,
        unit=facts.unit,
        native_period=facts.native_period,
        percentiles=facts.percentiles,
        label=label,
    )


@lru_cache(maxsize=1024)
def _facts(namespace: str, name: str, dimensions: tuple[str, ...]) -> MetricFacts:
    facts = catalog.find(namespace, name)
    if facts is None:
        near = catalog.nearest(name, catalog.metrics(namespace))
        fail(f"metric {name}", "name", f"is none that {namespace} emits", f"did you mean {near}?" if near else "")
    if not catalog.emits(namespace, name, dimensions):
        sets = " or ".join("+".join(one) or "no dimensions" for one in facts.dimension_sets) or "nothing known"
        fail(
            f"metric {name}", "dimensions", f"{'+'.join(dimensions) or '(none)'} is no set that {namespace} emits", sets
        )
    return facts
