"""Bedrock's invocation logs, which no resource type switches on: a function of CloudFormation's does. Off by default.

They hold whole prompts and answers, of the whole account and region: nothing is redacted, and erasure has to reach
them, so
they are kept for thirty days. Source: Bedrock User Guide, "Monitor model invocation using CloudWatch Logs and Amazon
S3".
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from troposphere import Ref, Sub, awslambda, cloudformation

from mangaobs.platform import _buckets, _keys, _logs, _messaging, _roles
from mangaobs.platform._policy import allow
from mangaobs.platform._stack import Stack, attribute

if TYPE_CHECKING:
    from mangaobs.platform._policy import Text

FUNCTION, ROLE = "ModelLogSwitch", "ModelLogSwitchRole"


def build(stack: Stack) -> None:
    """The custom resource, where it is switched on."""
    if not stack.settings.bedrock_logging:
        return
    name = stack.named("model-logs")
    _logs.add_group(stack, f"{FUNCTION}LogGroup", f"/aws/lambda/{name}", masked=False)
    _roles.add_role(
        stack,
        ROLE,
        trusted=_roles.trusted("lambda"),
        statements=[
            # These take no resource.
            allow(
                "SwitchLogs",
                ["bedrock:PutModelInvocationLoggingConfiguration", "bedrock:DeleteModelInvocationLoggingConfiguration"],
                ["*"],
            ),
            allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [attribute(f"{FUNCTION}LogGroup")]),
            allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
            allow("DeadLetters", ["sqs:SendMessage"], [_messaging.dead_letters()]),
            allow(
                "UseKeys",
                ["kms:Decrypt", "kms:GenerateDataKey"],
                [_keys.arn(_keys.DATA)],
                conditions={"StringEquals": {"kms:ViaService": [Sub("sqs.${AWS::Region}.amazonaws.com")]}},
            ),
        ],
    )
    code: Text = files("mangaobs.platform").joinpath("data/model_logs.py.txt").read_text(encoding="utf-8")
    stack.add(
        awslambda.Function(
            FUNCTION,
            FunctionName=name,
            Description="Switches Bedrock's invocation logs on and off, for CloudFormation",
            Runtime=stack.settings.runtime,
            Handler="index.handler",
            Code=awslambda.Code(ZipFile=code),
            Role=attribute(ROLE),
            MemorySize=128,
            Timeout=60,
            ReservedConcurrentExecutions=1,
            TracingConfig=awslambda.TracingConfig(Mode="Active"),
            LoggingConfig=awslambda.LoggingConfig(LogFormat="JSON", LogGroup=Ref(f"{FUNCTION}LogGroup")),
            KmsKeyArn=_keys.arn(_keys.DATA),
            DeadLetterConfig=awslambda.DeadLetterConfig(TargetArn=_messaging.dead_letters()),
        )
    )
    stack.add(
        cloudformation.CustomResource(
            "ModelLogs",
            ServiceToken=attribute(FUNCTION),
            ServiceTimeout=120,
            Bucket=Ref(_buckets.MODEL_LOGS),
            DependsOn=[f"{_buckets.MODEL_LOGS}Policy"],
        )
    )
