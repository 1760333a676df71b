"""Log groups, metric filters, saved queries and insight rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import cloudwatch, logs

from mangaobs.errors import RenderError
from mangaobs.model.query import RuleFilter
from mangaobs.model.value import shown
from mangaobs.render._logical_id import logical_id
from mangaobs.render._pieces import Piece, identify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.errors import Place
    from mangaobs.model.query import InsightRule, SavedQuery
    from mangaobs.render._pieces import Context


def render(context: Context) -> Iterator[Piece]:
    """Everything that lives in CloudWatch Logs."""
    created: dict[str, str] = {}
    for log_group in context.observability.log_groups:
        id = created[shown(log_group.name)] = logical_id("LogGroup", log_group.key)
        encryption = {"KmsKeyId": context.values.render(log_group.kms_key)} if log_group.kms_key is not None else {}
        resource = logs.LogGroup(
            id,
            LogGroupName=context.values.render(log_group.name),
            RetentionInDays=log_group.retention,
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            **encryption,
            **context.tags(),
        )
        yield Piece(id, resource, group=id)
    yield from _filters(context, created)
    yield from _queries(context)
    yield from _insight_rules(context, created)


def _filters(context: Context, created: dict[str, str]) -> Iterator[Piece]:
    seen: dict[str, tuple[str, Place]] = {}
    counts: dict[str, int] = {}
    for filter in context.observability.filters:
        counts[shown(filter.log_group)] = counts.get(shown(filter.log_group), 0) + 1
        # Source: CloudWatch Logs quotas; this one cannot be raised.
        if counts[shown(filter.log_group)] > 100:
            raise RenderError(
                f"metric filter {filter.name!r} is the 101st on log group {shown(filter.log_group)}",
                right="a log group takes 100: one filter for several things",
                place=filter.place,
            )
        id = identify("MetricFilter", filter.name, filter.place, seen)
        optional: dict[str, Any] = {}
        if filter.default_value is not None:
            optional["DefaultValue"] = filter.default_value
        if filter.dimensions:
            optional["Dimensions"] = [logs.Dimension(Key=key, Value=value) for key, value in filter.dimensions]
        resource = logs.MetricFilter(
            id,
            FilterName=context.name("metric filter", filter.name, filter.place),
            LogGroupName=context.values.render(filter.log_group),
            FilterPattern=context.values.render(filter.pattern.rendered()),
            MetricTransformations=[
                logs.MetricTransformation(
                    MetricNamespace=filter.namespace,
                    MetricName=filter.metric_name,
                    MetricValue=filter.value,
                    Unit=filter.unit,
                    **optional,
                )
            ],
        )
        log_group = created.get(shown(filter.log_group), "")
        contract = context.contract(filter.place, name=filter.name, summary=filter.summary)
        yield Piece(id, resource, contract, group=log_group, needs=(log_group,) if log_group else ())


def _queries(context: Context) -> Iterator[Piece]:
    seen: dict[str, tuple[str, Place]] = {}
    for query in context.observability.queries:
        id = identify("Query", query.name, query.place, seen)
        resource = logs.QueryDefinition(
            id,
            Name=context.observability.naming.query(query.name),
            QueryString=query.stored_text(),
            LogGroupNames=[context.values.render(group) for group in query.log_groups],
            **_parameters(query),
        )
        yield Piece(id, resource, context.contract(query.place, name=query.name, summary=query.summary))


def _parameters(query: SavedQuery) -> dict[str, Any]:
    if not query.parameters:
        return {}
    return {
        "Parameters": [
            logs.QueryParameter(
                Name=parameter.name, DefaultValue=str(parameter.default), Description=parameter.description
            )
            for parameter in query.parameters
        ]
    }


def _insight_rules(context: Context, created: dict[str, str]) -> Iterator[Piece]:
    seen: dict[str, tuple[str, Place]] = {}
    for rule in context.observability.insight_rules:
        id = identify("InsightRule", rule.name, rule.place, seen)
        resource = cloudwatch.InsightRule(
            id,
            RuleName=context.name("insight rule", rule.name, rule.place),
            RuleState="ENABLED",
            RuleBody=context.values.render_json(_rule_body(rule)),
            **context.tags(),
        )
        needs = tuple(created[name] for name in map(shown, rule.log_groups) if name in created)
        yield Piece(id, resource, context.contract(rule.place, name=rule.name, summary=rule.summary), needs=needs)


def _rule_body(rule: InsightRule) -> dict[str, object]:
    contribution: dict[str, object] = {"Keys": list(rule.keys)}
    if rule.value_of:
        contribution["ValueOf"] = rule.value_of
    contribution["Filters"] = [_filter(filter) for filter in rule.filters]
    return {
        "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
        "LogGroupNames": list(rule.log_groups),
        "LogFormat": "JSON",
        "Contribution": contribution,
        "AggregateOn": "Sum" if rule.value_of else "Count",
    }


def _filter(filter: RuleFilter) -> dict[str, object]:
    value = list(filter.value) if isinstance(filter.value, tuple) else filter.value
    return {"Match": filter.match, filter.test: value}
