"""The metric store: raw samples by series, and any statistic over windows that slide over them.

A window that ends at T holds the samples of [T - period, T). Sums are made by adding alone, never as differences of
running sums, so that a window of zeros is exactly zero.

Source: CloudWatch User Guide, "CloudWatch statistics definitions" and "Metrics concepts" (the identity of a metric is
its namespace, its name and its exact set of dimensions).
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from mangaobs.replay._statistics import of_sorted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MINUTE_MS: Final = 60_000
# Statistics of a period that come from those of its parts, and how.
_COMBINED: Final = {"Sum": "Sum", "SampleCount": "Sum", "Minimum": "Minimum", "Maximum": "Maximum"}


class MetricId(NamedTuple):
    """What identifies a metric; dimensions sorted by name."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def of(namespace: str, name: str, dimensions: Mapping[str, str]) -> MetricId:
        """The metric with these dimensions."""
        return MetricId(namespace, name, tuple(sorted(dimensions.items())))

    def __str__(self) -> str:
        inside = ", ".join(f"{name}={value}" for name, value in self.dimensions)
        return f"{self.namespace} {self.name} {{{inside}}}"


@dataclass(slots=True)
class _Series:
    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    counts: array[float] = field(default_factory=lambda: array("d"))
    units: set[str] = field(default_factory=set)
    delay: int = 0  # seconds
    given: dict[int, dict[int, dict[str, float]]] = field(default_factory=dict)  # period → time → statistics
    frozen: Samples | None = None


class Samples(NamedTuple):
    """The samples of a series, sorted by time in ms."""

    times: NDArray[np.int64]
    values: Floats
    counts: Floats


class Points(NamedTuple):
    """A statistic at the ends of windows, NaN where there is no sample; how many samples; whether it is approximate."""

    values: Floats
    samples: Floats
    approximate: bool = False


class NotGiven(Exception):  # noqa: N818 - an answer
    """A statistic that the given ones do not tell."""


class Store:
    """Samples by metric. What is added may come in any order of time."""

    def __init__(self) -> None:
        self._series: dict[MetricId, _Series] = {}

    def add(  # a sample is all of this
        self,
        metric: MetricId,
        timestamp: int,
        value: float,
        count: float = 1,
        unit: str | None = None,
        delay: int = 0,
    ) -> None:
        """One value, `count` times, at a time in ms. An alarm sees the metric `delay` seconds late."""
        series = self._series.get(metric)
        if series is None:
            series = self._series[metric] = _Series()
        series.times.append(timestamp)
        series.values.append(value)
        series.counts.append(count)
        series.frozen = None
        series.delay = max(series.delay, delay)
        if unit is not None:
            series.units.add(unit)

    def add_many(self, metric: MetricId, samples: Samples) -> None:
        """A whole series at once, in place of what it had; `samples` sorted by time."""
        self._series[metric] = _Series(frozen=samples)

    def add_statistics(self, metric: MetricId, timestamp: int, period: int, statistics: Mapping[str, float]) -> None:
        """Statistics of the period (seconds) that begins at a time in ms."""
        series = self._series.setdefault(metric, _Series())
        series.given.setdefault(period, {}).setdefault(timestamp, {}).update(statistics)

    def __contains__(self, metric: MetricId) -> bool:
        return metric in self._series

    def __iter__(self) -> Iterator[MetricId]:
        return iter(self._series)

    def units(self, metric: MetricId) -> frozenset[str]:
        """The units that its samples name."""
        series = self._series.get(metric)
        return frozenset(series.units if series else ())

    def delay(self, metric: MetricId) -> int:
        """By how many seconds an alarm sees it late."""
        series = self._series.get(metric)
        return series.delay if series else 0

    def samples(self, metric: MetricId) -> Samples:
        """The samples, sorted; none if there is no such metric."""
        import numpy as np

        series = self._series.get(metric)
        if series is None:
            return Samples(np.empty(0, np.int64), np.empty(0), np.empty(0))
        if series.frozen is None:
            times = np.frombuffer(series.times, np.int64).copy()
            order = np.argsort(times, kind="stable")
            values, counts = np.array(series.values, float), np.array(series.counts, float)
            series.frozen = Samples(times[order], values[order], counts[order])
        return series.frozen

    def points(self, metric: MetricId, statistic: str, period: int, ends: Ends) -> Points:
        """A statistic over the `period` seconds before each of `ends`. Raises `NotGiven`."""
        series = self._series.get(metric)
        if series is not None and series.given and not series.times and series.frozen is None:
            return _given(metric, series.given, statistic, period, ends)
        import numpy as np

        with np.errstate(over="ignore"):  # sums of what a recording holds may be infinite
            return _windowed(self.samples(metric), statistic, period, ends)


@dataclass(frozen=True, slots=True)
class Ends:
    """`count` ends of windows, the first at `start` ms, each `step` ms after the one before; `start` is a multiple."""

    start: int
    step: int
    count: int


