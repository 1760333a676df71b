"""A state machine with its log group and its role.

Its history keeps inputs and outputs for ninety days: no text may be in them. Source: Step Functions Developer Guide,
"Creating IAM roles", "Data at rest encryption", "Logging using CloudWatch Logs".
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

from troposphere import Ref, Sub, stepfunctions

from mangaobs.platform import _functions, _keys, _logs, _roles
from mangaobs.platform._policy import allow
from mangaobs.platform._stack import Stack, attribute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awacs.aws import Statement

    from mangaobs.platform._policy import Text


def invoke(stack: Stack, sid: str, folder: str) -> Statement:
    """The permission to call a function, whatever its version."""
    function = _functions.arn_of(stack, folder)
    return allow(sid, ["lambda:InvokeFunction"], [function, Sub("${Function}:*", Function=function)])


def task(call: str) -> Text:
    """The Resource of a task, for a call such as `lambda:invoke`: the definition itself knows no `AWS::Partition`."""
    return Sub(f"arn:${{AWS::Partition}}:states:::{call}")


def add(
    stack: Stack,
    id: str,
    name: str,
    *,
    definition: str,
    substitutions: Mapping[str, Text],
    statements: Sequence[Statement],
) -> Text:
    """A machine called `name`, of a definition in `data/`; gives its ARN.

    `substitutions` are what the definition calls `${…}`; `statements` are what its role may do.
    """
    group, role = f"{id}LogGroup", f"{id}Role"
    _logs.add_group(stack, group, Sub("/aws/vendedlogs/states/${Name}", Name=name), masked=False)
    arn = stack.arn("states", "stateMachine:", name)
    _roles.add_role(
        stack,
        role,
        trusted=_roles.trusted(
            "states", {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}, "ArnLike": {"aws:SourceArn": arn}}
        ),
        statements=[
            *statements,
            allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
            # Step Functions asks for sampling itself, and these take no resource.
            allow("Sample", ["xray:GetSamplingRules", "xray:GetSamplingTargets"], ["*"]),
            allow(
                "DeliverLogs",
                [
                    "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
                    "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies",
                    "logs:DescribeLogGroups",
                ],
                ["*"],
            ),
            allow(
                "UseKeys",
                ["kms:Decrypt", "kms:GenerateDataKey"],
                [_keys.arn(_keys.DATA)],
                conditions={"StringEquals": {"kms:EncryptionContext:aws:states:stateMachineArn": arn}},
            ),
        ],
    )  # fmt: skip
    written = json.loads(files("mangaobs.platform").joinpath(f"data/{definition}").read_text(encoding="utf-8"))
    stack.add(
        stepfunctions.StateMachine(
            id,
            StateMachineName=name,
            StateMachineType="STANDARD",
            RoleArn=attribute(role),
            DefinitionString=json.dumps(written, separators=(",", ":")),
            DefinitionSubstitutions=dict(substitutions),
            EncryptionConfiguration=stepfunctions.EncryptionConfiguration(
                Type="CUSTOMER_MANAGED_KMS_KEY", KmsKeyId=_keys.arn(_keys.DATA), KmsDataKeyReusePeriodSeconds=300
            ),
            LoggingConfiguration=stepfunctions.LoggingConfiguration(
                Level="ALL",
                IncludeExecutionData=False,
                Destinations=[
                    stepfunctions.LogDestination(
                        CloudWatchLogsLogGroup=stepfunctions.CloudWatchLogsLogGroup(LogGroupArn=attribute(group))
                    )
                ],
            ),
            TracingConfiguration=stepfunctions.TracingConfiguration(Enabled=True),
        )
    )
    return arn
