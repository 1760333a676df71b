"""Which fields a plan uses as numbers only: these may be read as numbers, for nothing shows their text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.insights._expressions import field_name
from mangaobs.insights._needs import expressions
from mangaobs.insights._plan import EventField, JoinEvents, Within
from mangaobs.languages.logs_insights import walk
from mangaobs.languages.logs_insights.tree import Binary, Call, Number, Unary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.insights._plan import Plan, Resolved

_ARITHMETIC: Final = {"+", "-", "*", "/", "%", "^"}
_COMPARISON: Final = {"=", "!=", "<", "<=", ">", ">="}
_OF_NUMBERS: Final = {
    "abs", "ceil", "floor", "greatest", "least", "log", "round", "sqrt", "haversine", "toNumber", "toDouble",
    "isNumeric", "avg", "sum", "sumOverTime", "stddev", "variance", "pct", "median",
}  # fmt: skip


def numeric_only(plan: Plan) -> set[str]:
    """The names of the fields."""
    numeric: set[str] = set()
    other: set[str] = set()
    if any(isinstance(step, Within | JoinEvents) for step in plan.steps):
        return set()  # other events have fields of these names as well
    for expression in _all(plan):
        _visit(expression, numeric, other, as_number=False)
    return numeric - other


def _all(plan: Plan) -> Iterator[Resolved]:
    for step in plan.steps:
        yield from expressions(step)
    yield from plan.output.values()


def _visit(expression: Resolved, numeric: set[str], other: set[str], *, as_number: bool) -> None:  # noqa: C901 - one case a node
    match expression:
        case EventField():
            (numeric if as_number else other).add(field_name(expression.path))
        case Unary() if expression.operator == "-":
            _visit(expression.operand, numeric, other, as_number=True)
        case Binary() if expression.operator in _ARITHMETIC:
            _visit(expression.left, numeric, other, as_number=True)
            _visit(expression.right, numeric, other, as_number=True)
        case Binary() if expression.operator in _COMPARISON:
            with_number = any(isinstance(one, Number) for one in (expression.left, expression.right))
            _visit(expression.left, numeric, other, as_number=with_number)
            _visit(expression.right, numeric, other, as_number=with_number)
        case Binary():
            _visit(expression.left, numeric, other, as_number=False)
            _visit(expression.right, numeric, other, as_number=False)
        case Unary():
            _visit(expression.operand, numeric, other, as_number=False)
        case Call():
            for argument in expression.arguments:
                _visit(argument, numeric, other, as_number=expression.function in _OF_NUMBERS)
        case _:
            for part in walk(expression):  # type: ignore[arg-type]
                if isinstance(part, EventField):
                    other.add(field_name(part.path))
