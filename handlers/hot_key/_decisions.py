"""What was decided, in the table: it outlives Redis, and a minute that is looked at twice is decided once.

    CONTROL#HOTKEY  AUDIT#<window>#<session>   the decision of a minute
                    WINDOW#<window>            how many blocks that minute has
                    ROUTE#<session>            the flag that stands, the responder's or an operator's

A session is its keyed hash, a window its minute since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from mangaobs.runtime import log_dynamodb_operation

from ..routing import Flag
from ._classify import Classification

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        QueryInputTypeDef,
        QueryOutputTypeDef,
        TransactWriteItemTypeDef,
        UniversalAttributeValueTypeDef,
    )

PARTITION: Final = "CONTROL#HOTKEY"
_AUDIT_SECONDS: Final = 90 * 24 * 3600
_WINDOW_SECONDS: Final = 24 * 3600


class Decision(msgspec.Struct, frozen=True):
    """What is done with a hot session in a window. `flag` is None where nothing is."""

    session: str
    window: int
    classification: Classification
    units: float
    flag: Flag | None
    dry_run: bool

    @property
    def action(self) -> str:
        """What is done: none, cache, limit or block."""
        return self.flag.mode if self.flag is not None else "none"


class CapReached(Exception):  # noqa: N818 - an answer of the database
    """The window has all the blocks that it may have."""


class Decisions:
    """The decisions in the table. Every method raises what botocore does."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def find(self, window: int, session: str) -> Decision | None:
        """The decision of a window, if there is one."""
        item = self._get(f"AUDIT#{window}#{session}")
        return msgspec.json.decode(item["decision"]["S"], type=Decision) if item else None

    def record(self, decision: Decision, *, most_blocks: int) -> Decision:
        """Keep `decision`, unless one stands for its window and session; the one that stands.

        A block counts in its window, in the same transaction. Raises `CapReached` if there are `most_blocks`.
        """
        try:
            self._write(decision, most_blocks)
        except self._client.exceptions.TransactionCanceledException as error:
            standing = self.find(decision.window, decision.session)
            if standing is not None:
                return standing
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            if reasons[1:] == ["ConditionalCheckFailed"]:
                raise CapReached from None
            raise
        return decision

    @log_dynamodb_operation("TransactWriteItems:RecordDecision")
    def _write(self, decision: Decision, most_blocks: int) -> None:
        items: list[TransactWriteItemTypeDef] = [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": {
                        **_key(f"AUDIT#{decision.window}#{decision.session}"),
                        "decision": {"S": msgspec.json.encode(decision).decode()},
                        "expires_at": {"N": str(decision.window * 60 + _AUDIT_SECONDS)},
                    },
                    "ConditionExpression": "attribute_not_exists(PK)",
                }
            }
        ]
        if decision.action == "block" and not decision.dry_run:
            items.append(
                {
                    "Update": {
                        "TableName": self._table,
                        "Key": _key(f"WINDOW#{decision.window}"),
                        "UpdateExpression": "ADD blocks :one SET expires_at = :until",
                        "ConditionExpression": "attribute_not_exists(blocks) AND :most > :none OR blocks < :most",
                        "ExpressionAttributeValues": {
                            ":one": {"N": "1"},
                            ":none": {"N": "0"},
                            ":most": {"N": str(most_blocks)},
                            ":until": {"N": str(decision.window * 60 + _WINDOW_SECONDS)},
                        },
                    }
                }
            )
        self._client.transact_write_items(TransactItems=items)

    def routes(self, now: int) -> dict[str, Flag]:
        """The flags that stand at `now` (epoch milliseconds), by session."""
        found: dict[str, Flag] = {}
        start: Mapping[str, AttributeValueTypeDef] | None = None
        while True:
            page = self._query_routes(start)
            for item in page["Items"]:
                flag = msgspec.json.decode(item["flag"]["S"], type=Flag)
                if flag.until > now:
                    found[item["SK"]["S"].removeprefix("ROUTE#")] = flag
            start = page.get("LastEvaluatedKey")
            if start is None:
                return found

    @log_dynamodb_operation("PutItem:Route")
    def set_route(self, session: str, flag: Flag, *, now: int) -> bool:
        """Let `flag` stand; False if an operator's does, or one of a later window. `now` is in epoch milliseconds."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **_key(f"ROUTE#{session}"),
                    "flag": {"S": msgspec.json.encode(flag).decode()},
                    "flag_source": {"S": flag.source},
                    "flag_until": {"N": str(flag.until)},
                    "flag_version": {"N": str(flag.version)},
                    "expires_at": {"N": str(flag.until // 1000 + 60)},
                },
                ConditionExpression=(
                    "attribute_not_exists(PK) OR flag_until <= :now OR flag_source = :ours AND flag_version <= :version"
                ),
                ExpressionAttributeValues={
                    ":now": {"N": str(now)},
                    ":ours": {"S": "responder"},
                    ":version": {"N": str(flag.version)},
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    @log_dynamodb_operation("GetItem:Decision")
    def _get(self, sort: str) -> dict[str, AttributeValueTypeDef]:
        found = self._client.get_item(TableName=self._table, Key=_key(sort), ConsistentRead=True)
        return found.get("Item", {})

    @log_dynamodb_operation("Query:Routes")
    def _query_routes(self, start: Mapping[str, AttributeValueTypeDef] | None) -> QueryOutputTypeDef:
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :pk AND begins_with(SK, :prefix)",
            "ExpressionAttributeValues": {":pk": {"S": PARTITION}, ":prefix": {"S": "ROUTE#"}},
            "ConsistentRead": True,
        }
        if start is not None:
            query["ExclusiveStartKey"] = start
        return self._client.query(**query)


def _key(sort: str) -> dict[str, UniversalAttributeValueTypeDef]:
    return {"PK": {"S": PARTITION}, "SK": {"S": sort}}
