"""The alarm's decision: points of the evaluation range → state, for every evaluation of a timeline at once.

The procedure reproduces every row of the tables in the CloudWatch User Guide, "Configuring how CloudWatch alarms treat
missing data". Where those leave a case open, the evaluation is marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Codes = NDArray[np.int8]


class State(IntEnum):
    """An alarm's state."""

    OK = 0
    ALARM = 1
    INSUFFICIENT_DATA = 2


KEEP = 3
"""In place of a state: the alarm keeps the one that it has."""


@dataclass(frozen=True, slots=True)
class Rule:
    """M of N over a range of so many points, and what stands in for missing ones: AWS's four words."""

    evaluation_periods: int
    datapoints_to_alarm: int
    range: int
    missing: str = "missing"


class Late(NamedTuple):
    """Data that comes late: the newest `skipped` points of every range are not there yet, the next one only in part."""

    skipped: int
    values: NDArray[np.float64]
    real: Bools
    breaching: Bools


def decide(real: Bools, breaching: Bools, rule: Rule, stride: int = 1, late: Late | None = None) -> tuple[Codes, Bools]:
    """A state or `KEEP` for each evaluation, and whether AWS leaves it open.

    `real` and `breaching` are the points at every step of the timeline: the evaluation at step i sees those at i,
    i - stride, i - 2 * stride, … as its range, newest first. The first (range - 1) * stride steps are only seen.
    """
    import numpy as np

    lead = (rule.range - 1) * stride
    count = len(real) - lead
    if late is None and real.all():
        return _all_real(breaching, rule, stride, count), np.zeros(count, bool)
    n, m = rule.evaluation_periods, rule.datapoints_to_alarm
    seen = np.zeros(count, np.int32)  # real points in the range,
    bad = np.zeros(count, np.int32)  # breaching ones among the newest N of them,
    oldest = np.zeros(count, np.int32)  # and how old the oldest breaching one is
    for age in range(rule.range):
        begin = lead - age * stride
        here, wrong = real[begin : begin + count], breaching[begin : begin + count]
        if late is not None and age <= late.skipped:
            if age < late.skipped:
                continue
            here, wrong = late.real[lead:], late.breaching[lead:]
        seen += here
        counted = wrong & (seen <= n)
        bad += counted
        oldest[counted] = age + 1
    codes = np.where(bad >= m, np.int8(State.ALARM), np.int8(State.OK))
    few = seen < n
    undecided = few & (bad < m)
    if rule.missing == "breaching":
        codes[few & (bad + n - seen >= m)] = State.ALARM
    elif rule.missing in ("missing", "ignore"):
        only_bad = undecided & (bad > 0) & (bad == seen)
        ripe = only_bad & (oldest >= m)
        codes[only_bad] = KEEP
        if rule.missing == "missing":
            codes[ripe] = State.ALARM
    empty = seen == 0
    when_empty = {
        "missing": State.INSUFFICIENT_DATA,
        "ignore": KEEP,
        "breaching": State.ALARM,
        "notBreaching": State.OK,
    }
    codes[empty] = when_empty[rule.missing]
    newest = real[lead:] if late is None else late.real[lead:] & (late.skipped == 0)
    return codes, _open(rule, newest, seen, bad, oldest, undecided)


def _all_real(breaching: Bools, rule: Rule, stride: int, count: int) -> Codes:
    """Without a gap: M of the newest N."""
    import numpy as np

    lead = (rule.range - 1) * stride
    if not breaching.any():
        return np.zeros(count, np.int8)
    if rule.evaluation_periods == 1:
        return breaching[lead:].astype(np.int8)
    bad = np.zeros(count, np.int32)
    for age in range(rule.evaluation_periods):
        begin = lead - age * stride
        bad += breaching[begin : begin + count]
    return (bad >= rule.datapoints_to_alarm).astype(np.int8)


def _open(
    rule: Rule,
    newest: Bools,
    seen: NDArray[np.int32],
    bad: NDArray[np.int32],
    oldest: NDArray[np.int32],
    undecided: Bools,
) -> Bools:
    """Where AWS's tables and its text do not decide: a breach too young, or one beside an older good point.

    The second is marked wherever the newest point is missing: that holds the six cells on which readings of the text
    differ.
    """
    import numpy as np

    if rule.missing not in ("missing", "ignore"):
        return np.zeros(len(newest), bool)
    young: Bools = undecided & (bad > 0) & (bad == seen) & (oldest < rule.datapoints_to_alarm)
    beside = undecided & (bad > 0) & (bad < seen) & ~newest
    if rule.missing == "missing":
        young |= beside
    return young


def changes(codes: Codes, initial: int = State.INSUFFICIENT_DATA) -> tuple[NDArray[np.intp], Codes, Codes]:
    """Where the state changes: the evaluations, the states before and after."""
    import numpy as np

    decided = np.flatnonzero(codes != KEEP)
    states = codes[decided]
    before = np.concatenate(([np.int8(initial)], states[:-1]))
    changed = states != before
    return decided[changed], before[changed], states[changed]
