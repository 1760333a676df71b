"""Missing data that counts as good where it means that something died."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.lint import _emission
from mangaobs.lint._found import Change, Found, Spot
from mangaobs.lint._values import number, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


_SILENT: Final = ("sparse", "non-zero-only")


def check(app: App) -> Iterator[Found]:
    """Alarms on too little of something, with notBreaching."""
    for alarm in app.alarms:
        if alarm.operator not in ("LessThanThreshold", "LessThanOrEqualToThreshold") or alarm.missing != "notBreaching":
            continue
        if len(alarm.reads) != 1 or (alarm.queries and any(one.expression for one in alarm.queries)):
            continue
        read = alarm.reads[0]
        threshold = number(alarm.resource.properties.get("Threshold"))
        facts = _emission.facts_of(read)
        spot = Spot.of("TreatMissingData")
        counted = read.statistic in ("Sum", "SampleCount")
        least = threshold if alarm.operator == "LessThanThreshold" else (threshold or 0) + 0.5
        if facts is not None and facts.emission in _SILENT and counted and threshold is not None and (least or 0) <= 1:
            what = f"{facts.name} has no data when nothing happens, and never a value below 1: this cannot fire"
            yield Found("MO111", alarm.resource, what, "breaching", spot, change=Change("notBreaching", "breaching"))
        elif counted or (facts is not None and facts.emission != "regular"):
            what = f"no data counts as good, so that {show(read.name)} can stop altogether without an alarm"
            yield Found("MO111", alarm.resource, what, "breaching", spot, severity="warning")
