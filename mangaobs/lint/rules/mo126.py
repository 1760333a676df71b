"""An alarm that tells nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _graph
from mangaobs.lint._alarms import actions
from mangaobs.lint._app import ALARM, COMPOSITE
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """No action, and nothing else that looks at the alarm."""
    watched = _graph.watched(app)
    for resource in app.of(ALARM, COMPOSITE):
        if truth(resource.properties.get("ActionsEnabled", True)) is False:
            if (resource.place.file, resource.id) not in watched:
                what = "its actions are off"
                yield Found("MO126", resource, what, "ActionsEnabled: true", Spot.of("ActionsEnabled"))
            continue
        if any(actions(resource).values()) or (resource.place.file, resource.id) in watched:
            continue
        what = "it has no action, and no composite alarm, rule or deployment looks at it"
        yield Found("MO126", resource, what, "AlarmActions", absence=True)
