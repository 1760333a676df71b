"""moto's transactions without its copies of everything that the table holds.

To roll back, moto copies the whole table in depth, once for each operation of a transaction: a hundred operations on
two thousand items copy two hundred thousand, which was most of the time of a test that writes much. Here what is kept
shares the items, and of those that an operation would change in place the table gets copies before.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend, DynamoType, Table

MOTOS = DynamoDBBackend.transact_write_items


def install() -> None:
    """From here on, in this process."""
    models.copy = _Copies
    DynamoDBBackend.transact_write_items = _transact_write_items


class _Copies:
    """What `moto.dynamodb.models` needs of the module `copy`; tables are kept below."""

    @staticmethod
    def deepcopy(thing: Any) -> Any:
        return thing if isinstance(thing, Table) else copy.deepcopy(thing)


def _transact_write_items(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    named = {operation["TableName"] for item in transact_items for operation in item.values()}
    kept = {name: _kept(backend.tables[name]) for name in named & backend.tables.keys()}
    for item in transact_items:
        if (update := item.get("Update")) is not None and update["TableName"] in kept:
            _replace(backend.tables[update["TableName"]], update["Key"])
    try:
        MOTOS(backend, transact_items)
    except BaseException:
        backend.tables.update(kept)
        raise


def _kept(table: Table) -> Table:
    kept = copy.copy(table)
    kept.items = defaultdict(dict)
    kept.items.update((key, dict(found) if table.has_range_key else found) for key, found in table.items.items())
    if table.stream_shard is not None:
        kept.stream_shard = copy.copy(table.stream_shard)
        kept.stream_shard.table = kept
        kept.stream_shard.items = list(table.stream_shard.items)
    return kept


def _replace(table: Table, key: dict[str, Any]) -> None:
    """Put a copy where the item stands: moto changes that one, and what is kept stays as it was."""
    values = [DynamoType(key[name]) for name in table.table_key_attrs if name in key]
    if len(values) < len(table.table_key_attrs):
        return  # moto refuses it
    place = table.items if len(values) == 1 else table.items.get(values[0], {})
    if values[-1] in place:
        place[values[-1]] = copy.deepcopy(place[values[-1]])
