"""Math over metrics of several periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found
from mangaobs.lint._values import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The metrics of an alarm have one period."""
    for alarm in app.alarms:
        periods = {number(read.period): read for read in alarm.reads if number(read.period) is not None}
        if len(periods) > 1:
            first, *others = periods
            for one in others:
                what = f"a metric has the period {one:g}, another {first:g}"
                yield Found("MO117", alarm.resource, what, "one period for all", periods[one].spot("period"))
