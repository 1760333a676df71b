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
            tags = {tag["Key"]: tag["Value"] for tag in properties.pop("Tags", [])}
            return [
                Call("logs", "CreateLogGroup", _camel(properties) | ({"tags": tags} if tags else {})),
                Call("logs", "PutRetentionPolicy", {"logGroupName": name, "retentionInDays": days}),
            ]
        case "AWS::SNS::Topic":
            name, tags = properties.pop("TopicName"), properties.pop("Tags", [])
            return [Call("sns", "CreateTopic", {"Name": name, "Attributes": properties, "Tags": tags})]
        case "AWS::SNS::TopicPolicy":
            topics = properties.pop("Topics")
            attribute = {"AttributeName": "Policy", "AttributeValue": json.dumps(properties.pop("PolicyDocument"))}
            return [Call("sns", "SetTopicAttributes", {"TopicArn": one, **attribute, **properties}) for one in topics]
        case "AWS::SNS::Subscription":
            return [Call("sns", "Subscribe", properties)]
        case "AWS::KMS::Key":
            rotation = properties.pop("EnableKeyRotation")
            properties["Policy"] = json.dumps(properties.pop("KeyPolicy"))
            tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.pop("Tags", [])]
            made = Call("kms", "CreateKey", properties | ({"Tags": tags} if tags else {}))
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
        return {key[:1].lower() + key[1:]: _camel(one) for key, one in tree.items()}
    return [_camel(one) for one in tree] if isinstance(tree, list) else tree

