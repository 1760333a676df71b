"""The kernel that the languages' parsers share: a cursor over a text, spans, and errors that know where they stand."""

from __future__ import annotations

import re
from typing import NamedTuple

from mangaobs.errors import LanguageError


class Span(NamedTuple):
    """Characters `start` (from 0) to `end` (exclusive) of a text."""

    start: int
    end: int


class Cursor:
    """Reads a text from left to right, and keeps every error that it is told of."""

    def __init__(self, text: str, *, language: str, position: int = 0) -> None:
        self.text = text
        self.position = position
        self.errors: list[LanguageError] = []
        self._language = language

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.position >= len(self.text)

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Pass over what `pattern` matches here, if it does."""
        if found := pattern.match(self.text, self.position):
            self.position = found.end()

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What `pattern` matches here, and pass it; or nothing."""
        found = pattern.match(self.text, self.position)
        if found:
            self.position = found.end()
        return found

    def at(self, text: str) -> bool:
        """Whether `text` stands here."""
        return self.text.startswith(text, self.position)

    def accept(self, text: str) -> bool:
        """Pass `text` if it stands here."""
        if self.at(text):
            self.position += len(text)
            return True
        return False

    def error(self, problem: str, right: str = "", span: Span | None = None) -> LanguageError:
        """An error at `span`, or at the character that stands here."""
        start, end = span or Span(self.position, min(self.position + 1, len(self.text)))
        return LanguageError(problem, right=right, language=self._language, source=self.text, start=start, end=end)
