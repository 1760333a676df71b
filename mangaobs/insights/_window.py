"""The time range of a query, and the moment at which it runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """Times in ms since the epoch; `start` and `end` are None where the query has no bound."""

    now: int
    start: int | None = None
    end: int | None = None
