"""More data points to alarm than are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """DatapointsToAlarm over EvaluationPeriods."""
    for alarm in app.alarms:
        needed = number(alarm.resource.properties.get("DatapointsToAlarm"))
        total = number(alarm.resource.properties.get("EvaluationPeriods"))
        if needed is not None and total is not None and needed > total:
            what = f"{needed:g} of {total:g} data points are to breach"
            yield Found("MO107", alarm.resource, what, f"at most {total:g}", Spot.of("DatapointsToAlarm"))
