"""From a resource's properties, worked out, to the calls with which CloudFormation would make it.

Generic but for names: botocore's own models say what each call takes, so that a property that the service does not
know fails.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import botocore.session
from botocore.model import OperationModel
from botocore.validate import ParamValidator


class Call(NamedTuple):
    """One call of an API."""

    service: str
    operation: str
    arguments: dict[str, Any]


def calls(type: str, properties: dict[str, Any], siblings: dict[str, Any]) -> list[Call]:
    """The calls that make one resource; `siblings` are the resources of its template, by what `Ref` gives."""
    assert type in _MAKERS, f"no API is known for {type}: name it here"
    return _MAKERS[type](dict(properties), siblings)


def _alarm(properties: dict[str, Any], _: dict[str, Any]) -> list[Call]:
    return [Call("cloudwatch", "PutMetricAlarm", properties)]


def _composite(properties: dict[str, Any], _: dict[str, Any]) -> list[Call]:
    return [Call("cloudwatch", "PutCompositeAlarm", properties)]


def _dashboard(properties: dict[str, Any], _: dict[str, Any]) -> list[Call]:
    return [Call("cloudwatch", "PutDashboard", properties)]


def _insight_rule(properties: dict[str, Any], _: dict[str, Any]) -> list[Call]:
    properties["RuleDefinition"] = properties.pop("RuleBody")
    return [Call("cloudwatch", "PutInsightRule", properties)]


def _metric_filter(properties: dict[str, Any], _: dict[str, Any]) -> list[Call]:
    return [Call("logs", "PutMetricFilter", _camel(properties))]


def _query(properties: dict[str, Any], _: dict[str, Any]) -> list[Call]:
    return [Call("logs", "PutQueryDefinition", _camel(properties))]


def _log_group(properties: dict[str, Any], _: dict[str, Any]) -> list[Call]:
    name, days, tags = properties["LogGroupName"], properties.pop("RetentionInDays"), _as_map(properties)
    return [
        Call("logs", "CreateLogGroup", _camel(properties) | ({"tags": tags} if tags else {})),
        Call("logs", "PutRetentionPolicy", {"logGroupName": name, "retentionInDays": days}),
    ]


def _topic(properties: dict[str, Any], _: dict[str, Any]) -> list[Call]:
    name, tags = properties.pop("TopicName"), properties.pop("Tags", [])
    return [Call("sns", "CreateTopic", {"Name": name, "Attributes": properties, "Tags": tags})]


def _topic_policy(properties: dict[str, Any], _: dict[str, Any]) -> list[Call]:
    topics = properties.pop("Topics")
    attribute = {"AttributeName": "Policy", "AttributeValue": json.dumps(properties.pop("PolicyDocument"))}
    return [Call("sns", "SetTopicAttributes", {"TopicArn": topic, **attribute, **properties}) for topic in topics]


def _subscription(properties: dict[str, Any], _: dict[str, Any]) -> list[Call]:
    return [Call("sns", "Subscribe", properties)]


def _key(properties: dict[str, Any], _: dict[str, Any]) -> list[Call]:
    rotated = properties.pop("EnableKeyRotation")
    properties["Policy"] = json.dumps(properties.pop("KeyPolicy"))
    tags = [{"TagKey": key, "TagValue": value} for key, value in _as_map(properties).items()]
    made = Call("kms", "CreateKey", properties | ({"Tags": tags} if tags else {}))
    return [made, Call("kms", "EnableKeyRotation", {"KeyId": "the key that was made"})] if rotated else [made]


def _event_rule(properties: dict[str, Any], _: dict[str, Any]) -> list[Call]:
    targets = {"Rule": properties["Name"], "Targets": properties.pop("Targets")}
    properties["EventPattern"] = json.dumps(properties["EventPattern"])
    return [Call("events", "PutRule", properties), Call("events", "PutTargets", targets)]


def _scalable_target(properties: dict[str, Any], _: dict[str, Any]) -> list[Call]:
    tags = _as_map(properties)
    return [Call("application-autoscaling", "RegisterScalableTarget", properties | ({"Tags": tags} if tags else {}))]


def _scaling_policy(properties: dict[str, Any], siblings: dict[str, Any]) -> list[Call]:
    target = siblings[properties.pop("ScalingTargetId")]["Properties"]
    scaled = {key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
    return [Call("application-autoscaling", "PutScalingPolicy", properties | scaled)]


_MAKERS: dict[str, Callable[[dict[str, Any], dict[str, Any]], list[Call]]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": _scalable_target,
    "AWS::ApplicationAutoScaling::ScalingPolicy": _scaling_policy,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _composite,
    "AWS::CloudWatch::Dashboard": _dashboard,
    "AWS::CloudWatch::InsightRule": _insight_rule,
    "AWS::Events::Rule": _event_rule,
    "AWS::KMS::Key": _key,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Logs::MetricFilter": _metric_filter,
    "AWS::Logs::QueryDefinition": _query,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::TopicPolicy": _topic_policy,
}


def faults(call: Call) -> str:
    """What the service's own model finds wrong with the arguments of `call`."""
    report = ParamValidator().validate(call.arguments, _operation(call.service, call.operation).input_shape)
    return report.generate_report()


@cache
def _service(name: str) -> Any:
    return botocore.session.get_session().get_service_model(name)


@cache
def _operation(service: str, operation: str) -> OperationModel:
    return _service(service).operation_model(operation)


def _camel(tree: Any) -> Any:
    """CloudWatch Logs' API writes the same names in camel case."""
    if isinstance(tree, dict):
        return {key[:1].lower() + key[1:]: _camel(one) for key, one in tree.items()}
    return [_camel(one) for one in tree] if isinstance(tree, list) else tree


def _as_map(properties: dict[str, Any]) -> dict[str, str]:
    """The tags, taken out of the properties, as those services want them that know no list."""
    return {tag["Key"]: tag["Value"] for tag in properties.pop("Tags", [])}
