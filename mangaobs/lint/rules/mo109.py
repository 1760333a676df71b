"""What an alarm needs is missing, or there twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._alarms import STATIC
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import either

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mangaobs.lint._alarms import Alarm
    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The fields that go together."""
    for alarm in app.alarms:
        for name, what, right in _problems(alarm):
            yield Found("MO109", alarm.resource, what, right, Spot.of(name) if name else Spot())
        yield from _entries(alarm)


def _problems(alarm: Alarm) -> Iterator[tuple[str, str, str]]:
    given = alarm.resource.properties
    sources = [str(name) for name in ("MetricName", "Metrics", "EvaluationCriteria") if name in given]
    if not sources:
        yield "", "the alarm reads nothing", "MetricName, Metrics or EvaluationCriteria"
    elif len(sources) > 1:
        yield sources[1], f"{either(sources)} exclude each other", "one of them"
    if alarm.promql:
        return
    for name, example in (
        ("ComparisonOperator", "for example GreaterThanThreshold"),
        ("EvaluationPeriods", "for example 1"),
    ):
        if given.get(name) is None:
            yield "", f"{name} is missing", example
    static = given.get("ComparisonOperator") in STATIC
    if static and given.get("Threshold") is None and "ThresholdMetricId" not in given:
        yield "", "Threshold is missing", "a number"
    yield from _of_metric(given) if alarm.single is not None else _of_math(given)


def _of_math(given: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    if "Metrics" in given:
        for name in ("Statistic", "ExtendedStatistic", "Period", "Dimensions", "Namespace", "Unit"):
            if given.get(name) not in (None, []):
                yield name, f"{name} does not go with Metrics", f"{name} of the MetricStat"


def _of_metric(given: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    statistics = [name for name in ("Statistic", "ExtendedStatistic") if name in given]
    if not statistics:
        yield "", "Statistic is missing", "Statistic, or ExtendedStatistic for a percentile"
    elif len(statistics) > 1:
        yield "ExtendedStatistic", "Statistic and ExtendedStatistic exclude each other", "one of them"
    if given.get("Period") is None:
        yield "", "Period is missing", "for example 60"
    if given.get("Namespace") is None:
        yield "MetricName", "Namespace is missing", "for example AWS/Lambda"


def _entries(alarm: Alarm) -> Iterator[Found]:
    for query in alarm.queries or ():
        both = query.read is not None and query.has_expression
        if both or (query.read is None and not query.has_expression):
            what = (
                "an entry has a metric and an expression" if both else "an entry has neither a metric nor an expression"
            )
            yield Found("MO109", alarm.resource, what, "MetricStat or Expression", query.spot)
        elif query.read is not None:
            for part, value in (("Stat", query.read.statistic), ("Period", query.read.period)):
                if value is None:
                    spot = Spot((*query.spot.path, "MetricStat"))
                    yield Found("MO109", alarm.resource, f"{part} of a metric is missing", f"a {part}", spot)
