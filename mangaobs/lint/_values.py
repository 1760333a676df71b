"""Values of properties as a rule asks for them: known, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping


def text(value: object) -> str | None:
    """A text, or None; numbers as they are written."""
    if isinstance(value, bool) or value is None or isinstance(value, (Unknown, dict, list)):
        return None
    return str(value)


def number(value: object) -> float | None:
    """A number, also written as text, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if found - found == 0 else None


def whole(value: object) -> int | None:
    """A whole number, also written as text, or None."""
    found = number(value)
    return int(found) if found is not None and found.is_integer() else None


def truth(value: object) -> bool | None:
    """A boolean, also written as text, or None."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def listed(value: object) -> list[object]:
    """A list; one value alone is a list of it, nothing an empty one."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def inside(value: object, *keys: str) -> Mapping[str, object]:
    """The object at the end of `keys`; an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def show(value: object) -> str:
    """A value for a message: quoted, shortened, an unknown one by its expression."""
    if isinstance(value, str):
        return repr(value if len(value) <= 80 else f"{value[:80]}…")
    return str(value)


def either(words: list[str]) -> str:
    """Words as a sentence lists them: `a, b or c`."""
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)
