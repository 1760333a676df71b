"""An anomaly detection alarm whose parts do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.catalog import did_you_mean
from mangaobs.lint import _graph
from mangaobs.lint._alarms import ANOMALY
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The operator, ThresholdMetricId and the band."""
    for alarm in app.alarms:
        given = alarm.resource.properties
        band = given.get("ThresholdMetricId")
        if alarm.operator in ANOMALY:
            if band is None:
                what = f"{alarm.operator} compares with a band, and ThresholdMetricId is missing"
                yield Found("MO132", alarm.resource, what, "the id of the band", Spot.of("ComparisonOperator"))
            if "Threshold" in given:
                what = "Threshold does not go with a band"
                yield Found("MO132", alarm.resource, what, "no Threshold", Spot.of("Threshold"))
        elif band is not None and isinstance(alarm.operator, str):
            what = f"{alarm.operator} compares with a number, and ThresholdMetricId names a band"
            yield Found("MO132", alarm.resource, what, either(list(ANOMALY)), Spot.of("ComparisonOperator"))
        if isinstance(band, str) and alarm.queries is not None:
            found = next((query for query in alarm.queries if query.id == band), None)
            if found is None:
                known = [query.id for query in alarm.queries if query.id]
                right = did_you_mean(band, known, "the id of ANOMALY_DETECTION_BAND")
                yield Found(
                    "MO132",
                    alarm.resource,
                    f"no entry of Metrics has the id {band}",
                    right,
                    Spot.of("ThresholdMetricId"),
                )
            elif found.tree is not None and not any(
                call.function == "ANOMALY_DETECTION_BAND" for call in _graph.calls(found.tree)
            ):
                what = f"{band} is no band"
                yield Found("MO132", alarm.resource, what, "ANOMALY_DETECTION_BAND(…)", Spot.of("ThresholdMetricId"))
