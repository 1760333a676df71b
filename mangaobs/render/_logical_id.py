"""Logical ids: a function of a resource's own kind and name, so that a new neighbor never moves them."""

from __future__ import annotations

import re
import zlib

_BETWEEN = re.compile(r"[^A-Za-z0-9]+")
_PLAIN = re.compile(r"[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*")


def logical_id(kind: str, name: str) -> str:
    """`kind` and the words of `name` in one: ("Alarm", "table-throttled") → AlarmTableThrottled.

    A name whose words could come from another one too (`a_b`, `a.b`, `a-1`) gets a short hash of itself.
    """
    if _PLAIN.fullmatch(name):
        return kind + "".join([word[0].upper() + word[1:] for word in name.split("-")])
    words = [word for word in _BETWEEN.split(name) if word]
    return f"{kind}{''.join([word[0].upper() + word[1:] for word in words])}{zlib.crc32(name.encode()):08x}"
