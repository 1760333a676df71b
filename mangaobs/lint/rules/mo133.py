"""Actions that such an alarm cannot have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.lint._alarms import actions
from mangaobs.lint._app import ALARM, COMPOSITE
from mangaobs.lint._found import Found, Spot
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


_EC2: Final = re.compile(r":automate:[^:]*:ec2:|:swf:[^:]*:[^:]*:action/actions/AWS_EC2")
_SCALING: Final = re.compile(r":autoscaling:")


def check(app: App) -> Iterator[Found]:
    """At most five a state; no EC2 actions on math; composites tell, they do not scale."""
    for resource in app.of(ALARM, COMPOSITE):
        for name, given in actions(resource).items():
            if len(given) > 5:
                yield Found("MO133", resource, f"{name} has {len(given)} actions", "at most 5", Spot.of(name))
            for number_, action in enumerate(given):
                target = action.expression if isinstance(action, Unknown) else str(action)
                spot = Spot.of(name, number_)
                if "Metrics" in resource.properties and _EC2.search(target):
                    yield Found("MO133", resource, "an alarm on math has no EC2 actions", "one metric", spot)
                if resource.type == COMPOSITE and (_EC2.search(target) or _SCALING.search(target)):
                    yield Found("MO133", resource, "a composite alarm has no such action", "a topic", spot)
