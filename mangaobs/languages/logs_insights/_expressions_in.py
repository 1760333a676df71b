"""The expressions of a command, and the parts of an expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.languages.logs_insights.tree import (
    Binary,
    Call,
    Command,
    Dedup,
    Display,
    Expand,
    Expression,
    Fields,
    Filter,
    In,
    Inexact,
    InQuery,
    Like,
    Lookup,
    ParseCsv,
    ParseGlob,
    ParseLogfmt,
    ParseRegex,
    ReadJson,
    Sort,
    Stats,
    Unary,
    Unnest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def expressions_of(command: Command) -> Iterator[Expression]:  # noqa: C901, PLR0912 - one case a command
    """What a command reads, in the order of the text."""
    match command:
        case Fields() | Display():
            yield from (item.expression for item in command.items)
        case Filter():
            yield command.condition
        case Stats():
            yield from (item.expression for item in (*command.items, *command.by))
        case Sort():
            yield from (one.expression for one in command.keys)
        case Dedup() | Inexact():
            yield from command.fields
        case ParseGlob() | ParseLogfmt() | ParseCsv() | ReadJson():
            if command.field:
                yield command.field
        case ParseRegex():
            if command.field:
                yield command.field
            yield command.regex
        case Unnest():
            yield command.operand
        case Expand():
            yield command.field
        case Lookup():
            yield from (one.field for one in command.keys)
        case _:
            pass


def walk(expression: Expression) -> Iterator[Expression]:
    """An expression and every part of it; what is in a subquery is no part."""
    yield expression
    match expression:
        case Unary():
            yield from walk(expression.operand)
        case Binary():
            yield from walk(expression.left)
            yield from walk(expression.right)
        case Like():
            yield from walk(expression.operand)
            yield from walk(expression.pattern)
        case In():
            for one in (expression.operand, *expression.items):
                yield from walk(one)
        case InQuery():
            yield from walk(expression.operand)
        case Call():
            for one in expression.arguments:
                yield from walk(one)
        case _:
            pass
