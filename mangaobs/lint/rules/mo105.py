"""A unit that the metric does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs import catalog
from mangaobs.lint._found import Found
from mangaobs.lint._values import inside, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.lint._reads import Read


def check(app: App) -> Iterator[Found]:
    """A Unit that no sample has leaves an alarm without data for ever."""
    for alarm in app.alarms:
        for read in alarm.reads:
            if not isinstance(read.unit, str) or read.known is None:
                continue
            for unit, who in _units(app, read):
                if unit != read.unit:
                    what = f"{read.known[1]} has the unit {unit}, so that nothing of the unit {read.unit} is ever read"
                    right = "leave Unit out, as AWS advises"
                    yield Found("MO105", read.resource, f"{what} ({who})", right, read.spot("unit"))
                    break


def _units(app: App, read: Read) -> Iterator[tuple[str, str]]:
    if read.known is None:
        return
    facts = catalog.find(*read.known)
    if facts is not None and facts.unit and facts.confidence == "documented":
        yield facts.unit, "the service's page"
    for resource, number_, _ in app.filtered.get(read.known, ()):
        made = listed(resource.properties.get("MetricTransformations"))[number_]
        unit = inside(made).get("Unit", "None")
        if isinstance(unit, str):
            yield unit, resource.id
    for one in listed((app.contract or {}).get("metrics")):
        given = inside(one)
        if (given.get("namespace"), given.get("name")) == read.known and isinstance(given.get("unit"), str):
            yield str(given["unit"]), "the handlers"
