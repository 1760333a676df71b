"""Not exactly one series that is returned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """ReturnData, of an alarm with `Metrics`."""
    for alarm in app.alarms:
        queries = alarm.queries
        if not queries or any(query.returns is None for query in queries):
            continue
        anomaly = "ThresholdMetricId" in alarm.resource.properties
        count = len(alarm.returned)
        # An anomaly alarm returns its metric, and its band.
        if count in ((1, 2) if anomaly else (1,)):
            continue
        spot = alarm.returned[1].spot if count > 1 else Spot.of("Metrics")
        right = "ReturnData: false on all but one; it is true where nothing is said"
        yield Found("MO120", alarm.resource, f"{count} entries of Metrics return data", right, spot)
