"""Text → tree, by precedence climbing: OR, AND, comparison, sum, product, power, sign.

AWS does not document precedence; this is the usual one.
"""

from __future__ import annotations

import re
from typing import Final

from mangaobs.languages.metric_math._tree import Array, Binary, Call, Expression, Name, Number, Text, Unary
from mangaobs.languages.parsing import Cursor, Span

_LONGEST: Final = 2048
_DEEPEST: Final = 100
_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_OPERATOR = re.compile(r"\|\||&&|==|!=|<=|>=|[<>+\-*/^]|(?:AND|OR)(?![A-Za-z0-9_])")
_ALIASES: Final = {"&&": "AND", "||": "OR"}
_BINDS: Final = {
    "OR": 1, "AND": 2,
    "==": 3, "!=": 3, "<": 3, ">": 3, "<=": 3, ">=": 3,
    "+": 4, "-": 4, "*": 5, "/": 5, "^": 7,
}  # fmt: skip
_SIGN: Final = 6


def parse(text: str) -> Expression:
    """The expression's tree. Raises `LanguageError` with offsets in `text`."""
    cursor = Cursor(text, language="metric math")
    if len(text) > _LONGEST:
        raise cursor.error(
            f"the expression has {len(text):,} characters", f"at most {_LONGEST:,}", Span(_LONGEST, len(text))
        )
    parser = _Parser(cursor)
    made = parser.expression(0)
    cursor.skip(_SPACE)
    if not cursor.ended:
        raise cursor.error(f"{cursor.text[cursor.position]!r} cannot stand here", "an operator or the end")
    return made


class _Parser:
    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.depth = 0

    def expression(self, least: int) -> Expression:
        """An expression of operators that bind at least so strongly."""
        cursor = self.cursor
        self.depth += 1
        if self.depth > _DEEPEST:
            raise cursor.error("nested too deep", f"at most {_DEEPEST} levels")
        cursor.skip(_SPACE)
        start = cursor.position
        if cursor.accept("-"):
            operand = self.expression(_SIGN)
            left: Expression = Unary(Span(start, cursor.position), operand)
        else:
            left = self._atom()
        while True:
            cursor.skip(_SPACE)
            at = cursor.position
            found = cursor.take(_OPERATOR)
            if found is None:
                break
            operator = _ALIASES.get(found[0], found[0])
            binds = _BINDS[operator]
            if binds < least:
                cursor.position = at
                break
            right = self.expression(binds if operator == "^" else binds + 1)
            left = Binary(Span(start, cursor.position), operator, left, right)
        self.depth -= 1
        return left

    def _atom(self) -> Expression:
        cursor = self.cursor
        start = cursor.position
        if found := cursor.take(_NUMBER):
            return Number(Span(*found.span()), float(found[0]))
        if found := cursor.take(_TEXT):
            return Text(Span(*found.span()), found[1] if found[1] is not None else found[2])
        if cursor.accept("("):
            inner = self.expression(0)
            self._close(")", start)
            return inner
        if cursor.accept("["):
            parts = self._list("]", start)
            return Array(Span(start, cursor.position), parts)
        name = cursor.take(_NAME)
        if name is None:
            what = "the expression ends too early" if cursor.ended else f"{cursor.text[start]!r} cannot stand here"
            raise cursor.error(what, "a metric's id, a number or a function")
        cursor.skip(_SPACE)
        if cursor.accept("("):
            arguments = self._list(")", cursor.position - 1)
            return Call(Span(start, cursor.position), name[0], arguments)
        return Name(Span(*name.span()), name[0])

    def _list(self, end: str, start: int) -> tuple[Expression, ...]:
        cursor = self.cursor
        cursor.skip(_SPACE)
        parts: list[Expression] = []
        if not cursor.at(end):
            parts.append(self.expression(0))
            cursor.skip(_SPACE)
            while cursor.accept(","):
                parts.append(self.expression(0))
                cursor.skip(_SPACE)
        self._close(end, start)
        return tuple(parts)

    def _close(self, end: str, start: int) -> None:
        cursor = self.cursor
        cursor.skip(_SPACE)
        if not cursor.accept(end):
            if cursor.ended:
                raise cursor.error(f"this {cursor.text[start]} is not closed", f"a {end}", Span(start, start + 1))
            raise cursor.error(
                f"{cursor.text[cursor.position]!r} cannot stand here", f"a {end}, a comma or an operator"
            )
