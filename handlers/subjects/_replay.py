"""The ledger, replayed onto a table that was restored: whoever was erased is erased again, before the table is used.

A restored table may be older than an erasure, its tombstone and its entries. So the whole of it is read once: META says
by its customer, an entry by its key, whose a session is. An erasure that has no end in the audit was not over when the
newer table was lost: its entries and its request stay, so that it finds what is left outside of the table when it goes
on. What the law wants kept stays whole, and its request is on hold again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from ..sessions import META, SESSION, SUBJECT, session_id_of, tombstone_key
from ._request import ERASURE, FAMILIES, REJECTED, REQUEST, kind_of, request_key, subject_of
from ._steps import DECISIONS, HOLD_BEGUN, LEDGER

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from types_boto3_s3 import S3Client

    from ..sessions._items import NewItem
    from ._session import Eraser

    Item = Mapping[str, AttributeValueTypeDef]

# Why a request is on hold that was so in a newer table: the reason itself is in the audit.
_AS_AUDITED: Final = "as_audited"


class Replayed(NamedTuple):
    """How many people the ledger has, and what of theirs was erased from the table.

    `unfinished` are the hashes of those whose erasure has no end: it goes on once somebody resumes it, or is asked for
    again where its request is gone. `held` are those of whom nothing was deleted, since the law wants it kept.
    """

    subjects: int
    sessions: int
    items: int
    unfinished: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()


class Ledger:
    """Who was erased, as `bucket` has it now. Entries that are older than `days` at `now` do not count.

    `subjects` are the hashes of everybody whose erasure was begun. By ids of requests: `ended` are the erasures that
    the audit has an end of, `unfinished` those without one, `held` those that the law wants nothing deleted of.
    Raises what botocore does.
    """

    def __init__(self, client: S3Client, bucket: str, *, now: datetime, days: int) -> None:
        self._client = client
        self._bucket = bucket
        subjects: set[str] = set()
        worked: dict[str, datetime] = {}  # when each request was worked on last
        ends: dict[str, datetime] = {}
        for key, at in self._keys(f"{ERASURE}/"):
            if not key.startswith(LEDGER):
                _, request_id, step = key.split("/")
                worked[request_id] = max(at, worked.get(request_id, at))
                if step.endswith("-finish.json"):
                    ends[request_id] = at
            elif at > now - timedelta(days=days):
                subjects.add(key.removeprefix(LEDGER).partition("/")[0])
        over: dict[str, datetime] = {}  # when each person was erased last
        for request_id, at in ends.items():
            subject = subject_of(request_id)
            over[subject] = max(at, over.get(subject, at))
        self.subjects = frozenset(subjects)
        self.ended = frozenset(ends)
        # One that was lost, and asked for again, is over with the other.
        self.unfinished = frozenset(
            request_id
            for request_id, at in worked.items()
            if request_id not in ends and (subject_of(request_id) not in over or at > over[subject_of(request_id)])
        )
        self.held = self._held() - self.ended

    def _held(self) -> frozenset[str]:
        # Keys sort by the request and the time: the last decision about each counts.
        last: dict[str, str] = {}
        for key, _ in self._keys(DECISIONS):
            _, request_id, decision = key.split("/")
            if kind_of(request_id) == ERASURE:
                last[request_id] = decision
        return frozenset(name for name, decision in last.items() if decision.endswith(f"-{HOLD_BEGUN}.json"))

    def _keys(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            for one in page.get("Contents", []):
                yield one["Key"], one["LastModified"]


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
        self._eraser = eraser
        self._subject_of = subject_of
        self._keep_until = keep_until

    def run(self) -> Replayed:
        """Erase everything of the subjects from the table, and put their tombstones. Raises what botocore does."""
        ledger = self._ledger
        standing = {subject: request_id for subject in ledger.subjects if (request_id := self._standing(subject))}
        held = ledger.subjects & {subject_of(request_id) for request_id in ledger.held}
        # Not over: begun and without an end, or asked for again and not begun.
        unfinished = ledger.subjects & {
            subject_of(request_id)
            for request_id in (*ledger.unfinished, *standing.values())
            if request_id not in ledger.ended
        }
        sessions = items = 0
        for item in self._keys():
            key, subject = item["PK"]["S"], item["PK"]["S"].partition("#")[2]
            if session_id_of(key) is not None:
                erased = self._erase_session(item, ledger.subjects - held)
                sessions, items = sessions + (erased is not None), items + (erased or 0)
            elif subject in ledger.subjects - held:
                if key.startswith(SUBJECT):
                    items += self._erase_entry(item, subject, stays=subject in unfinished)
                elif item["SK"]["S"] == REQUEST:
                    self._delete_request(item)
        for subject in sorted(ledger.subjects):
            self._bury(subject)
        for subject in sorted(held & standing.keys()):
            self._hold(subject)
        return Replayed(len(ledger.subjects), sessions, items, unfinished - held, held)

    def theirs(self) -> Callable[[Item], bool]:
        """What tells, of an item of the table as it stands now, whether it is of a subject. Reads the whole table."""
        subjects = self._ledger.subjects
        own: set[str] = {f"{family}{subject}" for family in (SUBJECT, *FAMILIES) for subject in subjects}
        for item in self._keys():
            if "customer_id" in item and item["SK"]["S"] == META:
                if self._subject_of(item["customer_id"]["S"]) in subjects:
                    own.add(item["PK"]["S"])
            elif item["PK"]["S"].startswith(SUBJECT) and item["PK"]["S"] in own:
                own.add(item["SK"]["S"])  # SESSION#<id>
        return lambda item: item["PK"]["S"] in own

    def _erase_session(self, item: Item, subjects: frozenset[str]) -> int | None:
        """How many items went of a session of one of `subjects`; None of another's, or of what is no META."""
        if item["SK"]["S"] != META or "customer_id" not in item:
            return None
        session_id, customer_id = item["PK"]["S"].removeprefix(SESSION), item["customer_id"]["S"]
        subject = self._subject_of(customer_id)
        if subject not in subjects:
            return None
        return self._eraser.erase(session_id, subject, customer_id, entered=False).items

    def _erase_entry(self, item: Item, subject: str, *, stays: bool) -> int:
        """Erase the session that an entry leads to, whose META may have expired; how many items that were."""
        session_id = item["SK"]["S"].removeprefix(SESSION)
        items = self._eraser.erase(session_id, subject, None, entered=False).items
        if not stays:
            self._delete(item)
        return items

    def _delete_request(self, item: Item) -> None:
        """An erasure's that is over, which may still say whose it was; what gives data out goes in any case."""
        request_id = item["request_id"]["S"]
        if kind_of(request_id) != ERASURE or request_id in self._ledger.ended:
            self._delete(item)

    def _keys(self) -> Iterator[Item]:
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table, ProjectionExpression="PK, SK, customer_id, request_id", ConsistentRead=True
        )
        for page in pages:
            yield from page["Items"]

    def _standing(self, subject: str) -> str:
        """The id of the erasure's request that the table has; empty if it has none, or one that was declined."""
        item = self._client.get_item(TableName=self._table, Key=request_key(ERASURE, subject), ConsistentRead=True).get(
            "Item"
        )
        return "" if item is None or item["state"]["S"] == REJECTED else item["request_id"]["S"]

    def _hold(self, subject: str) -> None:
        """Put the erasure on hold, as it was in the newer table."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=request_key(ERASURE, subject),
                UpdateExpression="SET held = if_not_exists(held, :why)",
                ConditionExpression="attribute_exists(PK)",
                ExpressionAttributeValues={":why": {"S": _AS_AUDITED}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _bury(self, subject: str) -> None:
        item: NewItem = {**tombstone_key(subject), "expires_at": {"N": str(self._keep_until)}}
        try:
            self._client.put_item(TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(PK)")
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _delete(self, item: Item) -> None:
        self._client.delete_item(TableName=self._table, Key={"PK": item["PK"], "SK": item["SK"]})
