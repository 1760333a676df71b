"""The transactions that the tests use in place of moto's own do the same as moto's own."""

from __future__ import annotations

import copy
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend

from . import moto_transactions
from .conftest import TABLE, create_table

keys = st.builds(lambda pk, sk: {"PK": {"S": pk}, "SK": {"S": sk}}, st.sampled_from("ab"), st.sampled_from("123"))
values = st.sampled_from("xyz")
conditions = st.sampled_from((None, "attribute_exists(PK)", "attribute_not_exists(PK)"))


def operation(kind: str, key: dict[str, Any], value: str, condition: str | None) -> dict[str, Any]:
    made: dict[str, Any] = {"TableName": TABLE, **({"ConditionExpression": condition} if condition else {})}
    if kind == "Put":
        made["Item"] = {**key, "words": {"L": [{"S": value}]}}
    else:
        made["Key"] = key
    if kind == "Update":
        made["UpdateExpression"] = "SET words = list_append(if_not_exists(words, :none), :word)"
        made["ExpressionAttributeValues"] = {":none": {"L": []}, ":word": {"L": [{"S": value}]}}
    if kind == "ConditionCheck":
        made.setdefault("ConditionExpression", "attribute_exists(words)")
    return {kind: made}


operations = st.builds(
    operation, st.sampled_from(("Put", "Update", "Update", "Delete", "ConditionCheck")), keys, values, conditions
)


def outcome(transactions: list[list[dict[str, Any]]]) -> tuple[list[Any], list[Any], list[Any]]:
    """What each transaction was answered, and what stands in the table and in its stream after all of them."""
    with mock_aws():
        table, stream = boto3.client("dynamodb"), boto3.client("dynamodbstreams")
        create_table(table)
        answers = []
        for transaction in transactions:
            try:
                table.transact_write_items(TransactItems=copy.deepcopy(transaction))
                answers.append("done")
            except ClientError as error:
                answers.append([reason["Code"] for reason in error.response.get("CancellationReasons", [])])
        arn = table.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
        shard = stream.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        start = stream.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        records = stream.get_records(ShardIterator=start["ShardIterator"])["Records"]
        told = [(one["eventName"], one["dynamodb"].get("NewImage")) for one in records]
        return answers, table.scan(TableName=TABLE)["Items"], told


@given(st.lists(st.lists(operations, min_size=1, max_size=4), min_size=1, max_size=5))
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
def test_whatever_is_written_the_table_its_stream_and_the_answers_are_as_by_motos_own(transactions):
    ours = outcome(transactions)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(models, "copy", copy)
        patched.setattr(DynamoDBBackend, "transact_write_items", moto_transactions.MOTOS)
        motos = outcome(transactions)
    assert ours == motos
