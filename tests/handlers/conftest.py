"""What the tests of the handlers share: an unconfigured runtime, an embedded AWS with the table, Lambda's context."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from mangaobs.runtime import _context, _log

from . import aws_models, moto_transactions

aws_models.install()
moto_transactions.install()

TABLE = "manga-assist-sessions"
INDEX = "GSI1-customer-sessions"
REGION = "us-east-1"
# Where the runtime and AWS's SDK read their settings.
_SETTINGS = ("MANGAOBS_", "AWS_", "_X_AMZN_", "LAMBDA_", "SESSION_TABLE")


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins and ends without a configuration and outside any invocation."""
    for name in [name for name in os.environ if name.startswith(_SETTINGS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("MANGAOBS_TRACER", "off")

    def reset() -> None:
        _log.assembled = None
        _log._threshold = 0
        _context.CURRENT.set(None)

    reset()
    yield
    reset()


@pytest.fixture
def aws() -> Iterator[None]:
    """An AWS in process, empty."""
    with mock_aws():
        yield


@pytest.fixture
def dynamodb(aws: None) -> Any:
    """A client of DynamoDB that has the table."""
    client = boto3.client("dynamodb")
    create_table(client)
    return client


def create_table(client: Any) -> None:
    """The table of sessions with its index and stream."""
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "PK", "AttributeType": "S"},
            {"AttributeName": "SK", "AttributeType": "S"},
            {"AttributeName": "customer_id", "AttributeType": "S"},
            {"AttributeName": "last_active_at", "AttributeType": "N"},
        ],
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": INDEX,
                "KeySchema": [
                    {"AttributeName": "customer_id", "KeyType": "HASH"},
                    {"AttributeName": "last_active_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )


def items_of(client: Any, session_id: str) -> list[dict[str, Any]]:
    """Everything that stands in a session, by sort key."""
    found: list[dict[str, Any]] = client.query(
        TableName=TABLE,
        KeyConditionExpression="PK = :pk",
        ExpressionAttributeValues={":pk": {"S": f"SESSION#{session_id}"}},
    )["Items"]
    return found


class Context:
    """A context as Lambda passes one; `remaining` can be moved by a test."""

    function_name = "manga-assist-message"

    def __init__(self, request_id: str = "9f2b1c9e-0000-4000-8000-000000000001", remaining_ms: int = 30_000) -> None:
        self.aws_request_id = request_id
        self.remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms
