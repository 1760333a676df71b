"""From a resource's properties, worked out, to the calls with which CloudFormation would make it.

Generic but for names: botocore's own models say what each call takes, so that a property that the service does not
know fails.
"""

from __future__ import annotations

import json
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
    properties = dict(properties)
    match type:
        case "AWS::CloudWatch::Alarm":
            return [Call("cloudwatch", "PutMetricAlarm", properties)]
        case "AWS::CloudWatch::CompositeAlarm":
            return [Call("cloudwatch", "PutCompositeAlarm", properties)]
        case "AWS::CloudWatch::Dashboard":
            return [Call("cloudwatch", "PutDashboard", properties)]
        case "AWS::CloudWatch::InsightRule":
            properties["RuleDefinition"] = properties.pop("RuleBody")
            return [Call("cloudwatch", "PutInsightRule", properties)]
        case "AWS::Logs::MetricFilter":
            return [Call("logs", "PutMetricFilter", _camel(properties))]
        case "AWS::Logs::QueryDefinition":
            return [Call("logs", "PutQueryDefinition", _camel(properties))]
        case "AWS::Logs::LogGroup":
            name, days = properties["LogGroupName"], properties.pop("RetentionInDays")
            return [
                Call("logs", "CreateLogGroup", _camel(properties | _tags(properties, "Key", "Value", dict))),
                Call("logs", "PutRetentionPolicy", {"logGroupName": name, "retentionInDays": days}),
            ]
        case "AWS::SNS::Topic":
            name, tags = properties.pop("TopicName"), properties.pop("Tags", [])
            return [Call("sns", "CreateTopic", {"Name": name, "Attributes": properties, "Tags": tags})]
        case "AWS::SNS::TopicPolicy":
            policy = json.dumps(properties.pop("PolicyDocument"))
            topics = properties.pop("Topics")
            return [
                Call("sns", "SetTopicAttributes", {"TopicArn": topic, "AttributeName": "Policy", **properties})
                for topic in topics
                if properties.setdefault("AttributeValue", policy)
            ]
        case "AWS::SNS::Subscription":
            return [Call("sns", "Subscribe", properties)]
        case "AWS::KMS::Key":
            rotation = properties.pop("EnableKeyRotation")
            properties["Policy"] = json.dumps(properties.pop("KeyPolicy"))
            made = Call("kms", "CreateKey", properties | _tags(properties, "TagKey", "TagValue"))
            return [made, Call("kms", "EnableKeyRotation", {"KeyId": "alias/any"})] if rotation else [made]
        case "AWS::Events::Rule":
            targets = properties.pop("Targets")
            properties["EventPattern"] = json.dumps(properties["EventPattern"])
            rule = properties["Name"]
            return [
                Call("events", "PutRule", properties),
                Call("events", "PutTargets", {"Rule": rule, "Targets": targets}),
            ]
        case "AWS::ApplicationAutoScaling::ScalableTarget":
            return [Call("application-autoscaling", "RegisterScalableTarget", properties)]
        case "AWS::ApplicationAutoScaling::ScalingPolicy":
            target = siblings[properties.pop("ScalingTargetId")]["Properties"]
            scaled = {key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
            return [Call("application-autoscaling", "PutScalingPolicy", properties | scaled)]
    raise AssertionError(f"no API is known for {type}: name it here")


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
        return {key if key == "tags" else key[:1].lower() + key[1:]: _camel(one) for key, one in tree.items()}
    return [_camel(one) for one in tree] if isinstance(tree, list) else tree


def _tags(properties: dict[str, Any], key: str, value: str, kind: type = list) -> dict[str, Any]:
    tags = properties.pop("Tags", [])
    if kind is dict:
        return {"tags": {tag["Key"]: tag["Value"] for tag in tags}} if tags else {}
    return {"Tags": [{key: tag["Key"], value: tag["Value"]} for tag in tags]} if tags else {}
