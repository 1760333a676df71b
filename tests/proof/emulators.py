"""ministack as a process of its own, and how what an emulator holds is read back, in CloudFormation's words."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.core import DEFAULT_ACCOUNT_ID

REGION = "us-east-1"
BUCKET = "templates"
Client = Callable[[str], Any]


class Ministack:
    """A running ministack."""

    account = "000000000000"

    def __init__(self, url: str) -> None:
        self.url = url

    def client(self, service: str, region: str = REGION) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def upload(self, name: str, template: dict[str, Any]) -> str:
        """Put a template into a bucket; its address, as `TemplateURL` takes it."""
        self.client("s3").put_object(Bucket=BUCKET, Key=name, Body=json.dumps(template))
        return f"{self.url}/{BUCKET}/{name}"

    def create_stack(self, name: str, template: dict[str, Any], region: str = REGION, **more: Any) -> dict[str, str]:
        """Deploy, by address; the physical id of every resource."""
        cloudformation = self.client("cloudformation", region)
        cloudformation.create_stack(StackName=name, TemplateURL=self.upload(name, template), **more)
        return self.finish(name, region)

    def create_inline_stack(self, name: str, body: str, region: str = REGION) -> dict[str, str]:
        """Deploy a template that the request itself carries."""
        self.client("cloudformation", region).create_stack(StackName=name, TemplateBody=body)
        return self.finish(name, region)

    def finish(self, name: str, region: str) -> dict[str, str]:
        """Wait for a stack; raises with the reasons of what failed."""
        cloudformation = self.client("cloudformation", region)
        deadline = time.monotonic() + 60
        status = "CREATE_IN_PROGRESS"
        while status.endswith("IN_PROGRESS") and time.monotonic() < deadline:
            status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            time.sleep(0.02)
        if status != "CREATE_COMPLETE":
            events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
            reasons = [
                f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
                for event in events
                if event["ResourceStatus"] == "CREATE_FAILED"
            ]
            raise StackError(f"{name} is {status}: " + "; ".join(reasons))
        resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}


class StackError(Exception):
    """A stack that could not be created."""


@contextmanager
def running_ministack(folder: Path, *program: str, **environ: str) -> Iterator[Ministack]:
    """Start ministack on a free port of the loopback interface; stop it at the end.

    `program` are Python's arguments where it is not ministack's own; `environ` is added to its environment.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "GATEWAY_PORT": str(port),
        **environ,
    }
    with (folder / "ministack.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *(program or ("-m", "ministack"))], env=environment, cwd=folder, stdout=log, stderr=log
        )
        try:
            _wait(process, f"http://127.0.0.1:{port}/_ministack/ready", folder / "ministack.log")
            ministack = Ministack(f"http://127.0.0.1:{port}")
            ministack.client("s3").create_bucket(Bucket=BUCKET)
            yield ministack
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own process
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"ministack did not start: {log.read_text(errors='replace')[-2000:]}")


def lost(type: str, properties: dict[str, Any], physical: str, client: Client) -> set[str]:
    """The properties that an emulator does not give back as the template says them."""
    held = _READERS[type](properties, physical, client)
    return {name for name, value in properties.items() if _plain(name, value) != _plain(name, held.get(name))}


def _plain(name: str, value: Any) -> Any:
    """A value without what is no difference: the order of dimensions and tags, the spacing of JSON."""
    if name == "Tags" and isinstance(value, list | dict):
        pairs = value.items() if isinstance(value, dict) else [tuple(tag.values()) for tag in value]
        return {key: one for key, one in pairs if not key.startswith("aws:")}
    if isinstance(value, str) and name in {"DashboardBody", "RuleBody", "EventPattern", "KeyPolicy", "PolicyDocument"}:
        value = json.loads(value)
    if isinstance(value, dict):
        plain = {key: _plain(key, one) for key, one in value.items()}
        return {key: one for key, one in plain.items() if not (key == "Dimensions" and one == [])}
    if isinstance(value, list):
        plain = [_plain("", one) for one in value]
        return sorted(plain, key=json.dumps) if name == "Dimensions" else plain
    return value


