"""The shape of one metric's facts."""

from typing import NamedTuple


class MetricFacts(NamedTuple):
    """What is known of one metric, and how well.

    ``dimension_sets`` holds every set of dimension names the metric is published under, each sorted by name.
    A ``()`` among them means that it is published with no dimensions. No set at all means that the sets are
    unknown, or that the metric is never emitted.
    """

    namespace: str
    name: str
    dimension_sets: tuple[tuple[str, ...], ...]
    unit: str
    """A CloudWatch ``StandardUnit``; ``""`` where no page states one."""
    statistics: tuple[str, ...]
    """Statistics that say something; ``pNN`` stands for percentiles."""
    native_period: int
    """Seconds: the finest period at which the service publishes."""
    emission: str
    """When data points appear: one of the words in ``data/README.md``."""
    confidence: str
    """``documented``, ``inferred``, ``corroborated`` or ``unverified``."""
    note: str
    source: str
    """Addresses of the pages that state these facts, separated by spaces."""
    unproven_sets: tuple[tuple[str, ...], ...] = ()
    """Sets that one source names and another leaves out, each sorted by name: neither emitted for certain nor not."""

    @property
    def percentiles(self) -> bool:
        """Whether percentiles of this metric are documented or in use by AWS."""
        return "pNN" in self.statistics
