"""Where a person's sessions are found: in their entries, and in the index for sessions that are older than entries.

Entries are read consistently and stand until every copy of a session is gone, so that a crash, an expired META or an
index that lags hides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mangaobs.runtime import log_dynamodb_operation

from ..sessions import SESSION, SUBJECT, session_id_of, subject_key
from ._patience import Unprocessed

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        BatchGetItemOutputTypeDef,
        BatchWriteItemOutputTypeDef,
        QueryInputTypeDef,
        QueryOutputTypeDef,
    )

    from ..sessions import Key
    from ._patience import Patience

_MOST_READ, _MOST_WRITTEN = 100, 25  # items a call
_PAGE = 50  # sessions: what is held at once does not grow with how many there are


class Discovery:
    """The sessions of people in `table`, whose index by customer is `index`."""

    def __init__(self, client: DynamoDBClient, table: str, index: str, patience: Patience) -> None:
        self._client = client
        self._table = table
        self._index = index
        self._patience = patience

    def entered(self, subject: str, *, after: str = "") -> Iterator[str]:
        """Ids of the sessions that have an entry, in the order of ids, those after `after` alone."""
        start: Key | None = subject_key(subject, after) if after else None
        while True:
            page = self._patience(lambda: self._entries(subject, start))  # noqa: B023 - called at once
            for item in page["Items"]:
                yield item["SK"]["S"].removeprefix(SESSION)
            if "LastEvaluatedKey" not in page:
                return
            start = {name: {"S": value["S"]} for name, value in page["LastEvaluatedKey"].items()}

    def unentered(self, subject: str, customer_id: str) -> Iterator[list[str]]:
        """Ids of the sessions that the index has and the entries have not, a page at a time."""
        start: Mapping[str, Any] | None = None
        while True:
            page = self._patience(lambda: self._indexed(customer_id, start))  # noqa: B023 - called at once
            found = [name for item in page["Items"] if (name := session_id_of(item["PK"]["S"])) is not None]
            for first in range(0, len(found), _MOST_READ):
                some = found[first : first + _MOST_READ]
                known = self._known(subject, some)
                if missing := [name for name in some if name not in known]:
                    yield missing
            start = page.get("LastEvaluatedKey")
            if start is None:
                return

    def enter(self, subject: str, session_ids: list[str], *, now: int) -> None:
        """Write the entries of sessions that have none."""
        for first in range(0, len(session_ids), _MOST_WRITTEN):
            items = [subject_key(subject, name) for name in session_ids[first : first + _MOST_WRITTEN]]
            left: list[Any] = [{"PutRequest": {"Item": {**item, "created_at": {"N": str(now)}}}} for item in items]

            def call() -> None:
                left[:] = self._write(left)["UnprocessedItems"].get(self._table, [])  # noqa: B023
                if left:  # noqa: B023 - called at once
                    raise Unprocessed

            self._patience(call)

    def _known(self, subject: str, session_ids: list[str]) -> set[str]:
        """Those of at most a hundred sessions that have an entry."""
        known: set[str] = set()
        left: list[Any] = [subject_key(subject, name) for name in session_ids]

        def call() -> None:
            answer = self._read(left)
            known.update(item["SK"]["S"].removeprefix(SESSION) for item in answer["Responses"].get(self._table, []))
            unread = answer["UnprocessedKeys"].get(self._table)
            left[:] = unread["Keys"] if unread is not None else []
            if left:
                raise Unprocessed

        self._patience(call)
        return known

    # The calls

    @log_dynamodb_operation("Query:Entries")
    def _entries(self, subject: str, start: Key | None) -> QueryOutputTypeDef:
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :pk",
            "ExpressionAttributeValues": {":pk": {"S": f"{SUBJECT}{subject}"}},
            "ProjectionExpression": "SK",
            "ConsistentRead": True,
            "Limit": _PAGE,
        }
        if start is not None:
            query["ExclusiveStartKey"] = start
        return self._client.query(**query)

    @log_dynamodb_operation("Query:SessionsOfCustomer")
    def _indexed(self, customer_id: str, start: Mapping[str, Any] | None) -> QueryOutputTypeDef:
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "IndexName": self._index,
            "KeyConditionExpression": "customer_id = :customer",
            "ExpressionAttributeValues": {":customer": {"S": customer_id}},
            "ProjectionExpression": "PK",
            "Limit": _PAGE,
        }
        if start is not None:
            query["ExclusiveStartKey"] = start
        return self._client.query(**query)

    @log_dynamodb_operation("BatchGetItem:Entries")
    def _read(self, keys: list[Any]) -> BatchGetItemOutputTypeDef:
        request = {"Keys": keys, "ProjectionExpression": "SK", "ConsistentRead": True}
        return self._client.batch_get_item(RequestItems={self._table: request})  # type: ignore[dict-item]

    @log_dynamodb_operation("BatchWriteItem:Entries")
    def _write(self, requests: list[Any]) -> BatchWriteItemOutputTypeDef:
        return self._client.batch_write_item(RequestItems={self._table: requests})
