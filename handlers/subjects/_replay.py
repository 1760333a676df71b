"""The ledger, replayed onto a table that was restored: whoever was erased is erased again, before the table is used.

A restored table may be older than an erasure, its tombstone and its entries. So the whole of it is read once: META says
by its customer, an entry by its key, whose a session is. For operators: no function's role may scan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from ..sessions import META, SESSION, SUBJECT, session_id_of, subject_key, tombstone_key
from ._steps import LEDGER

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from types_boto3_s3 import S3Client

    from ..sessions._items import NewItem
    from ._session import Eraser

    Item = Mapping[str, AttributeValueTypeDef]

_REQUESTS: Final = ("ERASURE#", "ACCESS#")


class Replayed(NamedTuple):
    """How many people the ledger has, and what of theirs was erased from the table."""

    subjects: int
    sessions: int
    items: int


def erased_subjects(client: S3Client, bucket: str) -> frozenset[str]:
    """Who was erased: the hashes that the ledger in `bucket` has."""
    found: list[str] = []
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=LEDGER):
        found += [one["Key"].removeprefix(LEDGER).removesuffix(".json") for one in page.get("Contents", [])]
    return frozenset(found)


class Replay:
    """Replays the ledger's `subjects` onto `table`. `subject_of` makes a customer's hash; times are epoch seconds."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        subjects: frozenset[str],
        *,
        eraser: Eraser,
        subject_of: Callable[[str], str],
        keep_until: int,
    ) -> None:
        self._client = client
        self._table = table
        self._subjects = subjects
        self._eraser = eraser
        self._subject_of = subject_of
        self._keep_until = keep_until

    def run(self) -> Replayed:
        """Erase everything of the subjects from the table, and put their tombstones. Raises what botocore does."""
        sessions = items = 0
        for item in self._keys():
            key, sort = item["PK"]["S"], item["SK"]["S"]
            session_id = session_id_of(key)
            if session_id is not None and sort == META and "customer_id" in item:
                customer_id = item["customer_id"]["S"]
                subject = self._subject_of(customer_id)
                if subject in self._subjects:
                    erased = self._eraser.erase(session_id, subject, customer_id, entered=False)
                    sessions, items = sessions + 1, items + erased.items
            elif key.startswith(SUBJECT) and key.removeprefix(SUBJECT) in self._subjects:
                subject, entered = key.removeprefix(SUBJECT), sort.removeprefix(SESSION)
                items += self._eraser.erase(entered, subject, None, entered=False).items
                self._delete(subject_key(subject, entered))
            elif key.startswith(_REQUESTS) and key.partition("#")[2] in self._subjects and sort == "REQUEST":
                # It may still say whose it is.
                self._delete({"PK": {"S": key}, "SK": {"S": sort}})
        for subject in sorted(self._subjects):
            self._bury(subject)
        return Replayed(len(self._subjects), sessions, items)

    def theirs(self) -> Callable[[Item], bool]:
        """What tells, of an item of the table as it stands now, whether it is of a subject. Reads the whole table."""
        own: set[str] = {f"{family}{subject}" for family in (SUBJECT, *_REQUESTS) for subject in self._subjects}
        for item in self._keys():
            if "customer_id" in item and item["SK"]["S"] == META:
                if self._subject_of(item["customer_id"]["S"]) in self._subjects:
                    own.add(item["PK"]["S"])
            elif item["PK"]["S"].startswith(SUBJECT) and item["PK"]["S"] in own:
                own.add(item["SK"]["S"])  # SESSION#<id>
        return lambda item: item["PK"]["S"] in own

    def _keys(self) -> Iterator[Item]:
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table, ProjectionExpression="PK, SK, customer_id", ConsistentRead=True
        )
        for page in pages:
            yield from page["Items"]

    def _bury(self, subject: str) -> None:
        item: NewItem = {**tombstone_key(subject), "expires_at": {"N": str(self._keep_until)}}
        try:
            self._client.put_item(TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(PK)")
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _delete(self, key: dict[str, dict[str, str]]) -> None:
        self._client.delete_item(TableName=self._table, Key=key)
