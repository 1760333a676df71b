"""Every reading of a metric, in alarms, their math and widgets alike: what it names, and where each word stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from mangaobs.lint._found import Spot
from mangaobs.lint._values import text
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mangaobs.lint._found import Step
    from mangaobs.template import Resource

_METRIC: Final = ("Namespace", "MetricName")


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension with the places of its two words."""

    name: object
    value: object
    name_spot: Spot
    value_spot: Spot


@dataclass(frozen=True, slots=True)
class Read:
    """A statistic of a metric that something reads. A value is a text, `Unknown`, or None where there is none."""

    resource: Resource
    by: Literal["alarm", "widget"]
    namespace: object
    name: object
    dimensions: tuple[Dimension, ...] | None  # None: not known
    statistic: object
    period: object
    unit: object
    whole: Spot
    spots: Mapping[str, Spot] = field(repr=False)
    id: str = ""
    elsewhere: bool = False  # of another account or region
    # Of a widget: whether it is drawn, and on which axis.
    visible: bool = True
    axis: str = "left"

    @property
    def known(self) -> tuple[str, str] | None:
        """Namespace and name, if both are known."""
        return (self.namespace, self.name) if isinstance(self.namespace, str) and isinstance(self.name, str) else None

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names of its dimensions, sorted, if they are known."""
        if self.dimensions is None or not all(isinstance(one.name, str) for one in self.dimensions):
            return None
        return tuple(sorted(str(one.name) for one in self.dimensions))

    def value(self, name: str) -> object:
        """The value of a dimension; None without it."""
        return next((one.value for one in self.dimensions or () if one.name == name), None)

    def dimension(self, name: str) -> Dimension | None:
        """A dimension by name."""
        return next((one for one in self.dimensions or () if one.name == name), None)

    def spot(self, part: str) -> Spot:
        """Where a part stands: namespace, name, statistic, period, unit, dimensions; else the whole."""
        return self.spots.get(part, self.whole)


def of_alarm(
    resource: Resource,
    base: tuple[Step, ...],
    metric: Mapping[str, object],
    stat: Mapping[str, object],
    *,
    id: str = "",
    elsewhere: bool = False,
) -> Read:
    """The metric of an alarm; `base` is the path of `stat`, `metric` may be `stat` itself."""
    inner = base if metric is stat else (*base, "Metric")
    spots = {
        "namespace": Spot((*inner, "Namespace")),
        "name": Spot((*inner, "MetricName")),
        "dimensions": Spot((*inner, "Dimensions")),
        "period": Spot((*base, "Period")),
        "unit": Spot((*base, "Unit")),
    }
    if metric.get("Dimensions") is None:
        spots["dimensions"] = spots["name"]  # none are there
    statistic: object = None
    for key in ("Stat", "Statistic", "ExtendedStatistic"):
        if stat.get(key) is not None:
            statistic = stat[key]
            spots["statistic"] = Spot((*base, key))
    return Read(
        resource=resource,
        by="alarm",
        namespace=_word(metric.get("Namespace")),
        name=_word(metric.get("MetricName")),
        dimensions=_dimensions(metric.get("Dimensions"), (*inner, "Dimensions")),
        statistic=_word(statistic),
        period=stat.get("Period"),
        unit=_word(stat.get("Unit")),
        whole=spots["name"],
        spots=spots,
        id=id,
        elsewhere=elsewhere,
    )


def _word(value: object) -> object:
    return value if isinstance(value, Unknown) else text(value)


def _dimensions(value: object, path: tuple[Step, ...]) -> tuple[Dimension, ...] | None:
    if value is None:
        return ()
    if not isinstance(value, list):
        return None
    found: list[Dimension] = []
    for number, one in enumerate(value):
        if not isinstance(one, dict):
            return None
        spots = (Spot((*path, number, "Name")), Spot((*path, number, "Value")))
        found.append(Dimension(_word(one.get("Name")), _word(one.get("Value")), *spots))
    return tuple(found)
