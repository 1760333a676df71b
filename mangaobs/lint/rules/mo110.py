"""A threshold that the metric never passes, or always."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mangaobs.lint import _bounds
from mangaobs.lint._alarms import STATIC
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Thresholds held against the values that the metric, or the math over metrics, can have."""
    for alarm in app.alarms:
        threshold = number(alarm.resource.properties.get("Threshold"))
        operator = alarm.operator
        if threshold is None or operator not in STATIC:
            continue
        bounds = _bounds.of(alarm)
        if bounds is None:
            continue
        least, most = bounds
        never, always = {
            "GreaterThanThreshold": (most <= threshold, least > threshold),
            "GreaterThanOrEqualToThreshold": (most < threshold, least >= threshold),
            "LessThanThreshold": (least >= threshold, most < threshold),
            "LessThanOrEqualToThreshold": (least > threshold, most <= threshold),
        }[str(operator)]
        if never or always:
            span = f"at most {most:g}" if most < math.inf and (never is (least < threshold)) else f"at least {least:g}"
            if most < math.inf and least > -math.inf:
                span = f"{least:g} to {most:g}"
            words = "never" if never else "always"
            what = f"the value is {span}, so that {operator} {threshold:g} is {words} so"
            yield Found("MO110", alarm.resource, what, "a threshold within", Spot.of("Threshold"))
