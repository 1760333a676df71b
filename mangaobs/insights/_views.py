"""Files → views of the engine, with the fields that a query needs as typed columns, and no others.

A field is looked for under every name that it may have: `a.b` is `b` in `a`, or a key with a dot.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlglot import exp

from mangaobs.insights._sample import kinds_of_lines
from mangaobs.insights._typed import Kind, Typed
from mangaobs.languages.logs_insights.fields import system_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mangaobs.insights._files import LogFile
    from mangaobs.insights._ingest import Found, Ingested
    from mangaobs.insights._window import Window

MAX_LINE_BYTES: Final = 4 << 20
_MOST_SPLITS: Final = 4
_SYSTEM: Final[dict[str, tuple[str, Kind]]] = {
    "@message": ("message", "text"),
    "@timestamp": ("ts", "time"),
    "@ingestionTime": ("ingestion", "time"),
    "@logStream": ("stream", "text"),
    "@log": ("log", "text"),
}
# Lambda's own lines: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html, and the samples
# of the User Guide, which divide @memorySize by 1000 * 1000.
_REPORT: Final = "CASE WHEN message LIKE 'REPORT RequestId: %' THEN {} END"


def _reported(pattern: str, factor: int = 1) -> tuple[str, Kind]:
    number = f"{factor} * TRY_CAST(regexp_extract(message, {quoted(pattern)}, 1) AS DOUBLE)"
    return _REPORT.format(number), "number"


def _named(pattern: str) -> tuple[str, Kind]:
    return f"nullif(regexp_extract(message, {quoted(pattern)}, 1), '')", "text"


def quoted(text: str) -> str:
    """A string literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


_LAMBDA: Final[dict[str, tuple[str, Kind]]] = {
    "@type": _named(r"^(START|END|REPORT|INIT_START|XRAY)\b"),
    "@requestId": _named(r"^(?:(?:START|END|REPORT) RequestId: |\d{4}-\d\d-\d\dT[\d:.]+Z\t)([0-9a-fA-F-]{36})\b"),
    "@duration": _reported(r"\tDuration: ([\d.]+) ms"),
    "@billedDuration": _reported(r"Billed Duration: ([\d.]+) ms"),
    "@initDuration": _reported(r"Init Duration: ([\d.]+) ms"),
    "@memorySize": _reported(r"Memory Size: (\d+) MB", 1_000_000),
    "@maxMemoryUsed": _reported(r"Max Memory Used: (\d+) MB", 1_000_000),
    "@xrayTraceId": (_REPORT.format(_named(r"XRAY TraceId: (\S+)")[0]), "text"),
    "@xraySegmentId": (_REPORT.format(_named(r"SegmentId: (\S+)")[0]), "text"),
}


class View(NamedTuple):
    """A SELECT over files, and where in it each field is."""

    sql: str
    fields: dict[str, Typed]


def pointed(key: str) -> str:
    """A key in a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def spellings(name: str) -> list[tuple[str, str]]:
    """Where a field may stand in JSON: a key of the outermost object, and a pointer from there on."""
    # A discovered name that starts with @ gets a second one.
    name = name.removeprefix("@") if name.startswith("@@") else name
    parts = name.split(".")
    if len(parts) == 1:
        return [(name, "")]
    joints = [*product((False, True), repeat=len(parts) - 1)] if len(parts) <= _MOST_SPLITS else []
    found: list[tuple[str, str]] = []
    for together in joints or [(False,) * (len(parts) - 1), (True,) * (len(parts) - 1)]:
        keys = [parts[0]]
        for joined, part in zip(together, parts[1:], strict=True):
            if joined:
                keys[-1] += f".{part}"
            else:
                keys.append(part)
        found.append((keys[0], "".join("/" + pointed(one) for one in keys[1:])))
    return found


def json_fields(names: Iterable[str]) -> list[str]:
    """Of these names, those that are in the JSON of a message."""
    system = {name for name, one in system_fields().items() if one.where in ("every event", "lambda")}
    return sorted(name for name in names if name not in system and (not name.startswith("@") or name.startswith("@@")))


def in_message(names: Iterable[str]) -> bool:
    """Whether any of these needs the message's own text."""
    return any(name == "@message" or name in _LAMBDA for name in names)


# From the lines of files themselves


