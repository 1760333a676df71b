"""The metric of an insight rule that does not exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs import catalog
from mangaobs.catalog import did_you_mean
from mangaobs.languages import metric_math
from mangaobs.lint import _emission, _filters, _graph
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.template import Resource


_STATISTICS: Final = (
    "UniqueContributors", "MaxContributorValue", "SampleCount", "Sum", "Minimum", "Maximum", "Average",
)  # fmt: skip
_MANAGED: Final = re.compile(r"DynamoDBContributorInsights-(PKC|PKT|SKC|SKT)-(.+?)(-\d{10,})?")


def check(app: App) -> Iterator[Found]:
    """INSIGHT_RULE_METRIC in alarms and widgets: its rule and its metric."""
    rules = {str(one.name): one for one in app.of(_filters.RULE) if isinstance(one.name, str)}
    for resource, tree, spot in _expressions(app):
        for call in _graph.calls(tree):
            if call.function != "INSIGHT_RULE_METRIC" or len(call.arguments) != 2:
                continue
            rule, metric = call.arguments
            for node, what, right in _problems(rules, rule, metric):
                place = spot._replace(offset=node.span.start, length=node.span.end - node.span.start)
                yield Found("MO504", resource, what, right, place)
    for read in app.reads:
        if isinstance(read.name, str) and read.name.startswith("INSIGHT_RULE_METRIC"):
            what = "INSIGHT_RULE_METRIC is an expression, and no name of a metric"
            yield Found("MO504", read.resource, what, "Metrics: [{Expression: …}]", read.spot("name"))


def _expressions(app: App) -> Iterator[tuple[Resource, metric_math.Expression, Spot]]:
    for alarm in app.alarms:
        for query in alarm.queries or ():
            if query.tree is not None:
                yield alarm.resource, query.tree, query.expression_spot
    for body in app.bodies:
        for row in _graph.rows(body):
            if row.tree is not None:
                yield body.resource, row.tree, row.spot


def _problems(
    rules: dict[str, Resource], rule: metric_math.Expression, metric: metric_math.Expression
) -> Iterator[tuple[metric_math.Expression, str, str]]:
    if isinstance(metric, metric_math.Text) and "${" not in metric.value and metric.value not in _STATISTICS:
        yield (
            metric,
            f"an insight rule has no metric {metric.value}",
            did_you_mean(metric.value, _STATISTICS, either(list(_STATISTICS))),
        )
    if not isinstance(rule, metric_math.Text) or "${" in rule.value:
        return
    if managed := _MANAGED.fullmatch(rule.value):
        if not managed[3]:
            yield (
                rule,
                "the name of a managed rule ends in the time of its making",
                "DescribeContributorInsights names it",
            )
        elif isinstance(metric, metric_math.Text) and metric.value not in ("MaxContributorValue", "Maximum"):
            yield metric, f"{metric.value} says nothing of a managed rule of DynamoDB", "MaxContributorValue or Maximum"
        return
    if rule.value in rules:
        if rules[rule.value].properties.get("RuleState") == "DISABLED":
            yield rule, f"the rule {rule.value} is off", "RuleState: ENABLED"
    else:
        near = catalog.nearest(rule.value, rules)
        if near and _emission.alike(rule.value, near):
            yield rule, f"no insight rule is called {rule.value!r}", f"did you mean {near}?"
