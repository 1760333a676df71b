"""One session of a person, erased: closed, its copies, its items, META and the entry last and together.

It is closed and its items go in transactions of a hundred, each with the count of what it deletes, so that the count is
right whatever breaks off, and whoever has lost the lease, or is on hold, deletes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from mangaobs.runtime import log_dynamodb_operation

from .._clients import code_of
from ..sessions import ERASING, META, Canceled, Check, Transactions, session_key, subject_key
from ._objects import LockedUntil, Purged

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        QueryInputTypeDef,
        QueryOutputTypeDef,
        TransactWriteItemTypeDef,
    )

    from ..sessions import Key
    from ._objects import Objects
    from ._patience import Patience

# A transaction takes a hundred writes; META, the entry and the count are three of them.
_MOST: Final = 97

# items, sessions, versions -> a write that keeps the count, and is refused to who may not erase
Counted = Callable[[int, int, int], Check]

_META, _ENTRY, _EMPTY = "meta", "entry", "an entry that leads to nothing"


class NotTheirs(Exception):  # noqa: N818 - an answer of the database
    """The session is another person's."""


class ErasedSession(NamedTuple):
    """What was erased of a session by this call, and what is locked."""

    items: int
    versions: int
    locked: LockedUntil


class Eraser:
    """Erases sessions in `table`, and their copies among `copies` under `sessions/<id>/`, if there are any."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        transactions: Transactions,
        copies: Objects | None,
        patience: Patience,
        clock: Callable[[], int],
    ) -> None:
        self._client = client
        self._table = table
        self._transactions = transactions
        self._copies = copies
        self._patience = patience
        self._clock = clock

    def erase(
        self,
        session_id: str,
        subject: str,
        customer_id: str | None,
        counted: Counted | None = None,
        *,
        entered: bool = True,
    ) -> ErasedSession:
        """Erase a session of `customer_id`; None where META is known to be gone.

        `entered`: it has an entry, which goes with it, unless copies of it are locked: then that alone stays. `counted`
        makes the write that counts what goes.

        Raises `NotTheirs`, `Canceled` if what `counted` writes is refused, `NotDeleted`, `OutOfTime`, or what botocore
        does.
        """
        meta = self._close(session_id, customer_id, counted) if customer_id is not None else False
        copies = Purged(0, LockedUntil())
        if self._copies is not None:
            copies = self._copies.purge(f"sessions/{session_id}/", now=self._clock())
        items, versions = 0, copies.versions
        chunk: list[str] = []
        for sort in self._sorts(session_id):
            if len(chunk) == _MOST:
                items += self._delete(session_id, chunk, [], counted, versions)
                chunk, versions = [], 0
            chunk.append(sort)
        done = not copies.locked.versions
        # Last, and together: META, by which the index finds the session, and the entry, by which we do.
        last = [Check(_META, self._standing(session_key(session_id)))] if meta else []
        if entered and done:
            # An index that lags still shows what went: an entry that leads to nothing is no session.
            name = _ENTRY if meta or chunk or items or copies.versions else _EMPTY
            last.append(Check(name, self._standing(subject_key(subject, session_id))))
        if last or chunk or versions:
            items += self._delete(session_id, chunk, last, counted, versions)
        return ErasedSession(items, copies.versions, copies.locked)

    def _close(self, session_id: str, customer_id: str, counted: Counted | None) -> bool:
        """From here on every writer refuses the session. Whether it has a META that is the customer's."""
        checks = [Check(_META, self._closed(session_id, customer_id))]
        if counted is not None:
            checks.append(counted(0, 0, 0))
        try:
            self._patience(lambda: self._mark(checks))
        except Canceled as canceled:
            if canceled.checks.keys() != {_META}:
                raise
            meta = canceled.checks[_META]
            if "customer_id" in meta:
                raise NotTheirs from None
            # An administrator deleted it, or it has expired: no writer takes it up again.
            return bool(meta)
        return True

    def _sorts(self, session_id: str) -> Iterator[str]:
        """Sort keys of everything beside META."""
        start: Key | None = None
        while True:
            page = self._patience(lambda: self._query(session_id, start))  # noqa: B023 - called at once
            for item in page["Items"]:
                if item["SK"]["S"] != META:
                    yield item["SK"]["S"]
            if "LastEvaluatedKey" not in page:
                return
            start = {name: {"S": value["S"]} for name, value in page["LastEvaluatedKey"].items()}

    def _delete(
        self, session_id: str, sorts: list[str], last: list[Check], counted: Counted | None, versions: int
    ) -> int:
        """Delete those of `sorts` that stand, and `last`; how many items of the session that were."""
        left = [Check(sort, self._standing(session_key(session_id, sort))) for sort in sorts] + last
        while left or (versions and counted is not None):
            sessions = sum(check.name == _ENTRY for check in left)
            items = sum(check.name not in (_ENTRY, _EMPTY) for check in left)
            checks = [*left, counted(items, sessions, versions)] if counted is not None else left
            try:
                self._patience(lambda: self._write(checks))  # noqa: B023 - called at once
            except Canceled as canceled:
                gone = canceled.checks.keys() & {check.name for check in left}
                if not gone:
                    raise
                # Their time had come while we were at it; or all are, since the answer was lost, and versions are told.
                left = [check for check in left if check.name not in gone]
                if not left:
                    return 0
            except self._client.exceptions.ClientError as error:
                if len(sorts) < 2 or code_of(error) != "ValidationException":
                    raise
                # Of large items fewer go at once: the aggregate size of a transaction is 4 MB.
                half = len(sorts) // 2
                first = self._delete(session_id, sorts[:half], [], counted, versions)
                return first + self._delete(session_id, sorts[half:], last, counted, 0)
            else:
                return items
        return 0

    @log_dynamodb_operation("TransactWriteItems:EraseItems")
    def _write(self, checks: list[Check]) -> None:
        self._transactions.write(checks)

    def _standing(self, key: Key) -> TransactWriteItemTypeDef:
        return {"Delete": {"TableName": self._table, "Key": key, "ConditionExpression": "attribute_exists(PK)"}}

    @log_dynamodb_operation("TransactWriteItems:MarkErasing")
    def _mark(self, checks: list[Check]) -> None:
        self._transactions.write(checks)

    def _closed(self, session_id: str, customer_id: str) -> TransactWriteItemTypeDef:
        # Without its time to live: META does not expire while it is what the session is found by.
        return {
            "Update": {
                "TableName": self._table,
                "Key": session_key(session_id),
                "UpdateExpression": "SET #state = :erasing REMOVE expires_at",
                "ConditionExpression": "customer_id = :customer",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {":erasing": {"S": ERASING}, ":customer": {"S": customer_id}},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    @log_dynamodb_operation("Query:ItemsToErase")
    def _query(self, session_id: str, start: Key | None) -> QueryOutputTypeDef:
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :pk",
            "ExpressionAttributeValues": {":pk": session_key(session_id)["PK"]},
            "ProjectionExpression": "SK",
            "ConsistentRead": True,
        }
        if start is not None:
            query["ExclusiveStartKey"] = start
        return self._client.query(**query)
