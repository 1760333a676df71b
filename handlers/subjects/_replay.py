"""The ledger, replayed onto a table that was restored: whoever was erased is erased again, before the table is used.

A restored table may be older than an erasure, its tombstone and its entries. So the whole of it is read once: META says
by its customer, an entry by its key, whose a session is. An erasure that has no end in the audit was not over when the
newer table was lost: its entries and its request stay, so that it finds what is left outside of the table when it goes
on. What the law wants kept stays whole, and its request is on hold again; a hold that has ended since is ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..sessions import META, SESSION, SUBJECT, session_key, tombstone_key
from ._request import ERASURE, FAMILIES, OVER, REQUEST, kind_of, request_key, subject_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, UpdateItemInputTypeDef

    from ..sessions._items import NewItem
    from ._ledger import Ledger
    from ._session import Eraser

    Item = Mapping[str, AttributeValueTypeDef]

_DAY_SECONDS: Final = 24 * 3600
# Why a request is on hold that was so in a newer table: the reason itself is in the audit.
_AS_AUDITED: Final = "as_audited"


class Replayed(NamedTuple):
    """How many people the ledger has, and what of theirs was erased from the table.

    `unfinished` are the hashes of those whose erasure has no end: it goes on once somebody resumes it, or is asked for
    again where its request is gone. `held` are those of whom nothing was deleted, since the law wants it kept. `open`
    are the ids of all requests, of every kind, that stand in the table and are not over. `not_theirs` are sessions that
    an entry of somebody erased leads to, and that are another's: they were left alone.
    """

    subjects: int
    sessions: int
    items: int
    unfinished: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    open: tuple[str, ...] = ()
    not_theirs: tuple[str, ...] = ()


class _Found(NamedTuple):
    """What of people a table has.

    Sessions of the ledger's by their ids, each with the subject and the customer; the ledger's entries; requests,
    whoever's they are, by their ids.
    """

    sessions: dict[str, tuple[str, str]]
    entries: list[Item]
    requests: dict[str, Item]


class _Done(NamedTuple):
    """What was erased, by subject, and the sessions that are another's."""

    sessions: Counter[str]
    items: Counter[str]
    not_theirs: list[str]


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
        found = self._found()
        standing = {name: item for name, item in found.requests.items() if item["state"]["S"] not in OVER}
        erasures = {name: item for name, item in standing.items() if kind_of(name) == ERASURE}
        # The audit lacks a hold whose officer got no answer.
        holds = ledger.held | {name for name, item in erasures.items() if "held" in item} - ledger.released
        held = frozenset(map(subject_of, holds))
        # Not over: begun and without an end, or asked for again and not begun.
        unfinished = frozenset(map(subject_of, (ledger.unfinished | erasures.keys()) - ledger.ended))
        unfinished = (unfinished & ledger.subjects) - held

        done = self._erase(found, ledger.subjects - held, unfinished)
        gone = self._delete_requests(found.requests, ledger.subjects - held)
        for subject in sorted(ledger.subjects):
            self._bury(subject)
        for name in sorted(erasures.keys() - gone):
            self._decide(name, done)
        return Replayed(
            len(ledger.subjects),
            sum(done.sessions.values()),
            sum(done.items.values()),
            unfinished,
            held,
            tuple(sorted(standing.keys() - gone)),
            tuple(sorted(done.not_theirs)),
        )

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

    def _found(self) -> _Found:
        """What of people the table has. Reads all of it."""
        found = _Found(sessions={}, entries=[], requests={})
        for item in self._keys():
            key, sort = item["PK"]["S"], item["SK"]["S"]
            if sort == REQUEST:
                found.requests[item["request_id"]["S"]] = item
            elif sort == META and "customer_id" in item:
                customer_id = item["customer_id"]["S"]
                if (subject := self._subject_of(customer_id)) in self._ledger.subjects:
                    found.sessions[key.removeprefix(SESSION)] = subject, customer_id
            elif key.startswith(SUBJECT) and key.removeprefix(SUBJECT) in self._ledger.subjects:
                found.entries.append(item)
        return found

    def _erase(self, found: _Found, subjects: frozenset[str], unfinished: frozenset[str]) -> _Done:
        """Erase the sessions of `subjects`, and the entries of those of them whose erasure is over."""
        done = _Done(Counter(), Counter(), [])
        for session_id, (subject, customer_id) in found.sessions.items():
            if subject in subjects:
                items = self._eraser.erase(session_id, subject, customer_id, entered=False).items
                done.sessions[subject] += 1
                done.items[subject] += items
        for entry in found.entries:
            subject = entry["PK"]["S"].removeprefix(SUBJECT)
            session_id = entry["SK"]["S"].removeprefix(SESSION)
            if subject not in subjects:
                continue
            meta = self._client.get_item(TableName=self._table, Key=session_key(session_id), ConsistentRead=True)
            if "customer_id" in meta.get("Item", {}):
                done.not_theirs.append(session_id)
                continue
            # META had expired, and only the entry tells whose the rest is.
            done.items[subject] += self._eraser.erase(session_id, subject, None, entered=False).items
            if subject not in unfinished:
                self._delete(entry)
        return done

    def _delete_requests(self, requests: Mapping[str, Item], subjects: frozenset[str]) -> frozenset[str]:
        """Delete those of `subjects` that give data out, and erasures that are over: they may still say whose."""
        gone = frozenset(
            name
            for name in requests
            if subject_of(name) in subjects and (kind_of(name) != ERASURE or name in self._ledger.ended)
        )
        for name in sorted(gone):
            self._delete(requests[name])
        return gone

    def _decide(self, name: str, done: _Done) -> None:
        """What became of an erasure that stands after the moment that the table is of."""
        if name in self._ledger.held:
            self._update(name, "SET held = if_not_exists(held, :why)", {":why": {"S": _AS_AUDITED}})
        elif name in self._ledger.released:
            self._update(name, "REMOVE held", {})
        if name in self._ledger.unfinished:
            # An attempt of its own, whose steps the audit has not; what was erased here is in its receipt.
            subject = subject_of(name)
            counts = {":items": done.items[subject], ":sessions": done.sessions[subject], ":one": 1}
            values = {key: {"N": str(number)} for key, number in counts.items()}
            self._update(name, "ADD attempt :one, #items :items, sessions :sessions", values)

    def _update(self, name: str, update: str, values: dict[str, Any]) -> None:
        request: UpdateItemInputTypeDef = {
            "TableName": self._table,
            "Key": request_key(ERASURE, subject_of(name)),
            "UpdateExpression": update,
            "ConditionExpression": "request_id = :name",
            "ExpressionAttributeValues": {**values, ":name": {"S": name}},
        }
        if "#items" in update:
            request["ExpressionAttributeNames"] = {"#items": "items"}
        self._client.update_item(**request)

    def _keys(self) -> Iterator[Item]:
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            ProjectionExpression="PK, SK, customer_id, request_id, held, #state",
            ExpressionAttributeNames={"#state": "state"},
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]

    def _bury(self, subject: str) -> None:
        item: NewItem = {**tombstone_key(subject), "expires_at": {"N": str(self._keep_until)}}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                # One that stands may be about to expire; a day less is no matter.
                ConditionExpression="attribute_not_exists(PK) OR expires_at < :soon",
                ExpressionAttributeValues={":soon": {"N": str(self._keep_until - _DAY_SECONDS)}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _delete(self, item: Item) -> None:
        self._client.delete_item(TableName=self._table, Key={"PK": item["PK"], "SK": item["SK"]})
