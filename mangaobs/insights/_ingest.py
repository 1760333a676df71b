"""A log group of a recording → Parquet with a typed column for each field, once.

The fields and their types come from a sample. A line that does not fit them (a field more, another type, a key twice)
is kept as JSON text in the column `other`, and queries read it from there: nothing is lost, and what fits is fast.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mangaobs.insights._sample import kinds_of_events
from mangaobs.insights._typed import Kind
from mangaobs.insights._views import event_rows, pointed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mangaobs.insights._engine import Connection
    from mangaobs.insights._files import LogFile
    from mangaobs.insights._sample import Kinds

FORMAT: Final = 3
_MESSAGE: Final = "insights_json_in(message)"
_MOST_FIELDS: Final = 200
_ROW_GROUP: Final = 20_480
_BLOCKS: Final = 64
_BLOCK: Final = 16 << 10


class Found(NamedTuple):
    """Where a field is: a column, or a pointer into the JSON text that the column holds."""

    column: str
    kind: Kind
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Ingested:
    """A file's events in Parquet."""

    file: LogFile
    path: Path
    columns: dict[str, Found]
    events: int
    others: int
    unreadable: int

    def field(self, name: str) -> Found | None:
        """The column of a field, or of the list or map that it is in."""
        parts = name.removeprefix("@").split(".") if name.startswith("@@") else name.split(".")
        for length in range(len(parts), 0, -1):
            found = self.columns.get(".".join(parts[:length]))
            if found is None:
                continue
            rest = parts[length:]
            if not rest:
                return found
            # In an object that has columns there is nothing but these.
            if found.kind == "json" and found.column != _MESSAGE:
                pointer = "".join("/" + pointed(one) for one in rest)
                return Found(found.column, "json", pointer)
        return None


