"""A mute rule that mutes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs import catalog
from mangaobs.lint import _emission
from mangaobs.lint._app import ALARM, COMPOSITE
from mangaobs.lint._found import Change, Found, Spot
from mangaobs.lint._values import inside, listed
from mangaobs.replay import mute_problem
from mangaobs.template import holds_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The schedule, its duration and time zone, and the alarms that it names."""
    names = {str(one.name) for one in app.of(ALARM, COMPOSITE) if isinstance(one.name, str)}
    for resource in app.of("AWS::CloudWatch::AlarmMuteRule"):
        rule = resource.properties.get("Rule")
        if not holds_unknown(rule) and (problem := mute_problem(resource)):
            right = "cron(minute hour day month weekday) or at(time), and a duration of PT1M to P15D"
            yield Found("MO135", resource, problem, right, Spot.of("Rule", "Schedule"))
        for number_, alarm in enumerate(listed(inside(resource.properties, "MuteTargets").get("AlarmNames"))):
            if not isinstance(alarm, str) or app.find(alarm, ALARM, COMPOSITE) is not None:
                continue
            near = catalog.nearest(alarm, names)
            if near and _emission.alike(alarm, near):
                spot = Spot.of("MuteTargets", "AlarmNames", number_)
                change = Change(alarm, near)
                yield Found(
                    "MO135", resource, f"no alarm is called {alarm!r}", f"did you mean {near}?", spot, change=change
                )
