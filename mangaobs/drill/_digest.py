"""Digests of items: of one, and of a whole table in whatever order it is read."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = Mapping[str, AttributeValueTypeDef]

_MODULUS: Final = 1 << 256
_SETS: Final = frozenset(("SS", "NS", "BS"))


class Scanned(NamedTuple):
    """What a scan saw: items in all, `others` of them digested, the sum of their digests, read capacity units."""

    items: int
    others: int
    digest: int
    units: float

    def same(self, other: Scanned) -> bool:
        """Whether both digested the same items."""
        return (self.others, self.digest) == (other.others, other.digest)


def digest(item: Item) -> str:
    """A SHA-256 of an item. Equal items have the same: the members of a set come in no order, nor do attributes."""
    return hashlib.sha256(json.dumps(_plain(item), sort_keys=True).encode()).hexdigest()


def scanned(client: DynamoDBClient, table: str, without: Callable[[Item], bool]) -> Scanned:
    """The items of `table` but for those `without`, in memory that does not grow. Raises what botocore does."""
    items = others = total = 0
    units = 0.0
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True, ReturnConsumedCapacity="TOTAL")
    for page in pages:
        units += page.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
        for item in page["Items"]:
            items += 1
            if not without(item):
                others += 1
                # A sum: order is nothing, and unlike an exclusive or two equal changes do not cancel out.
                total = (total + int(digest(item), 16)) % _MODULUS
    return Scanned(items, others, total, units)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever an attribute holds
    if isinstance(value, dict):
        return {
            name: sorted(map(_plain, inner)) if name in _SETS and isinstance(inner, list) else _plain(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple | set):
        return [_plain(inner) for inner in value]
    return bytes(value).hex() if isinstance(value, bytes | bytearray) else value