def _alarm(properties: dict[str, Any], _: str, client: Client) -> dict[str, Any]:
    answer = client("cloudwatch").describe_alarms(
        AlarmNames=[properties["AlarmName"]], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    (held,) = answer["MetricAlarms"] + answer["CompositeAlarms"]
    tags = client("cloudwatch").list_tags_for_resource(ResourceARN=held["AlarmArn"])["Tags"]
    return {**held, "Tags": tags}


def _dashboard(properties: dict[str, Any], _: str, client: Client) -> dict[str, Any]:
    held = client("cloudwatch").get_dashboard(DashboardName=properties["DashboardName"])
    try:
        return held | {"Tags": client("cloudwatch").list_tags_for_resource(ResourceARN=held["DashboardArn"])["Tags"]}
    except ClientError:
        return held  # its tags are no more known than those of a thing that is not there


def _insight_rule(properties: dict[str, Any], _: str, client: Client) -> dict[str, Any]:
    rules = client("cloudwatch").describe_insight_rules()["InsightRules"]
    (held,) = [rule for rule in rules if rule["Name"] == properties["RuleName"]]
    arn = f"arn:aws:cloudwatch:{REGION}:{DEFAULT_ACCOUNT_ID}:insight-rule/{held['Name']}"
    tags = client("cloudwatch").list_tags_for_resource(ResourceARN=arn)["Tags"]
    return {"RuleName": held["Name"], "RuleState": held["State"], "RuleBody": held["Definition"], "Tags": tags}


def _metric_filter(properties: dict[str, Any], _: str, client: Client) -> dict[str, Any]:
    (held,) = client("logs").describe_metric_filters(
        logGroupName=properties["LogGroupName"], filterNamePrefix=properties["FilterName"]
    )["metricFilters"]
    return _capital(held)


def _log_group(properties: dict[str, Any], _: str, client: Client) -> dict[str, Any]:
    groups = client("logs").describe_log_groups(logGroupNamePrefix=properties["LogGroupName"])["logGroups"]
    (held,) = [group for group in groups if group["logGroupName"] == properties["LogGroupName"]]
    tags = client("logs").list_tags_for_resource(resourceArn=held["arn"].removesuffix(":*"))["tags"]
    return {**_capital(held), "Tags": tags}


def _topic(properties: dict[str, Any], physical: str, client: Client) -> dict[str, Any]:
    held = client("sns").get_topic_attributes(TopicArn=physical)["Attributes"]
    tags = client("sns").list_tags_for_resource(ResourceArn=physical)["Tags"]
    return {**held, "TopicName": held["TopicArn"].rpartition(":")[2], "Tags": tags}


def _topic_policy(properties: dict[str, Any], _: str, client: Client) -> dict[str, Any]:
    (topic,) = properties["Topics"]
    return {
        "Topics": [topic],
        "PolicyDocument": client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"],
    }


def _subscription(properties: dict[str, Any], _: str, client: Client) -> dict[str, Any]:
    subscriptions = client("sns").list_subscriptions_by_topic(TopicArn=properties["TopicArn"])["Subscriptions"]
    found = [one for one in subscriptions if one["Endpoint"] == properties["Endpoint"]]
    return found[0] if found else {}


def _key(_: dict[str, Any], physical: str, client: Client) -> dict[str, Any]:
    kms = client("kms")
    tags = kms.list_resource_tags(KeyId=physical)["Tags"]
    return {
        "Description": kms.describe_key(KeyId=physical)["KeyMetadata"]["Description"],
        "EnableKeyRotation": kms.get_key_rotation_status(KeyId=physical)["KeyRotationEnabled"],
        "KeyPolicy": kms.get_key_policy(KeyId=physical, PolicyName="default")["Policy"],
        "Tags": tags,
    }


def _event_rule(properties: dict[str, Any], _: str, client: Client) -> dict[str, Any]:
    held = client("events").describe_rule(Name=properties["Name"])
    targets = client("events").list_targets_by_rule(Rule=properties["Name"])["Targets"]
    return {
        **held,
        "Targets": targets,
        "Tags": client("events").list_tags_for_resource(ResourceARN=held["Arn"])["Tags"],
    }


def _scalable_target(properties: dict[str, Any], _: str, client: Client) -> dict[str, Any]:
    (held,) = client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="dynamodb",
        ResourceIds=[properties["ResourceId"]],
        ScalableDimension=properties["ScalableDimension"],
    )["ScalableTargets"]
    try:
        arn = held["ScalableTargetARN"]
        return held | {"Tags": client("application-autoscaling").list_tags_for_resource(ResourceARN=arn)["Tags"]}
    except NotImplementedError:
        return held


def _scaling_policy(properties: dict[str, Any], _: str, client: Client) -> dict[str, Any]:
    policies = client("application-autoscaling").describe_scaling_policies(ServiceNamespace="dynamodb")
    (held,) = [one for one in policies["ScalingPolicies"] if one["PolicyName"] == properties["PolicyName"]]
    # The API knows a target by what it scales, CloudFormation by its own id.
    return {**held, "ScalingTargetId": properties["ScalingTargetId"]}


def _capital(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key[:1].upper() + key[1:]: _capital(one) for key, one in tree.items()}
    return [_capital(one) for one in tree] if isinstance(tree, list) else tree


_READERS: dict[str, Callable[[dict[str, Any], str, Client], dict[str, Any]]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": _scalable_target,
    "AWS::ApplicationAutoScaling::ScalingPolicy": _scaling_policy,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _alarm,
    "AWS::CloudWatch::Dashboard": _dashboard,
    "AWS::CloudWatch::InsightRule": _insight_rule,
    "AWS::Events::Rule": _event_rule,
    "AWS::KMS::Key": _key,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Logs::MetricFilter": _metric_filter,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::TopicPolicy": _topic_policy,
}