def _windowed(samples: Samples, statistic: str, period: int, ends: Ends) -> Points:
    import numpy as np

    width = period * 1000 // ends.step
    first = ends.start - width * ends.step
    number = ends.count + width - 1  # buckets from the first window's beginning to the last one's end
    low, high = np.searchsorted(samples.times, (first, first + number * ends.step))
    index = (samples.times[low:high] - first) // ends.step
    values, counts = samples.values[low:high], samples.counts[low:high]
    single = len(index) == number and number > 0 and bool((index == np.arange(number)).all())
    per_bucket: Floats = counts if single else np.bincount(index, counts, number).astype(float)
    total = _sliding(np.add, per_bucket, width)
    if statistic == "SampleCount":
        return Points(np.where(total > 0, total, np.nan), total)
    if statistic in ("Sum", "Average"):
        weighted: Floats = values * counts
        buckets = weighted if single else np.bincount(index, weighted, number).astype(float)
        sums = _sliding(np.add, buckets, width)
        if single:
            found = sums if statistic == "Sum" else sums / total
        else:
            with np.errstate(invalid="ignore", divide="ignore"):
                found = np.where(total > 0, sums if statistic == "Sum" else sums / total, np.nan)
        return Points(found, total)
    if statistic in ("Minimum", "Maximum"):
        choose = np.fmin if statistic == "Minimum" else np.fmax
        buckets = values if single else np.full(number, np.nan)
        if not single:
            choose.at(buckets, index, values)
        return Points(_sliding(choose, buckets, width), total)
    begins = np.searchsorted(index, np.arange(ends.count))
    stops = np.searchsorted(index, np.arange(width, ends.count + width))
    return Points(_each(statistic, values, counts, begins, stops), total)


def _each(statistic: str, values: Floats, counts: Floats, begins: NDArray[np.intp], stops: NDArray[np.intp]) -> Floats:
    """A statistic that needs the raw values, window by window."""
    import numpy as np

    compute: Callable[[Floats, Floats | None], float] = of_sorted(statistic)
    plain = bool((counts == 1).all())
    found = np.full(len(begins), np.nan)
    # The guide: no percentiles of metrics that have negative values.
    negative = np.concatenate(([0], np.cumsum(values < 0)))
    for position, (begin, stop) in enumerate(zip(begins.tolist(), stops.tolist(), strict=True)):
        if begin == stop or negative[begin] != negative[stop]:
            continue
        window = values[begin:stop]
        if plain:
            found[position] = compute(np.sort(window), None)
        else:
            order = np.argsort(window)
            found[position] = compute(window[order], counts[begin:stop][order])
    return found


def _sliding(combine: np.ufunc, buckets: Floats, width: int) -> Floats:
    """`combine` over each `width` buckets in a row, by doubling: log2(width) passes."""
    import numpy as np

    if width == 1:
        return buckets
    count = len(buckets) - width + 1
    block, size, result, taken = buckets, 1, None, 0
    remaining = width
    while remaining:
        if remaining & 1:
            piece = block[taken : taken + count]
            result = piece if result is None else combine(result, piece)
            taken += size
        remaining >>= 1
        if remaining:
            block = combine(block[:-size], block[size:])
            size *= 2
    return np.asarray(result, float)


def _given(
    metric: MetricId,
    given: Mapping[int, Mapping[int, Mapping[str, float]]],
    statistic: str,
    period: int,
    ends: Ends,
) -> Points:
    """From given statistics: those of this very period, or of shorter ones where they can be put together."""
    if any(statistic in one for one in given.get(period, {}).values()):
        return _given_as_is(given[period], statistic, period, ends)
    for shorter in sorted(given, reverse=True):
        if statistic in _COMBINED and period % shorter == 0:
            pairs = [(time, one[statistic]) for time, one in sorted(given[shorter].items()) if statistic in one]
            if pairs:
                return _windowed(_samples_of(pairs), _COMBINED[statistic], period, ends)._replace(approximate=True)
    raise NotGiven(f"the recording has {metric.name} as other statistics than {statistic} of {period} s")


def _samples_of(pairs: list[tuple[int, float]]) -> Samples:
    import numpy as np

    times, values = zip(*pairs, strict=True)
    return Samples(np.array(times, np.int64), np.array(values, float), np.ones(len(pairs)))


def _given_as_is(given: Mapping[int, Mapping[str, float]], statistic: str, period: int, ends: Ends) -> Points:
    """Between the ends of periods the last one stands."""
    import numpy as np

    found, samples = np.full(ends.count, np.nan), np.zeros(ends.count)
    for time, statistics in given.items():
        value = statistics.get(statistic)
        if value is None:
            continue
        begin = max((time + period * 1000 - ends.start) // ends.step, 0)
        stop = (time + 2 * period * 1000 - ends.start) // ends.step
        found[begin : max(stop, 0)] = value
        samples[begin : max(stop, 0)] = statistics.get("SampleCount", np.nan)
    return Points(found, samples, approximate=True)
