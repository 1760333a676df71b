"""Three KMS keys, so that who reads data, who reads the audit and who reads logs are three questions.

Source: KMS Developer Guide, "Default key policy"; DynamoDB Developer Guide, "Encryption at rest: usage notes";
CloudWatch Logs User Guide, "Encrypt log data using AWS KMS"; CloudTrail User Guide, "Configure AWS KMS key policies".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs.aws import Principal, Statement
from troposphere import Ref, Sub, kms

from mangaobs.platform._policy import allow, document, service
from mangaobs.platform._stack import ACCOUNT, Stack, attribute, here

if TYPE_CHECKING:
    from mangaobs.platform._policy import Text

DATA, AUDIT, LOGS = "DataKey", "AuditKey", "LogsKey"
USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey*", "kms:DescribeKey")
# What an account's own policies may hand out; using a key is handed out apart, below.
_ADMINISTRATION = (
    "kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*", "kms:Revoke*",
    "kms:Disable*", "kms:Get*", "kms:Delete*", "kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion",
    "kms:CancelKeyDeletion", "kms:RotateKeyOnDemand",
)  # fmt: skip


def build(stack: Stack) -> None:
    """The keys, their aliases and their policies."""
    _key(stack, DATA, "data", "Table, queues, topics, streams, secrets and buckets", _data(stack))
    _key(stack, AUDIT, "audit", "Audit and CloudTrail", _audit(stack))
    _key(stack, LOGS, "logs", "Log groups", _logs())
    for id in (DATA, AUDIT, LOGS):
        stack.output(id, f"ARN of the key {id}", attribute(id))


def arn(id: str) -> Text:
    """The ARN of one of the keys."""
    return attribute(id)


def _key(stack: Stack, id: str, name: str, what: str, statements: list[Statement]) -> None:
    root = Principal("AWS", stack.arn("iam", "root", region=False))
    administered = allow("AdministeredByTheAccount", _ADMINISTRATION, ["*"], principal=root)
    key = kms.Key(
        id,
        Description=f"{what} of {stack.configuration.application} ({stack.configuration.environment})",
        EnableKeyRotation=True,
        KeyPolicy=document(administered, *statements),
        PendingWindowInDays=30,
    )
    key.DeletionPolicy = key.UpdateReplacePolicy = "Retain"
    stack.add(key)
    stack.add(kms.Alias(f"{id}Alias", AliasName=f"alias/{stack.named(name)}", TargetKeyId=Ref(id)))


def _through(*names: str) -> dict[str, Any]:
    """Only through these services, for this account."""
    return {
        "StringEquals": {
            "kms:CallerAccount": ACCOUNT,
            "kms:ViaService": [Sub(f"{name}.${{AWS::Region}}.amazonaws.com") for name in names],
        }
    }


def _data(stack: Stack) -> list[Statement]:
    root = Principal("AWS", stack.arn("iam", "root", region=False))
    return [
        # Who may use it is for the roles' own policies, which name this key and the services that it is used through.
        allow(
            "UseByPoliciesOfTheAccount",
            USE,
            ["*"],
            principal=root,
            conditions={"StringEquals": {"kms:CallerAccount": ACCOUNT}},
        ),
        allow(
            "GrantsForServices",
            ["kms:CreateGrant"],
            ["*"],
            principal=root,
            conditions={"StringEquals": {"kms:CallerAccount": ACCOUNT}, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        # Topics publish into encrypted queues; rules and the archive of the bus use its key.
        allow(
            "TopicsAndRulesIntoQueues",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            ["*"],
            principal=service("sns"),
            conditions=here(),
        ),
        # EventBridge's requests to KMS for a target carry no source. Source: SNS Developer Guide, "Compatibility
        # between event sources from AWS services and encrypted topics".
        # The bus and its archive re-encrypt. Source: EventBridge User Guide, "Encrypting archives with AWS KMS keys".
        allow(
            "EventsIntoTargets",
            ["kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
            ["*"],
            principal=service("events"),
        ),
        # Execution logs of a state machine with a key of its own.
        allow(
            "LogsOfStateMachines",
            ["kms:Decrypt"],
            ["*"],
            principal=service("delivery.logs"),
            conditions={
                "StringLike": {
                    "kms:EncryptionContext:aws:states:stateMachineArn": stack.arn("states", "stateMachine:*")
                }
            },
        ),
        allow("DescribedByEvents", ["kms:DescribeKey"], ["*"], principal=service("events")),
    ]


def _audit(stack: Stack) -> list[Statement]:
    root = Principal("AWS", stack.arn("iam", "root", region=False))
    trail = stack.arn("cloudtrail", "trail/", stack.named("trail"))
    return [
        allow(
            "UseByPoliciesOfTheAccount",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            ["*"],
            principal=root,
            conditions=_through("s3"),
        ),
        allow(
            "TrailMayEncrypt",
            ["kms:GenerateDataKey*"],
            ["*"],
            principal=service("cloudtrail"),
            conditions={
                "StringEquals": {"aws:SourceArn": trail},
                "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": stack.arn("cloudtrail", "trail/*")},
            },
        ),
        allow("TrailMayLook", ["kms:DescribeKey"], ["*"], principal=service("cloudtrail")),
        allow(
            "LogDeliveryMayEncrypt",
            ["kms:GenerateDataKey*", "kms:Decrypt"],
            ["*"],
            principal=service("bedrock"),
            conditions=here(),
        ),
    ]


def _logs() -> list[Statement]:
    group = Sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*")
    return [
        allow(
            "LogGroupsOfTheAccount",
            [
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
                "kms:GenerateDataKey*",
                "kms:DescribeKey",
            ],
            ["*"],
            principal=Principal("Service", Sub("logs.${AWS::Region}.amazonaws.com")),
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": group}},
        )
    ]
