"""What an expression consists of; every node knows its span."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.languages.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.languages.parsing import Span


class Number(Node):
    """A number."""

    span: Span
    value: float


class Text(Node):
    """A text in quotes."""

    span: Span
    value: str


class Name(Node):
    """The id of a metric or of another expression, or a word such as REPEAT."""

    span: Span
    name: str


class Array(Node):
    """`[a, b]`."""

    span: Span
    parts: tuple[Expression, ...]


class Call(Node):
    """A function with its arguments."""

    span: Span
    function: str
    arguments: tuple[Expression, ...]


class Unary(Node):
    """`-a`."""

    span: Span
    operand: Expression


class Binary(Node):
    """`a + b` and its like; `operator` is AND or OR for `&&` and `||`."""

    span: Span
    operator: str
    left: Expression
    right: Expression


Expression = Number | Text | Name | Array | Call | Unary | Binary


def names(expression: Expression) -> Iterator[Name]:
    """The names in an expression, in order."""
    if isinstance(expression, Name):
        yield expression
    elif isinstance(expression, Unary):
        yield from names(expression.operand)
    elif isinstance(expression, Binary):
        yield from names(expression.left)
        yield from names(expression.right)
    elif isinstance(expression, (Call, Array)):
        for part in expression.arguments if isinstance(expression, Call) else expression.parts:
            yield from names(part)
