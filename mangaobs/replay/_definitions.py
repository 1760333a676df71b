"""Alarms as a template has them → what is evaluated; or why one is not."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mangaobs.errors import MangaobsError
from mangaobs.languages import alarm_rule, metric_math
from mangaobs.languages.statistic import is_percentile, is_statistic
from mangaobs.replay._metrics import MetricId
from mangaobs.replay._why import why
from mangaobs.template import Unknown, holds_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mangaobs.template import Resource, Template

_DAY: Final = 86_400
# Source: CloudWatch User Guide, "Alarm evaluation window".
WALL_CLOCK_PERIODS: Final = (60, 300, 3600, 86_400, 604_800)
_OPERATORS: Final = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_TREATMENTS: Final = ("missing", "ignore", "breaching", "notBreaching")


class NotEvaluated(Exception):  # noqa: N818 - an answer
    """Why an alarm is not evaluated."""


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """A statistic of one metric."""

    id: str
    metric: MetricId
    statistic: str
    period: int
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class MathQuery:
    """A math expression over other queries."""

    id: str
    text: str
    tree: metric_math.Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """What an alarm does as it enters a state: the actions by state, and whether they are on."""

    name: str
    resource: str
    actions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    enabled: bool = True
    severity: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAlarm:
    """A single-metric or math alarm."""

    acting: Acting
    queries: tuple[MetricQuery | MathQuery, ...]
    returned: str
    comparison: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    missing: str
    ignore_low_samples: bool = False
    zone: str | None = None  # of a wall clock window
    warm_up: int = 0  # minutes
    warm_up_whole: bool = False

    @property
    def period(self) -> int:
        """The period in seconds, the same for all of its metrics."""
        return next(one.period for one in self.queries if isinstance(one, MetricQuery))

    @property
    def words(self) -> str:
        """The comparison as a person says it."""
        return _OPERATORS[self.comparison]

    @property
    def multi_day(self) -> bool:
        """Whether it looks further back than a day, and is evaluated hourly."""
        return self.period * self.evaluation_periods > _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeAlarm:
    """A composite alarm; the two periods in seconds."""

    acting: Acting
    rule: alarm_rule.AlarmRule
    suppressor: str | None = None
    wait: int = 0
    extension: int = 0


@dataclass(frozen=True, slots=True)
class Definitions:
    """The alarms of a template, and what is not evaluated: logical id → why."""

    metric_alarms: list[MetricAlarm]
    composites: list[CompositeAlarm]
    unevaluated: dict[str, str]


def definitions(template: Template, *, dynamodb_ignores: bool) -> Definitions:
    """The alarms of a template. `dynamodb_ignores`: alarms on AWS/DynamoDB ignore missing data whatever they say."""
    found = Definitions([], [], {})
    for resource in template.of("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        try:
            if resource.type.endswith("CompositeAlarm"):
                found.composites.append(_composite(resource))
            else:
                found.metric_alarms.append(_metric_alarm(resource, dynamodb_ignores=dynamodb_ignores))
        except NotEvaluated as reason:
            found.unevaluated[resource.id] = str(reason)
    return found


def _metric_alarm(resource: Resource, *, dynamodb_ignores: bool) -> MetricAlarm:
    properties = resource.properties
    for name, what in (("EvaluationCriteria", "a PromQL alarm"), ("ThresholdMetricId", "an anomaly detection alarm")):
        if name in properties:
            raise NotEvaluated(what)
    queries, returned = _queries(resource)
    comparison = _text(properties, "ComparisonOperator")
    if comparison not in _OPERATORS:
        raise NotEvaluated(f"ComparisonOperator {comparison}")
    periods = {one.period for one in queries if isinstance(one, MetricQuery)}
    if len(periods) != 1:
        raise NotEvaluated("metrics of several periods" if periods else "an expression without a metric")
    missing = str(properties.get("TreatMissingData", ""))
    on_dynamodb = any(isinstance(one, MetricQuery) and one.metric.namespace == "AWS/DynamoDB" for one in queries)
    if on_dynamodb and (dynamodb_ignores or not missing):
        missing = "ignore"
    if (missing or "missing") not in _TREATMENTS:
        raise NotEvaluated(f"TreatMissingData {missing}")
    evaluation_periods = _whole(properties, "EvaluationPeriods")
    datapoints = _whole(properties, "DatapointsToAlarm", evaluation_periods)
    if evaluation_periods * max(periods) > 7 * _DAY:
        raise NotEvaluated(
            f"it looks back over {evaluation_periods * max(periods):,} seconds; AWS takes 7 days at most"
        )
    if datapoints > evaluation_periods:
        raise NotEvaluated(f"DatapointsToAlarm is {datapoints}, EvaluationPeriods {evaluation_periods}")
    return MetricAlarm(
        acting=_acting(resource),
        queries=queries,
        returned=returned,
        comparison=comparison,
        threshold=_number(properties, "Threshold"),
        evaluation_periods=evaluation_periods,
        datapoints_to_alarm=datapoints,
        missing=missing or "missing",
        ignore_low_samples=properties.get("EvaluateLowSampleCountPercentile") == "ignore",
        zone=_zone(properties, max(periods)),
        warm_up=_whole(_object(properties, "WarmUpConfiguration"), "WarmUpPeriodDurationInMinutes", 0),
        warm_up_whole=_object(properties, "WarmUpConfiguration").get("OnlyStartEvaluatingAfterWarmUpPeriodEnds")
        in (True, "true"),
    )


def _object(properties: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = properties.get(name)
    return value if isinstance(value, dict) else {}


def _zone(properties: Mapping[str, object], period: int) -> str | None:
    """The time zone of a wall clock window; None for a sliding one."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    window = _object(properties, "EvaluationWindow")
    if "WallClockWindow" not in window:
        return None
    if period not in WALL_CLOCK_PERIODS:
        raise NotEvaluated(f"a wall clock window with a period of {period} seconds")
    name = _object(window, "WallClockWindow").get("Timezone", "UTC")
    try:
        ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError):
        raise NotEvaluated(f"the time zone {name}") from None
    return str(name)


