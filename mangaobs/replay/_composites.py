"""Composite alarms: their state from their children's, minute by minute, and when their actions run.

Source: CloudWatch User Guide, "Combining alarms" and "Alarm suppression".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mangaobs.languages import alarm_rule
from mangaobs.replay._states import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from mangaobs.replay._definitions import CompositeAlarm

    States = NDArray[np.int8]
    Bools = NDArray[np.bool_]


def order(composites: list[CompositeAlarm]) -> tuple[list[CompositeAlarm], list[CompositeAlarm]]:
    """The composites, children first; and those that rest on themselves."""
    waiting = {one.acting.name: one for one in composites}
    ordered: list[CompositeAlarm] = []
    while True:
        ready = [one for one in waiting.values() if not any(name in waiting for name in alarm_rule.children(one.rule))]
        if not ready:
            return ordered, list(waiting.values())
        ordered += ready
        for one in ready:
            del waiting[one.acting.name]


def holds(rule: alarm_rule.AlarmRule, states: Mapping[str, States], length: int) -> Bools:
    """Whether a rule holds at each minute. `states` has every alarm that it names."""
    import numpy as np

    if isinstance(rule, alarm_rule.Constant):
        return np.full(length, rule.value)
    if isinstance(rule, alarm_rule.Is):
        return np.asarray(states[rule.alarm] == State[rule.state])
    if isinstance(rule, alarm_rule.Not):
        return ~holds(rule.operand, states, length)
    if isinstance(rule, alarm_rule.AtLeast):
        each = [(states[name] == State[rule.state]) != rule.negated for name in rule.alarms]
        needed = math.ceil(rule.count * len(each) / 100) if rule.percent else rule.count
        return np.asarray(np.sum(each, axis=0) >= needed)
    parts = [holds(part, states, length) for part in rule.parts]
    return np.asarray(np.all(parts, axis=0) if isinstance(rule, alarm_rule.And) else np.any(parts, axis=0))


def reason(rule: alarm_rule.AlarmRule, states: Mapping[str, States], at: int) -> str:
    """Which alarms a rule names are in ALARM at a minute."""
    names = list(dict.fromkeys(alarm_rule.children(rule)))
    alarmed = [name for name in names if states[name][at] == State.ALARM]
    return f"in ALARM: {', '.join(alarmed)}" if alarmed else f"none of {len(names)} alarms is in ALARM"


@dataclass(frozen=True, slots=True)
class Run:
    """That actions for a state run, or would have: `suppressed_by` is Alarm, WaitPeriod or ExtensionPeriod, or None."""

    at: int
    state: State
    suppressed_by: str | None = None


def runs(states: States, suppressor: States, wait: int, extension: int) -> list[Run]:
    """When a composite's actions run, in steps of the arrays; `wait` and `extension` in steps, too.

    A change while the suppressor is in ALARM is held. Outside of it a change waits for `wait`, in which the suppressor
    may still hold it; when the suppressor leaves ALARM, what is held waits for `extension`.
    """
    course = _Course(wait, extension)
    for at, (code, suppressing) in enumerate(zip(states.tolist(), (suppressor == State.ALARM).tolist(), strict=True)):
        course.step(at, State(code), suppressing=suppressing)
    return course.finished(len(states) - 1)


class _Course:
    """A composite and its suppressor over time."""

    def __init__(self, wait: int, extension: int) -> None:
        self.wait = wait
        self.extension = extension
        self.found: list[Run] = []
        self.state = State.INSUFFICIENT_DATA
        self.held = False  # a change whose actions have not run
        self.due: int | None = None  # when the wait, or the extension, is over
        self.extending = False
        self.suppressed = False

    def step(self, at: int, state: State, *, suppressing: bool) -> None:
        if not suppressing:
            self._run(at)
        if suppressing is not self.suppressed:
            self._suppressor_moved(at, suppressing=suppressing)
        if state != self.state:
            self.state, self.held = state, True
            if suppressing:
                self.found.append(Run(at, state, "Alarm"))
            else:  # within an extension, too: it is dropped for a new wait
                self.due, self.extending = at + self.wait, False
                self._run(at)

    def _suppressor_moved(self, at: int, *, suppressing: bool) -> None:
        self.suppressed = suppressing
        self.due, self.extending = None, False
        if suppressing and self.held:
            self.found.append(Run(at, self.state, "Alarm"))
        elif self.held:
            self.due, self.extending = at + self.extension, True

    def _run(self, at: int) -> None:
        """What is held runs when its time has come."""
        if self.held and self.due is not None and at >= self.due:
            self.found.append(Run(self.due, self.state))
            self.due, self.held, self.extending = None, False, False

    def finished(self, last: int) -> list[Run]:
        """All runs; what still waits at the end has not run."""
        if self.held and self.due is not None:
            self.found.append(Run(last, self.state, "ExtensionPeriod" if self.extending else "WaitPeriod"))
        return self.found
