"""A query over files of log events, here and now."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mangaobs.catalog import did_you_mean
from mangaobs.errors import RecordingError
from mangaobs.insights._engine import MEMORY_MB, Connection
from mangaobs.insights._files import spooled
from mangaobs.insights._plan import plan as planned
from mangaobs.insights._policy import QUESTIONS, Policy
from mangaobs.insights._select import Relation, Select
from mangaobs.insights._uses import numeric_only
from mangaobs.insights._values import number_of
from mangaobs.insights._views import View, event_rows, of_events, of_ingested, of_lines, quoted, union
from mangaobs.insights._window import Window, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mangaobs.insights._files import LogFile
    from mangaobs.insights._plan import Plan
    from mangaobs.languages.logs_insights.tree import Query, Source


@dataclass(frozen=True, slots=True)
class Options:
    """How a query runs. `exact` takes the exact path even where the fast one would do; `lookups` are files of CSV."""

    window: Window
    policy: Policy = field(default_factory=Policy)
    memory_mb: int = MEMORY_MB
    exact: bool = False
    lookups: Mapping[str, Path] = field(default_factory=dict)
    progress: Callable[[str, float], None] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Rows as GetQueryResults gives them: a missing field is left out of its row. `notes` say what was odd."""

    columns: tuple[str, ...]
    rows: list[dict[str, str]]
    notes: tuple[str, ...] = ()


def run(query: Query, files: Sequence[LogFile], options: Options) -> Result:
    """The rows of a query.

    Raises `Unsupported` for a command that only CloudWatch runs, `RecordingError` for a file that cannot be read and
    `EngineError` where memory does not suffice.
    """
    made = planned(query, options.policy)
    notes: list[str] = []
    with Connection(memory_mb=options.memory_mb, progress=options.progress) as connection:
        rows = _attempts(connection, made, files, options, notes)
    columns = tuple(made.output)
    named = [{name: text for name, text in zip(columns, row, strict=True) if text is not None} for row in rows]
    return Result(columns, named, tuple(dict.fromkeys(notes)))


def _attempts(
    connection: Connection, made: Plan, files: Sequence[LogFile], options: Options, notes: list[str]
) -> list[tuple[Any, ...]]:
    """The fast way; where a line is not what it takes, the exact one; where that cannot either, over cleaned copies."""
    exact = options.exact or not _worth_it(files)
    while True:
        compiled = _Compiled(connection, files, options, exact=exact, notes=notes)
        try:
            return connection.rows(compiled.sql(made), what="running the query")
        except _unreadable() as error:
            if not exact:
                exact = True
            elif all(one.cleaned for one in files):
                raise RecordingError(_told(error), right="lines, each a message, or what AWS's tools export") from None
            else:
                files = [_cleaned(one, connection, notes) for one in files]


def _unreadable() -> tuple[type[Exception], ...]:
    """What DuckDB raises of a file that is not as it was told."""
    import duckdb

    return duckdb.InvalidInputException, duckdb.BinderException, duckdb.IOException, duckdb.ConversionException


def _told(error: Exception) -> str:
    return str(error).split("\n")[0]


def _worth_it(files: Sequence[LogFile]) -> bool:
    """Whether the first line of each file is a JSON object: else the fast way would end there."""
    from mangaobs.recording import opened

    for one in files:
        if one.form == "lines":
            with opened(one.path) as stream:
                if not stream.read(4096).lstrip().startswith(b"{"):
                    return False
    return True


def _cleaned(one: LogFile, connection: Connection, notes: list[str]) -> LogFile:
    """A copy of a file that DuckDB reads whatever was in it: bytes that are no UTF-8, carriage returns."""
    import orjson

    from mangaobs.recording import opened

    if one.form not in ("lines", "events"):
        return replace(one, cleaned=True)
    path = connection.folder / f"{len(list(connection.folder.iterdir()))}-{one.path.name.removesuffix('.gz')}"
    wrong = 0
    with opened(one.path) as source, path.open("wb") as target:
        for line in source:
            text = line.decode(errors="replace")
            wrong += text.encode() != line
            if one.form == "lines":
                target.write(orjson.dumps({"message": text.removesuffix("\n").removesuffix("\r")}) + b"\n")
            else:
                target.write(text.encode())
    if wrong:
        notes.append(f"{one.path}: {wrong:,} lines are no UTF-8: what is none in them reads \N{REPLACEMENT CHARACTER}")
    return replace(one, path=path, packed=False, cleaned=True)


def sql(query: Query, files: Sequence[LogFile], options: Options) -> str:
    """The SQL that `run` would carry out on the exact path."""
    made = planned(query, options.policy)
    with Connection(memory_mb=options.memory_mb) as connection:
        compiled = _Compiled(connection, files, options, exact=True, notes=[])
        statement = compiled.sql(made, pretty=True)
        return "\n\n".join([*compiled.statements, f"{statement};"])


