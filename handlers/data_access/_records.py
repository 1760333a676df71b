"""Records of an export: what an item says, in the words of schema.json.

What the schema has no field for does not come out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias

from ..sessions import META, turn_of, uncompressed

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item: TypeAlias = Mapping[str, AttributeValueTypeDef]

Record: TypeAlias = dict[str, object]

# The types of a session's items, by the first part of the sort key, and the field that the rest of it is.
_TYPES = {
    META: ("session", ""),
    "TURN": ("turn", ""),
    "MESSAGE": ("message", "message_id"),
    "SUMMARY": ("summary", "until"),
    "HANDOFF": ("handoff", "handoff_id"),
    "BRIEF": ("brief", "handoff_id"),
}


@cache
def schema() -> bytes:
    """schema.json."""
    return files(__package__).joinpath("schema.json").read_bytes()


@cache
def fields(type: str) -> frozenset[str]:
    """The fields that records of a type may have."""
    return frozenset(json.loads(schema())["$defs"][type]["properties"])


@cache
def types(kind: str) -> frozenset[str]:
    """The types of records that an export of `kind` has."""
    defined: dict[str, Any] = json.loads(schema())["$defs"]
    return frozenset(name for name, one in defined.items() if kind == "access" or one.get("x-provided"))


def record_of(session_id: str, item: Item) -> Record | None:
    """The record of an item of a session; None if there is no type for it. Raises `ValueError` if it cannot be read."""
    first, _, rest = item["SK"]["S"].partition("#")
    if first not in _TYPES:
        return None
    type, named = _TYPES[first]
    record: Record = {"type": type, "session_id": session_id}
    if type == "turn":
        turn = turn_of(item)
        record |= {"message_id": turn.message_id, "at": turn.at, "role": turn.role, "text": turn.text}
    elif named:
        record[named] = int(rest) if named == "until" else rest
    if "content_compressed" in item and "text" not in record:
        record["text"] = uncompressed(item["content_compressed"]["B"])
    for name in sorted(fields(type) & item.keys()):
        record.setdefault(name, _plain(item[name]))
    return record


def _plain(value: AttributeValueTypeDef) -> str | int:
    """A text or a whole number, which are all that the schema has. Raises `ValueError` if it is neither."""
    if "S" in value:
        return value["S"]
    if "N" in value and (number := Decimal(value["N"])) == number.to_integral_value():
        return int(number)
    raise ValueError("an item holds neither a text nor a whole number where the schema has one")
