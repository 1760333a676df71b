"""CloudTrail: management events of all regions, data events of the table, its stream and the audit, to S3 and to Logs.

Source: CloudTrail User Guide, "Logging data events", "Security best practices", "Sending events to CloudWatch Logs";
security review of the design, §8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Ref, Sub, cloudtrail

from mangaobs.errors import RenderError
from mangaobs.platform import _buckets, _keys, _logs, _roles
from mangaobs.platform._policy import allow
from mangaobs.platform._stack import Stack, attribute

if TYPE_CHECKING:
    from mangaobs.platform._policy import Text

TRAIL, GROUP, ROLE = "Trail", "TrailLogGroup", "TrailRole"


def build(stack: Stack) -> None:
    """The trail, its log group and its role."""
    configured = stack.configuration.trail
    if configured is None:
        raise RenderError("the platform has a trail", right="[trail] log_group")
    _logs.add_group(stack, f"{GROUP}Resource", stack.value(configured.log_group), days=365, masked=False)
    name = stack.named("trail")
    arn = stack.arn("cloudtrail", "trail/", name)
    streams = Sub(
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Group}:log-stream:"
        "${AWS::AccountId}_CloudTrail_${AWS::Region}*",
        Group=stack.value(configured.log_group),
    )
    _roles.add_role(
        stack,
        ROLE,
        trusted=_roles.trusted("cloudtrail", {"StringEquals": {"aws:SourceArn": arn}}),
        statements=[allow("WriteEvents", ["logs:CreateLogStream", "logs:PutLogEvents"], [streams])],
    )
    trail = cloudtrail.Trail(
        TRAIL,
        TrailName=name,
        IsLogging=True,
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        KMSKeyId=_keys.arn(_keys.AUDIT),
        S3BucketName=Ref(_buckets.TRAIL),
        CloudWatchLogsLogGroupArn=attribute(f"{GROUP}Resource"),
        CloudWatchLogsRoleArn=attribute(ROLE),
        AdvancedEventSelectors=[
            _selector("Management", "Management"),
            *(_data_events(stack) if configured.data_events else []),
        ],
        # A trail checks at once that it may write and encrypt.
        DependsOn=[f"{_buckets.TRAIL}Policy"],
    )
    trail.DeletionPolicy = trail.UpdateReplacePolicy = "Retain"
    stack.add(trail)


def _data_events(stack: Stack) -> list[cloudtrail.AdvancedEventSelector]:
    return [
        _selector("Items of the table", "Data", "AWS::DynamoDB::Table", stack.table_arn()),
        _selector("Records of its stream", "Data", "AWS::DynamoDB::Stream", stack.table_arn("/stream/")),
        _selector("Objects of the audit", "Data", "AWS::S3::Object", _buckets.objects(_buckets.AUDIT, "")),
        _selector("Objects of the backups", "Data", "AWS::S3::Object", _buckets.objects(_buckets.BACKUP, "")),
    ]


def _selector(name: str, category: str, type_: str = "", starts: Text = "") -> cloudtrail.AdvancedEventSelector:
    fields = [cloudtrail.AdvancedFieldSelector(Field="eventCategory", Equals=[category])]
    if type_:
        fields += [
            cloudtrail.AdvancedFieldSelector(Field="resources.type", Equals=[type_]),
            cloudtrail.AdvancedFieldSelector(Field="resources.ARN", StartsWith=[starts]),
        ]
    return cloudtrail.AdvancedEventSelector(Name=name, FieldSelectors=fields)
