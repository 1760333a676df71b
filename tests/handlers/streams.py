"""The table's stream, as Lambda passes it on."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import boto3

import handlers.stream

from .conftest import TABLE

FILTER = json.loads((Path(handlers.stream.__file__).parent / "filter.json").read_text())["Filters"]


def records_of(system: Any, **client: Any) -> list[dict[str, Any]]:
    """All records of the table's stream so far."""
    streams = boto3.client("dynamodbstreams", **client)
    arn = system.dynamodb.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records: list[dict[str, Any]] = streams.get_records(ShardIterator=start["ShardIterator"], Limit=1000)["Records"]
    return [_as_lambda(record) for record in records]


def _as_lambda(value: Any) -> Any:
    """JSON of a record: bytes in base64."""
    if isinstance(value, dict):
        return {name: _as_lambda(inner) for name, inner in value.items() if name != "ApproximateCreationDateTime"}
    if isinstance(value, list):
        return [_as_lambda(inner) for inner in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def matches(record: dict[str, Any]) -> bool:
    """Whether `filter.json` lets a record through: as Lambda's filter criteria say, as far as they are used there."""
    return any(_fits(record, one["Pattern"]) for one in FILTER)


def _fits(value: Any, pattern: Any) -> bool:
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_fits(value.get(name), inner) for name, inner in pattern.items())
    return any(
        value.startswith(one["prefix"]) if isinstance(one, dict) else value == one
        for one in pattern
        if isinstance(value, str)
    )
