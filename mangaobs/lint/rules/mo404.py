"""A metric filter whose metric nobody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _emission
from mangaobs.lint._app import ALARM, FILTER
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Alarms, widgets, and what SEARCH and SELECT name."""
    # What is meant by a read of nobody's metric is said there (MO103).
    read = app.known_reads | {_emission.meant_instead(app, one) for one in app.reads}
    unknown = any(one.known is None for one in app.reads)
    words = " ".join(
        [str(query.expression) for alarm in app.alarms for query in alarm.queries or () if query.expression is not None]
        + [body.source or "" for body in app.bodies]
    )
    unknown = unknown or any(body.value is None for body in app.bodies)
    # A scaling policy, an anomaly detector and their like read metrics too.
    words += " ".join(
        text
        for number_, texts in app.references.items()
        if app.template.resources[number_].type not in (FILTER, ALARM)
        for text in texts
    )
    for (namespace, name), made in app.filtered.items():
        if (namespace, name) in read or name in words:
            continue
        for resource, number_, _ in made:
            spot = Spot.of("MetricTransformations", number_, "MetricName")
            if unknown:
                what = f"whether anything reads {namespace} {name} is not known"
                yield Found("MO404", resource, what, spot=spot, verdict="unproven")
            else:
                what = f"no alarm and no widget reads {namespace} {name}"
                yield Found("MO404", resource, what, "an alarm on it", spot, absence=True)
