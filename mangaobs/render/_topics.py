"""The three topics, with a key and policies that let alarms and events through."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from troposphere import Ref, Sub, kms, sns

from mangaobs.model.alarm import Severity
from mangaobs.model.observability import Route
from mangaobs.model.value import Attribute, Parameter, shown
from mangaobs.render._logical_id import logical_id
from mangaobs.render._pieces import Piece

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mangaobs.model.observability import Naming, Observability, Subscriber
    from mangaobs.model.value import Value
    from mangaobs.render._pieces import Context

KEY = "TopicKey"


def export_name(naming: Naming, severity: Severity) -> str:
    """Under which a created topic's ARN is exported, for the other shards and for other stacks."""
    return f"{naming.application}-{naming.environment}-topic-{severity.value}"


def outputs(observability: Observability) -> dict[str, Any]:
    """The ARNs of the created topics."""
    return {
        id: {
            "Description": f"ARN of the topic of {severity.value} alarms",
            "Value": {"Ref": id},
            "Export": {"Name": export_name(observability.naming, severity)},
        }
        for severity in Severity
        if observability.routes.get(severity, Route()).topic is None
        for id in [logical_id("Topic", severity.value)]
    }


def addresses(routes: Mapping[Severity, Route]) -> dict[Severity, Value]:
    """Where each severity is published: an existing topic's ARN, or the one that is created here."""
    topics: dict[Severity, Value] = {}
    for severity in Severity:
        existing = routes.get(severity, Route()).topic
        topics[severity] = existing if existing is not None else Attribute(logical_id("Topic", severity.value))
    return topics


def render(context: Context) -> Iterator[Piece]:
    """The topics that do not exist yet, each with its policy and subscriptions, and the key of those without one."""
    created = [
        (severity, route)
        for severity in Severity
        if (route := context.observability.routes.get(severity, Route())).topic is None
    ]
    if any(route.kms_key is None for _, route in created):
        yield Piece(KEY, _key(context), stage="shared")
    for severity, route in created:
        id = logical_id("Topic", severity.value)
        yield Piece(id, _topic(context, id, severity, route), stage="shared")
        yield Piece(f"{id}Policy", _policy(id), stage="shared")
        for subscriber in route.subscribers:
            own = f"{id}Subscription{_checksum(subscriber)}"
            resource = sns.SubscriptionResource(
                own,
                TopicArn=Ref(id),
                Protocol=subscriber.protocol,
                Endpoint=context.values.render(subscriber.endpoint),
            )
            yield Piece(own, resource, stage="shared")


def _checksum(subscriber: Subscriber) -> str:
    """What tells a subscription apart: what it is, not its place in the list, since one that is replaced can be lost.

    A checksum, since an address is personal; of the parameter's name where it is one, since its default may change.
    """
    endpoint = subscriber.endpoint
    told = endpoint.name if isinstance(endpoint, Parameter) else shown(endpoint)
    return f"{zlib.crc32(f'{subscriber.protocol} {told}'.encode()):08x}"


def _topic(context: Context, id: str, severity: Severity, route: Route) -> sns.Topic:
    naming = context.observability.naming
    return sns.Topic(
        id,
        TopicName=naming.resource(f"alarms-{severity.value}"),
        DisplayName=f"{naming.application} {naming.environment} {severity.value}"[:100],
        KmsMasterKeyId=Ref(KEY) if route.kms_key is None else context.values.render(route.kms_key),
        **context.tags(),
    )


def _key(context: Context) -> kms.Key:
    # With the key that AWS manages for SNS neither service could publish: its policy cannot be edited.
    use = ["kms:Decrypt", "kms:GenerateDataKey*"]
    statements: list[dict[str, Any]] = [
        {
            "Sid": "AdministeredByTheAccount",
            "Effect": "Allow",
            "Principal": {"AWS": Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "AlarmsMayEncrypt",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": use,
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}},
        },
        # No condition here: EventBridge's requests to KMS carry no aws:SourceAccount and no aws:SourceArn, and with one
        # every event would be dropped silently. Source: SNS Developer Guide, "Securing Amazon SNS data with server-side
        # encryption", compatibility with event sources from AWS services.
        {
            "Sid": "EventsMayEncrypt",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": use,
            "Resource": "*",
        },
    ]
    return kms.Key(
        KEY,
        Description=Sub("Encrypts the alarm topics of ${AWS::StackName}"),
        EnableKeyRotation=True,
        KeyPolicy={"Version": "2012-10-17", "Statement": statements},
        **context.tags(),
    )


def _policy(topic: str) -> sns.TopicPolicy:
    return sns.TopicPolicy(
        f"{topic}Policy",
        Topics=[Ref(topic)],
        PolicyDocument={
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "AlarmsMayPublish",
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudwatch.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": Ref(topic),
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")},
                        "ArnLike": {
                            "aws:SourceArn": Sub(
                                "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*"
                            )
                        },
                    },
                },
                # EventBridge does not support conditions in a topic's policy (EventBridge User Guide, "Using
                # resource-based policies").
                {
                    "Sid": "EventsMayPublish",
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": Ref(topic),
                },
                {
                    "Sid": "OnlyOverTls",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "sns:Publish",
                    "Resource": Ref(topic),
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ],
        },
    )
