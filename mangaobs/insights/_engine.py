"""DuckDB, as it is used here: bounded memory, what Python adds to it, progress, and errors that say what to do."""

from __future__ import annotations

import re
import shutil
import tempfile
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

MEMORY_MB: Final = 256
_COPY_MB: Final = 448
_THREADS: Final = 2
_USED: Final = re.compile(r"insights_\w+")
_MACRO: Final = re.compile(r"CREATE OR REPLACE TEMP MACRO (insights_\w+).*?;\n", re.DOTALL)


class EngineError(MangaobsError):
    """A query that this machine cannot carry out."""


class Connection:
    """A connection of its own, with a folder for what outgrows memory. Leave it with `with`."""

    def __init__(self, *, memory_mb: int = MEMORY_MB, progress: Callable[[str, float], None] | None = None) -> None:
        import duckdb

        self.folder = Path(tempfile.mkdtemp(prefix="mangaobs-"))
        self._progress = progress
        self._duckdb = duckdb.connect(
            config={
                "memory_limit": f"{memory_mb}MB",
                "threads": _THREADS,
                "temp_directory": str(self.folder / "spill"),
                "preserve_insertion_order": True,  # of two events of one time the later comes first
                "TimeZone": "UTC",
                # Nothing but the files that are named: no downloads of extensions.
                "autoinstall_known_extensions": False,
            }
        )
        # Told by us, on standard error: DuckDB would print it among the rows.
        self._duckdb.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
        self._frugal = False
        self._memory_mb = memory_mb
        self._known: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End it, and remove its folder."""
        self._duckdb.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, sql: str, *, what: str = "reading") -> Any:  # noqa: ANN401 - DuckDB's own cursor
        """Carry out a statement. Raises `EngineError` where memory does not suffice; others are DuckDB's."""
        import duckdb

        self._know(sql)
        try:
            with self._watched(what):
                return self._duckdb.execute(sql)
        except duckdb.OutOfMemoryException:
            if "LIMIT" not in sql or self._frugal:
                raise EngineError(f"{what} needs more memory than there is", right=_advice(sql)) from None
            # The fast way to the first rows keeps them all in memory; sorting everything may use the disk.
            self._frugal = True
            self._duckdb.execute("SET disabled_optimizers = 'top_n'")
            return self.run(sql, what=what)
        except RuntimeError as error:
            # An interrupt reaches DuckDB as an error of its own.
            if "interrupt" in str(error).lower():
                raise KeyboardInterrupt from None
            raise

    def copy(self, sql: str, *, what: str) -> None:
        """Write a file. Writers hold what they compress, so they get more memory; it stays below half a GB in all."""
        self._duckdb.execute(f"SET memory_limit = '{max(self._memory_mb, _COPY_MB)}MB'")
        try:
            self.run(sql, what=what)
        finally:
            self._duckdb.execute(f"SET memory_limit = '{self._memory_mb}MB'")

    def _know(self, sql: str) -> None:
        """Tell DuckDB of the macros, and of the functions of Python, that a statement uses."""
        if "insights_" not in sql:
            return
        from mangaobs.insights._python import FUNCTIONS

        used = set(_USED.findall(sql))
        known = _macros()
        for name in reversed(known):  # a macro uses only those that stand before it
            if name in used:
                used |= set(_USED.findall(known[name]))
        for name, statement in known.items():
            if name in used and name not in self._known:
                self._duckdb.execute(statement)
                self._known.add(name)
        create: Any = self._duckdb.create_function
        for name, function, takes, gives in FUNCTIONS:
            if name in used and name not in self._known:
                create(name, _of_what_is_there(function), list(takes), gives, null_handling="special")
                self._known.add(name)

    def rows(self, sql: str, *, what: str = "reading") -> list[tuple[Any, ...]]:
        """The rows of a query."""
        found: list[tuple[Any, ...]] = self.run(sql, what=what).fetchall()
        return found

    def _watched(self, what: str) -> Any:  # noqa: ANN401
        from contextlib import nullcontext

        if self._progress is None:
            return nullcontext()
        from mangaobs.insights._progress import Watch

        return Watch(self._duckdb, what, self._progress)


def _of_what_is_there(function: Callable[..., object]) -> Callable[..., object]:
    """The function, missing where an argument is: DuckDB's own handling of that forbids a missing result elsewhere."""

    @wraps(function)
    def called(*arguments: object) -> object:
        return None if None in arguments else function(*arguments)

    return called


@cache
def _macros() -> dict[str, str]:
    """Each macro's statement by its name, in their order."""
    return {found[1]: found[0] for found in _MACRO.finditer(macros())}


def macros() -> str:
    """The macros that the SQL uses."""
    return Path(__file__).with_name("duckdb.sql").read_text(encoding="utf-8")


# Aggregates of DuckDB that hold every value until the end, and cannot be put aside on disk.
_HELD: Final = {
    "quantile_disc": "pct",
    "quantile_cont": "pct",
    "list(": "values",
    "histogram": "topk",
    "count(distinct": "countDistinct",
    "arg_m": "earliest, latest, min, max",
}


def _advice(sql: str) -> str:
    lower = sql.lower()
    named = [name for held, name in _HELD.items() if held in lower]
    if named:
        return f"{' and '.join(named)} hold every value in memory: filter first, group less finely, or give --memory"
    return "a filter before it, or more of --memory"
