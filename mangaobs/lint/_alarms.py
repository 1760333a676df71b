"""Alarms as a template has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mangaobs.errors import LanguageError
from mangaobs.languages import alarm_rule, metric_math
from mangaobs.lint._found import Spot
from mangaobs.lint._reads import Read, of_alarm
from mangaobs.lint._values import inside, listed, text, truth
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from mangaobs.template import Resource

ANOMALY = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")
STATIC = (
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)


@dataclass(frozen=True, slots=True)
class Query:
    """An entry of an alarm's `Metrics`: a metric, or an expression with its tree or why it has none."""

    id: str | None
    spot: Spot
    returns: bool | None
    read: Read | None = None
    expression: object = None
    tree: metric_math.Expression | None = None
    error: LanguageError | None = None
    period: object = None
    has_expression: bool = False

    @property
    def is_select(self) -> bool:
        """Whether it is a Metrics Insights query."""
        return isinstance(self.expression, str) and self.expression.lstrip().upper().startswith("SELECT ")

    @property
    def expression_spot(self) -> Spot:
        """Where the expression stands."""
        return Spot((*self.spot.path, "Expression"))


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric alarm: one metric, or math. `queries` is None where `Metrics` is not known."""

    resource: Resource
    single: Read | None
    queries: list[Query] | None
    promql: bool

    @property
    def reads(self) -> list[Read]:
        """The metrics that it reads."""
        if self.single is not None:
            return [self.single]
        return [one.read for one in self.queries or () if one.read is not None]

    @property
    def operator(self) -> object:
        """The ComparisonOperator."""
        return self.resource.properties.get("ComparisonOperator")

    @property
    def missing(self) -> str | None:
        """TreatMissingData; `missing` if nothing is said, None where it is not known."""
        value = self.resource.properties.get("TreatMissingData")
        return "missing" if value is None else text(value)

    @property
    def returned(self) -> list[Query]:
        """The queries that return data, or may."""
        return [one for one in self.queries or () if one.returns is not False]


@dataclass(frozen=True, slots=True)
class Composite:
    """A composite alarm: its rule's tree, or why it has none."""

    resource: Resource
    rule: object
    tree: alarm_rule.AlarmRule | None
    error: LanguageError | None


def alarm(resource: Resource) -> Alarm:
    """A metric alarm."""
    properties = resource.properties
    promql = "EvaluationCriteria" in properties
    given = properties.get("Metrics")
    if given is None:
        single = (
            None if promql or properties.get("MetricName") is None else of_alarm(resource, (), properties, properties)
        )
        return Alarm(resource, single, [] if single is None else None, promql)
    if not isinstance(given, list):
        return Alarm(resource, None, None, promql)
    return Alarm(resource, None, [_query(resource, number, one) for number, one in enumerate(given)], promql)


def _query(resource: Resource, number: int, given: object) -> Query:
    spot = Spot(("Metrics", number))
    if not isinstance(given, dict):
        return Query(None, spot, None, has_expression=True)
    id_ = text(given.get("Id"))
    returns = truth(given["ReturnData"]) if "ReturnData" in given else True
    stat = given.get("MetricStat")
    if isinstance(stat, dict):
        elsewhere = given.get("AccountId") is not None
        base = (*spot.path, "MetricStat")
        read = of_alarm(resource, base, inside(stat, "Metric"), stat, id=id_ or "", elsewhere=elsewhere)
        return Query(id_, spot, returns, read=read, period=stat.get("Period"), has_expression="Expression" in given)
    expression = given.get("Expression")
    tree, error = _parsed(expression)
    unknown = isinstance(stat, Unknown) or expression is not None
    return Query(id_, spot, returns, None, expression, tree, error, given.get("Period"), has_expression=unknown)


def _parsed(expression: object) -> tuple[metric_math.Expression | None, LanguageError | None]:
    source = expression.expression if isinstance(expression, Unknown) else text(expression)
    if source is None or source.lstrip().upper().startswith("SELECT "):
        return None, None
    try:
        return metric_math.parse(source), None
    except LanguageError as error:
        # What is filled in later may make it right.
        return None, None if isinstance(expression, Unknown) else error


def composite(resource: Resource) -> Composite:
    """A composite alarm."""
    rule = resource.properties.get("AlarmRule")
    source = rule.expression if isinstance(rule, Unknown) else text(rule)
    if source is None:
        return Composite(resource, rule, None, None)
    try:
        return Composite(resource, rule, alarm_rule.parse(source), None)
    except LanguageError as error:
        return Composite(resource, rule, None, None if isinstance(rule, Unknown) else error)


def actions(resource: Resource) -> dict[str, list[object]]:
    """The actions by the property that names them."""
    return {
        name: listed(resource.properties.get(name)) for name in ("AlarmActions", "OKActions", "InsufficientDataActions")
    }
