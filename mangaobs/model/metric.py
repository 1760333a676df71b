"""Metrics, the series that one graphs or alarms on, and conditions over them."""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec

from mangaobs.languages.statistic import is_percentile, is_statistic
from mangaobs.model._check import fail, is_number
from mangaobs.model.value import Value, shown
from mangaobs.signals import MetricSignal

SECOND = SECONDS = 1
MINUTE = MINUTES = 60
HOUR = HOURS = 3600
DAY = DAYS = 86_400
MS = 1  # metrics of latency and duration count milliseconds

_ID = re.compile(r"[a-z][A-Za-z0-9_]{0,254}")
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


class Metric(msgspec.Struct, frozen=True):
    """A metric of one thing; a statistic and a period make it a series.

    `dimensions` are (name, value) pairs: together with the namespace and the name they *are* the metric, CloudWatch
    finds it under exactly this set and no other. `native_period` is the finest period, in seconds, at which it is
    published.
    """

    namespace: str
    name: str
    dimensions: tuple[tuple[str, Value], ...] = ()
    unit: str = "None"
    native_period: int = 60
    percentiles: bool = True
    label: str = ""

    def __post_init__(self) -> None:
        if len(self.dimensions) > 30:
            fail(
                f"metric {self.name}",
                "dimensions",
                f"has {len(self.dimensions)} entries",
                "CloudWatch takes at most 30",
            )

    def statistic(self, statistic: str, period: int = MINUTE) -> MetricStat:
        """The series of `statistic` over periods of `period` seconds."""
        return MetricStat(self, statistic, period, label=self.label)

    def sum(self, period: int = MINUTE) -> MetricStat:
        """The sum of the values in each period."""
        return self.statistic("Sum", period)

    def average(self, period: int = MINUTE) -> MetricStat:
        """The mean of the values in each period."""
        return self.statistic("Average", period)

    def maximum(self, period: int = MINUTE) -> MetricStat:
        """The largest value in each period."""
        return self.statistic("Maximum", period)

    def minimum(self, period: int = MINUTE) -> MetricStat:
        """The smallest value in each period."""
        return self.statistic("Minimum", period)

    def sample_count(self, period: int = MINUTE) -> MetricStat:
        """How many values were published in each period."""
        return self.statistic("SampleCount", period)

    def p(self, percentile: float, period: int = MINUTE) -> MetricStat:
        """A percentile, for example `p(99.9)`."""
        return self.statistic(f"p{percentile:g}", period)

    def p50(self, period: int = MINUTE) -> MetricStat:
        """The median."""
        return self.statistic("p50", period)

    def p90(self, period: int = MINUTE) -> MetricStat:
        """The 90th percentile."""
        return self.statistic("p90", period)

    def p99(self, period: int = MINUTE) -> MetricStat:
        """The 99th percentile."""
        return self.statistic("p99", period)


def signal_metric(signal: MetricSignal, /, **dimensions: Value) -> Metric:
    """The metric of a declared signal, under exactly the dimensions that it is emitted with."""
    if set(dimensions) != set(signal.dimensions):
        given, declared = ", ".join(dimensions) or "none", ", ".join(signal.dimensions) or "none"
        fail(f"metric {signal.name}", "dimensions", f"are {given}", f"it is emitted with {declared}")
    return Metric(signal.namespace, signal.name, tuple(dimensions.items()), unit=signal.unit, label=signal.name)


class _Comparable(msgspec.Struct, frozen=True):
    """Comparing a series with a number makes a condition."""

    def __gt__(self, threshold: float) -> Condition:
        return Condition(self._series(), "GreaterThanThreshold", threshold)

    def __ge__(self, threshold: float) -> Condition:
        return Condition(self._series(), "GreaterThanOrEqualToThreshold", threshold)

    def __lt__(self, threshold: float) -> Condition:
        return Condition(self._series(), "LessThanThreshold", threshold)

    def __le__(self, threshold: float) -> Condition:
        return Condition(self._series(), "LessThanOrEqualToThreshold", threshold)

    def outside_band(self, width: float = 2) -> Condition:
        """Above or below what the anomaly detection model expects, `width` standard deviations wide."""
        return Condition(self._series(), "LessThanLowerOrGreaterThanUpperThreshold", None, band=width)

    def above_band(self, width: float = 2) -> Condition:
        """Above what the anomaly detection model expects."""
        return Condition(self._series(), "GreaterThanUpperThreshold", None, band=width)

    def below_band(self, width: float = 2) -> Condition:
        """Below what the anomaly detection model expects."""
        return Condition(self._series(), "LessThanLowerThreshold", None, band=width)

    def _series(self) -> Series:
        assert isinstance(self, MetricStat | Math)  # noqa: S101 - the two subclasses that there are
        return self

    def named(self, label: str) -> Series:
        """The same series under another label on graphs; CloudWatch's dynamic labels work."""
        return msgspec.structs.replace(self._series(), label=label)

    def colored(self, color: str) -> Series:
        """The same series drawn in `color` (`#rrggbb`)."""
        if not _COLOR.fullmatch(color):
            fail(
                f"series {self._series().label!r}", "color", f"is {color!r}", "write it as #rrggbb, for example #d13212"
            )
        return msgspec.structs.replace(self._series(), color=color)


