"""The table.

Source: DynamoDB Developer Guide, "Encryption at rest: usage notes", "CloudWatch Contributor Insights for DynamoDB:
how it works", "Resource-based policies"; security review of the design, §2.1 and §2.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Ref, dynamodb

from mangaobs.errors import RenderError
from mangaobs.platform import _keys, _network
from mangaobs.platform._policy import deny, everyone, tree
from mangaobs.platform._stack import Stack, attribute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mangaobs.platform._policy import Text
    from mangaobs.project.configuration import Capacity, Index, Table

TABLE = "SessionsTableResource"
# What reads and writes items; everything else is administration, which has its own guards.
DATA_PLANE = (
    "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
    "dynamodb:GetItem", "dynamodb:PartiQLDelete", "dynamodb:PartiQLInsert", "dynamodb:PartiQLSelect",
    "dynamodb:PartiQLUpdate", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem",
)  # fmt: skip


def the_table(stack: Stack) -> Table:
    """The one table of the configuration. Raises `RenderError` if there is none, or several."""
    tables = stack.configuration.tables
    if len(tables) != 1:
        raise RenderError(
            f"the platform is of one table, and mangaobs.toml has {len(tables)}", right="one [tables.…] section"
        )
    return next(iter(tables.values()))


def build(stack: Stack, outside: Sequence[Text]) -> None:
    """The table. `outside` are the ARNs of roles that use it from outside the VPC, as services do."""
    table = the_table(stack)
    indexes = [_index(stack, table, index) for index in table.indexes.values()]
    capacity = _throughput(table.read_capacity, table.write_capacity) if table.provisioned else {}
    resource = dynamodb.Table(
        TABLE,
        TableName=stack.table_name,
        BillingMode="PROVISIONED" if table.provisioned else "PAY_PER_REQUEST",
        AttributeDefinitions=[
            dynamodb.AttributeDefinition(AttributeName=name, AttributeType=kind)
            for name, kind in (
                ("PK", "S"),
                ("SK", "S"),
                *((("customer_id", "S"), ("last_active_at", "N")) if indexes else ()),
            )
        ],
        KeySchema=[
            dynamodb.KeySchema(AttributeName="PK", KeyType="HASH"),
            dynamodb.KeySchema(AttributeName="SK", KeyType="RANGE"),
        ],
        # Keys of the table are random ids, which may be shown; those of the index are customers, so it has none.
        # Accessed keys, not only throttled ones: the hot-key responder acts before the throttle.
        ContributorInsightsSpecification=dynamodb.ContributorInsightsSpecification(
            Enabled=True, Mode="ACCESSED_AND_THROTTLED_KEYS"
        ),
        DeletionProtectionEnabled=True,
        PointInTimeRecoverySpecification=dynamodb.PointInTimeRecoverySpecification(
            PointInTimeRecoveryEnabled=True, RecoveryPeriodInDays=stack.settings.pitr_days
        ),
        ResourcePolicy=dynamodb.ResourcePolicy(PolicyDocument=_policy(stack, outside)),
        SSESpecification=dynamodb.SSESpecification(
            SSEEnabled=True, SSEType="KMS", KMSMasterKeyId=_keys.arn(_keys.DATA)
        ),
        StreamSpecification=dynamodb.StreamSpecification(StreamViewType="NEW_IMAGE"),
        TimeToLiveSpecification=dynamodb.TimeToLiveSpecification(AttributeName="expires_at", Enabled=True),
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        **capacity,
        **_most(table),
    )
    resource.DeletionPolicy = resource.UpdateReplacePolicy = "Retain"
    shown = "partition keys are random ids of sessions; the index by customer has no Contributor Insights"
    resource.Metadata = {"mangaobs": {"ignore": [{"rule": "MO706", "reason": shown}]}}
    stack.add(resource)
    stack.output("TableName", "Name of the table: SessionsTable of the observability stack", Ref(TABLE))
    stack.output("TableStreamArn", "ARN of the table's stream", attribute(TABLE, "StreamArn"))


def _index(stack: Stack, table: Table, index: Index) -> dynamodb.GlobalSecondaryIndex:
    capacity = _throughput(index.read_capacity, index.write_capacity) if table.provisioned else {}
    return dynamodb.GlobalSecondaryIndex(
        IndexName=stack.value(index.name),
        KeySchema=[
            dynamodb.KeySchema(AttributeName="customer_id", KeyType="HASH"),
            dynamodb.KeySchema(AttributeName="last_active_at", KeyType="RANGE"),
        ],
        Projection=dynamodb.Projection(ProjectionType="ALL"),
        **capacity,
    )


def _throughput(read: Capacity | None, write: Capacity | None) -> dict[str, Any]:
    if read is None or write is None:
        return {}
    return {
        "ProvisionedThroughput": dynamodb.ProvisionedThroughput(
            ReadCapacityUnits=read.min, WriteCapacityUnits=write.min
        )
    }


def _most(table: Table) -> dict[str, Any]:
    most = {
        "MaxReadRequestUnits": table.max_read_request_units,
        "MaxWriteRequestUnits": table.max_write_request_units,
    }
    given = {name: value for name, value in most.items() if value is not None}
    return {"OnDemandThroughput": dynamodb.OnDemandThroughput(**given)} if given else {}


def _policy(stack: Stack, outside: Sequence[Text]) -> dict[str, Any]:
    table = [stack.table_arn(), stack.table_arn("/index/*")]
    return tree(
        # Data only through the VPC's endpoint. AWS's own services come from elsewhere (streams are read by Lambda's
        # poller, exports by DynamoDB): without the exceptions the table would lock everyone out.
        deny(
            "DataThroughTheEndpointAlone",
            DATA_PLANE,
            table,
            principal=everyone(),
            conditions={
                "StringNotEquals": {"aws:SourceVpce": Ref(_network.DYNAMODB_ENDPOINT)},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"},
                **({"ArnNotLike": {"aws:PrincipalArn": list(outside)}} if outside else {}),
            },
        ),
        deny(
            "OnlyOverTls",
            ["dynamodb:*"],
            table,
            principal=everyone(),
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
    )
