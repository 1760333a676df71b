"""The time range of a query, and the moment at which it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mangaobs.errors import MangaobsError

_RELATIVE: Final = re.compile(r"-(\d+)([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class Window:
    """Times in ms since the epoch; `start` and `end` are None where the query has no bound."""

    now: int
    start: int | None = None
    end: int | None = None


def moment(text: str, now: int) -> int:
    """ISO 8601, an epoch in ms, `now`, or `-2h` before `now` (ms)."""
    if text == "now":
        return now
    if found := _RELATIVE.fullmatch(text):
        return now - int(found[1]) * _SECONDS[found[2]] * 1000
    if re.fullmatch(r"\d{1,15}", text):
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise MangaobsError(f"{text!r} is no time", right="2026-01-01T00:00:00Z, -2h, or an epoch in ms") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
