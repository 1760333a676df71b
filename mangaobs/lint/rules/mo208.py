"""A graph without the threshold of the alarm on its metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found
from mangaobs.lint._values import inside, listed, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.lint._reads import Read


def check(app: App) -> Iterator[Found]:
    """Graphs that draw exactly what an alarm looks at."""
    alarms: dict[tuple[object, ...], list[tuple[str, float]]] = {}
    for alarm in app.alarms:
        threshold = number(alarm.resource.properties.get("Threshold"))
        if alarm.single is not None and threshold is not None:
            alarms.setdefault(_series(alarm.single), []).append((alarm.resource.id, threshold))
    for body in app.bodies:
        widgets = dict(body.widgets)
        for read in body.reads:
            wanted = alarms.get(_series(read))
            if not wanted or not read.visible or read.whole.inner is None:
                continue
            properties = inside(widgets[int(read.whole.inner[1])], "properties")
            if properties.get("view", "timeSeries") != "timeSeries":
                continue  # only a graph has lines
            notes = inside(properties, "annotations")
            drawn = {number(inside(one).get("value")) for one in _flat(notes.get("horizontal"))}
            if notes.get("alarms") or any(value in drawn for _, value in wanted) or None in drawn:
                continue
            alarm_id, value = wanted[0]
            what = f"{alarm_id} compares this with {value:g}, and the graph does not draw that"
            yield Found("MO208", body.resource, what, f"a horizontal annotation at {value:g}", read.whole)


def _series(read: Read) -> tuple[object, ...]:
    pairs = sorted((str(one.name), str(one.value)) for one in read.dimensions or ())
    return (str(read.namespace), str(read.name), tuple(pairs), str(read.statistic))


def _flat(value: object) -> Iterator[object]:
    for one in listed(value):
        if isinstance(one, list):
            yield from one
        else:
            yield one
