"""Alarms and composite alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import cloudwatch

from mangaobs.errors import RenderError
from mangaobs.languages.statistic import is_percentile
from mangaobs.model._flatten import Row, flatten
from mangaobs.model.alarm import Alarm, CompositeAlarm, Rule, Severity, children
from mangaobs.model.metric import MetricStat
from mangaobs.render._pieces import Piece, identify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mangaobs.errors import Place
    from mangaobs.render._pieces import Context

_DESCRIPTION = 1024


def render(context: Context) -> Iterator[Piece]:
    """Every alarm, then every composite."""
    seen: dict[str, tuple[str, Place]] = {}
    ids: dict[str, str] = {}
    for alarm in context.observability.alarms:
        id = ids[alarm.name] = identify("Alarm", alarm.name, alarm.place, seen)
        yield Piece(id, _alarm(context, id, alarm), _contract(context, alarm))
    for composite in context.observability.composites:
        ids[composite.name] = identify("Alarm", composite.name, composite.place, seen)
    _check_through(context)
    for composite in context.observability.composites:
        resource = _composite(context, ids, composite)
        needs = tuple(ids[alarm.name] for alarm in _named(composite))
        yield Piece(ids[composite.name], resource, _contract(context, composite), stage="composites", needs=needs)


def _check_through(context: Context) -> None:
    covered = {child.name for composite in context.observability.composites for child in children(composite.rule)}
    for alarm in context.observability.alarms:
        if alarm.through and alarm.name not in covered:
            raise RenderError(
                f"alarm {alarm.name!r} pages through {alarm.through!r}, but no composite alarm names it",
                right="yield a composite over it, or drop through=",
                place=alarm.place,
            )


def _alarm(context: Context, id: str, alarm: Alarm) -> cloudwatch.Alarm:
    properties: dict[str, Any] = {}
    if alarm.out_of > alarm.for_:
        properties["DatapointsToAlarm"] = alarm.for_
    return cloudwatch.Alarm(
        id,
        AlarmName=context.name("alarm", alarm.name, alarm.place),
        ComparisonOperator=alarm.condition.operator,
        EvaluationPeriods=alarm.evaluation_periods,
        TreatMissingData=alarm.treat_missing_data.value,
        **_series(context, alarm),
        **_announcement(context, alarm),
        **properties,
    )


def _series(context: Context, alarm: Alarm) -> dict[str, Any]:
    condition = alarm.condition
    context.emitted.check(f"alarm {alarm.name!r}", alarm.place, condition.series)
    if condition.band is not None:
        rows = flatten(condition.series, "series")
        queries = [_query(context, row, returned=row.id == "series") for row in rows]
        band = cloudwatch.MetricDataQuery(
            Id="band", Expression=f"ANOMALY_DETECTION_BAND(series, {condition.band:g})", ReturnData=True
        )
        return {"Metrics": [*queries, band], "ThresholdMetricId": "band"}
    if isinstance(condition.series, MetricStat):
        low = {} if alarm.evaluate_low_samples else {"EvaluateLowSampleCountPercentile": "ignore"}
        return {"Threshold": condition.threshold, **_metric_stat(context, condition.series), **low}
    rows = flatten(condition.series, "result")
    return {
        "Threshold": condition.threshold,
        "Metrics": [_query(context, row, returned=row.id == "result") for row in rows],
    }


def _metric_stat(context: Context, series: MetricStat) -> dict[str, Any]:
    statistic = "ExtendedStatistic" if is_percentile(series.stat) else "Statistic"
    metric = series.metric
    return {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        **context.dimensions(metric),
        statistic: series.stat,
        "Period": series.period,
    }


def _query(context: Context, row: Row, *, returned: bool) -> cloudwatch.MetricDataQuery:
    label = {"Label": row.label} if row.label and returned else {}
    if row.stat is None:
        # A math expression takes its period from its metrics; one without any needs its own.
        period = {"Period": row.period} if row.period else {}
        return cloudwatch.MetricDataQuery(Id=row.id, Expression=row.expression, ReturnData=returned, **period, **label)
    metric = row.stat.metric
    return cloudwatch.MetricDataQuery(
        Id=row.id,
        MetricStat=cloudwatch.MetricStat(
            Metric=cloudwatch.Metric(Namespace=metric.namespace, MetricName=metric.name, **context.dimensions(metric)),
            Period=row.stat.period,
            Stat=row.stat.stat,
        ),
        ReturnData=returned,
        **label,
    )


def _composite(context: Context, ids: dict[str, str], composite: CompositeAlarm) -> cloudwatch.CompositeAlarm:
    naming = context.observability.naming
    for child in _named(composite):
        if child.name not in ids:
            raise RenderError(
                f"composite alarm {composite.name!r} names {child.name!r}, which is not rendered",
                right="yield that alarm too, or leave it out of the rule",
                place=composite.place,
            )
    properties: dict[str, Any] = {}
    if composite.suppressor is not None:
        properties = {
            "ActionsSuppressor": naming.resource(composite.suppressor.name),
            "ActionsSuppressorWaitPeriod": composite.wait,
            "ActionsSuppressorExtensionPeriod": composite.extension,
        }
    rule = _rule(composite.rule, naming.resource)
    if len(rule) > 10_240:
        raise RenderError(
            f"composite alarm {composite.name!r}: its rule has {len(rule):,} characters",
            right="CloudWatch takes at most 10,240: several composites",
            place=composite.place,
        )
    return cloudwatch.CompositeAlarm(
        ids[composite.name],
        AlarmName=context.name("alarm", composite.name, composite.place),
        AlarmRule=rule,
        **_announcement(context, composite),
        **properties,
    )


def _named(composite: CompositeAlarm) -> list[Alarm | CompositeAlarm]:
    return [*children(composite.rule), *([composite.suppressor] if composite.suppressor else [])]


def _rule(rule: Rule, name: Callable[[str], str]) -> str:
    parts = [
        f"({_rule(operand, name)})" if isinstance(operand, Rule) else f'ALARM("{name(operand.name)}")'
        for operand in rule.operands
    ]
    return f"NOT {parts[0]}" if rule.operator == "NOT" else f" {rule.operator} ".join(parts)


def _announcement(context: Context, alarm: Alarm | CompositeAlarm) -> dict[str, Any]:
    through = isinstance(alarm, Alarm) and alarm.through
    topic = context.values.render(context.topics[Severity.WARNING if through else alarm.severity])
    actions: dict[str, Any] = {"AlarmActions": [topic]}
    if alarm.severity is not Severity.INFO:
        # The recovery too: a page and a ticket then close by themselves.
        actions["OKActions"] = [topic]
    return {"AlarmDescription": _description(context, alarm), **actions, **context.tags()}


def _description(context: Context, alarm: Alarm | CompositeAlarm) -> str:
    observability = context.observability
    runbook = observability.runbook(f"alarm {alarm.name!r}", alarm.runbook, alarm.place)
    lines = [alarm.summary, runbook.summary]
    if observability.runbook_base_url:
        lines.append(f"Runbook: {observability.runbook_base_url.rstrip('/')}/{runbook.name}.md")
    if query := context.next_query(alarm):
        lines.append(f"Next query: {observability.naming.query(query)}")
    description = "\n".join(lines)
    if len(description) > _DESCRIPTION:
        raise RenderError(
            f"alarm {alarm.name!r}: its description has {len(description)} characters",
            right=f"at most {_DESCRIPTION}: shorten its summary or the runbook's",
            place=alarm.place,
        )
    return description


def _contract(context: Context, alarm: Alarm | CompositeAlarm) -> dict[str, object]:
    return context.contract(
        alarm.place,
        name=alarm.name,
        severity=alarm.severity.value,
        runbook=alarm.runbook,
        next_query=context.next_query(alarm),
        through=alarm.through if isinstance(alarm, Alarm) else None,
    )
