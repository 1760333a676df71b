"""One alarm over a timeline: its series, its state at each evaluation, and the words of a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from mangaobs.languages import metric_math
from mangaobs.replay._definitions import MathQuery, MetricQuery, NotEvaluated, low_sample_bound
from mangaobs.replay._metrics import MINUTE_MS, Ends, NotGiven
from mangaobs.replay._states import KEEP, Late, Rule, State, changes, decide

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
    # A wall clock window has exactly N points.
    width = alarm.evaluation_periods + (0 if alarm.zone else more)
    rule = Rule(alarm.evaluation_periods, alarm.datapoints_to_alarm, width, alarm.missing)
    lead = (rule.range - 1) * stride
    count = (last - first) // step + 1
    aligned = -(-alarm.period * 1000 // step) if alarm.zone else 0  # how far back a window may have begun
    ends = Ends(first - (lead + aligned) * step, step, count + lead + aligned)
    values, low, approximate = _series(alarm, store, ends, stride)
    real = ~np.isnan(values)
    late = _late(alarm, store, ends, stride)
    codes, open_ = decide(real, _breaching(alarm, values), rule, stride, late)
    if alarm.ignore_low_samples:
        codes[low[lead:]] = KEEP
    times = first + np.arange(count) * step
    seen = np.arange(count) + lead  # where in `values` the newest point of each evaluation is
    if alarm.zone:
        taken = np.array([(boundary(at, alarm.period, alarm.zone) - first) // step + aligned for at in times.tolist()])
        codes, open_, seen = codes[taken], open_[taken], taken + lead
        lead += aligned
    elif alarm.multi_day:
        codes[(times % _HOUR_MS != 0) & (np.arange(count) > 0)] = KEEP
    if alarm.warm_up:
        codes[: _warm_up(alarm, real, rule, lead, stride, count)] = KEEP
    found: list[Change] = []
    for at, before, after in zip(*(one.tolist() for one in changes(codes)), strict=True):
        newest = int(seen[at])
        window = values[newest - (rule.range - 1) * stride : newest + 1 : stride]
        if late is not None:
            window = _as_seen(window, late, newest)
        reason = _reason(alarm, window, ends.start + newest * step, State(after))
        change = Change(first + at * step, State(before), State(after), reason, bool(open_[at]), approximate)
        found.append(change)
    return Evaluated(ends, values, lead, codes, found)


def _series(
    alarm: MetricAlarm, store: Store, ends: Ends, stride: int, width: int | None = None
) -> tuple[Floats, NDArray[np.bool_], bool]:
    """The values, where a percentile rests on too few samples, and whether they are approximate.

    `width`: the windows in seconds, where they are shorter than the period.
    """
    import numpy as np

    series: dict[str, Floats] = {}
    periods: dict[str, int] = {}
    low = np.zeros(ends.count, bool)
    approximate = False
    for query in alarm.queries:
        if not isinstance(query, MetricQuery):
            continue
        try:
            points = store.points(query.metric, query.statistic, width or query.period, ends)
        except NotGiven as what:
            raise NotEvaluated(str(what)) from None
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


def _late(alarm: MetricAlarm, store: Store, ends: Ends, stride: int) -> Late | None:
    """What an alarm sees of metrics that come late: the newest window up to then, those after it not at all."""
    import numpy as np

    delay = max((store.delay(one.metric) for one in alarm.queries if isinstance(one, MetricQuery)), default=0)
    behind = -(-delay * 1000 // ends.step)
    if behind == 0:
        return None
    skipped, part = divmod(behind, stride)
    shifted = Ends(ends.start - behind * ends.step, ends.step, ends.count)
    values, _, _ = _series(alarm, store, shifted, stride, width=(stride - part) * ends.step // 1000)
    return Late(skipped, values, ~np.isnan(values), _breaching(alarm, values))


def _as_seen(window: Floats, late: Late, newest: int) -> Floats:
    """The points of a range without what had not come."""
    import numpy as np

    seen = window.copy()
    seen[max(len(seen) - late.skipped, 0) :] = np.nan
    if late.skipped < len(seen):
        seen[len(seen) - 1 - late.skipped] = late.values[newest]
    return seen


def _warm_up(alarm: MetricAlarm, real: NDArray[np.bool_], rule: Rule, lead: int, stride: int, count: int) -> int:
    """How many evaluations the warm-up takes: it ends early when the whole window has data, unless it must not."""
    import numpy as np

    longest = min(alarm.warm_up * (6 if alarm.period < 60 else 1), count)
    if alarm.warm_up_whole:
        return longest
    full = np.ones(count, bool)
    for age in range(rule.evaluation_periods):
        full &= real[lead - age * stride : lead - age * stride + count]
    first = np.flatnonzero(full[:longest])
    return int(first[0]) if len(first) else longest


def boundary(at: int, period: int, zone: str) -> int:
    """The last end of a period at or before a time in ms, by the wall clock: hours, local midnight, Monday."""
    local = datetime.fromtimestamp(at / 1000, ZoneInfo(zone))
    if period <= 3600:
        return int((local - timedelta(seconds=(local.minute * 60 + local.second) % period)).timestamp() * 1000)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if period > 86_400:
        midnight = (midnight.replace(tzinfo=None) - timedelta(days=local.weekday())).replace(tzinfo=ZoneInfo(zone))
    return int(midnight.timestamp() * 1000)


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
