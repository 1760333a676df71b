"""Any value, as what JSON can hold: the slow way, taken when the fast one does not do.

Total: whatever is passed, something sensible comes out, of bounded size, and nothing is raised. Redaction happens on
the same walk. Objects are never iterated, since that could consume them.
"""

from __future__ import annotations

import math
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum

from mangaobs.runtime._redact import REDACTED, Names, is_card, scrub

_DEEPEST = 32
_MOST_VALUES = 20_000
_MOST_DIGITS = 4000  # Python refuses to write longer numbers
_LONGEST_KEY = 256
_MARGIN = 256  # longer than what is redacted by its looks; a longer token is known by its beginning


class _Walk:
    """One walk over one line's fields; `room` is how many more characters it may keep."""

    def __init__(self, room: int, names: Names | None) -> None:
        self.room = room
        self.values = 0
        self.names = names
        self.path: set[int] = set()
        self.truncated = False

    def value(self, value: object, depth: int) -> object:
        """`value` as dicts with text keys, lists, text, numbers, booleans and None."""
        self.values += 1
        if value is None or value is True or value is False:
            return value
        kind = type(value)
        if kind is str:
            return self.text(value)  # type: ignore[arg-type]
        if kind is int or kind is float:
            return self.number(value)  # type: ignore[arg-type]
        if isinstance(value, (dict, list, tuple, set, frozenset)):
            return self.container(value, depth)
        try:
            return self.other(value)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - whatever a value does when asked, it is not the caller's affair
            return f"<{_type_name(value)}>"

    def container(self, value: object, depth: int) -> object:
        if depth >= _DEEPEST or self.values > _MOST_VALUES or self.room <= 0:
            self.truncated = True
            return f"<{_type_name(value)}>"
        if id(value) in self.path:
            return "<cycle>"
        self.path.add(id(value))
        try:
            # The built-in types' own methods, since a subclass may have hostile ones.
            if isinstance(value, dict):
                return self.mapping(list(dict.items(value)), depth)
            if isinstance(value, list):
                items = list.__getitem__(value, slice(None))
            elif isinstance(value, tuple):
                items = list(tuple.__getitem__(value, slice(None)))
            else:
                items = list(frozenset.union(frozenset(), value))  # type: ignore[arg-type]
            return self.sequence(items, depth)
        finally:
            self.path.discard(id(value))

    def mapping(self, pairs: list[tuple[object, object]], depth: int) -> dict[str, object]:
        out: dict[str, object] = {}
        for key, item in pairs:
            if self.values > _MOST_VALUES or self.room <= 0:
                self.truncated = True
                break
            name = self.key(key)
            if self.names is not None and self.names[name]:
                out[name] = REDACTED
            else:
                out[name] = self.value(item, depth + 1)
        return out

    def sequence(self, items: list[object], depth: int) -> list[object]:
        out: list[object] = []
        for item in items:
            if self.values > _MOST_VALUES or self.room <= 0:
                self.truncated = True
                break
            out.append(self.value(item, depth + 1))
        return out

    def key(self, key: object) -> str:
        if isinstance(key, tuple):
            name = ",".join(self.key(part) for part in tuple.__getitem__(key, slice(0, 8)))
        elif type(key) is str:
            name = key
        elif key is None:
            name = "null"
        else:
            value = self.value(key, _DEEPEST)
            name = value if isinstance(value, str) else str(value)
        if len(name) > _LONGEST_KEY:
            self.truncated = True
            name = name[:_LONGEST_KEY]
        self.room -= len(name) + 4
        name = _encodable(name)
        return name if self.names is None else scrub(name)

    def text(self, text: str) -> str:
        cut = len(text) > self.room
        if cut:
            self.truncated = True
            text = text[: max(self.room, 0) + _MARGIN]
        text = _encodable(text)
        if self.names is not None:
            text = scrub(text)
        if cut:
            # Only now, and with a margin: half an address would not have been known as one.
            text = text[:-_MARGIN] + "…"
        self.room -= len(text) + 3
        return text

    def number(self, number: int | float) -> object:  # noqa: PYI041 - both are handled apart
        self.room -= 20
        if isinstance(number, float):
            return number if math.isfinite(number) else None
        if number.bit_length() > 64:
            digits = f"<int of {number.bit_length()} bits>"
            return digits if number.bit_length() > 3 * _MOST_DIGITS else self.text(str(number))
        if self.names is not None and is_card(number):
            return "[CARD]"
        return number

    def other(self, value: object) -> object:
        if isinstance(value, Enum):
            return self.value(value._value_, _DEEPEST)
        if isinstance(value, (str, int, float, Decimal)):
            return self.subclass(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return f"<{memoryview(value).nbytes} bytes>"
        if isinstance(value, BaseException):
            return _type_name(value)  # its message may quote what a person wrote
        if isinstance(value, datetime):
            return datetime.isoformat(value)
        if isinstance(value, (date, time)):
            return value.isoformat()
        return self.text(str.__getitem__(str(value), slice(None)))

    def subclass(self, value: str | float | Decimal) -> object:
        # By the built-in type's own methods, again.
        if isinstance(value, str):
            return self.text(str.__getitem__(value, slice(None)))
        if isinstance(value, int):
            return self.number(int.__index__(value))
        if isinstance(value, float):
            return self.number(float.__float__(value))
        return self.decimal(value)

    def decimal(self, value: Decimal) -> object:
        if not Decimal.is_finite(value):
            return None
        near = Decimal.__float__(value)
        whole = value == value.to_integral_value() and abs(value) < 2**63
        if whole:
            return self.number(int(value))
        if math.isfinite(near) and Decimal(repr(near)) == value:
            return near
        return self.text(Decimal.__str__(value))


def cleaned(fields: dict[str, object], room: int, names: Names | None) -> tuple[dict[str, object], bool]:
    """`fields` as JSON can hold them, in about `room` characters, and whether anything was left out for that.

    `names` says which fields are redacted; None redacts nothing.
    """
    walk = _Walk(room, names)
    return walk.mapping(list(fields.items()), 0), walk.truncated


def plain_names(fields: dict[object, object]) -> dict[str, object]:
    """`fields` under names that are texts."""
    walk = _Walk(64_000, None)
    return {walk.key(name): value for name, value in fields.items()}


def _encodable(text: str) -> str:
    """`text` as UTF-8 can encode it: lone surrogates are written out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _type_name(value: object) -> str:
    name: object = type.__dict__["__name__"].__get__(type(value))
    return name if isinstance(name, str) else "object"
