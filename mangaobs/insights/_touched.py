"""Which open questions a query touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.languages.logs_insights import expressions_of, walk
from mangaobs.languages.logs_insights.tree import (
    Binary,
    Boolean,
    Call,
    Field,
    Filter,
    In,
    InQuery,
    Like,
    Limit,
    ParseGlob,
    Sort,
    Stats,
    Text,
    Unary,
    Unnest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.languages.logs_insights.tree import Command, Expression, Query

_CALLS = {"stddev": "stddev_of_sample", "pct": "pct_interpolated", "median": "pct_interpolated"}


def questions(query: Query) -> set[str]:
    """The names of the questions."""
    found: set[str] = set()
    for number, command in enumerate(query.commands):
        found |= set(_of_command(command, query.commands[number + 1 :]))
        for expression in expressions_of(command):
            for part in walk(expression):
                found |= set(_of_expression(part))
                if isinstance(part, InQuery):
                    found |= questions(part.query)
    return found


def _of_command(command: Command, after: tuple[Command, ...]) -> Iterator[str]:
    match command:
        case Sort():
            yield "missing_sorts_first"
        case Stats() if not command.by:
            yield "stats_of_nothing"
        case Limit() if any(isinstance(one, Sort | Filter | Stats) for one in after):
            yield "limit_in_place"
        case Unnest():
            yield "unnest_keeps_empty"
        case ParseGlob() if "*" not in command.glob.value:
            yield "glob_without_star_gives_text"
        case Filter() if _bare(command.condition):
            yield "text_is_true"
        case _:
            pass


def _bare(condition: Expression) -> bool:
    """Whether a field stands as a condition of its own somewhere."""
    match condition:
        case Field():
            return True
        case Unary():
            return condition.operator == "not" and _bare(condition.operand)
        case Binary() if condition.operator in ("and", "or"):
            return _bare(condition.left) or _bare(condition.right)
        case _:
            return False


def _of_expression(part: Expression) -> Iterator[str]:
    match part:
        case Binary() if part.operator in ("=", "!="):
            if part.operator == "!=":
                yield "missing_ne"
            if any(_boolean(one) for one in (part.left, part.right)):
                yield "boolean_equals_text"
        case Like() if part.negated:
            yield "missing_not_like"
        case In():
            if part.negated:
                yield "missing_not_in"
            if any(_boolean(one) for one in part.items):
                yield "boolean_equals_text"
        case InQuery() if part.negated:
            yield "missing_not_in"
        case Call() if part.function in _CALLS:
            yield _CALLS[part.function]
        case _:
            pass


def _boolean(one: Expression) -> bool:
    return isinstance(one, Boolean) or (isinstance(one, Text) and one.value in ("true", "false"))
