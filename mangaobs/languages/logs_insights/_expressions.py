"""Expressions, by precedence climbing: or, and, not, comparison, sum, product, sign, power.

AWS does not document precedence; this is the usual one, and every query of the corpus reads right with it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.languages.logs_insights.functions import functions, key
from mangaobs.languages.logs_insights.tree import (
    Binary,
    Boolean,
    Call,
    Expression,
    Field,
    In,
    InQuery,
    Like,
    Name,
    Note,
    Parameter,
    Star,
    Unary,
)
from mangaobs.languages.parsing import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from mangaobs.languages.logs_insights._lexer import Reader
    from mangaobs.languages.logs_insights.tree import Query

_DEEPEST: Final = 60
_NOT: Final = 3
_COMPARE: Final = 4
_SIGN: Final = 7
_POWER: Final = 8
_BINDS: Final = {
    "or": 1, "and": 2,
    "=": _COMPARE, "==": _COMPARE, "!=": _COMPARE, "<": _COMPARE, ">": _COMPARE, "<=": _COMPARE, ">=": _COMPARE,
    "=~": _COMPARE, "~=": _COMPARE, "like": _COMPARE, "in": _COMPARE, "not": _COMPARE,
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "^": _POWER,
}  # fmt: skip
_OPERATOR: Final = re.compile(r"==|=~|~=|!=|<=|>=|[=<>+\-*/%^]|(?:and|or|like|in|not)\b", re.IGNORECASE)
_NAME: Final = re.compile(r"[A-Za-z_]\w*(?=\s*\()")
_PARAMETER: Final = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_BOOLEAN: Final = re.compile(r"(true|false)(?![\w.@`\[])", re.IGNORECASE)


class Expressions:
    """Reads expressions of a query; `subquery` reads the query between parentheses."""

    def __init__(self, reader: Reader, subquery: Callable[[], Query]) -> None:
        self.reader = reader
        self.notes: list[Note] = []
        self._subquery = subquery
        self._depth = 0

    def expression(self, least: int = 0) -> Expression:
        """An expression of operators that bind at least so strongly."""
        reader = self.reader
        self._depth += 1
        if self._depth > _DEEPEST:
            raise reader.error("nested too deep", f"at most {_DEEPEST} levels")
        reader.space()
        start = reader.position
        left = self._prefixed(start)
        while True:
            reader.space()
            at = reader.position
            found = reader.take(_OPERATOR)
            if found is None:
                break
            operator = found[0].lower()
            binds = _BINDS[operator]
            if binds < least:
                reader.position = at
                break
            left = self._operation(start, left, operator, Span(at, reader.position))
        self._depth -= 1
        return left

    def field(self) -> Field:
        """A field. Raises `LanguageError` if none is here."""
        reader = self.reader
        reader.space()
        start = reader.position
        path = reader.path()
        if path is None:
            raise reader.unexpected("a field; names with other characters than letters, digits, _ @ . in backticks")
        return Field(Span(start, reader.end), path)

    def name(self) -> Name:
        """A name that a command gives. Raises `LanguageError` if none is here."""
        reader = self.reader
        reader.space()
        start = reader.position
        if text := reader.string():  # AWS takes an alias in quotes as well
            self._note(text.span, "an alias in quotes", "a name, or backticks")
            return Name(text.span, text.value)
        path = reader.path()
        if path is None:
            raise reader.unexpected("a name; in backticks if it has other characters than letters, digits, _ @ .")
        return Name(Span(start, reader.end), Field(Span(start, reader.end), path).name)

    def names(self) -> tuple[Name, ...]:
        """Several of them."""
        names = [self.name()]
        while self.reader.mark(","):
            names.append(self.name())
        return tuple(names)

    def primary(self) -> Expression:
        """An expression without operators of its own: where `/` opens a regular expression."""
        self.reader.space()
        return self._atom()

    def _prefixed(self, start: int) -> Expression:
        reader = self.reader
        if reader.accept("-"):
            operand = self.expression(_SIGN)
            return Unary(Span(start, reader.end), "-", operand)
        if reader.at("!") and not reader.at("!="):
            reader.position += 1
            operand = self.expression(_SIGN)
            return Unary(Span(start, reader.end), "not", operand)
        if reader.word() == "not":
            reader.keyword("not")
            operand = self.expression(_NOT)
            return Unary(Span(start, reader.end), "not", operand)
        return self._atom()

    def _operation(self, start: int, left: Expression, operator: str, at: Span) -> Expression:
        reader = self.reader
        negated = operator == "not"
        if negated:
            operator = reader.keyword("like", "in")
            if not operator:
                raise reader.unexpected("like or in after not")
        if operator in ("like", "=~", "~="):
            if operator == "~=":
                self._note(at, "~=", "=~")
            pattern = self._pattern()
            return Like(Span(start, reader.end), left, pattern, negated)
        if operator == "in":
            return self._in(start, left, negated=negated)
        if operator == "==":
            self._note(at, "==", "=")
            operator = "="
        binds = _BINDS[operator]
        right = self.expression(binds if operator == "^" else binds + 1)
        return Binary(Span(start, reader.end), operator, left, right)

    def _pattern(self) -> Expression:
        found = self.regex()
        return found or self.expression(_COMPARE + 1)

    def regex(self) -> Expression | None:
        """A regular expression, if one is here."""
        found = self.reader.regex()
        if found and found.ignore_case:
            self._note(Span(found.span.end - 1, found.span.end), "/…/i", "/(?i)…/")
        return found

    def _in(self, start: int, left: Expression, *, negated: bool) -> Expression:
        reader = self.reader
        if reader.mark("["):
            items = self._list("]")
            return In(Span(start, reader.end), left, items, negated)
        if not reader.mark("("):
            raise reader.unexpected("[value, …] or (query)")
        opened = reader.position
        if reader.word() in ("fields", "filter", "where", "source", "stats", "parse", "display", "dedup"):
            query = self._subquery()
            reader.expect(")")
            return InQuery(Span(start, reader.end), left, query, negated)
        reader.position = opened
        items = self._list(")")
        self._note(Span(opened - 1, opened), "in ( … )", "in [ … ]")
        return In(Span(start, reader.end), left, items, negated)

    def _atom(self) -> Expression:
        reader = self.reader
        start = reader.position
        if reader.accept("("):
            inner = self.expression()
            reader.expect(")", "a ), or an operator")
            return inner
        literal = reader.string() or reader.period() or reader.number()
        if literal:
            return literal
        if found := reader.take(_PARAMETER):
            return Parameter(Span(*found.span()), found[1])
        if found := reader.take(_BOOLEAN):
            return Boolean(Span(*found.span()), found[0].lower() == "true")
        if name := reader.take(_NAME):
            return self._call(name)
        path = reader.path()
        if path is None:
            raise reader.unexpected("a field, a value or a function")
        return Field(Span(start, reader.end), path)

    def _call(self, name: re.Match[str]) -> Expression:
        reader = self.reader
        span = Span(*name.span())
        reader.expect("(")
        reader.space()
        at = reader.position
        known = functions().get(key(name[0]))
        function = known.name if known else ""
        arguments: tuple[Expression, ...]
        if reader.accept("*"):
            arguments = (Star(Span(at, reader.position)),)
            reader.expect(")")
        else:
            arguments = self._list(")", regex=function in ("regexReplace", "replace"))
        if known and not known.documented:
            self._note(span, name[0], "pct(field, 50)")
        if function == "bin" and len(arguments) == 2:
            self._note(arguments[0].span, "bin(field, period)", "datefloor(field, period)")
        return Call(Span(span.start, reader.end), name[0], function, arguments, span)

    def _list(self, end: str, *, regex: bool = False) -> tuple[Expression, ...]:
        reader = self.reader
        if reader.mark(end):
            return ()
        parts = [(self.regex() if regex else None) or self.expression()]
        while reader.mark(","):
            parts.append((self.regex() if regex else None) or self.expression())
        reader.expect(end, f"a {end}, a comma or an operator")
        return tuple(parts)

    def _note(self, span: Span, what: str, documented: str) -> None:
        self.notes.append(Note(span, what, documented))
