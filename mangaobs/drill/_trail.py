"""What CloudTrail says of a drill: which events a trail records, and which of them are evidence.

Sources: DynamoDB Developer Guide, "Understanding DynamoDB log file entries" (keys are there in the clear, as plain
values; a transaction's entries are `requestItems`, whose names AWS writes in two cases); CloudTrail User Guide,
"Logging data events".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from types_boto3_logs import CloudWatchLogsClient

    Event = Mapping[str, Any]

_TABLE: Final = "AWS::DynamoDB::Table"
_SOURCE: Final = "dynamodb.amazonaws.com"


def records_items(selectors: Mapping[str, Any], table_arn: str) -> bool:
    """Whether a trail with these selectors (GetEventSelectors) records what is written to a table's items."""
    return any(_takes(_fields(one), table_arn) for one in selectors.get("AdvancedEventSelectors", [])) or any(
        resource.get("Type") == _TABLE and any(table_arn.startswith(start) for start in resource.get("Values", []))
        for one in selectors.get("EventSelectors", [])
        if one.get("ReadWriteType", "All") != "ReadOnly"
        for resource in one.get("DataResources", [])
    )


def events(client: CloudWatchLogsClient, group: str, *, since_ms: int, text: str) -> Iterator[Event]:
    """The events in a trail's log group that have `text`. Raises what botocore does."""
    pages = client.get_paginator("filter_log_events").paginate(
        logGroupName=group, startTime=since_ms, filterPattern=f'"{text}"'
    )
    for page in pages:
        for line in page["events"]:
            try:
                event = json.loads(line.get("message", ""))
            except json.JSONDecodeError:
                continue
            if isinstance(event, dict) and event.get("eventSource") == _SOURCE and not event.get("errorCode"):
                yield event


def deletion(table: str, session_id: str) -> Callable[[Event], bool]:
    """What tells whether an event deleted an item of a session, whose id ends its key, from `table`.

    The id alone would not do: the drill writes the same keys before, and deletes them from a side table after.
    """

    def is_one(event: Event) -> bool:
        name, parameters = event.get("eventName"), event.get("requestParameters") or {}
        if name == "DeleteItem":
            return _of(parameters, table, session_id)
        if name == "TransactWriteItems":
            return any(
                one.get("operation") == "Delete" and _of(one, table, session_id)
                for one in parameters.get("requestItems") or []
            )
        return False

    return is_one


def restore(side_table: str) -> Callable[[Event], bool]:
    """What tells whether an event restored a table into `side_table`."""

    def is_one(event: Event) -> bool:
        parameters = event.get("requestParameters") or {}
        return event.get("eventName") == "RestoreTableToPointInTime" and parameters.get("targetTableName") == side_table

    return is_one


def _of(parameters: Mapping[str, Any], table: str, session_id: str) -> bool:
    # A table may be given by its ARN.
    named = str(parameters.get("tableName") or parameters.get("TableName") or "").rpartition("/")[2]
    key = parameters.get("key") or parameters.get("Key") or {}
    return named == table and any(str(value).endswith(session_id) for value in key.values())


def _fields(selector: Mapping[str, Any]) -> dict[str, Mapping[str, list[str]]]:
    return {field["Field"]: field for field in selector.get("FieldSelectors", [])}


def _takes(fields: Mapping[str, Mapping[str, list[str]]], table_arn: str) -> bool:
    arn = fields.get("resources.ARN")
    return (
        "Data" in fields.get("eventCategory", {}).get("Equals", [])
        and _TABLE in fields.get("resources.type", {}).get("Equals", [])
        and "true" not in fields.get("readOnly", {}).get("Equals", [])
        and (
            arn is None
            or table_arn in arn.get("Equals", [])
            or any(table_arn.startswith(start) for start in arn.get("StartsWith", []))
        )
    )
