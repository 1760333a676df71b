"""Looks for what belongs to a person in bytes that left the system, however they are wrapped."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import unquote_to_bytes

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}={0,2}")
_DEEPEST = 3


def found_in(data: bytes, markers: Iterable[str]) -> set[str]:
    """The markers that are in `data`: as they are, or in what base64, URL encoding, JSON escapes and zlib hide."""
    wanted = [(marker, marker.encode()) for marker in markers]
    return {name for form in _forms(data, 0) for name, text in wanted if text in form}


def _forms(data: bytes, depth: int) -> Iterator[bytes]:
    yield data
    if depth == _DEEPEST:
        return
    if b"%" in data:
        yield unquote_to_bytes(data)
    if b"\\u" in data:
        yield data.decode("raw_unicode_escape", "replace").encode("utf-8", "replace")
    if b"\\\\" in data:  # JSON in JSON
        yield from _forms(data.replace(b"\\\\", b"\\"), depth + 1)
    for match in _BASE64.finditer(data):
        text = match[0].replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
        with suppress(binascii.Error, ValueError):
            yield from _forms(base64.b64decode(text + b"=" * (-len(text) % 4)), depth + 1)
    for bits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        with suppress(zlib.error):
            yield from _forms(zlib.decompressobj(bits).decompress(data, 1_000_000), depth + 1)