def _queries(resource: Resource) -> tuple[tuple[MetricQuery | MathQuery, ...], str]:
    properties = resource.properties
    given = properties.get("Metrics")
    if given is None:
        return (_statistic("metric", properties, properties, properties),), "metric"
    if not isinstance(given, list):
        raise NotEvaluated("Metrics is not known")
    made: list[MetricQuery | MathQuery] = []
    returned: list[str] = []
    for number, one in enumerate(given):
        if not isinstance(one, dict):
            raise NotEvaluated("an entry of Metrics is not known")
        id_ = _text(one, "Id")
        if one.get("ReturnData", True) in (True, "true"):
            returned.append(id_)
        stat = one.get("MetricStat")
        if isinstance(stat, dict):
            metric = stat.get("Metric")
            made.append(_statistic(id_, metric if isinstance(metric, dict) else {}, stat, one))
        else:
            made.append(_expression(resource, number, id_, _text(one, "Expression")))
    if len(returned) != 1:
        raise NotEvaluated(f"{len(returned)} entries of Metrics return data")
    return tuple(made), returned[0]


def _expression(resource: Resource, number: int, id_: str, text: str) -> MathQuery:
    if text.lstrip().upper().startswith("SELECT "):
        raise NotEvaluated("a Metrics Insights query")
    try:
        return MathQuery(id_, text, metric_math.parse(text))
    except MangaobsError as error:
        what = why(resource, error, "Metrics", number, "Expression")
        raise NotEvaluated(f"its expression: {what}") from None


