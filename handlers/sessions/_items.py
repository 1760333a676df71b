"""Items of a session, to and from DynamoDB's attribute values.

Texts are compressed with zlib, so that a turn costs fewer capacity units.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from ._keys import SUMMARY, brief_key, session_key, summary_key, turn_key

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, UniversalAttributeValueTypeDef

    Item: TypeAlias = Mapping[str, AttributeValueTypeDef]
    NewItem: TypeAlias = dict[str, UniversalAttributeValueTypeDef]

# States of a session. Only in the first may anything be written to it.
ACTIVE: Final = "ACTIVE"
HANDOFF: Final = "HANDOFF"
ENDED: Final = "ENDED"
ERASING: Final = "ERASING"
ERASED: Final = "ERASED"  # nothing stands of the session but this

Role: TypeAlias = Literal["user", "assistant"]
USER: Final = "user"
ASSISTANT: Final = "assistant"

_LARGEST_TEXT = 1_000_000  # more than an item holds; a small item cannot unfold into more


class Meta(msgspec.Struct, frozen=True):
    """What is known of a session. Times are epoch milliseconds."""

    customer_id: str
    state: str
    created_at: int
    last_active_at: int
    turn_count: int


class Turn(msgspec.Struct, frozen=True, omit_defaults=True):
    """One turn of a conversation. `at` is the time of its message, in epoch milliseconds, the same for both roles."""

    at: int
    message_id: str
    role: Role
    text: str
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None

    @property
    def key(self) -> str:
        """Its sort key."""
        return turn_key(self.at, self.message_id, self.role)


class Summary(msgspec.Struct, frozen=True):
    """What the turns up to and with `until` (epoch milliseconds) said."""

    until: int
    text: str


def turn_item(session_id: str, turn: Turn, *, expires_at: int) -> NewItem:
    """The item of a turn; `expires_at` is in epoch seconds, as DynamoDB's TTL wants it."""
    item: NewItem = {
        **session_key(session_id, turn.key),
        "role": {"S": turn.role},
        "content_compressed": {"B": compressed(turn.text)},
        "created_at": {"N": str(turn.at)},
        "expires_at": {"N": str(expires_at)},
    }
    if turn.model is not None:
        item["model"] = {"S": turn.model}
    if turn.input_tokens is not None:
        item["input_tokens"] = {"N": str(turn.input_tokens)}
    if turn.output_tokens is not None:
        item["output_tokens"] = {"N": str(turn.output_tokens)}
    return item


def turn_of(item: Item) -> Turn:
    """The turn that an item holds. Raises `KeyError` or `ValueError` if it holds none."""
    _, at, rest = item["SK"]["S"].split("#", 2)
    message_id, _, role = rest.rpartition("#")
    return Turn(
        at=int(at),
        message_id=message_id,
        role=USER if role == "1-user" else ASSISTANT,
        text=uncompressed(item["content_compressed"]["B"]),
        model=item["model"]["S"] if "model" in item else None,
        input_tokens=int(item["input_tokens"]["N"]) if "input_tokens" in item else None,
        output_tokens=int(item["output_tokens"]["N"]) if "output_tokens" in item else None,
    )


def meta_of(item: Item) -> Meta:
    """What a META item says."""
    return Meta(
        customer_id=item["customer_id"]["S"],
        state=item["state"]["S"],
        created_at=int(item["created_at"]["N"]),
        last_active_at=int(item["last_active_at"]["N"]),
        turn_count=int(item["turn_count"]["N"]),
    )


def meta_item(session_id: str, meta: Meta, *, expires_at: int) -> NewItem:
    """The META item of a session."""
    return {
        **session_key(session_id),
        "customer_id": {"S": meta.customer_id},
        "state": {"S": meta.state},
        "created_at": {"N": str(meta.created_at)},
        "last_active_at": {"N": str(meta.last_active_at)},
        "turn_count": {"N": str(meta.turn_count)},
        "expires_at": {"N": str(expires_at)},
    }


def summary_of(item: Item) -> Summary:
    """The summary that an item holds."""
    until = int(item["SK"]["S"].removeprefix(SUMMARY))
    return Summary(until=until, text=uncompressed(item["content_compressed"]["B"]))


def summary_item(session_id: str, summary: Summary, *, created_at: int, expires_at: int) -> NewItem:
    """The item of a summary."""
    return {
        **session_key(session_id, summary_key(summary.until)),
        "content_compressed": {"B": compressed(summary.text)},
        "created_at": {"N": str(created_at)},
        "expires_at": {"N": str(expires_at)},
    }


def brief_item(session_id: str, handoff_id: str, text: str, *, created_at: int, expires_at: int) -> NewItem:
    """The item of what a human agent reads for a hand-off."""
    return {
        **session_key(session_id, brief_key(handoff_id)),
        "content_compressed": {"B": compressed(text)},
        "created_at": {"N": str(created_at)},
        "expires_at": {"N": str(expires_at)},
    }


def compressed(text: str) -> bytes:
    """`text` as it is stored."""
    return zlib.compress(text.encode())


def uncompressed(data: bytes) -> str:
    """The text that was stored. Raises `ValueError` if it is none."""
    try:
        reader = zlib.decompressobj()
        text = reader.decompress(data, _LARGEST_TEXT)
    except zlib.error:
        raise ValueError("an item holds no compressed text") from None
    if not reader.eof:
        raise ValueError("an item holds a text that is cut off or too long")
    return text.decode()