def of_lines(
    files: Sequence[LogFile], names: set[str], numeric: set[str], window: Window, *, ordered: bool, exact: bool
) -> View:
    """Lines that are each a message.

    The fast way reads JSON objects, the keys that are needed and no others, as the types that a sample of the lines
    has; it fails on everything else. The exact way reads text. `numeric` are the fields that are used as numbers only.
    """
    if exact:
        return _of_messages(files, _raw_lines(files), names, window, ordered=ordered)
    kinds = kinds_of_lines(files)
    keys: dict[str, _Key] = {}
    if "@timestamp" in names or _bounded(window):
        keys["timestamp"] = _Key("k0", "JSON")
    fields: dict[str, Typed] = {}
    columns: list[str] = []
    for place, name in enumerate(json_fields(names)):
        ways = spellings(name)
        kind = kinds.get(name) if len(ways) == 1 and name not in keys else None
        if kind == "text":
            key = keys.setdefault(name, _Key(f"k{len(keys)}", "VARCHAR"))
            columns.append(f"{_GUARDED.format(key.column)} AS e{place}")
            fields[name] = Typed(exp.column(f"e{place}"), "text")
            continue
        if kind == "number" and name in numeric:
            key = keys.setdefault(name, _Key(f"k{len(keys)}", "DOUBLE"))
            columns.append(f"CASE WHEN isfinite({key.column}) THEN {key.column} END AS e{place}")
            fields[name] = Typed(exp.column(f"e{place}"), "number")
            continue
        parts = []
        for outer, pointer in ways:
            column = keys.setdefault(outer, _Key(f"k{len(keys)}", "JSON")).column
            parts.append(f"json_extract({column}, {quoted(pointer)})" if pointer else column)
        columns.append(f"{_first(parts)} AS e{place}")
        fields[name] = Typed(exp.column(f"e{place}"), "json")
    if not keys:
        keys["timestamp"] = _Key("k0", "JSON")
    inner = ", ".join(f"{_identifier(name)} AS {key.column}" for name, key in keys.items())
    asked = "{" + ", ".join(f"{quoted(name)}: '{key.type}'" for name, key in keys.items()) + "}"
    source = (
        f"SELECT {inner}{', row_number() OVER () AS seq' if ordered else ''}"  # noqa: S608
        f" FROM read_json({_paths(files)}, format = 'newline_delimited', records = true, columns = {asked},"
        f" compression = {quoted('gzip' if files[0].packed else 'none')}, maximum_object_size = {MAX_LINE_BYTES})"
    )
    if "timestamp" in keys and keys["timestamp"].type == "JSON":
        columns.append(f"{_moment('CAST(' + keys['timestamp'].column + ' AS VARCHAR)')} AS ts")
    fields |= _system(names, columns, {"@timestamp": "ts"}, files)
    if ordered:
        columns.append("seq")
    sql = f"SELECT {', '.join(columns) or 'k0'} FROM ({source})"  # noqa: S608
    return View(_within(sql, window), fields)


class _Key(NamedTuple):
    column: str
    type: str


# Of a string column every value that may have been no string: then the exact way has to tell.
_GUARDED: Final = (
    "CASE WHEN {0} IN ('true', 'false') OR ({0} >= '{{' AND {0} < '|') OR ({0} >= '[' AND {0} < '\\')"
    " OR ({0} >= '-' AND {0} < ':' AND (contains({0}, 'e') OR ends_with({0}, '.0') OR length({0}) > 18)"
    " AND TRY_CAST({0} AS DOUBLE) IS NOT NULL) THEN error('not only strings') ELSE {0} END"
)


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _raw_lines(files: Sequence[LogFile]) -> str:
    """A SELECT of lines as text: the reader of CSV, told of no separator and no quotes."""
    if files[0].cleaned:
        reader = (
            f"read_json({_paths(files)}, format = 'newline_delimited', records = true,"
            f" columns = {{message: 'VARCHAR'}}, maximum_object_size = {4 * MAX_LINE_BYTES})"
        )
        return f"SELECT message FROM {reader} WHERE trim(message) <> ''"  # noqa: S608
    return (
        f"SELECT message FROM read_csv({_paths(files)}, columns = {{'message': 'VARCHAR'}},"  # noqa: S608
        " auto_detect = false, header = false, delim = '', quote = '', escape = '', new_line = '\\n',"
        " nullstr = '\\0', null_padding = false,"
        f" compression = {quoted('gzip' if files[0].packed else 'none')},"
        f" max_line_size = {MAX_LINE_BYTES}, buffer_size = {2 * MAX_LINE_BYTES})"
        " WHERE trim(message) <> ''"
    )


def of_events(files: Sequence[LogFile], names: set[str], window: Window, *, ordered: bool) -> View:
    """Events of CloudWatch Logs: a time and a message each."""
    return _of_messages(files, event_rows(files), names, window, ordered=ordered)