def _statistic(
    id_: str, metric: Mapping[str, object], stat: Mapping[str, object], entry: Mapping[str, object]
) -> MetricQuery:
    if entry.get("AccountId") is not None:
        raise NotEvaluated("a metric of another account")
    dimensions = metric.get("Dimensions", [])
    if holds_unknown(dimensions) or not isinstance(dimensions, list):
        raise NotEvaluated(f"dimensions that are not known: {_unknown_in(dimensions)}")
    pairs = {str(one["Name"]): str(one["Value"]) for one in dimensions if isinstance(one, dict) and len(one) > 1}
    name = stat.get("Stat") or stat.get("Statistic") or stat.get("ExtendedStatistic")
    if not isinstance(name, str) or not is_statistic(name):
        raise NotEvaluated(f"the statistic {name}")
    unit = stat.get("Unit")
    period = _whole(stat, "Period", 60)
    if period not in (10, 20, 30) and period % 60:
        raise NotEvaluated(f"a period of {period} seconds")
    found = MetricId.of(_text(metric, "Namespace"), _text(metric, "MetricName"), pairs)
    return MetricQuery(id_, found, name, period, unit if isinstance(unit, str) else None)


def _composite(resource: Resource) -> CompositeAlarm:
    properties = resource.properties
    try:
        rule = alarm_rule.parse(_text(properties, "AlarmRule"))
    except MangaobsError as error:
        raise NotEvaluated(f"its rule: {why(resource, error, 'AlarmRule')}") from None
    suppressor = properties.get("ActionsSuppressor")
    if isinstance(suppressor, Unknown):
        raise NotEvaluated(f"its suppressor is not known: {suppressor}")
    named = str(suppressor).partition(":alarm:")[2] or str(suppressor) if suppressor is not None else None
    wait, extension = "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"
    return CompositeAlarm(
        acting=_acting(resource),
        rule=rule,
        suppressor=named,
        wait=_whole(properties, wait, 0),
        extension=_whole(properties, extension, 0),
    )


def _acting(resource: Resource) -> Acting:
    properties = resource.properties
    lists = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
    actions: dict[str, tuple[str, ...]] = {}
    for state, listed in lists.items():
        given = properties.get(listed)
        actions[state] = tuple(map(str, given)) if isinstance(given, list) else (str(given),) if given else ()
    ours = resource.metadata.get("mangaobs")
    severity = ours.get("severity") if isinstance(ours, dict) else None
    name = resource.name
    return Acting(
        name=str(name) if name is not None else resource.id,
        resource=resource.id,
        actions=actions,
        enabled=properties.get("ActionsEnabled", True) not in (False, "false"),
        severity=str(severity) if severity else None,
        description=str(properties.get("AlarmDescription", "")),
    )


def _known(properties: Mapping[str, object], name: str) -> object:
    value = properties.get(name)
    if value is None:
        raise NotEvaluated(f"{name} is missing")
    if isinstance(value, Unknown):
        raise NotEvaluated(f"{name} is not known: {value}")
    return value


def _text(properties: Mapping[str, object], name: str) -> str:
    return str(_known(properties, name))


def _converted(properties: Mapping[str, object], name: str, convert: Callable[[str], float]) -> float:
    value = _known(properties, name)
    try:
        found = convert(str(value))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise NotEvaluated(f"{name} is no number: {value!r}")
    return found


def _number(properties: Mapping[str, object], name: str) -> float:
    return _converted(properties, name, float)


def _whole(properties: Mapping[str, object], name: str, default: int | None = None) -> int:
    if default is not None and properties.get(name) is None:
        return default
    found = int(_converted(properties, name, float))
    if found < 0 or (found == 0 and default != 0):
        raise NotEvaluated(f"{name} is {found}")
    return found


def _unknown_in(value: object) -> str:
    if isinstance(value, Unknown):
        return str(value)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return ", ".join(filter(None, map(_unknown_in, inner)))


def low_sample_bound(statistic: str) -> float:
    """Fewer samples than this make a percentile unreliable; 0 for other statistics.

    Source: CloudWatch User Guide, "Percentile-based alarms and low data samples".
    """
    if not is_percentile(statistic) or not statistic.startswith("p"):
        return 0.0
    share = float(statistic[1:]) / 100
    if share <= 0 or share >= 1:
        return 0.0
    # Rounded: 10 / (1 - 0.9) is a little over 100 in floats.
    return round(10 / (1 - share) if share >= 0.5 else 10 / share, 6)
