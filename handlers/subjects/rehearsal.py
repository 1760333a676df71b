"""What `mangaobs drill` rehearses an erasure and a restore with: a person that nobody is, and the ledger's replay.

For operators, with their own credentials. `secret` is the value of the secret that keys the hashes of ids.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from .._assembly import sessions, subject_hashing
from ..sessions import SessionRefused, Transactions, Turn, session_key, subject_key, tombstone_key
from ._patience import Patience
from ._request import ERASURE, FAILED, VERIFIED, Request, new_request_id, request_key, subject_of
from ._requests import Requests
from .replay import replay

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from ..sessions import Key

    Item = Mapping[str, AttributeValueTypeDef]

_TURNS: Final = 3

__all__ = [
    "Person",
    "clean",
    "has_failed",
    "is_refused",
    "items_of",
    "open_erasure",
    "person_of",
    "replay",
    "write_person",
]


class Person(NamedTuple):
    """An invented person: the id of a customer, and of their sessions."""

    customer_id: str
    session_ids: tuple[str, ...]


def person_of(drill: str) -> Person:
    """The person of a drill: the same for the same id, so that what one left can be cleaned by another."""
    return Person(f"drill-{drill}", tuple(f"drill-{drill}-{number}" for number in range(2)))


def write_person(dynamodb: DynamoDBClient, table: str, *, secret: str, person: Person, now_ms: int) -> None:
    """Write the person's sessions, by the writers that functions use."""
    writer = sessions(dynamodb, table, key=secret, days=1)
    for session_id in person.session_ids:
        for number in range(_TURNS):
            at, name = now_ms + 1000 * number, f"drill-{number:04d}"
            turn = Turn(at, name, "user", f"turn {number} of a drill")
            writer.begin(session_id, person.customer_id, turn, new=number == 0)
            writer.finish(session_id, person.customer_id, Turn(at, name, "assistant", f"answer {number} of a drill"))


def open_erasure(dynamodb: DynamoDBClient, table: str, *, secret: str, customer_id: str, now_ms: int) -> str:
    """The id of a new request for this person's erasure, as if a second person had verified it."""
    request_id = new_request_id(ERASURE, subject_hashing(secret)(customer_id), uuid.uuid4().hex)
    request = Request(
        request_id, ERASURE, VERIFIED, now_ms, requested_by="drill", customer_id=customer_id, verified_by="drill"
    )
    return _requests(dynamodb, table).open(request).request_id


def has_failed(dynamodb: DynamoDBClient, table: str, *, request_id: str) -> bool:
    """Whether every attempt at a request failed: the state machine waits for a person then."""
    request = _requests(dynamodb, table).load(ERASURE, subject_of(request_id))
    return request is not None and request.state == FAILED


def items_of(dynamodb: DynamoDBClient, table: str, *, secret: str, person: Person) -> Iterator[Item]:
    """Every item of the person in a table, but for the tombstone and the request."""
    entries = list(_query(dynamodb, table, subject_key(subject_hashing(secret)(person.customer_id), "")))
    yield from entries
    known = (session_key(session_id)["PK"]["S"] for session_id in person.session_ids)
    for key in sorted({*known, *(entry["SK"]["S"] for entry in entries)}):
        yield from _query(dynamodb, table, {"PK": {"S": key}})


def is_refused(dynamodb: DynamoDBClient, table: str, *, secret: str, person: Person, now_ms: int) -> bool:
    """Whether the writers refuse this person: a session that was, and a new one."""
    writer = sessions(dynamodb, table, key=secret, days=1)
    turn = Turn(now_ms, "drill-late", "user", "a turn that comes too late")
    refused = []
    for session_id in (person.session_ids[0], f"drill-{uuid.uuid4().hex}"):
        try:
            writer.begin(session_id, person.customer_id, turn, new=True)
        except SessionRefused:
            refused.append(session_id)
    return len(refused) == 2


def clean(dynamodb: DynamoDBClient, table: str, *, secret: str, person: Person) -> int:
    """Delete whatever is left of the person, with the request and the tombstone; how many items that were."""
    subject = subject_hashing(secret)(person.customer_id)
    keys = [
        {"PK": {"S": item["PK"]["S"]}, "SK": {"S": item["SK"]["S"]}}
        for item in items_of(dynamodb, table, secret=secret, person=person)
    ]
    deleted = 0
    for key in (*keys, tombstone_key(subject), request_key(ERASURE, subject)):
        gone = dynamodb.delete_item(TableName=table, Key=key, ReturnValues="ALL_OLD")
        deleted += bool(gone.get("Attributes"))
    return deleted


def _query(dynamodb: DynamoDBClient, table: str, key: Key) -> Iterator[Item]:
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="PK = :pk",
        ExpressionAttributeValues={":pk": key["PK"]},
        ConsistentRead=True,
    )
    for page in pages:
        yield from page["Items"]


def _requests(dynamodb: DynamoDBClient, table: str) -> Requests:
    transactions = Transactions(dynamodb, sleep=time.sleep, random=random.random)
    return Requests(dynamodb, table, transactions=transactions, patience=_patience())


def _patience() -> Patience:
    return Patience(sleep=time.sleep, random=random.random, remaining=lambda: 3600.0, margin=0.0)
