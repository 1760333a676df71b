"""Where in a TOML file each key and value stands.

tomllib gives no positions, so when there is an error to report the text is scanned once more. The scan relies on
tomllib having accepted the text: it only has to find the borders of keys and values, not to judge them.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")  # between statements and inside arrays
_BLANK = re.compile(r"[ \t]*")
_SCALAR = re.compile(r"[^,\]}#\r\n]+")  # numbers, dates (with a blank in them), true and false
_STRING = re.compile(
    r'"""(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'"
)


class Spot(NamedTuple):
    """A stretch of one line: `line` and `column` count from 1."""

    line: int
    column: int
    length: int


class Positions:
    """The keys and values of a valid TOML text, by path: keys are `str`, places in a list `int`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._keys: dict[Path, tuple[int, int]] = {}
        self._values: dict[Path, tuple[int, int]] = {}
        self._headers: set[Path] = set()
        self._last: dict[Path, int] = {}  # arrays of tables: the place of the table that is being filled
        self._at = 0
        self._scan()

    def __contains__(self, path: Path) -> bool:
        return path in self._keys

    def key(self, path: Path) -> Spot:
        """Where the last key of `path` is written: in its table's header, if it has one, else where it comes first."""
        return self._spot(self._keys[path])

    def value(self, path: Path) -> Spot:
        """Where the value at `path` is written; of a table with a header, the header's key."""
        return self._spot(self._values.get(path) or self._keys[path])

    def _spot(self, span: tuple[int, int]) -> Spot:
        start, end = span
        begin = self._text.rfind("\n", 0, start) + 1
        stop = self._text.find("\n", start)
        end = min(end, stop if stop >= 0 else len(self._text))
        length = len(self._text[start:end].rstrip("\r"))
        return Spot(self._text.count("\n", 0, start) + 1, start - begin + 1, max(length, 1))

    def _scan(self) -> None:
        table: Path = ()
        while self._skip(_GAP) < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _header(self) -> Path:
        many = self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        parts = self._key_parts()
        self._at += 2 if many else 1
        table: Path = ()
        for n, (key, span) in enumerate(parts, 1):
            table = (*table, key)
            last = n == len(parts)
            if last and table not in self._headers:
                self._keys[table] = span  # the header of the table itself beats a mention in another's
                self._headers.add(table)
            self._keys.setdefault(table, span)
            if last and many:
                self._last[table] = self._last.get(table, -1) + 1
            if table in self._last:
                table = (*table, self._last[table])
                self._keys.setdefault(table, span)
        return table

    def _pair(self, table: Path) -> None:
        for key, span in self._key_parts():
            table = (*table, key)
            self._keys.setdefault(table, span)
        self._at += 1  # =
        self._value(table)

    def _key_parts(self) -> list[tuple[str, tuple[int, int]]]:
        parts = []
        while True:
            start = self._skip(_BLANK)
            quoted = self._text[start] in "\"'"
            end = self._skip(_STRING if quoted else _BARE)
            written = self._text[start:end]
            parts.append((_unquoted(written) if quoted else written, (start, end)))
            if not self._text.startswith(".", self._skip(_BLANK)):
                return parts
            self._at += 1

    def _value(self, path: Path) -> None:
        start = self._skip(_BLANK)
        first = self._text[start]
        if first in "\"'":
            self._skip(_STRING)
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            self._skip(_SCALAR)
            self._at = start + len(self._text[start : self._at].rstrip())
        self._values[path] = (start, self._at)

    def _array(self, path: Path) -> None:
        self._at += 1
        place = 0
        while self._text[self._skip(_GAP)] != "]":
            item = (*path, place)
            self._value(item)
            self._keys[item] = self._values[item]
            place += 1
            if self._text[self._skip(_GAP)] == ",":
                self._at += 1
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        while self._text[self._skip(_GAP)] != "}":
            self._pair(path)
            if self._text[self._skip(_GAP)] == ",":
                self._at += 1
        self._at += 1


def _unquoted(written: str) -> str:
    import tomllib

    key: str = tomllib.loads(f"key = {written}")["key"]
    return key