def event_rows(files: Sequence[LogFile], *, unreadable: bool = False) -> str:
    """A SELECT of events with their message, time and stream; with `unreadable` lines too, whose time is NULL."""
    columns = "{timestamp: 'BIGINT', message: 'VARCHAR', logStream: 'VARCHAR', ingestionTime: 'BIGINT'}"
    log = quoted(f"{files[0].account}:{files[0].group}")
    time = "CASE WHEN message IS NOT NULL THEN timestamp END"
    return (
        f"SELECT message, {time} AS ts, ingestionTime AS ingestion, logStream AS stream, {log} AS log"  # noqa: S608
        f" FROM read_json({_paths(files)}, format = 'newline_delimited', records = true, columns = {columns},"
        f" compression = {quoted('gzip' if files[0].packed else 'none')}, maximum_object_size = {MAX_LINE_BYTES},"
        f" ignore_errors = true){'' if unreadable else ' WHERE message IS NOT NULL AND timestamp IS NOT NULL'}"
    )


def _of_messages(files: Sequence[LogFile], rows: str, names: set[str], window: Window, *, ordered: bool) -> View:
    """Fields out of the text of messages."""
    wanted = json_fields(names)
    lines = files[0].form == "lines"
    timed = "@timestamp" in names or _bounded(window)
    if lines and timed:
        wanted = sorted({*wanted, "timestamp"})
    pointers: dict[str, int] = {}
    columns: list[str] = []
    fields: dict[str, Typed] = {}
    for place, name in enumerate(wanted):
        columns.append(f"{_elsewhere(name, pointers)} AS e{place}")
        fields[name] = Typed(exp.column(f"e{place}"), "json")
    inner = ["*", *(["row_number() OVER () AS seq"] if ordered else [])]
    if pointers:
        asked = ", ".join(map(quoted, pointers))
        inner.append(f"TRY(json_extract(insights_json_in(message), [{asked}])) AS v")
    if ordered:
        columns.append("seq")
    rest = ["message"] if in_message(names) else []
    if lines:
        sql = f"SELECT {', '.join([*columns, *rest]) or '1 AS one'} FROM (SELECT {', '.join(inner)} FROM ({rows}))"  # noqa: S608
        if timed:
            sql = f"SELECT *, {_moment(fields['timestamp'].sql.name)} AS ts FROM ({sql})"  # noqa: S608
        places = {"@timestamp": "ts"}
    else:
        rest = ["message", "ts", "ingestion", "stream", "log"]
        sql = f"SELECT {', '.join([*columns, *rest])} FROM (SELECT {', '.join(inner)} FROM ({rows}))"  # noqa: S608
        places = {name: column for name, (column, _) in _SYSTEM.items()}
    more: list[str] = []
    fields |= _system(names, more, places, files)
    if more:
        sql = f"SELECT *, {', '.join(more)} FROM ({sql})"  # noqa: S608
    return View(_within(sql, window), fields)


def _system(names: set[str], columns: list[str], places: dict[str, str], files: Sequence[LogFile]) -> dict[str, Typed]:
    """The fields that CloudWatch gives, as columns where they must be made."""
    fields: dict[str, Typed] = {}
    for name in sorted(name for name in names if name.startswith("@") and not name.startswith("@@")):
        if name in _LAMBDA:
            sql, kind = _LAMBDA[name]
            fields[name] = Typed(exp.column(f"s{len(columns)}"), kind)
            columns.append(f"{sql} AS s{len(columns)}")
        elif name in places:
            fields[name] = Typed(exp.column(places[name]), _SYSTEM[name][1])
        elif name == "@message":
            fields[name] = Typed(exp.column("message"), "text")
        elif name == "@log":
            fields[name] = Typed(exp.column(f"s{len(columns)}"), "text")
            columns.append(f"{quoted(f'{files[0].account}:{files[0].group}')} AS s{len(columns)}")
        else:
            fields[name] = Typed(exp.Null(), "missing")
    return fields


# From what was ingested


