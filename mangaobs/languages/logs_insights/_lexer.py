"""What the parser reads with: spaces and comments, names, literals.

It reads characters, not tokens: whether `/` divides or opens a regular expression, and whether a word is a keyword or a
field, is known only where it stands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.languages.logs_insights.periods import unit_of
from mangaobs.languages.logs_insights.tree import Comment, Number, Period, Regex, Text
from mangaobs.languages.parsing import Cursor, Span

if TYPE_CHECKING:
    from mangaobs.errors import LanguageError

LANGUAGE: Final = "query"
_SPACE: Final = re.compile(r"\s+")
_COMMENT: Final = re.compile(r"#[^\n]*")
_NOT_COMMENT: Final = re.compile(r"(?:--|//)[^\n]*")
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_SEGMENT: Final = re.compile(r"@?[A-Za-z_@][\w@]*")
_LATER_SEGMENT: Final = re.compile(r"[\w@]+")
_TICKED: Final = re.compile(r"@?`([^`\n]+)`")
_STRING: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_REGEX: Final = re.compile(r"/((?:[^/\\]|\\.)+)/(i\b)?", re.DOTALL)
_NUMBER: Final = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")
_PERIOD: Final = re.compile(r"(\d+)(\s*)([A-Za-z]+)\b")
_INDEX: Final = re.compile(r"\[\s*(\d{1,9})\s*\]")
_ESCAPED: Final = re.compile(r"\\([\\'\"])")


class Reader(Cursor):
    """A cursor that knows the language's small things."""

    def __init__(self, text: str) -> None:
        super().__init__(text, language=LANGUAGE)
        self.comments: list[Comment] = []
        self._spaced = (-1, -1)

    @property
    def end(self) -> int:
        """Where the last thing that was read ends: the position, less spaces and comments before it."""
        before, after = self._spaced
        return before if self.position == after else self.position

    def space(self) -> None:
        """Pass spaces and comments, and keep the comments."""
        before = self.end
        while True:
            self.skip(_SPACE)
            found = self.take(_COMMENT)
            if found is None:
                wrong = self.take(_NOT_COMMENT)
                if wrong is None:
                    self._spaced = (before, self.position)
                    return
                self.errors.append(
                    self.error(f"{wrong[0][:2]} starts no comment", "# and the comment", Span(*wrong.span()))
                )
                continue
            # A parser may look at one place twice.
            if not self.comments or self.comments[-1].span.start < found.start():
                self.comments.append(Comment(Span(*found.span()), found[0].rstrip()))

    def word(self) -> str:
        """The word here in lower case, without passing it; "" if there is none."""
        self.space()
        found = _WORD.match(self.text, self.position)
        return found[0].lower() if found else ""

    def keyword(self, *words: str) -> str:
        """Pass the word here if it is one of these, and give it in lower case; else ""."""
        self.space()
        found = _WORD.match(self.text, self.position)
        if found is None or found[0].lower() not in words:
            return ""
        self.position = found.end()
        return found[0].lower()

    def mark(self, text: str) -> bool:
        """Pass punctuation if it is here."""
        self.space()
        return self.accept(text)

    def expect(self, text: str, why: str = "") -> None:
        """Pass punctuation. Raises `LanguageError` if something else is here."""
        if not self.mark(text):
            raise self.unexpected(why or f"a {text}")

    def unexpected(self, right: str) -> LanguageError:
        """An error about what stands here."""
        self.space()
        if self.ended:
            end = len(self.text.rstrip())
            return self.error("the query ends too early", right, Span(max(end - 1, 0), end))
        found = (
            _STRING.match(self.text, self.position)
            or _LATER_SEGMENT.match(self.text, self.position)
            or re.compile(".", re.DOTALL).match(self.text, self.position)
        )
        span = Span(*found.span()) if found else None
        shown = found[0] if found else ""
        return self.error(f"{shown if len(shown) < 30 else shown[:27] + '…'} cannot stand here", right, span)

    def string(self) -> Text | None:
        """A string literal, passed."""
        self.space()
        found = self.take(_STRING)
        if found is None:
            if self.text[self.position : self.position + 1] in ("'", '"') and not self.ended:
                raise self.error("this string is not closed", f"a {self.text[self.position]}")
            return None
        inner = found[1] if found[1] is not None else found[2]
        return Text(Span(*found.span()), _ESCAPED.sub(r"\1", inner))

    def regex(self) -> Regex | None:
        """A regular expression between slashes, passed."""
        self.space()
        found = self.take(_REGEX)
        if found is None:
            if self.at("/"):
                raise self.error("this regular expression is not closed", "/pattern/")
            return None
        return Regex(Span(*found.span()), found[1].replace("\\/", "/"), bool(found[2]))

    def number(self) -> Number | None:
        """A number without a sign, passed."""
        self.space()
        found = self.take(_NUMBER)
        return Number(Span(*found.span()), found[0]) if found else None

    def period(self) -> Period | None:
        """A period, passed."""
        self.space()
        found = _PERIOD.match(self.text, self.position)
        unit = unit_of(found[3]) if found else None
        if found is None or unit is None:
            return None
        self.position = found.end()
        return Period(Span(*found.span()), int(found[1]), unit)

    def path(self) -> tuple[str | int, ...] | None:
        """The parts of a field's name, passed: names, backticked names, indexes."""
        self.space()
        first = self._ticked() or self._plain(_SEGMENT)
        if first is None:
            return None
        parts: list[str | int] = [first]
        while True:
            index = self.take(_INDEX)
            if index:
                parts.append(int(index[1]))
                continue
            if not self.at("."):
                return tuple(parts)
            at = self.position
            self.position += 1
            segment = self._ticked() or self._plain(_LATER_SEGMENT)
            if segment is None:
                self.position = at
                return tuple(parts)
            parts.append(segment)

    def _ticked(self) -> str | None:
        at_sign = self.at("@`")
        found = self.take(_TICKED)
        if found:
            return f"@{found[1]}" if at_sign else found[1]
        if self.at("`") or at_sign:
            raise self.error("this backtick is not closed", "`name`")
        return None

    def _plain(self, pattern: re.Pattern[str]) -> str | None:
        found = self.take(pattern)
        return found[0] if found else None
