"""Periods: their units, and what CloudWatch makes of a count that is larger than the unit's cap."""

from __future__ import annotations

from typing import Final

# Source: "stats" and "Datetime functions" in the CloudWatch Logs User Guide, read 2026-11.
_SPELLINGS: Final = {
    "ms": ("millisecond", "ms", "msec"),
    "s": ("second", "s", "sec"),
    "m": ("minute", "m", "min"),
    "h": ("hour", "h", "hr"),
    "d": ("day", "d"),
    "w": ("week", "w"),
    "mo": ("month", "mo", "mon"),
    "q": ("quarter", "q", "qtr"),
    "y": ("year", "y", "yr"),
}
UNITS: Final = tuple(_SPELLINGS)
CAPS: Final = {"ms": 1000, "s": 60, "m": 60, "h": 24}
"""A larger count is silently lowered to this; the other units have no documented cap."""

MILLISECONDS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
MONTHS: Final = {"mo": 1, "q": 3, "y": 12}

_BY_SPELLING: Final = {
    written: unit
    for unit, spellings in _SPELLINGS.items()
    for one in spellings
    for written in ({one, f"{one}s"} if len(one) > 1 else {one})
}


def unit_of(written: str) -> str | None:
    """The unit that a spelling stands for; letters count in either case."""
    return _BY_SPELLING.get(written.lower())


def capped(count: int, unit: str) -> int:
    """The count that CloudWatch uses."""
    return min(count, CAPS.get(unit, count))
