"""What AWS's tools answer about metrics and traces → what a recording holds."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from mangaobs.errors import Place, RecordingError
from mangaobs.recording._files import opened
from mangaobs.recording._metrics import Statistics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mangaobs.recording._files import Bad


class _Dimension(msgspec.Struct, frozen=True, rename="pascal"):
    name: str
    value: str


class _Metric(msgspec.Struct, frozen=True, rename="pascal"):
    namespace: str
    metric_name: str
    dimensions: list[_Dimension] = []


class _Stat(msgspec.Struct, frozen=True, rename="pascal"):
    metric: _Metric
    period: int
    stat: str
    unit: str | None = None


class _Query(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    metric_stat: _Stat | None = None


class _Result(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    timestamps: list[datetime | Annotated[float, msgspec.Meta(ge=0, le=10**11)]]
    values: list[float]


def metric_data(results: list[Any], asked: Path, file: str, bad: Bad) -> Iterator[Statistics]:
    """The statistics of an answer of GetMetricData; `asked` holds the queries, as the command takes them."""
    queries = _queries(asked)
    for number, one in enumerate(results):
        try:
            result = msgspec.convert(one, _Result)
        except msgspec.ValidationError as error:
            bad.add(file, 0, f"/MetricDataResults/{number}: {error}")
            continue
        query = queries.get(result.id)
        if query is None or query.metric_stat is None:
            bad.add(file, 0, f"/MetricDataResults/{number}: no query of a metric has the id {result.id}")
            continue
        stat = query.metric_stat
        dimensions = {one.name: one.value for one in stat.metric.dimensions}
        for time, value in zip(result.timestamps, result.values, strict=False):
            at = time.timestamp() if isinstance(time, datetime) else time
            yield Statistics(
                stat.metric.namespace,
                stat.metric.metric_name,
                int(at * 1000),
                stat.period,
                {stat.stat: value},
                dimensions,
                stat.unit,
            )


def _queries(path: Path) -> dict[str, _Query]:
    with opened(path) as stream:
        data = stream.read()
    try:
        document = msgspec.json.decode(data)
        if isinstance(document, dict):  # the whole input of the command, rather than the queries alone
            document = document.get("MetricDataQueries")
        return {one.id: one for one in msgspec.convert(document, list[_Query])}
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
        raise RecordingError(f"no queries of GetMetricData: {error}", place=Place(str(path))) from None


def segments(trace: object, file: str, bad: Bad) -> Iterator[dict[str, Any]]:
    """The segment documents of a trace in an answer of BatchGetTraces."""
    found = trace.get("Segments") if isinstance(trace, dict) else None
    for one in found if isinstance(found, list) else ():
        try:
            yield msgspec.json.decode(one["Document"], type=dict[str, Any])
        except (msgspec.DecodeError, TypeError, KeyError, RecursionError) as error:
            bad.add(file, 0, f"a segment: {type(error).__name__}")
