"""Times and durations as a dashboard takes them."""

from __future__ import annotations

import re
from datetime import datetime

_RELATIVE = re.compile(r"-PT[0-9]+[MH]|-P[0-9]+[DWM]")
# A widget's own range, as consoles write it: -PT3H, -P0DT3H0M0S, P0D.
_DURATION = re.compile(
    r"[-+]?P(?=[0-9T])(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+W)?(?:[0-9]+D)?"
    r"(?:T(?=[0-9])(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def is_time(text: str) -> bool:
    """Whether `text` is an absolute time in ISO 8601."""
    if not _DATE.match(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_relative(text: str) -> bool:
    """Whether `text` is a time range that ends now, as a dashboard's `start` takes it."""
    return _RELATIVE.fullmatch(text) is not None


def is_duration(text: str) -> bool:
    """Whether `text` is any ISO 8601 duration, as a widget's own `start` and `end` take it."""
    return _DURATION.fullmatch(text) is not None
