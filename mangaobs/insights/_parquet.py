"""Parquet that somebody else wrote: its columns are the fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from mangaobs.insights._typed import Kind, Typed
from mangaobs.insights._views import View, quoted, spellings

if TYPE_CHECKING:
    from mangaobs.insights._engine import Connection
    from mangaobs.insights._files import LogFile
    from mangaobs.insights._window import Window

_STRUCTURED = ("STRUCT", "MAP", "JSON")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")


def of_parquet(connection: Connection, file: LogFile, names: set[str], window: Window, *, ordered: bool) -> View:
    """The file's columns by their names; `@message` is the column `message`, `@timestamp` the column `timestamp`."""
    source = f"read_parquet({quoted(str(file.path))}{', file_row_number = true' if ordered else ''})"
    types = {row[0]: str(row[1]) for row in connection.rows(f"DESCRIBE SELECT * FROM {source}")}  # noqa: S608
    columns: list[str] = []
    fields: dict[str, Typed] = {}
    log = quoted(f"{file.account}:{file.group}")
    for place, name in enumerate(sorted(names | {"@timestamp"})):
        if name == "@log":
            columns.append(f"{log} AS e{place}")
            fields[name] = Typed(exp.column(f"e{place}"), "text")
            continue
        plain = name if name in types else {"@timestamp": "timestamp", "@message": "message"}.get(name, name)
        sql, kind = _column(plain, types, moment=name == "@timestamp")
        if sql is None:
            fields[name] = Typed(exp.Null(), "missing")
            continue
        columns.append(f"{sql} AS {'ts' if name == '@timestamp' else f'e{place}'}")
        fields[name] = Typed(exp.column("ts" if name == "@timestamp" else f"e{place}"), kind)
    if fields["@timestamp"].kind == "missing":
        columns.append("CAST(NULL AS BIGINT) AS ts")
        fields["@timestamp"] = Typed(exp.column("ts"), "time")
    if ordered:
        columns.append("file_row_number AS seq")
    bounds = [f"ts >= {window.start}"] if window.start is not None else []
    bounds += [f"ts <= {window.end}"] if window.end is not None else []
    where = f" WHERE {' AND '.join(bounds)}" if bounds else ""
    return View(f"SELECT * FROM (SELECT {', '.join(columns)} FROM {source}){where}", fields)  # noqa: S608


def _column(name: str, types: dict[str, str], *, moment: bool) -> tuple[str | None, Kind]:
    for key, pointer in spellings(name):
        if key not in types:
            continue
        column = '"' + key.replace('"', '""') + '"'
        if pointer:
            held = column if types[key] in ("VARCHAR", "JSON") else f"to_json({column})"
            return f"nullif(CAST(TRY(json_extract({held}, {quoted(pointer)})) AS VARCHAR), 'null')", "json"
        return _typed(column, types[key], moment=moment)
    return None, "missing"


def _typed(column: str, type_: str, *, moment: bool) -> tuple[str, Kind]:
    if type_.startswith("TIMESTAMP") or type_ == "DATE":
        return f"epoch_ms(CAST({column} AS TIMESTAMP))", "time"
    if moment:
        return f"TRY_CAST({column} AS BIGINT)", "time"
    if type_ in _WHOLE:
        return f"CAST({column} AS BIGINT)", "integer"
    if type_ in ("DOUBLE", "FLOAT") or type_.startswith("DECIMAL"):
        return f"CAST({column} AS DOUBLE)", "number"
    if type_ == "BOOLEAN":
        return column, "boolean"
    if type_.startswith(_STRUCTURED) or type_.endswith("[]"):
        return f"CAST(to_json({column}) AS VARCHAR)", "json"
    return f"CAST({column} AS VARCHAR)", "text"
