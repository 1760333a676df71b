"""One alarm over a timeline: its series, its state at each evaluation, and the words of a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from mangaobs.languages import metric_math
from mangaobs.replay._definitions import MathQuery, MetricQuery, NotEvaluated, low_sample_bound
from mangaobs.replay._metrics import MINUTE_MS, Ends
from mangaobs.replay._states import KEEP, Rule, State, changes, decide

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mangaobs.replay._definitions import MetricAlarm
    from mangaobs.replay._metrics import Store

    Floats = NDArray[np.float64]

_HOUR_MS: Final = 3_600_000
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state: the evaluation's time in ms, and why. `open`: AWS leaves the case open."""

    at: int
    before: State
    after: State
    reason: str
    open: bool = False
    approximate: bool = False


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An alarm's course: its series at the ends of its periods, from `lead` evaluations before the first on."""

    ends: Ends
    values: Floats
    lead: int
    codes: NDArray[np.int8]
    changes: list[Change]

    def states(self, first: int, count: int) -> NDArray[np.int8]:
        """The state at each of `count` minutes from `first` (ms) on."""
        import numpy as np

        step = self.ends.step
        start = self.ends.start + self.lead * step
        known = np.where(self.codes == KEEP, -1, np.arange(len(self.codes)))
        last = np.maximum.accumulate(known)
        states = np.where(last < 0, np.int8(State.INSUFFICIENT_DATA), self.codes[np.maximum(last, 0)])
        index = (first + np.arange(count) * MINUTE_MS - start) // step
        return states[np.clip(index, 0, len(states) - 1)]


def evaluate(alarm: MetricAlarm, store: Store, first: int, last: int, *, more: int) -> Evaluated:
    """The alarm at every evaluation of [first, last] ms. `more`: by how many periods the range is longer than N.

    Raises `NotEvaluated` for math that is not evaluated here.
    """
    import numpy as np

    step = 10_000 if alarm.period < 60 else MINUTE_MS
    stride = alarm.period * 1000 // step
    rule = Rule(alarm.evaluation_periods, alarm.datapoints_to_alarm, alarm.evaluation_periods + more, alarm.missing)
    lead = (rule.range - 1) * stride
    count = (last - first) // step + 1
    ends = Ends(first - lead * step, step, count + lead)
    values, low, approximate = _series(alarm, store, ends, stride)
    real = ~np.isnan(values)
    codes, open_ = decide(real, _breaching(alarm, values), rule, stride)
    if alarm.ignore_low_samples:
        codes[low[lead:]] = KEEP
    if alarm.multi_day:
        times = first + np.arange(count) * step
        codes[(times % _HOUR_MS != 0) & (np.arange(count) > 0)] = KEEP
    found: list[Change] = []
    for at, before, after in zip(*(one.tolist() for one in changes(codes)), strict=True):
        window = values[at + lead - (rule.range - 1) * stride : at + lead + 1 : stride]
        reason = _reason(alarm, window, first + at * step, State(after))
        change = Change(first + at * step, State(before), State(after), reason, bool(open_[at]), approximate)
        found.append(change)
    return Evaluated(ends, values, lead, codes, found)


def _series(alarm: MetricAlarm, store: Store, ends: Ends, stride: int) -> tuple[Floats, NDArray[np.bool_], bool]:
    """The values, where a percentile rests on too few samples, and whether they are approximate."""
    import numpy as np

    series: dict[str, Floats] = {}
    periods: dict[str, int] = {}
    low = np.zeros(ends.count, bool)
    approximate = False
    for query in alarm.queries:
        if not isinstance(query, MetricQuery):
            continue
        points = store.points(query.metric, query.statistic, query.period, ends)
        approximate = approximate or points.approximate
        units = store.units(query.metric)
        wrong_unit = query.unit is not None and units and query.unit not in units
        series[query.id] = np.full(ends.count, np.nan) if wrong_unit else points.values
        periods[query.id] = query.period
        bound = low_sample_bound(query.statistic)
        low |= (points.samples > 0) & (points.samples < bound)
    waiting = [one for one in alarm.queries if isinstance(one, MathQuery)]
    while waiting:
        ready = [
            one
            for one in waiting
            if all(name.name in series or _word(name.name) for name in metric_math.names(one.tree))
        ]
        if not ready:
            raise NotEvaluated(f"{waiting[0].text!r} names what is not there")
        for one in ready:
            try:
                series[one.id] = metric_math.evaluate(one.tree, series, periods, stride=stride)
            except metric_math.Unsupported as what:
                raise NotEvaluated(f"metric math: {what}") from None
        waiting = [one for one in waiting if one.id not in series]
    return series[alarm.returned], low, approximate


def _word(name: str) -> bool:
    return name in ("REPEAT", "LINEAR")


def _breaching(alarm: MetricAlarm, values: Floats) -> NDArray[np.bool_]:
    import numpy as np

    threshold = alarm.threshold
    with np.errstate(invalid="ignore"):
        if alarm.comparison == "GreaterThanThreshold":
            return values > threshold
        if alarm.comparison == "GreaterThanOrEqualToThreshold":
            return values >= threshold
        return values < threshold if alarm.comparison == "LessThanThreshold" else values <= threshold


def _reason(alarm: MetricAlarm, window: Floats, at: int, after: State) -> str:
    """In CloudWatch's manner: what crossed the threshold, or that nothing came."""
    import numpy as np

    real = [
        (float(value), at - age * alarm.period * 1000) for age, value in enumerate(window[::-1]) if not np.isnan(value)
    ]
    newest = real[: alarm.evaluation_periods]
    if not newest:
        treated = "" if alarm.missing in ("missing", "ignore") else f", treated as {alarm.missing}"
        return f"No datapoints were received for {len(window)} periods{treated}."
    bad = int(_breaching(alarm, np.array([value for value, _ in newest])).sum())
    shown = ", ".join(f"{value:.6g} ({_clock(end - alarm.period * 1000)})" for value, end in newest[:_SHOWN])
    dots = ", …" if len(newest) > _SHOWN else ""
    side = (
        f"{bad} of the last {len(newest)} datapoints"
        if after is State.ALARM
        else f"only {bad} of the last {len(newest)} datapoints"
    )
    filled = alarm.evaluation_periods - len(newest)
    gap = f"; {filled} missing, treated as {alarm.missing}" if filled > 0 else ""
    return f"{side} [{shown}{dots}] were {alarm.words} the threshold ({alarm.threshold:g}){gap}."


def _clock(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%H:%M:%S" if at % MINUTE_MS else "%H:%M")
