"""The ledger, replayed onto a table that was restored: whoever was erased is erased again, before the table is used.

A restored table may be older than an erasure, its tombstone and its entries. So the whole of it is read once: META says
by its customer, an entry by its key, whose a session is. An erasure that has no end in the audit was not over when the
newer table was lost: its entries and its request stay, so that it finds what is left outside of the table when it goes
on. For operators: no function's role may scan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ..sessions import META, SESSION, SUBJECT, session_id_of, tombstone_key
from ._request import ERASURE, FAMILIES, REQUEST
from ._steps import LEDGER

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from types_boto3_s3 import S3Client

    from ..sessions._items import NewItem
    from ._session import Eraser

    Item = Mapping[str, AttributeValueTypeDef]


class Replayed(NamedTuple):
    """How many people the ledger has, and what of theirs was erased from the table.

    `unfinished` are those whose erasure has no end: it goes on, or is asked for again where its request is gone.
    """

    subjects: int
    sessions: int
    items: int
    unfinished: frozenset[str] = frozenset()


class Ledger:
    """Who was erased, as `bucket` has it."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._unfinished: dict[str, frozenset[str]] = {}

    def subjects(self) -> frozenset[str]:
        """The hashes of everybody whose erasure was begun. Raises what botocore does."""
        return frozenset(key.removeprefix(LEDGER).removesuffix(".json") for key in self._keys(LEDGER))

    def unfinished(self, subject: str) -> frozenset[str]:
        """Ids of the subject's erasures that the audit has no end of. Raises what botocore does."""
        if subject not in self._unfinished:
            steps = [key.split("/") for key in self._keys(f"{ERASURE}/{subject}-")]
            ended = {request_id for _, request_id, step in steps if step.endswith("-finish.json")}
            self._unfinished[subject] = frozenset(request_id for _, request_id, _ in steps) - ended
        return self._unfinished[subject]

    def _keys(self, prefix: str) -> Iterator[str]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            for one in page.get("Contents", []):
                yield one["Key"]


class Replay:
    """Replays `ledger` onto `table`. `subject_of` makes a customer's hash; `keep_until` is in epoch seconds."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        ledger: Ledger,
        *,
        eraser: Eraser,
        subject_of: Callable[[str], str],
        keep_until: int,
    ) -> None:
        self._client = client
        self._table = table
        self._ledger = ledger
        self._subjects = ledger.subjects()
        self._eraser = eraser
        self._subject_of = subject_of
        self._keep_until = keep_until

    def run(self) -> Replayed:
        """Erase everything of the subjects from the table, and put their tombstones. Raises what botocore does."""
        sessions = items = 0
        for item in self._keys():
            key, sort = item["PK"]["S"], item["SK"]["S"]
            session_id, subject = session_id_of(key), key.partition("#")[2]
            if session_id is not None and sort == META and "customer_id" in item:
                customer_id = item["customer_id"]["S"]
                subject = self._subject_of(customer_id)
                if subject in self._subjects:
                    erased = self._eraser.erase(session_id, subject, customer_id, entered=False)
                    sessions, items = sessions + 1, items + erased.items
            elif subject not in self._subjects:
                continue
            elif key.startswith(SUBJECT):
                items += self._eraser.erase(sort.removeprefix(SESSION), subject, None, entered=False).items
                if not self._ledger.unfinished(subject):
                    self._delete(item)
            # What is over may still say whose it was.
            elif sort == REQUEST and item["request_id"]["S"] not in self._ledger.unfinished(subject):
                self._delete(item)
        for subject in sorted(self._subjects):
            self._bury(subject)
        unfinished = frozenset(subject for subject in self._subjects if self._ledger.unfinished(subject))
        return Replayed(len(self._subjects), sessions, items, unfinished)

    def theirs(self) -> Callable[[Item], bool]:
        """What tells, of an item of the table as it stands now, whether it is of a subject. Reads the whole table."""
        own: set[str] = {f"{family}{subject}" for family in (SUBJECT, *FAMILIES) for subject in self._subjects}
        for item in self._keys():
            if "customer_id" in item and item["SK"]["S"] == META:
                if self._subject_of(item["customer_id"]["S"]) in self._subjects:
                    own.add(item["PK"]["S"])
            elif item["PK"]["S"].startswith(SUBJECT) and item["PK"]["S"] in own:
                own.add(item["SK"]["S"])  # SESSION#<id>
        return lambda item: item["PK"]["S"] in own

    def _keys(self) -> Iterator[Item]:
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table, ProjectionExpression="PK, SK, customer_id, request_id", ConsistentRead=True
        )
        for page in pages:
            yield from page["Items"]

    def _bury(self, subject: str) -> None:
        item: NewItem = {**tombstone_key(subject), "expires_at": {"N": str(self._keep_until)}}
        try:
            self._client.put_item(TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(PK)")
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _delete(self, item: Item) -> None:
        self._client.delete_item(TableName=self._table, Key={"PK": item["PK"], "SK": item["SK"]})
