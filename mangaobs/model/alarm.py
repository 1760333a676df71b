"""Alarms: of one series, of an anomaly band, and composite."""

from __future__ import annotations

import re
from enum import Enum
from typing import Required, TypedDict, Unpack

import msgspec

from mangaobs.errors import Place
from mangaobs.languages.statistic import is_percentile
from mangaobs.model._check import fail, is_whole
from mangaobs.model.metric import MINUTE, Condition, Math, MetricStat, describe
from mangaobs.model.place import written_at

NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,159}")


class Severity(Enum):
    """Who hears of it: critical pages, warning opens a ticket, info is recorded."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class MissingData(Enum):
    """What periods without data count as; CloudWatch's own words."""

    MISSING = "missing"
    NOT_BREACHING = "notBreaching"
    BREACHING = "breaching"
    IGNORE = "ignore"


MISSING, NOT_BREACHING, BREACHING, IGNORE = MissingData


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudWatch alarm.

    It is in ALARM when `for_` of the newest `out_of` periods meet the condition (`out_of` defaults to `for_`).
    Periods without data count as `missing` says; left out, a condition that waits for too little (`<`) takes them as
    breaching, every other as not breaching.

    An alarm that pages `through` a group opens a ticket itself; a composite alarm over it, which must exist, pages.
    `account_wide` alarms watch the account and region as a whole and are rendered once for each.
    """

    name: str
    condition: Condition
    severity: Severity
    runbook: str
    summary: str
    next_query: str | None = None
    for_: int = 1
    out_of: int = 0
    missing: MissingData | None = None
    evaluate_low_samples: bool = True
    account_wide: bool = False
    through: str | None = None
    place: Place = msgspec.field(default_factory=written_at)

    def __post_init__(self) -> None:
        subject = f"alarm {self.name!r}"
        check_name("alarm", self.name)
        check_summary(subject, self.summary)
        if not isinstance(self.condition, Condition):
            fail(
                subject, "condition", f"is {self.condition!r}", "compare a series with a number, for example errors > 0"
            )
        if not isinstance(self.severity, Severity):
            fail(subject, "severity", f"is {self.severity!r}", "Severity.CRITICAL, WARNING or INFO")
        if self.missing is not None and not isinstance(self.missing, MissingData):
            fail(subject, "missing", f"is {self.missing!r}", "MISSING, NOT_BREACHING, BREACHING or IGNORE")
        if not is_whole(self.for_) or self.for_ < 1:
            fail(subject, "for_", f"is {self.for_!r}", "a whole number of periods, 1 or more")
        if not is_whole(self.out_of) or self.out_of < 0:
            fail(subject, "out_of", f"is {self.out_of!r}", "a whole number of periods")
        if self.out_of and self.out_of < self.for_:
            fail(subject, "out_of", f"is {self.out_of}, less than for_={self.for_}", f"{self.for_} or more")
        series = self.condition.series
        if not self.evaluate_low_samples and not (isinstance(series, MetricStat) and is_percentile(series.stat)):
            fail(subject, "evaluate_low_samples", "is for one metric's percentile", "leave it out")
        _check_window(subject, self.condition, self.evaluation_periods)
        if isinstance(self.condition.series, Math):
            _check_math(subject, self.condition.series)

    @property
    def evaluation_periods(self) -> int:
        """How many of the newest periods are looked at (CloudWatch's N)."""
        return self.out_of or self.for_

    @property
    def treat_missing_data(self) -> MissingData:
        """What the template says: never left to CloudWatch's default, which differs between namespaces."""
        if self.missing is not None:
            return self.missing
        waits_for_too_little = self.condition.operator in {"LessThanThreshold", "LessThanOrEqualToThreshold"}
        return BREACHING if waits_for_too_little else NOT_BREACHING

    def describe(self) -> str:
        """The whole condition in words."""
        period = self.condition.series.period
        minutes = f"{period // MINUTE} min" if period % MINUTE == 0 else f"{period} s"
        return f"{describe(self.condition)}, {self.for_} of {self.evaluation_periods} periods of {minutes}"


class AlarmFields(TypedDict, total=False):
    """What an alarm may say beside its name, condition and severity."""

    runbook: Required[str]
    summary: Required[str]
    next_query: str | None
    for_: int
    out_of: int
    missing: MissingData | None
    evaluate_low_samples: bool
    account_wide: bool
    through: str | None
    place: Place


def critical(name: str, condition: Condition, **fields: Unpack[AlarmFields]) -> Alarm:
    """An alarm that pages somebody now."""
    return Alarm(name=name, condition=condition, severity=Severity.CRITICAL, **fields)


def warning(name: str, condition: Condition, **fields: Unpack[AlarmFields]) -> Alarm:
    """An alarm that opens a ticket."""
    return Alarm(name=name, condition=condition, severity=Severity.WARNING, **fields)


def info(name: str, condition: Condition, **fields: Unpack[AlarmFields]) -> Alarm:
    """An alarm that is recorded and seen on a dashboard."""
    return Alarm(name=name, condition=condition, severity=Severity.INFO, **fields)


def check_name(kind: str, name: str) -> None:
    """Refuse a name that would not survive as a logical id and as part of a resource's name."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        fail(f"{kind} {name!r}", "name", "is not one", "1 to 160 letters, digits and - _ . with a letter first")


def check_summary(subject: str, summary: str) -> None:
    """Refuse a summary that says nothing or does not fit into a description."""
    if not isinstance(summary, str):
        fail(subject, "summary", f"is {summary!r}", "one sentence of 10 to 300 characters")
    if not 10 <= len(summary) <= 300:
        fail(subject, "summary", f"has {len(summary)} characters", "one sentence of 10 to 300")


def _check_window(subject: str, condition: Condition, periods: int) -> None:
    # Source: PutMetricAlarm, EvaluationPeriods: one day, or seven where the period is an hour or more.
    limit = 604_800 if condition.series.period >= 3600 else 86_400
    window = condition.series.period * periods
    if window > limit:
        fail(subject, "for_", f"looks back {window} s", f"at most {limit} s: fewer or shorter periods")


def _check_math(subject: str, series: Math) -> None:
    stats: list[MetricStat] = series.metric_stats()
    if "SEARCH(" in series.expression:
        fail(subject, "condition", "uses SEARCH, which alarms cannot", "name the metrics, or alarm on each")
    if len(stats) > 10:
        fail(subject, "condition", f"uses {len(stats)} metrics", "CloudWatch takes at most 10 in an alarm")
    periods = {stat.period for stat in stats}
    if len(periods) > 1:
        fail(
            subject,
            "condition",
            f"mixes periods of {sorted(periods)} s",
            "one period for all; else most points are dropped",
        )


class Rule(msgspec.Struct, frozen=True):
    """A composite alarm's rule: CloudWatch's text with the names of alarms as pieces between."""

    operator: str
    operands: tuple[Rule | Alarm | CompositeAlarm, ...]


class CompositeAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm over other alarms.

    `suppressor`, while it is in ALARM, keeps this one's actions back: after a change they wait `wait` seconds for the
    suppressor, and stay suppressed for `extension` seconds after it recovers.
    """

    name: str
    rule: Rule
    severity: Severity
    runbook: str
    summary: str
    next_query: str | None = None
    suppressor: Alarm | CompositeAlarm | None = None
    wait: int = 60
    extension: int = 60
    account_wide: bool = False
    place: Place = msgspec.field(default_factory=written_at)

    def __post_init__(self) -> None:
        subject = f"composite alarm {self.name!r}"
        check_name("composite alarm", self.name)
        check_summary(subject, self.summary)
        if not isinstance(self.rule, Rule):
            fail(subject, "rule", f"is {self.rule!r}", "any_of(…), all_of(…) or none_of(…) over alarms")
        if len(children(self.rule)) > 100:
            fail(subject, "rule", f"has {len(children(self.rule))} alarms", "CloudWatch takes at most 100")
        if self.suppressor is not None and not isinstance(self.suppressor, Alarm | CompositeAlarm):
            fail(subject, "suppressor", f"is {self.suppressor!r}", "an alarm or a composite alarm")
        if self.wait < 0 or self.extension < 0:
            fail(subject, "wait and extension", "are seconds", "0 or more; AWS advises 60")

    def describe(self) -> str:
        """The rule in words."""
        return describe_rule(self.rule)


def any_of(*alarms: Alarm | CompositeAlarm | Rule) -> Rule:
    """At least one is in ALARM."""
    return _rule("OR", alarms)


def all_of(*alarms: Alarm | CompositeAlarm | Rule) -> Rule:
    """Every one is in ALARM."""
    return _rule("AND", alarms)


def none_of(*alarms: Alarm | CompositeAlarm | Rule) -> Rule:
    """Not one is in ALARM."""
    return Rule("NOT", (any_of(*alarms),))


def _rule(operator: str, alarms: tuple[Alarm | CompositeAlarm | Rule, ...]) -> Rule:
    if not alarms:
        fail("composite rule", "alarms", "is empty", "name at least one")
    for alarm in alarms:
        if not isinstance(alarm, Alarm | CompositeAlarm | Rule):
            fail("composite rule", "alarms", f"holds {alarm!r}", "alarms, or any_of, all_of and none_of over them")
    return Rule(operator, alarms)


def children(rule: Rule) -> list[Alarm | CompositeAlarm]:
    """Every alarm that the rule names, each once, in order."""
    found: dict[str, Alarm | CompositeAlarm] = {}
    for operand in rule.operands:
        for alarm in children(operand) if isinstance(operand, Rule) else [operand]:
            found.setdefault(alarm.name, alarm)
    return list(found.values())


def describe_rule(rule: Rule) -> str:
    """The rule in words."""
    parts = [f"({describe_rule(operand)})" if isinstance(operand, Rule) else operand.name for operand in rule.operands]
    return f"not {parts[0]}" if rule.operator == "NOT" else f" {rule.operator.lower()} ".join(parts)
