"""How far a statement is, told from beside it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

_EVERY: Final = 0.25


class Watch:
    """While it is entered, tells `progress` what is done and how much of it, from 0 to 1 (-1: unknown)."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, what: str, progress: Callable[[str, float], None]
    ) -> None:
        self._connection = connection
        self._what = what
        self._progress = progress
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY):
            try:
                share = self._connection.query_progress() / 100
            except Exception:  # noqa: BLE001 - a number that is not to be had is no reason to stop
                share = -1.0
            self._progress(self._what, share)