def of_ingested(one: Ingested, names: set[str], window: Window, *, ordered: bool) -> View:
    """Events in Parquet, with a column for each field that was found in them."""
    fields: dict[str, Typed] = {}
    columns: list[str] = []
    pointers: dict[str, int] = {}
    for place, name in enumerate(json_fields(names)):
        found = one.field(name)
        if not one.others and found is None:
            fields[name] = Typed(exp.Null(), "missing")
            continue
        inside, kind = _inside(found)
        if one.others:
            if kind != "json":
                inside = f"CAST(to_json({inside}) AS VARCHAR)"
            inside = f"CASE WHEN other IS NULL THEN {inside} ELSE {_elsewhere(name, pointers)} END"
            kind = "json"
        columns.append(f"{inside} AS e{place}")
        fields[name] = Typed(exp.column(f"e{place}"), kind)
    inner = ["*", *(["file_row_number AS seq"] if ordered else [])]
    if pointers:
        asked = ", ".join(map(quoted, pointers))
        inner.append(f"CASE WHEN other IS NOT NULL THEN json_extract(other, [{asked}]) END AS v")
    columns += ["ts", *(["message"] if in_message(names) else []), *(["seq"] if ordered else [])]
    columns += [column for name, column in (("@ingestionTime", "ingestion"), ("@logStream", "stream")) if name in names]
    columns += [f"{quoted(f'{one.file.account}:{one.file.group}')} AS log"] if "@log" in names else []
    numbered = ", file_row_number = true" if ordered else ""
    where = _where(window) or (" WHERE ts IS NOT NULL" if one.unreadable else "")
    rows = f"SELECT {', '.join(inner)} FROM read_parquet({quoted(str(one.path))}{numbered}){where}"  # noqa: S608
    sql = f"SELECT {', '.join(columns)} FROM ({rows})"  # noqa: S608
    more: list[str] = []
    fields |= _system(names, more, {name: column for name, (column, _) in _SYSTEM.items()}, [one.file])
    return View(f"SELECT *, {', '.join(more)} FROM ({sql})" if more else sql, fields)  # noqa: S608


def _inside(found: Found | None) -> tuple[str, Kind]:
    """A field where its column is."""
    if found is None:
        return "NULL", "json"
    if found.pointer:
        return f"nullif(CAST(TRY(json_extract({found.column}, {quoted(found.pointer)})) AS VARCHAR), 'null')", "json"
    return found.column, found.kind


def _elsewhere(name: str, pointers: dict[str, int]) -> str:
    """A field in the lines that did not fit the columns."""
    parts = []
    for key, pointer in spellings(name):
        whole = "/" + pointed(key) + pointer
        parts.append(f"v[{pointers.setdefault(whole, len(pointers) + 1)}]")
    return _first(parts)


def _first(values: list[str]) -> str:
    """The first of several JSON values that is there: null is not."""
    texts = [f"nullif(CAST({one} AS VARCHAR), 'null')" for one in values]
    return texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"


# Times


def _moment(json_text: str) -> str:
    """Milliseconds since the epoch of a field `timestamp`: a number of them, or a time in ISO 8601."""
    text = f"insights_json_text({json_text})"
    return f"coalesce(TRY_CAST(insights_number({text}) AS BIGINT), epoch_ms(TRY_CAST({text} AS TIMESTAMP)))"


def _bounded(window: Window) -> bool:
    return window.start is not None or window.end is not None


def _where(window: Window) -> str:
    bounds = []
    if window.start is not None:
        bounds.append(f"ts >= {window.start}")
    if window.end is not None:
        bounds.append(f"ts <= {window.end}")
    return f" WHERE {' AND '.join(bounds)}" if bounds else ""


def _within(sql: str, window: Window) -> str:
    return f"SELECT * FROM ({sql}){_where(window)}" if _bounded(window) else sql  # noqa: S608


def _paths(files: Sequence[LogFile]) -> str:
    return "[" + ", ".join(quoted(str(one.path)) for one in files) + "]"


def union(views: Sequence[View], names: set[str], *, ordered: bool) -> View:
    """Several views as one. A field that is of one kind in all of them stays so; else it is JSON."""
    if len(views) == 1:
        return views[0]
    kinds: dict[str, Kind] = {}
    for name in sorted(names):
        found = {view.fields[name].kind for view in views if name in view.fields} - {"missing"}
        kinds[name] = found.pop() if len(found) == 1 else "json" if found else "missing"
    parts: list[str] = []
    for place, view in enumerate(views):
        columns = [
            f"{_as_kind(view.fields.get(name), kind)} AS u{number}" for number, (name, kind) in enumerate(kinds.items())
        ]
        if ordered:
            # Files one after another: positions of the next begin behind all of the one before.
            columns.append(f"seq + {place} * (1::BIGINT << 40) AS seq")
        parts.append(f"SELECT {', '.join(columns) or '1 AS one'} FROM ({view.sql})")  # noqa: S608
    fields = {
        name: Typed(exp.Null() if kind == "missing" else exp.column(f"u{number}"), kind)
        for number, (name, kind) in enumerate(kinds.items())
    }
    return View(" UNION ALL ".join(parts), fields)


def _as_kind(field: Typed | None, kind: Kind) -> str:
    from mangaobs.insights._typed import as_json

    empty = {"number": "DOUBLE", "integer": "BIGINT", "time": "BIGINT", "boolean": "BOOLEAN"}.get(kind, "VARCHAR")
    if field is None or field.kind == "missing":
        return f"CAST(NULL AS {empty})"
    if field.kind == kind:
        return field.sql.sql("duckdb")
    return as_json(field).sql("duckdb")
