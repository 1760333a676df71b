"""What the services refuse and no validator sees: their documented quotas."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from .configurations import EXPORTS, SSM, Rendered
from .resolution import Deployment, resolve


@pytest.fixture(params=["on-demand", "provisioned", "fleet"])
def rendered(request, on_demand, provisioned, fleet) -> Rendered:
    return {"on-demand": on_demand, "provisioned": provisioned, "fleet": fleet}[request.param]


def deployed(rendered: Rendered, type: str) -> list[dict[str, Any]]:
    """The properties of all resources of one type, with every value worked out."""
    exports = dict(EXPORTS)
    found = []
    for template in rendered.shards.values():
        for output in template.get("Outputs", {}).values():
            exports[output["Export"]["Name"]] = "arn:aws:sns:ap-southeast-2:111122223333:a-topic-with-a-long-name"
        resolved = resolve(template, Deployment(region="ap-southeast-2", exports=exports, ssm=SSM))
        found += [tree["Properties"] for tree in resolved.values() if tree["Type"] == type]
    return found


# Source: EventBridge User Guide, quotas: 2,048 characters a pattern, unless an increase was asked for.
def test_an_event_pattern_is_within_eventbridges_quota(rendered):
    for rule in deployed(rendered, "AWS::Events::Rule"):
        assert len(json.dumps(rule["EventPattern"], separators=(",", ":"))) <= 2_048, rule["Name"]
        assert len(rule["Name"]) <= 64
        assert len(rule["Targets"]) <= 5


# Source: CloudWatch Logs API, PutMetricFilter: at most 100 metric filters on a log group; it cannot be raised.
def test_a_log_group_has_no_more_filters_than_it_takes(rendered):
    filters = Counter(one["LogGroupName"] for one in deployed(rendered, "AWS::Logs::MetricFilter"))
    assert max(filters.values()) <= 100, filters


# Source: CloudWatch Logs API, PutMetricFilter.
def test_a_filter_pattern_is_not_too_long(rendered):
    assert all(len(one["FilterPattern"]) <= 1_024 for one in deployed(rendered, "AWS::Logs::MetricFilter"))


# Source: CloudWatch API, PutCompositeAlarm: 10,240 characters, 100 children.
def test_a_composite_alarm_has_no_more_children_than_it_takes(rendered):
    composites = deployed(rendered, "AWS::CloudWatch::CompositeAlarm")
    assert composites
    for composite in composites:
        assert len(composite["AlarmRule"]) <= 10_240
        assert composite["AlarmRule"].count("ALARM(") <= 100


# Source: CloudWatch API, PutMetricAlarm.
def test_an_alarms_fields_are_within_their_limits(rendered):
    for alarm in deployed(rendered, "AWS::CloudWatch::Alarm"):
        assert len(alarm["AlarmName"]) <= 255
        assert len(alarm["AlarmDescription"]) <= 1_024
        periods = [row["MetricStat"]["Period"] for row in alarm.get("Metrics", []) if "MetricStat" in row]
        period = alarm.get("Period") or max(periods)
        assert period * alarm["EvaluationPeriods"] <= (604_800 if period >= 3_600 else 86_400)


# Source: CloudWatch User Guide, quotas of dashboards: 500 widgets, 500 metrics a graph, 2,500 a dashboard, 100 alarms.
def test_a_dashboard_has_no_more_than_it_takes(rendered):
    dashboards = deployed(rendered, "AWS::CloudWatch::Dashboard")
    assert dashboards
    for dashboard in dashboards:
        widgets = json.loads(dashboard["DashboardBody"])["widgets"]
        assert len(widgets) <= 500, dashboard["DashboardName"]
        metrics = [len(widget["properties"].get("metrics", [])) for widget in widgets]
        assert max(metrics) <= 500
        assert sum(metrics) <= 2_500, dashboard["DashboardName"]
        assert all(len(widget["properties"].get("alarms", [])) <= 100 for widget in widgets)
        assert len(dashboard["DashboardName"]) <= 255
    names = [dashboard["DashboardName"] for dashboard in dashboards]
    assert len(names) == len(set(names))


# Source: CloudWatch API, PutInsightRule: 8,192 characters of ASCII; 100 rules an account.
def test_an_insight_rule_is_not_too_long(rendered):
    rules = deployed(rendered, "AWS::CloudWatch::InsightRule")
    assert 0 < len(rules) <= 100
    for rule in rules:
        assert rule["RuleBody"].isascii()
        assert len(rule["RuleBody"]) <= 8_192
        assert len(rule["RuleName"]) <= 128
        assert 1 <= len(json.loads(rule["RuleBody"])["LogGroupNames"]) <= 20


# Source: CloudWatch Logs API, PutQueryDefinition; quotas: 1,000 query definitions a region and account.
def test_a_saved_query_is_not_too_long(rendered):
    queries = deployed(rendered, "AWS::Logs::QueryDefinition")
    assert 0 < len(queries) <= 1_000
    for query in queries:
        assert len(query["QueryString"]) <= 10_000
        assert len(query["Name"]) <= 255
        assert 1 <= len(query["LogGroupNames"]) <= 50
        assert len(set(query["LogGroupNames"])) == len(query["LogGroupNames"])


@pytest.mark.parametrize(
    ("type", "name"),
    [
        ("AWS::CloudWatch::Alarm", "AlarmName"),
        ("AWS::CloudWatch::CompositeAlarm", "AlarmName"),
        ("AWS::CloudWatch::InsightRule", "RuleName"),
        ("AWS::Events::Rule", "Name"),
        ("AWS::Logs::MetricFilter", "FilterName"),
        ("AWS::Logs::QueryDefinition", "Name"),
    ],
)
def test_no_two_resources_have_one_name(rendered, type, name):
    names = [one[name] for one in deployed(rendered, type)]
    assert len(names) == len(set(names))


def test_an_alarm_and_a_composite_have_no_name_in_common(rendered):
    alarms = {one["AlarmName"] for one in deployed(rendered, "AWS::CloudWatch::Alarm")}
    assert not alarms & {one["AlarmName"] for one in deployed(rendered, "AWS::CloudWatch::CompositeAlarm")}
