"""Missing data that counts as bad where it only means that nothing happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _emission
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Alarms on too much of something that is only published when it happens, with breaching."""
    for alarm in app.alarms:
        above = alarm.operator in ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold")
        if not above or alarm.missing != "breaching" or not alarm.reads:
            continue
        facts = [_emission.facts_of(read) for read in alarm.reads]
        # Of an age or a latency, none may well mean that whoever reads has stopped.
        counted = all(read.statistic in ("Sum", "SampleCount") for read in alarm.reads)
        if counted and all(one is not None and one.emission in ("sparse", "non-zero-only") for one in facts):
            names = either([one.name for one in facts if one])
            what = f"{names} has data only when something happens: with breaching, quiet is an alarm"
            yield Found("MO112", alarm.resource, what, "notBreaching", Spot.of("TreatMissingData"))
