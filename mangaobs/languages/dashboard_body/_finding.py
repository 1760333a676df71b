"""What the checker reports, and how it words values and paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, TypeAlias

Level: TypeAlias = Literal["error", "warning"]

_LONGEST = 60


class Finding(NamedTuple):
    """Something in a body that the service refuses (`error`), or that will not do what it seems to (`warning`).

    `path` is the service's own `dataPath`, for example `/widgets/3/properties/metrics/0`.
    """

    rule: str
    path: str
    message: str
    level: Level


class Report:
    """The findings so far, each once."""

    def __init__(self) -> None:
        self._findings: dict[Finding, None] = {}

    def error(self, rule: str, path: str, message: str) -> None:
        """The service refuses this."""
        self._findings.setdefault(Finding(rule, path, message, "error"))

    def warn(self, rule: str, path: str, message: str) -> None:
        """The service takes this, and it is still wrong."""
        self._findings.setdefault(Finding(rule, path, message, "warning"))

    def add(self, level: Level, rule: str, path: str, message: str) -> None:
        """One of the two."""
        self._findings.setdefault(Finding(rule, path, message, level))

    def findings(self) -> list[Finding]:
        """All of them, in the order in which they were found."""
        return list(self._findings)


def under(path: str, key: object) -> str:
    """The path of `key` inside of `path`, escaped as JSON pointers are."""
    return f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"


def show(value: object) -> str:
    """`value` for a message: text quoted and shortened, what holds other values by its kind."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…")
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a number of more than 18 digits"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else "no JSON value"


def listed(words: Iterable[object]) -> str:
    """Words as a sentence lists them: `a, b or c`."""
    *first, last = [str(word) for word in words]
    return f"{', '.join(first)} or {last}" if first else last
