"""What a drill needs of an account: clients, and the names of things, from the platform's stack or one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudtrail import CloudTrailClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_stepfunctions import SFNClient
    from types_boto3_sts import STSClient
    from types_boto3_xray import XRayClient

# The logical ids of the platform's template.
_IDS: Mapping[str, str] = {
    "table": "SessionsTableResource",
    "audit_bucket": "AuditBucket",
    "secret": "SessionHashKey",
    "machine": "DataRequestMachine",
    "trail": "Trail",
    "trail_log_group": "TrailLogGroupResource",
    "api": "ChatApiResource",
}
# Without it a request is looked for in every API of the account.
_OPTIONAL = frozenset(("api",))


class Clients(NamedTuple):
    """Clients of the account that is drilled."""

    dynamodb: DynamoDBClient
    s3: S3Client
    states: SFNClient
    secrets: SecretsManagerClient
    cloudtrail: CloudTrailClient
    logs: CloudWatchLogsClient
    xray: XRayClient
    sts: STSClient


class Names(msgspec.Struct, frozen=True):
    """Physical names.

    The table, the audit's bucket, the secret that keys hashes, the machine's ARN, the trail and its log group, and the
    id of the REST API: empty for any.
    """

    table: str
    audit_bucket: str
    secret: str
    machine: str
    trail: str
    trail_log_group: str
    api: str = ""


def names_of(client: CloudFormationClient | None, stack: str | None, given: Mapping[str, str | None]) -> Names:
    """The names: those that are `given`, the others from the platform's stack.

    Raises `MangaobsError` if one is missing, or what botocore does.
    """
    found: dict[str, str] = {}
    if client is not None and stack is not None:
        for page in client.get_paginator("list_stack_resources").paginate(StackName=stack):
            physical = {
                one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in page["StackResourceSummaries"]
            }
            found |= {name: physical[id] for name, id in _IDS.items() if physical.get(id)}
    found |= {name: value for name, value in given.items() if value}
    missing = [name for name in _IDS if name not in found and name not in _OPTIONAL]
    if missing:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in missing)
        raise MangaobsError(
            f"the drill does not know {', '.join(missing).replace('_', ' ')}",
            right=f"--stack with the name of the platform's stack, or {options}",
        )
    return Names(**found)