class _Compiled:
    """One way of reading the files: makes the views that a plan needs."""

    def __init__(
        self,
        connection: Connection,
        files: Sequence[LogFile],
        options: Options,
        *,
        exact: bool,
        notes: list[str],
    ) -> None:
        self.statements: list[str] = []
        self._connection = connection
        self._files = files
        self._options = options
        self._exact = exact
        self._notes = notes
        self._numeric: set[str] = set()
        self._select = Select(options.policy, options.window, self._relation, self._lookup)

    def sql(self, made: Plan, *, pretty: bool = False) -> str:
        """The statement, once its views exist."""
        self._numeric = numeric_only(made)
        return self._select.compiled(made).sql("duckdb", pretty=pretty, normalize_functions=False)

    def _relation(self, sources: tuple[Source, ...], names: set[str], ordered: bool) -> Relation:  # noqa: FBT001
        files, window = self._selected(sources)
        view = self._view(files, names, window, ordered=ordered)
        name = f"events_{len(self.statements)}"
        statement = f"CREATE OR REPLACE TEMP VIEW {name} AS {view.sql}"
        self._connection.run(statement)
        self.statements.append(f"{statement};")
        return Relation(name, view.fields)

    def _selected(self, sources: tuple[Source, ...]) -> tuple[list[LogFile], Window]:
        """The files of the log groups that SOURCE names."""
        window = self._options.window
        groups = [name for one in sources for name in one.log_groups]
        prefixes = [prefix for one in sources for prefix in one.prefixes]
        for option, value in (pair for one in sources for pair in one.options):
            if option.lower() in ("start", "end"):
                window = replace(window, **{option.lower(): moment(value, window.now)})
            elif value:
                self._notes.append(f"SOURCE: files have no {option}, so {value!r} leaves nothing out")
        files = list(self._files)
        if not (groups or prefixes):
            return files, window
        chosen = [one for one in files if one.group in groups or any(map(one.group.startswith, prefixes))]
        if chosen:
            return chosen, window
        if any(one.named for one in files):
            wanted = (groups or prefixes)[0]
            there = sorted({one.group for one in files})
            right = did_you_mean(wanted, there, f"one of {', '.join(there)}")
            raise RecordingError(f"SOURCE: there is no log group {wanted!r} here", right=right)
        self._notes.append(f"SOURCE {(groups or prefixes)[0]!r}: the files that --logs names stand for it")
        return files, window

    def _view(self, files: list[LogFile], names: set[str], window: Window, *, ordered: bool) -> View:
        together: dict[tuple[object, ...], list[LogFile]] = {}
        for one in files:
            # @log tells files apart; without it, lines of many files are read at once.
            apart = (one.path,) if one.form != "lines" or "@log" in names else (one.packed, one.cleaned)
            together.setdefault((one.form, one.recording, *apart), []).append(one)
        views = [self._one_view(group, names, window, ordered=ordered) for group in together.values()]
        made = union(views, names, ordered=ordered)
        missing = names - set(made.fields)
        assert not missing, missing  # noqa: S101
        return made

    def _one_view(self, files: list[LogFile], names: set[str], window: Window, *, ordered: bool) -> View:
        first = files[0]
        if first.form == "lines":
            return of_lines(files, names, self._numeric, window, ordered=ordered, exact=self._exact)
        if first.form == "parquet":
            from mangaobs.insights._parquet import of_parquet

            return of_parquet(self._connection, first, names, window, ordered=ordered)
        if first.form == "export":
            files = [spooled(one, self._connection.folder) for one in files]
            return self._events(files, names, window, ordered=ordered)
        if first.recording is None or self._options.exact:
            return self._events(files, names, window, ordered=ordered)
        from mangaobs.insights._ingest import ingested

        try:
            found = ingested(self._connection, first, first.recording / ".cache" / "logs")
        except OSError as error:  # a recording that nobody may write to
            self._notes.append(f"{first.recording}: no cache there ({error.strerror}); every query reads it anew")
            return self._events(files, names, window, ordered=ordered)
        self._unreadable(first, found.unreadable)
        return of_ingested(found, names, window, ordered=ordered)

    def _events(self, files: list[LogFile], names: set[str], window: Window, *, ordered: bool) -> View:
        for one in files:
            rows = event_rows([one], unreadable=True)
            self._unreadable(one, self._connection.rows(f"SELECT count(*) FROM ({rows}) WHERE ts IS NULL")[0][0])  # noqa: S608
        return of_events(files, names, window, ordered=ordered)

    def _unreadable(self, file: LogFile, lines: int) -> None:
        if lines:
            self._notes.append(f"{file.path}: {lines:,} lines are no events with a timestamp and a message; left out")

    def _lookup(self, table: str) -> tuple[str, list[str]]:
        path = self._options.lookups.get(table)
        if path is None:
            there = ", ".join(self._options.lookups) or "none is given"
            raise RecordingError(f"there is no lookup table {table!r}", right=f"--lookup {table}=FILE.csv ({there})")
        source = f"read_csv({quoted(str(path))}, header = true, all_varchar = true)"
        described = self._connection.rows(f"DESCRIBE SELECT * FROM {source}")  # noqa: S608
        columns = [row[0] for row in described]
        inner = ", ".join('"' + name.replace('"', '""') + f'" AS l{place}' for place, name in enumerate(columns))
        name = f"lookup_{len(self.statements)}"
        statement = f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT {inner} FROM {source}"  # noqa: S608
        self._connection.run(statement)
        self.statements.append(f"{statement};")
        return name, columns


def depends(query: Query, files: Sequence[LogFile], options: Options, result: Result) -> dict[str, bool]:
    """The open questions that the query touches, and of each whether the rows change with the other answer."""
    found: dict[str, bool] = {}
    for name in touched(query):
        other = replace(options.policy, **{name: not getattr(options.policy, name)})
        again = run(query, files, replace(options, policy=other, progress=None))
        found[name] = again.rows != result.rows
    return found


def touched(query: Query) -> list[str]:
    """The open questions that a query could depend on, by its syntax."""
    from mangaobs.insights._touched import questions

    asked = questions(query)
    return [name for name in QUESTIONS if name in asked]


def typed(rows: Sequence[dict[str, str]]) -> list[dict[str, str | int | float]]:
    """The rows with numbers in place of texts that are wholly numbers."""

    def one(text: str) -> str | int | float:
        value = number_of(text)
        if value is None:
            return text
        return int(text) if re.fullmatch(r"-?\d+", text) else value

    return [{name: one(text) for name, text in row.items()} for row in rows]
