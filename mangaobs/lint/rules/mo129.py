"""Two alarms that are the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mangaobs.lint._app import ALARM, COMPOSITE
from mangaobs.lint._found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.template import Resource


def check(app: App) -> Iterator[Found]:
    """Everything equal but the name and the description."""
    seen: dict[str, Resource] = {}
    for resource in app.of(ALARM, COMPOSITE):
        properties = {
            name: value
            for name, value in resource.properties.items()
            if name not in ("AlarmName", "AlarmDescription", "Tags")
        }
        if resource.condition is not True:
            continue
        key = f"{resource.type} {json.dumps(properties, sort_keys=True, default=str)}"
        first = seen.setdefault(key, resource)
        if first is not resource:
            what = f"it is the same as {first.id}: metric, threshold and actions"
            yield Found("MO129", resource, what, "one of them")
