"""Files of lines and of JSON, plain or gzip, and what in them could not be read."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections import Counter
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final, NamedTuple, cast

from mangaobs.errors import Place, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KEPT: Final = 100
_GZIP: Final = b"\x1f\x8b"
MAX_LINE_BYTES: Final = 64 << 20
"""A longer line is bad: CloudWatch takes events of 1 MB."""


class BadLine(NamedTuple):
    """A line that could not be read, and why."""

    place: Place
    why: str


class Bad:
    """What could not be read: how much of each file, and the first hundred lines by place."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self.lines: list[BadLine] = []

    def add(self, file: str, line: int, why: str) -> None:
        """Count a line, and keep its place."""
        self.count[file] += 1
        if len(self.lines) < _KEPT:
            self.lines.append(BadLine(Place(file, line), why))

    @property
    def total(self) -> int:
        """How many there were."""
        return self.count.total()


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked if it is gzip whatever its name; `-` is standard input. Raises `RecordingError`."""
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == _GZIP if hasattr(raw, "peek") else False
            if packed:
                with gzip.open(raw) as unpacked:
                    yield cast("IO[bytes]", unpacked)
            else:
                yield raw
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise RecordingError(f"not readable as gzip: {error}", place=Place(str(path))) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RecordingError(f"cannot be read: {reason}", place=Place(str(path))) from None


def lines(stream: IO[bytes], file: str, bad: Bad, *, first: bytes = b"") -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, with their numbers from 1; `first` was read of the stream before."""
    number, waiting = 1, first.splitlines(keepends=True)
    while True:
        line = piece = waiting.pop(0) if waiting else b""
        if not line.endswith(b"\n"):
            piece = stream.readline(MAX_LINE_BYTES)
            line += piece
        if not line:
            return
        if not line.endswith(b"\n") and len(line) >= MAX_LINE_BYTES:
            bad.add(file, number, f"a line of more than {MAX_LINE_BYTES:,} bytes")
            while piece and not piece.endswith(b"\n"):
                piece = stream.readline(MAX_LINE_BYTES)
        else:
            line = line.rstrip(b"\r\n")
            if line.strip():
                yield number, line
        number += 1
