"""Two units on one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs import catalog
from mangaobs.lint._found import Found
from mangaobs.lint._values import inside, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.lint._reads import Read


_PLAIN: Final = {"None": "Count", "": ""}


def check(app: App) -> Iterator[Found]:
    """Units of the metrics that one axis draws; `mixed_units = true` in [lint] allows it."""
    if app.settings.mixed_units:
        return
    for body in app.bodies:
        axes: dict[tuple[int, str], dict[str, Read]] = {}
        for read in body.reads:
            unit = _unit(app, read)
            widget = int(read.whole.inner[1]) if read.whole.inner else 0
            if read.visible and unit:
                axes.setdefault((widget, read.axis), {}).setdefault(unit, read)
        for (widget, axis), units in axes.items():
            view = inside(dict(body.widgets)[widget], "properties").get("view", "timeSeries")
            if len(units) > 1 and view == "timeSeries":
                second = list(units.values())[1]
                what = f"the {axis} axis has {' and '.join(units)}"
                yield Found("MO204", body.resource, what, "yAxis: right, or another widget", second.whole)


def _unit(app: App, read: Read) -> str:
    if read.known is None or read.statistic == "SampleCount":
        return ""
    facts = catalog.find(*read.known)
    if facts is not None and facts.confidence == "documented":
        return _PLAIN.get(facts.unit, facts.unit)
    for one in listed((app.contract or {}).get("metrics")):
        given = inside(one)
        if (given.get("namespace"), given.get("name")) == read.known:
            return _PLAIN.get(str(given.get("unit")), str(given.get("unit")))
    return ""
