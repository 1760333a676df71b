"""Math over more than ten metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The limit of an alarm."""
    for alarm in app.alarms:
        count = len(alarm.reads)
        if count > 10:
            what = f"the alarm reads {count} metrics"
            yield Found("MO119", alarm.resource, what, "at most 10", Spot.of("Metrics"))
