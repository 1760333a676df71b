"""Tree and parser of alarm rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.languages.node import Node
from mangaobs.languages.parsing import Cursor, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST: Final = 10_240
_DEEPEST: Final = 100
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[A-Z_]+(?![A-Za-z0-9_])")
_BARE = re.compile(r"[^\s(),\"']+")
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'")
_COUNT = re.compile(r"(\d+)\s*(%?)")
STATES: Final = ("ALARM", "OK", "INSUFFICIENT_DATA")


class Constant(Node):
    """TRUE or FALSE."""

    span: Span
    value: bool


class Is(Node):
    """`ALARM(name)`: whether an alarm, named by name or ARN, is in a state."""

    span: Span
    state: str
    alarm: str


class AtLeast(Node):
    """`AT_LEAST(2, ALARM, (a, b, c))`, of `alarms` at least `count`, or percent of them, in a state, or not in it."""

    span: Span
    count: int
    percent: bool
    negated: bool
    state: str
    alarms: tuple[str, ...]


class Not(Node):
    """NOT."""

    span: Span
    operand: AlarmRule


class And(Node):
    """AND."""

    span: Span
    parts: tuple[AlarmRule, ...]


class Or(Node):
    """OR."""

    span: Span
    parts: tuple[AlarmRule, ...]


AlarmRule = Constant | Is | AtLeast | Not | And | Or


def children(rule: AlarmRule) -> Iterator[str]:
    """The alarms that a rule names, by name; an ARN gives the name at its end."""
    if isinstance(rule, Is):
        yield rule.alarm
    elif isinstance(rule, AtLeast):
        yield from rule.alarms
    elif isinstance(rule, Not):
        yield from children(rule.operand)
    elif isinstance(rule, (And, Or)):
        for part in rule.parts:
            yield from children(part)


def parse(text: str) -> AlarmRule:
    """The rule's tree. Raises `LanguageError` with offsets in `text`."""
    cursor = Cursor(text, language="alarm rule")
    if len(text) > _LONGEST:
        raise cursor.error(f"the rule has {len(text):,} characters", f"at most {_LONGEST:,}", Span(_LONGEST, len(text)))
    made = _Parser(cursor).either(0)
    cursor.skip(_SPACE)
    if not cursor.ended:
        raise cursor.error(f"{cursor.text[cursor.position]!r} cannot stand here", "AND, OR or the end")
    return made


class _Parser:
    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    def either(self, depth: int) -> AlarmRule:
        parts = self._joined("OR", depth)
        return parts[0] if len(parts) == 1 else Or(Span(parts[0].span.start, parts[-1].span.end), parts)

    def _joined(self, word: str, depth: int) -> tuple[AlarmRule, ...]:
        parts = [self._part(word, depth)]
        while self._word(word):
            parts.append(self._part(word, depth))
        return tuple(parts)

    def _part(self, word: str, depth: int) -> AlarmRule:
        if word == "AND":
            return self._unary(depth)
        parts = self._joined("AND", depth)
        return parts[0] if len(parts) == 1 else And(Span(parts[0].span.start, parts[-1].span.end), parts)

    def _word(self, *words: str) -> str | None:
        cursor = self.cursor
        cursor.skip(_SPACE)
        at = cursor.position
        found = cursor.take(_WORD)
        if found is not None and found[0] in words:
            return found[0]
        cursor.position = at
        return None

    def _unary(self, depth: int) -> AlarmRule:
        cursor = self.cursor
        cursor.skip(_SPACE)
        start = cursor.position
        if depth > _DEEPEST:
            raise cursor.error("nested too deep", f"at most {_DEEPEST} levels")
        if self._word("NOT"):
            operand = self._unary(depth + 1)
            return Not(Span(start, cursor.position), operand)
        if cursor.accept("("):
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        if word := self._word("TRUE", "FALSE"):
            return Constant(Span(start, cursor.position), word == "TRUE")
        if self._word("AT_LEAST"):
            return self._at_least(start)
        state = self._word(*STATES)
        if state is None:
            raise self._unexpected("ALARM(…), OK(…), INSUFFICIENT_DATA(…), AT_LEAST(…), NOT, TRUE or FALSE")
        self._expect("(")
        alarm = self._reference()
        self._expect(")")
        return Is(Span(start, cursor.position), state, alarm)

    def _at_least(self, start: int) -> AtLeast:
        cursor = self.cursor
        self._expect("(")
        cursor.skip(_SPACE)
        at = cursor.position
        count = cursor.take(_COUNT)
        if count is None:
            raise self._unexpected("a number or a percentage")
        self._expect(",")
        negated = self._word("NOT") is not None
        state = self._word(*STATES)
        if state is None:
            raise self._unexpected("ALARM, OK or INSUFFICIENT_DATA")
        self._expect(",")
        self._expect("(")
        alarms = [self._reference()]
        cursor.skip(_SPACE)
        while cursor.accept(","):
            alarms.append(self._reference())
            cursor.skip(_SPACE)
        self._expect(")")
        self._expect(")")
        percent = bool(count[2])
        most = 100 if percent else len(alarms)
        if not 1 <= int(count[1]) <= most:
            raise cursor.error(f"{count[0]} of {len(alarms)} alarms", f"1 to {most}", Span(at, at + len(count[0])))
        return AtLeast(Span(start, cursor.position), int(count[1]), percent, negated, state, tuple(alarms))

    def _reference(self) -> str:
        cursor = self.cursor
        cursor.skip(_SPACE)
        if found := cursor.take(_QUOTED):
            name = re.sub(r"\\(.)", r"\1", found[1] if found[1] is not None else found[2])
        elif found := cursor.take(_BARE):
            name = found[0]
        else:
            raise self._unexpected("an alarm's name or ARN")
        return name.partition(":alarm:")[2] if name.startswith("arn:") and ":alarm:" in name else name

    def _expect(self, text: str) -> None:
        self.cursor.skip(_SPACE)
        if not self.cursor.accept(text):
            raise self._unexpected(text)

    def _unexpected(self, right: str) -> Exception:
        cursor = self.cursor
        what = "the rule ends too early" if cursor.ended else f"{cursor.text[cursor.position]!r} cannot stand here"
        return cursor.error(what, right)
