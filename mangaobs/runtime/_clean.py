"""Any value, as what JSON can hold: the slow way, taken when the fast one does not do.

Total: whatever is passed, something sensible comes out, of bounded size, and nothing is raised. Redaction happens on
the same walk. Objects are never iterated, since that could consume them.
"""

from __future__ import annotations

import math
import sys
from collections import deque
from collections.abc import ItemsView, KeysView, Mapping, ValuesView
from decimal import ROUND_DOWN, Context, Decimal
from enum import Enum
from itertools import islice

from mangaobs.runtime._facts import type_name
from mangaobs.runtime._interruption import is_interruption
from mangaobs.runtime._redact import DROPPED, REDACTED, WHOLE, Names, free, is_card, scrub, without_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_DEEPEST = 32
_MOST_VALUES = 20_000
_MOST_DIGITS = 4000  # Python refuses to write longer numbers
_LONGEST_KEY = 256
_MARGIN = 256  # longer than what is redacted by its looks; a longer token is known by its beginning


class _Walk:
    """One walk over one line's fields; `room` is how many more bytes it may keep, as JSON has them."""

    def __init__(self, room: int, names: Names | None) -> None:
        self.room = room
        self.values = 0
        self.names = names
        self.path: set[int] = set()
        self.truncated = False

    def value(self, value: object, depth: int) -> object:
        """`value` as dicts with text keys, lists, text, numbers, booleans and None."""
        self.values += 1
        self.room -= 5
        if value is None or value is True or value is False:
            return value
        # Its own word for its class, `__class__`, may be a lie.
        kind = type(value)
        if kind is str:
            return self.text(value)  # type: ignore[arg-type]
        if kind is int or kind is float:
            return self.number(value)  # type: ignore[arg-type]
        try:
            if issubclass(kind, (dict, list, tuple, set, frozenset)):
                return self.container(value, kind, depth)
            return self.other(value, kind)
        except BaseException as error:
            # Whatever a value does when asked, it is not the caller's affair.
            if is_interruption(error):
                raise
            return self.text(f"<{type_name(value)[:100]}>")

    def container(self, value: object, kind: type, depth: int) -> object:
        if depth >= _DEEPEST or self.values > _MOST_VALUES or self.room <= 0:
            self.truncated = True
            return f"<{type_name(value)[:100]}>"
        if id(value) in self.path:
            return "<cycle>"
        self.path.add(id(value))
        try:
            # The built-in types' own methods, since a subclass may have hostile ones.
            if issubclass(kind, dict):
                pairs: list[tuple[object, object]] = list(dict.items(value))  # type: ignore[arg-type]
                return self.mapping(pairs, depth)
            if issubclass(kind, list):
                return self.sequence(list.__getitem__(value, slice(None)), depth)  # type: ignore[call-overload]
            if issubclass(kind, tuple) and type(getattr(kind, "_fields", None)) is tuple:
                parts = tuple.__getitem__(value, slice(None))  # type: ignore[call-overload]
                return self.mapping(list(zip(kind._fields, parts, strict=False)), depth)  # type: ignore[attr-defined]
            if issubclass(kind, tuple):
                return self.sequence(tuple.__getitem__(value, slice(None)), depth)  # type: ignore[call-overload]
            return self.sequence(frozenset.union(frozenset(), value), depth)  # type: ignore[arg-type]
        finally:
            self.path.discard(id(value))

    def mapping(self, pairs: list[tuple[object, object]], depth: int) -> dict[str, object]:
        out: dict[str, object] = {}
        same: dict[str, int] = {}
        for key, item in pairs:
            if self.values > _MOST_VALUES or self.room <= 0:
                self.truncated = True
                break
            name = self.key(key)
            # By the whole of it, before it was cut.
            redacted = 0 if self.names is None else self.names[key if type(key) is str else name]
            if redacted == DROPPED:
                continue
            # 1 and "1" are two keys in Python, and one in JSON.
            name = free(scrub(name) if redacted else name, out, same)
            out[name] = REDACTED if redacted == WHOLE else self.value(item, depth + 1)
        return out

    def sequence(self, items: Iterable[object], depth: int) -> list[object]:
        out: list[object] = []
        for item in items:
            if self.values > _MOST_VALUES or self.room <= 0:
                self.truncated = True
                break
            out.append(self.value(item, depth + 1))
        return out

    def key(self, key: object) -> str:
        if type(key) is str:
            name = key
        elif key is None:
            name = "null"
        elif issubclass(type(key), (bytes, bytearray)):
            name = bytes(key).decode("utf-8", "backslashreplace")  # type: ignore[call-overload]
        elif issubclass(type(key), tuple):
            parts = tuple.__getitem__(key, slice(0, 8))  # type: ignore[call-overload]
            name = ",".join(self.key(part) for part in parts)
        else:
            value = self.value(key, _DEEPEST)
            name = value if isinstance(value, str) else str(value)
        if len(name) > _LONGEST_KEY:
            self.truncated = True
            name = self.cut(name, _LONGEST_KEY)
        name = _encodable(name)
        self.room -= _size(name)
        return name

    def text(self, text: str) -> str:
        if len(text) > self.room:
            self.truncated = True
            text = self.cut(text, max(self.room, 0))
        else:
            text = _encodable(text)
            if self.names is not None:
                text = scrub(text)
        self.room -= _size(text)
        return text

    def cut(self, text: str, length: int) -> str:
        """About `length` characters of `text`. Redacted first, with a margin: half an address is not known as one."""
        text = _encodable(text[: length + _MARGIN])
        if self.names is not None:
            text = scrub(text)
        return text[:-_MARGIN] + "…"

    def number(self, number: float) -> object:
        self.room -= 20
        if isinstance(number, float):
            return number if math.isfinite(number) else None
        if number.bit_length() > 64:
            digits = f"<int of {number.bit_length()} bits>"
            return digits if number.bit_length() > 3 * _MOST_DIGITS else self.text(str(number))
        return "[CARD]" if self.names is not None and is_card(number) else number

    def other(self, value: object, kind: type) -> object:
        if issubclass(kind, Enum):
            return self.value(value._value_, _DEEPEST)  # type: ignore[attr-defined]
        if issubclass(kind, (str, int, float, Decimal)):
            return self.subclass(value, kind)
        if issubclass(kind, (bytes, bytearray, memoryview)):
            return f"<{memoryview(value).nbytes} bytes>"  # type: ignore[arg-type]
        if issubclass(kind, BaseException):
            return self.text(type_name(value))  # its message may quote what a person wrote
        shown = self.named(value, kind)
        if shown is not None:
            return shown
        # If nobody has loaded `datetime`, this is none of its types; loading it takes 2 ms.
        datetime = sys.modules.get("datetime")
        for timely in (datetime.datetime, datetime.date, datetime.time) if datetime is not None else ():
            if issubclass(kind, timely):
                return self.text(timely.isoformat(value))
        text = str.__getitem__(str(value), slice(None))
        return self.text(text if self.names is None else without_named(text[: self.room + _MARGIN]))

    def named(self, value: object, kind: type) -> object:
        """What has names: a dataclass, a mapping of whatever make, a view of one; None for anything else."""
        names = getattr(kind, "__dataclass_fields__", None)
        if type(names) is dict:
            return self.mapping([(name, getattr(value, name)) for name in names if hasattr(value, name)], _DEEPEST // 2)
        if issubclass(kind, Mapping):
            return self.mapping(list(islice(value.items(), _MOST_VALUES)), _DEEPEST // 2)  # type: ignore[attr-defined]
        if issubclass(kind, ItemsView):
            return self.mapping(list(value), _DEEPEST // 2)  # type: ignore[call-overload]
        if issubclass(kind, (deque, KeysView, ValuesView)):
            return self.sequence(list(value), _DEEPEST // 2)  # type: ignore[call-overload]
        return None

    def subclass(self, value: object, kind: type) -> object:
        # By the built-in type's own methods, again.
        if issubclass(kind, str):
            return self.text(str.__getitem__(value, slice(None)))  # type: ignore[index]
        if issubclass(kind, int):
            return self.number(int.__index__(value))  # type: ignore[arg-type]
        if issubclass(kind, float):
            return self.number(float.__float__(value))  # type: ignore[arg-type]
        return self.decimal(value)  # type: ignore[arg-type]

    def decimal(self, value: Decimal) -> object:
        if not Decimal.is_finite(value):
            return None
        near = Decimal.__float__(value)
        # Without the caller's decimal context, which may round or raise.
        if Decimal.copy_abs(value) < 2**63 and value == Decimal.to_integral_value(value, ROUND_DOWN, Context(traps=[])):
            return self.number(int(value))
        if math.isfinite(near) and Decimal(repr(near)) == value:
            return self.number(near)
        return self.text(Decimal.__str__(value))


def cleaned(fields: dict[str, object], room: int, names: Names | None) -> tuple[dict[str, object], bool]:
    """`fields` as JSON can hold them, in about `room` bytes, and whether anything was left out for that.

    `names` says which fields are redacted; None redacts nothing.
    """
    walk = _Walk(room, names)
    return walk.mapping(list(fields.items()), 0), walk.truncated


def plain_names(fields: dict[object, object]) -> dict[str, object]:
    """`fields` under names that are texts."""
    walk = _Walk(64_000, None)
    plain: dict[str, object] = {}
    same: dict[str, int] = {}
    for key, value in fields.items():
        plain[free(walk.key(key), plain, same)] = value
    return plain


def plain_text(value: object, length: int, names: Names | None) -> str:
    """`value` as one short text."""
    text = _Walk(length, names).value(value, _DEEPEST)
    return text if isinstance(text, str) else str(text)


def _size(text: str) -> int:
    """How many bytes JSON needs for `text`, at least."""
    return len(text) + 3 if text.isascii() else len(text.encode()) + 3


def _encodable(text: str) -> str:
    """`text` as UTF-8 can encode it: lone surrogates are written out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
