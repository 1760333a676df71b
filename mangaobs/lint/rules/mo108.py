"""A period that alarms do not have, or too long a look back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._alarms import Alarm
    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Periods, and their product with the number of periods."""
    for alarm in app.alarms:
        total = number(alarm.resource.properties.get("EvaluationPeriods"))
        for spot, value in _periods(alarm):
            period = number(value)
            if period is None:
                continue
            if period not in (10, 20, 30) and (period < 60 or period % 60):
                right = "10, 20, 30 or a multiple of 60"
                yield Found("MO108", alarm.resource, f"there is no period of {period:g} seconds", right, spot)
            elif total is not None and period * total > (most := 86_400 if period < 3600 else 604_800):
                what = f"{total:g} periods of {period:g} seconds are {period * total:,.0f}"
                right = f"at most {most:,} seconds with a period {'below' if most == 86_400 else 'of'} an hour"
                yield Found("MO108", alarm.resource, what, right, Spot.of("EvaluationPeriods"))
        if total is not None and (total < 1 or total % 1):
            what = f"EvaluationPeriods is {total:g}"
            yield Found("MO108", alarm.resource, what, "a whole number from 1", Spot.of("EvaluationPeriods"))


def _periods(alarm: Alarm) -> Iterator[tuple[Spot, object]]:
    for read in alarm.reads:
        yield read.spot("period"), read.period
    for query in alarm.queries or ():
        if query.read is None and query.period is not None:
            yield Spot((*query.spot.path, "Period")), query.period