def ingested(connection: Connection, file: LogFile, folder: Path) -> Ingested:
    """The file in Parquet: from `folder`, or made there now."""
    key = _fingerprint(file.path)
    path = folder / f"{key}.parquet"
    facts = folder / f"{key}.json"
    try:
        known = json.loads(facts.read_text(encoding="utf-8"))
        if path.exists() and known["format"] == FORMAT:
            columns = {name: Found(*one) for name, one in known["columns"].items()}
            return Ingested(file, path, columns, known["events"], known["others"], known["unreadable"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # none yet, or one that was cut short
    folder.mkdir(parents=True, exist_ok=True)
    return _made(connection, file, path, facts)


def _fingerprint(path: Path) -> str:
    """A name for a file's content: its size, its time, and blocks from all over it."""
    status = path.stat()
    made = hashlib.blake2b(f"{FORMAT} {status.st_size} {status.st_mtime_ns}".encode(), digest_size=16)
    with path.open("rb") as stream:
        for place in range(_BLOCKS):
            stream.seek(status.st_size * place // _BLOCKS)
            made.update(stream.read(_BLOCK))
    return made.hexdigest()


class _Leaf(NamedTuple):
    path: tuple[str, ...]
    kind: str  # object, text, number, boolean or json

    @property
    def sql(self) -> str:
        return "s." + ".".join('"' + one.replace('"', '""') + '"' for one in self.path)


def _made(connection: Connection, file: LogFile, path: Path, facts: Path) -> Ingested:
    rows = event_rows([file], unreadable=True)
    leaves = _with_parents(list(_leaves(kinds_of_events(file)))[:_MOST_FIELDS])
    columns: dict[str, Found] = {}
    values: list[str] = []
    kinds: dict[str, Kind] = {"text": "text", "number": "number", "boolean": "boolean", "json": "json"}
    for place, leaf in enumerate(leaves):
        if leaf.kind == "object":
            # Rarely asked for as a whole: then out of the message.
            columns[".".join(leaf.path)] = Found(_MESSAGE, "json", "".join("/" + pointed(one) for one in leaf.path))
            continue
        columns[".".join(leaf.path)] = Found(f"f{place}", kinds[leaf.kind])
        values.append(f"{_VALUE[leaf.kind].format(f'r{place}')} AS f{place}")
    select = (
        f"SELECT ts, ingestion, stream, message, {''.join(one + ', ' for one in values)}"  # noqa: S608
        f"CASE WHEN NOT fits AND json_valid(line) THEN line END AS other FROM ({_fitting(rows, leaves)})"
    )
    aside = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        connection.copy(
            f"COPY ({select}) TO {quoted(str(aside))} (FORMAT parquet, ROW_GROUP_SIZE {_ROW_GROUP})",
            what=f"reading {file.path.name}",
        )
        counts = f"SELECT count(ts), count(other), count(*) - count(ts) FROM read_parquet({quoted(str(aside))})"  # noqa: S608
        events, others, unreadable = connection.rows(counts)[0]
        os.replace(aside, path)  # noqa: PTH105
    finally:
        aside.unlink(missing_ok=True)
    known = {"format": FORMAT, "columns": columns, "events": events, "others": others, "unreadable": unreadable}
    beside = facts.with_suffix(f".{os.getpid()}.tmp")
    beside.write_text(json.dumps(known), encoding="utf-8")
    os.replace(beside, facts)  # noqa: PTH105
    return Ingested(file, path, columns, events, others, unreadable)


# Of lines that do not fit nobody reads the columns, so that they may hold anything.
_VALUE: Final = {"text": "{0}", "number": "TRY_CAST({0} AS DOUBLE)", "boolean": "{0} = 'true'", "json": "{0}"}
_FITS: Final = {
    # As text a truth, a structure or a number in a spelling of its own would be told from a string no more.
    "text": (
        "({0} IS NULL OR NOT ({0} IN ('true', 'false') OR ({0} >= '{{' AND {0} < '|') OR ({0} >= '[' AND {0} < '\\')"
        " OR ({0} >= '-' AND {0} < ':' AND (contains({0}, 'e') OR ends_with({0}, '.0') OR length({0}) > 18)"
        " AND TRY_CAST({0} AS DOUBLE) IS NOT NULL)))"
    ),
    # A whole number of more digits than a DOUBLE holds keeps them all in `other`.
    "number": "({0} IS NULL OR ({0} >= '-' AND {0} < ':' AND (length({0}) < 16 OR contains({0}, '.'))))",
    "boolean": "({0} IS NULL OR {0} IN ('true', 'false'))",
}


def _leaves(kinds: Kinds, above: tuple[str, ...] = ()) -> Iterator[_Leaf]:
    seen: set[str] = set()
    for key, kind in kinds.items():
        path = (*above, key)
        if key.lower() in seen or not key or "." in key:
            continue  # a column's name has no case; what is left out of the columns is in `other`
        seen.add(key.lower())
        if isinstance(kind, dict):
            yield _Leaf(path, "object")
            yield from _leaves(kind, path)
        else:
            yield _Leaf(path, kind)


def _with_parents(leaves: list[_Leaf]) -> list[_Leaf]:
    """Without the objects that the cut left nothing of."""
    inner = {leaf.path[:length] for leaf in leaves if leaf.kind != "object" for length in range(len(leaf.path))}
    return [leaf for leaf in leaves if leaf.kind != "object" or leaf.path in inner]


def _fitting(rows: str, leaves: list[_Leaf]) -> str:
    """The rows with the raw JSON text of each leaf, and whether the line has these leaves and nothing else.

    A line has as many keys as it has `":`, less those within its strings, and a key for each null, which is no value: a
    sum that leaves over none says that there is no key that the columns do not have.
    """
    line = f"SELECT *, insights_json_in(message) AS line FROM ({rows})"  # noqa: S608
    if not leaves:
        return f"SELECT *, line IS NULL AS fits FROM ({line})"  # noqa: S608
    types: dict[str, Any] = {}
    for leaf in leaves:
        inner = types
        for part in leaf.path[:-1]:
            inner = inner.setdefault(part, {})
        inner[leaf.path[-1]] = {"object": {}, "text": "VARCHAR"}.get(leaf.kind, "JSON")
    transformed = f"SELECT *, TRY(json_transform(line, {quoted(json.dumps(types))})) AS s FROM ({line})"  # noqa: S608
    raw = [
        f"{leaf.sql} IS NOT NULL AS r{place}" if leaf.kind == "object" else f"CAST({leaf.sql} AS VARCHAR) AS r{place}"
        for place, leaf in enumerate(leaves)
    ]
    extracted = f"SELECT * EXCLUDE (s), s IS NOT NULL AS whole, {', '.join(raw)} FROM ({transformed})"  # noqa: S608
    present = "+".join(
        f"r{place}::INT" if leaf.kind == "object" else f"(r{place} IS NOT NULL)::INT"
        for place, leaf in enumerate(leaves)
    )
    held = [_joined(leaves, "json"), _joined(leaves, "text")]
    sums = [present]
    if held[0]:
        sums.append(_count(held[0], '":'))
    if held[1]:  # in a string the quote has a backslash, which few lines have before a colon
        quotes = _count(held[1], '":')
        sums.append(f"CASE WHEN contains(line, '\\\":') THEN {quotes} ELSE 0 END")
    nulls = " + ".join(_count("line", one) + (f" - {_count(held[0], one)}" if held[0] else "") for one in _NULLS)
    sums.append(f"CASE WHEN contains(line, 'null') THEN {nulls} ELSE 0 END")
    guards = [_FITS[leaf.kind].format(f"r{place}") for place, leaf in enumerate(leaves) if leaf.kind in _FITS]
    spaced = " AND ".join(f"NOT contains(line, {one})" for one in ("' :'", "chr(9) || ':'", "chr(10) || ':'"))
    keys = _count("line", '":')
    conditions = ["whole", f"{keys} = {' + '.join(sums)}", spaced, *guards]
    return f"SELECT *, coalesce({' AND '.join(conditions)}, line IS NULL) AS fits FROM ({extracted})"  # noqa: S608


_NULLS: Final = (":null", ": null")


def _joined(leaves: list[_Leaf], kind: str) -> str:
    """The texts of all leaves of a kind as one; "" if there are none."""
    found = [f"r{place}" for place, leaf in enumerate(leaves) if leaf.kind == kind]
    return f"concat({', '.join(found)})" if found else ""


def _count(text: str, part: str) -> str:
    """How often a part is in a text."""
    return f"((strlen({text}) - strlen(replace({text}, {quoted(part)}, ''))) // {len(part)})"
