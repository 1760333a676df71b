"""An expression with some of its parts replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mangaobs.languages.logs_insights.tree import Binary, Call, Expression, In, InQuery, Like, Unary

if TYPE_CHECKING:
    from collections.abc import Callable


def rewritten(expression: Expression, replace: Callable[[Expression], Any]) -> Any:  # noqa: ANN401 - a tree of either kind
    """The expression with what `replace` gives for a part in its place; None leaves the part, and goes into it."""
    found = replace(expression)
    if found is not None:
        return found

    def again(part: Expression) -> Any:  # noqa: ANN401
        return rewritten(part, replace)

    match expression:
        case Unary():
            return Unary(expression.span, expression.operator, again(expression.operand))
        case Binary():
            return Binary(expression.span, expression.operator, again(expression.left), again(expression.right))
        case Like():
            pattern = again(expression.pattern)
            return Like(expression.span, again(expression.operand), pattern, expression.negated)
        case In():
            items = tuple(map(again, expression.items))
            return In(expression.span, again(expression.operand), items, expression.negated)
        case InQuery():
            return InQuery(expression.span, again(expression.operand), expression.query, expression.negated)
        case Call():
            arguments = tuple(map(again, expression.arguments))
            return Call(expression.span, expression.written, expression.function, arguments, expression.name_span)
        case _:
            return expression
