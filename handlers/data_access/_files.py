"""Files of an export: JSON Lines, compressed as they come, closed when they are full.

The same records are the same bytes: gzip's header has no time.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter

import msgspec

from ._records import Record

_GZIP = 31  # zlib's window bits with gzip's header and trailer


class Made(msgspec.Struct, frozen=True):
    """A file that was made, as the manifest has it. `sha256` is of its bytes."""

    name: str
    bytes: int
    sha256: str
    records: dict[str, int]


class Lines:
    """A file in the making, which is full at about `most` compressed bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._compressor = zlib.compressobj(wbits=_GZIP)
        self._parts: list[bytes] = []
        self._bytes = 0
        self._records: Counter[str] = Counter()

    def add(self, record: Record) -> None:
        """Write one line."""
        self._keep(self._compressor.compress(msgspec.json.encode(record) + b"\n"))
        self._records[str(record["type"])] += 1

    @property
    def full(self) -> bool:
        """Whether the next record belongs into another file."""
        return self._bytes >= self._most

    @property
    def empty(self) -> bool:
        """Whether nothing was written."""
        return not self._records

    def close(self, name: str) -> tuple[bytes, Made]:
        """Its bytes, and what the manifest says of it."""
        self._keep(self._compressor.flush())
        body = b"".join(self._parts)
        return body, Made(name, len(body), hashlib.sha256(body).hexdigest(), dict(sorted(self._records.items())))

    def _keep(self, part: bytes) -> None:
        if part:  # mostly there is none: the compressor gathers lines
            self._parts.append(part)
            self._bytes += len(part)
