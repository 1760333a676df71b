"""troposphere's names against the provider schemas that cfn-lint ships: troposphere has lost some before."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import troposphere
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from troposphere import (
    applicationautoscaling,
    awslambda,
    cloudwatch,
    events,
    kms,
    logs,
    sns,
)

from .configurations import Rendered, resources

# Every type that mangaobs renders, by troposphere's class.
CLASSES: dict[str, type[troposphere.AWSObject]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": applicationautoscaling.ScalableTarget,
    "AWS::ApplicationAutoScaling::ScalingPolicy": applicationautoscaling.ScalingPolicy,
    "AWS::CloudWatch::Alarm": cloudwatch.Alarm,
    "AWS::CloudWatch::CompositeAlarm": cloudwatch.CompositeAlarm,
    "AWS::CloudWatch::Dashboard": cloudwatch.Dashboard,
    "AWS::CloudWatch::InsightRule": cloudwatch.InsightRule,
    "AWS::Events::Rule": events.Rule,
    "AWS::KMS::Key": kms.Key,
    "AWS::Logs::LogGroup": logs.LogGroup,
    "AWS::Logs::MetricFilter": logs.MetricFilter,
    "AWS::Logs::QueryDefinition": logs.QueryDefinition,
    "AWS::SNS::Subscription": sns.SubscriptionResource,
    "AWS::SNS::Topic": sns.Topic,
    "AWS::SNS::TopicPolicy": sns.TopicPolicy,
}

# Documents within a template, whose keys are another language's.
DOCUMENTS = {"EventPattern", "KeyPolicy", "PolicyDocument"}

# What the schemas have and troposphere 4.11.0 does not, on our types and the property types that we use.
LACKING = {
    "AWS::ApplicationAutoScaling::ScalableTarget.Tags",  # which mangaobs adds
    "AWS::CloudWatch::Alarm.ActionConfiguration",
    "AWS::CloudWatch::CompositeAlarm.ActionConfiguration",
}


@cache
def schema(type: str) -> dict[str, Any]:
    found: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type).schema
    return found


def read_only(type: str) -> set[str]:
    """What only CloudFormation itself sets: attributes, not properties to write."""
    return {pointer.split("/")[2] for pointer in schema(type).get("readOnlyProperties", [])}


def deref(type: str, node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        node = schema(type)["definitions"][name]
    return node


def unknown(type: str, node: dict[str, Any], value: Any, path: str) -> Iterator[str]:
    """The keys of `value` that the schema at `node` does not have."""
    node = deref(type, node)
    if isinstance(value, list):
        for one in value:
            yield from unknown(type, node.get("items", {}), one, path)
    elif isinstance(value, dict) and "properties" in node:
        for key, one in value.items():
            if key in node["properties"]:
                if key not in DOCUMENTS:
                    yield from unknown(type, node["properties"][key], one, f"{path}.{key}")
            elif key != "Ref" and not key.startswith("Fn::"):
                yield f"{path}.{key}"


def lacking(type: str, node: dict[str, Any], cls: Any, path: str, used: set[str]) -> Iterator[str]:
    """What the schema at `node` has and `cls` has not, there and below where a template uses it."""
    node = deref(type, node)
    hidden = read_only(type) if path == type else set()
    for name, inner in node.get("properties", {}).items():
        if name in hidden:
            continue
        if name not in cls.props:
            yield f"{path}.{name}"
            continue
        if f"{path}.{name}" in used and name not in DOCUMENTS and name != "Tags":
            inner_class = cls.props[name][0]
            inner_class = inner_class[0] if isinstance(inner_class, list) else inner_class
            inner_node = deref(type, inner)
            inner_node = deref(type, inner_node["items"]) if "items" in inner_node else inner_node
            if inspect.isclass(inner_class) and issubclass(inner_class, troposphere.AWSProperty):
                yield from lacking(type, inner_node, inner_class, f"{path}.{name}", used)


def used_paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from used_paths(one, path)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield f"{path}.{key}"
            yield from used_paths(one, f"{path}.{key}")


@pytest.fixture(scope="module")
def used(on_demand, provisioned) -> set[str]:
    """Every path of properties that a template of ours uses."""
    return {
        path
        for rendered in (on_demand, provisioned)
        for resource in resources(rendered.template)
        for path in used_paths(resource.properties, resource.type)
    }


def test_these_are_all_types_that_are_rendered(on_demand, provisioned, fleet):
    templates = [on_demand.template, provisioned.template, *fleet.shards.values()]
    assert {resource.type for template in templates for resource in resources(template)} == set(CLASSES)


def test_every_property_that_is_rendered_exists_in_the_schema(on_demand, provisioned):
    for rendered in (on_demand, provisioned):
        for resource in resources(rendered.template):
            wrong = list(unknown(resource.type, schema(resource.type), resource.properties, resource.type))
            assert wrong == [], resource.id


def test_the_walk_over_the_schema_finds_what_is_not_there():
    node = schema("AWS::CloudWatch::Alarm")
    metrics = [{"Id": "a", "MetricStat": {"Metric": {"Name": "x"}, "Period": {"Ref": "P"}}}]
    wrong = list(unknown("AWS::CloudWatch::Alarm", node, {"Metrics": metrics}, "Alarm"))
    assert wrong == ["Alarm.Metrics.MetricStat.Metric.Name"]


def test_troposphere_has_what_the_schemas_have_but_for_these(used):
    found = {path for type, cls in CLASSES.items() for path in lacking(type, schema(type), cls, type, used)}
    assert found == LACKING


def test_every_required_property_is_required_or_given(on_demand, provisioned):
    for rendered in (on_demand, provisioned):
        for resource in resources(rendered.template):
            missing = set(schema(resource.type).get("required", [])) - set(resource.properties)
            assert not missing, (resource.id, missing)


def test_the_tags_are_on_every_resource_that_takes_them(on_demand: Rendered, provisioned: Rendered):
    for rendered in (on_demand, provisioned):
        tags = [{"Key": key, "Value": value} for key, value in rendered.observability.tags.items()]
        assert tags
        for resource in resources(rendered.template):
            taggable = "Tags" in schema(resource.type)["properties"]
            assert resource.properties.get("Tags") == (tags if taggable else None), resource.id


# troposphere 4.11.1 lost these two to a clash with newer property types; 4.11.0, which is pinned, has them.


def test_lambda_logging_still_has_its_format():
    assert "LogFormat" in awslambda.LoggingConfig.props
    written = awslambda.LoggingConfig(LogFormat="JSON", ApplicationLogLevel="INFO").to_dict()
    assert written["LogFormat"] == "JSON"


def test_lambda_event_source_scaling_still_has_its_maximum():
    assert "MaximumConcurrency" in awslambda.ScalingConfig.props
    assert awslambda.ScalingConfig(MaximumConcurrency=5).to_dict() == {"MaximumConcurrency": 5}
