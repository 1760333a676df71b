"""`%regex%`: AWS's own restricted dialect, translated to RE2's, which takes time linear in the text.

Source: CloudWatch Logs User Guide, "Supported regular expressions (regex) syntax".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from mangaobs.languages.parsing import Span

if TYPE_CHECKING:
    from collections.abc import Callable

# A space is not in AWS's list, but in AWS's own example `%^starting|^shutting down%`.
_ALLOWED = re.compile(r"[A-Za-z0-9:_#=@/;,\-^$?\[\]{}|*+. ]")
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|[dDsSwW]|[^A-Za-z0-9\s])")
_REPEAT = re.compile(r"\{(\d*),?(\d*)\}")
_MOST_REPEATS = 1000  # RE2's own limit


class DialectError(Exception):
    """`problem` at `span` of the expression."""

    def __init__(self, problem: str, right: str, span: Span) -> None:
        super().__init__(problem)
        self.problem = problem
        self.right = right
        self.span = span


def translate(text: str) -> str:
    """The expression in RE2's syntax. Raises `DialectError`."""
    made: list[str] = []
    position, in_class = 0, -1
    while position < len(text):
        start, character = position, text[position]
        if character == "\\":
            piece, position = _escape(text, position)
        elif _ALLOWED.match(character) is None:
            raise DialectError(_not_supported(character), _instead(character), Span(position, position + 1))
        elif character == "{" and in_class < 0:
            piece, position = _repeat(text, position)
        else:
            # A [ within [ ] is itself.
            piece, position = "\\[" if character == "[" and in_class >= 0 else character, position + 1
        made.append(piece)
        if piece in ("[", "]"):
            in_class = start if piece == "[" else -1
    if in_class >= 0:
        raise DialectError("this [ is not closed", "a ] after the characters", Span(in_class, in_class + 1))
    translated = "".join(made)
    try:
        compiled(translated)
    except ValueError as error:
        raise DialectError(f"not a regular expression: {error}", "", Span(0, len(text))) from None
    return translated


def _escape(text: str, position: int) -> tuple[str, int]:
    found = _ESCAPE.match(text, position)
    if found is None:
        raise DialectError(
            f"{text[position : position + 2]!r} is no escape of this dialect",
            r"\d \D \s \S \w \W, \xhh, or a backslash before a symbol",
            Span(position, min(position + 2, len(text))),
        )
    return found[0], found.end()


def _repeat(text: str, position: int) -> tuple[str, int]:
    found = _REPEAT.match(text, position)
    if found is None or not (found[1] or found[2]):
        raise DialectError("this { begins no repetition", r"{2}, {2,5}, {2,} or {,5}", Span(position, position + 1))
    least, most = found[1] or "0", found[2]
    if max(int(least), int(most or 0)) > _MOST_REPEATS:
        raise DialectError("too many repetitions", f"at most {_MOST_REPEATS:,}", Span(*found.span()))
    return ("{" + least + ("," + most if "," in found[0] else "") + "}"), found.end()


def _not_supported(character: str) -> str:
    if character in "()":
        return f"{character!r}: there are no groups in this dialect"
    if not character.isascii():
        return f"{character!r}: multi-byte characters are not supported"
    return f"{character!r} is not supported in a regular expression"


def _instead(character: str) -> str:
    return f"\\x{ord(character):02x}" if character.isascii() else "ASCII characters only"


@lru_cache(maxsize=512)
def compiled(translated: str) -> Callable[[str], object]:
    """A search for the expression. Raises `ValueError` with RE2's words."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 16 << 20
    try:
        search: Callable[[str], object] = re2.compile(translated, options).search
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from None
    return search
