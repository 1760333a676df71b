"""A period below the metric's own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mangaobs.lint import _emission
from mangaobs.lint._found import Found
from mangaobs.lint._values import number, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._alarms import Alarm
    from mangaobs.lint._app import App
    from mangaobs.lint._reads import Read


def check(app: App) -> Iterator[Found]:
    """Most periods have no data point then."""
    for alarm in app.alarms:
        for read in alarm.reads:
            yield from _alarm(alarm, read)
    for body in app.bodies:
        for read in body.reads:
            facts, period = _emission.facts_of(read), number(read.period)
            if facts is not None and period is not None and facts.native_period >= 3600 > period:
                what = f"{facts.name} comes once in {facts.native_period:,} seconds; of {period:g} a graph has dots"
                yield Found("MO106", read.resource, what, f"a period of {facts.native_period}", read.spot("period"))


def _alarm(alarm: Alarm, read: Read) -> Iterator[Found]:
    facts, period = _emission.facts_of(read), number(read.period)
    if facts is None or period is None or period >= facts.native_period:
        return
    if period not in (10, 20, 30) and period % 60:
        return  # there is no such period: MO108
    needed = whole(alarm.resource.properties.get("DatapointsToAlarm"))
    total = whole(alarm.resource.properties.get("EvaluationPeriods")) or 1
    points = math.ceil((total + 2) * period / facts.native_period)
    what = f"{facts.name} comes once in {facts.native_period} seconds, and the alarm looks every {period:g}"
    right = f"a period of {facts.native_period} or a multiple"
    if alarm.missing == "notBreaching" and points < (needed or total):
        what += f": of {needed or total} points that it needs, it never sees more than {points}"
        yield Found("MO106", read.resource, what, right, read.spot("period"), severity="error")
        return
    yield Found("MO106", read.resource, f"{what}: most periods are empty", right, read.spot("period"))
