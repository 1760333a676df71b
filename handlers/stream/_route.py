"""What is told of a record of the table's stream, to whom: a function of the record, without any call.

Ids leave as keyed hashes, texts as their sizes. The one exception is a hand-off: agents must find the session, whose id
is random.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ..sessions import ENDED, session_id_of

Attributes = dict[str, dict[str, Any]]


class Change(msgspec.Struct, frozen=True, rename="pascal"):
    """What was changed."""

    keys: Attributes
    sequence_number: str
    new_image: Attributes = {}


class Record(msgspec.Struct, frozen=True):
    """A record, as Lambda passes it. Source: Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB"."""

    event_id: Annotated[str, Meta(min_length=1)] = msgspec.field(name="eventID")
    event_name: Literal["INSERT", "MODIFY", "REMOVE"] = msgspec.field(name="eventName")
    dynamodb: Change


class BusEvent(msgspec.Struct, frozen=True):
    """An event for the bus."""

    kind: str
    detail: dict[str, object]


class Outputs(msgspec.Struct, frozen=True):
    """What is told of one record. `partition` is for Kinesis; `answered` a session that may need a summary."""

    partition: str = ""
    analytics: dict[str, object] | None = None
    event: BusEvent | None = None
    handoff: dict[str, object] | None = None
    answered: str | None = None


NOTHING = Outputs()


def sequence_number_of(record: object) -> str:
    """Where the record is in its shard. Raises `KeyError` or `TypeError` if it says nothing of that."""
    return str(record["dynamodb"]["SequenceNumber"])  # type: ignore[index]


def routed(record: object, hashed: Callable[[str], str]) -> Outputs:
    """What is told of `record`. Raises `ValueError` if it cannot be read; what is no affair of ours gives nothing."""
    try:
        return _routed(msgspec.convert(record, Record), hashed)
    except (msgspec.ValidationError, KeyError, IndexError, TypeError) as error:
        # The message may hold what is in the record.
        raise ValueError(f"a record that cannot be read: {type(error).__name__}") from None


def _routed(record: Record, hashed: Callable[[str], str]) -> Outputs:
    keys, image = record.dynamodb.keys, record.dynamodb.new_image
    session_id, sort = session_id_of(keys["PK"]["S"]), keys["SK"]["S"]
    if session_id is None or record.event_name == "REMOVE":
        return NOTHING
    session = hashed(session_id)
    inserted = record.event_name == "INSERT"
    told: dict[str, object] = {"event_id": record.event_id, "session": session}
    if sort.startswith("TURN#") and inserted:
        role = image["role"]["S"]
        return Outputs(
            partition=session,
            analytics={
                **told,
                "type": "turn_written",
                "at": int(image["created_at"]["N"]),
                "role": role,
                "compressed_bytes": len(image["content_compressed"]["B"]) * 3 // 4,
                **{name: int(image[name]["N"]) for name in ("input_tokens", "output_tokens") if name in image},
                **({"model": image["model"]["S"]} if "model" in image else {}),
            },
            answered=session_id if role == "assistant" else None,
        )
    if sort.startswith("HANDOFF#") and inserted:
        handoff_id, at = sort.partition("#")[2], int(image["created_at"]["N"])
        reason = image["reason"]["S"]
        return Outputs(
            event=BusEvent("Hand-off Requested", {**told, "handoff_id": handoff_id, "at": at, "reason": reason}),
            handoff={"handoff_id": handoff_id, "session_id": session_id, "requested_at": at, "reason": reason},
        )
    if sort == "META" and inserted:
        customer = hashed(image["customer_id"]["S"])
        return Outputs(
            event=BusEvent("Session Started", {**told, "customer": customer, "at": int(image["created_at"]["N"])})
        )
    if sort == "META" and image["state"]["S"] == ENDED:
        turns = int(image["turn_count"]["N"])
        return Outputs(event=BusEvent("Session Ended", {**told, "turns": turns}))
    return NOTHING