class MetricStat(_Comparable, frozen=True):
    """A statistic of a metric over a period, in seconds."""

    metric: Metric
    stat: str
    period: int
    label: str = ""
    color: str = ""

    def __post_init__(self) -> None:
        name = f"metric {self.metric.name}"
        if not is_statistic(self.stat):
            fail(
                name,
                "statistic",
                f"{self.stat!r} does not exist",
                "for example Sum, Average, Maximum, p99, tm90, PR(:300)",
            )
        if is_percentile(self.stat) and not self.metric.percentiles:
            fail(
                name,
                "statistic",
                f"{self.stat} is not published for it",
                "Sum, Average, Minimum, Maximum or SampleCount",
            )
        if self.period not in {10, 20, 30} and (self.period < 60 or self.period % 60):
            fail(name, "period", f"{self.period} s is not one", "10, 20, 30 or a multiple of 60 seconds")
        if self.period < self.metric.native_period:
            fail(
                name,
                "period",
                f"{self.period} s is finer than what AWS publishes",
                f"{self.metric.native_period} s or more; most periods would be empty otherwise",
            )

    def metric_stats(self) -> list[MetricStat]:
        """Itself: what math answers with all that it rests on."""
        return [self]


class Math(_Comparable, frozen=True):
    """A metric math expression over other series, each under the id that the expression uses."""

    expression: str
    of: tuple[tuple[str, Series], ...] = ()
    label: str = ""
    color: str = ""
    explicit_period: int = 0

    @property
    def period(self) -> int:
        """The period of the operands, in seconds (of the first, where they differ)."""
        return self.explicit_period or next((series.period for _, series in self.of), MINUTE)

    def metric_stats(self) -> list[MetricStat]:
        """Every metric that the expression rests on, in order."""
        return [
            leaf for _, series in self.of for leaf in (series.metric_stats() if isinstance(series, Math) else [series])
        ]


Series: TypeAlias = MetricStat | Math


def identity(series: Series) -> tuple[object, ...]:
    """What makes two series the same: all but their labels and colors."""
    if isinstance(series, MetricStat):
        return (series.metric.namespace, series.metric.name, series.metric.dimensions, series.stat, series.period)
    operands = tuple((name, identity(operand)) for name, operand in series.of)
    return (series.expression, operands, series.explicit_period)


_RESERVED = frozenset({"result", "series", "band"})
# The words of an expression; quoted text and numbers (1e5) are matched too, so that nothing in them is taken for an id.
WORD = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9.]+(?:[eE][+-]?[0-9]+)?|[A-Za-z_][A-Za-z0-9_]*")


def math(expression: str, *, label: str = "", period: int = 0, **of: Series) -> Math:
    """Metric math: `math("100 * errors / calls", errors=…, calls=…)`.

    Every operand must be used and every id that is used must be given; the operands may be math themselves.
    """
    if not 1 <= len(expression) <= 2048:
        fail("math", "expression", f"has {len(expression)} characters", "1 to 2,048")
    words = set(WORD.findall(expression))
    used = {word for word in words if word[0].islower()}
    for name in of:
        if not _ID.fullmatch(name):
            fail("math", f"id {name!r}", "is not one", "a lower-case letter first, then letters, digits and _")
        if name in _RESERVED:
            fail("math", f"id {name!r}", "is taken: alarms name their own rows so", "another one")
    if unknown := sorted(used - set(of)):
        fail("math", f"expression {expression!r}", f"uses {unknown[0]!r}, which is not given", f"pass {unknown[0]}=…")
    if unused := sorted(set(of) - used):
        fail("math", f"expression {expression!r}", f"does not use {unused[0]!r}", "use it or leave it out")
    return Math(expression, tuple(of.items()), label=label, explicit_period=period)


_WORDS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside its expected band",
    "GreaterThanUpperThreshold": "above its expected band",
    "LessThanLowerThreshold": "below its expected band",
}


class Condition(msgspec.Struct, frozen=True):
    """When an alarm is in ALARM: a series against a threshold, or against its anomaly band (`band`: its width)."""

    series: Series
    operator: str
    threshold: float | None
    band: float | None = None

    def __bool__(self) -> bool:  # noqa: PLE0304 - it never returns
        # `1 < errors < 5` would quietly be `errors < 5`.
        fail("condition", "truth", "is known to CloudWatch alone", "one comparison a condition, without and, or, not")

    def __post_init__(self) -> None:
        if self.operator not in _WORDS:
            fail("condition", "operator", f"is {self.operator!r}", f"one of {', '.join(_WORDS)}")
        if self.band is None and not is_number(self.threshold):
            fail("condition", "threshold", f"is {self.threshold!r}", "a finite number")
        if self.band is not None:
            if self.band <= 0:
                fail("condition", "band", f"is {self.band} standard deviations wide", "a number above 0, usually 2")
            if self.series.period < MINUTE:
                fail("condition", "period", "is too fine for anomaly detection", "60 s or more")


def describe(condition: Condition) -> str:
    """The condition in words, for descriptions and documents."""
    words = _WORDS[condition.operator]
    threshold = "" if condition.threshold is None else f" {_plain(condition.threshold)}"
    return f"{describe_series(condition.series)} {words}{threshold}"


def _plain(number: float) -> str:
    return f"{number:,}".removesuffix(".0")


def describe_series(series: Series) -> str:
    """A series in words: `Sum of ReadThrottleEvents (TableName=…) over 60 s`."""
    if isinstance(series, Math):
        return series.label or series.expression
    dimensions = ", ".join(f"{name}={shown(value)}" for name, value in series.metric.dimensions)
    return f"{series.stat} of {series.metric.name}" + (f" ({dimensions})" if dimensions else "")
