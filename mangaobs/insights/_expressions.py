"""Resolved expressions → typed SQL expressions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from mangaobs.insights._calls import Calls
from mangaobs.insights._plan import Absent, Column, EventField
from mangaobs.insights._typed import (
    NUMERIC,
    Typed,
    absent,
    as_number,
    as_text,
    both,
    call,
    cast,
    choose,
    either,
    known,
    negation,
    null,
    number,
    one_of,
    operation,
    present,
    string,
)
from mangaobs.insights._values import number_of
from mangaobs.insights._views import pointed
from mangaobs.languages.logs_insights.regex import capturing
from mangaobs.languages.logs_insights.tree import (
    Binary,
    Boolean,
    Call,
    In,
    Like,
    Number,
    Parameter,
    Period,
    Regex,
    Star,
    Text,
    Unary,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mangaobs.insights._plan import Resolved
    from mangaobs.insights._policy import Policy
    from mangaobs.insights._window import Window

_ARITHMETIC: Final = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}
_COMPARISON: Final = {"=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}


class Expressions:
    """Compiles expressions over the columns of a relation and the fields of its events."""

    def __init__(
        self,
        columns: Mapping[int, Typed],
        fields: Mapping[tuple[int, str], Typed],
        policy: Policy,
        window: Window,
    ) -> None:
        self.columns = columns
        self.fields = fields
        self.policy = policy
        self.calls = Calls(self, window)

    def typed(self, expression: Resolved) -> Typed:  # noqa: C901 - one case a node
        """The expression with its kind."""
        match expression:
            case Column():
                return self._column(expression)
            case EventField():
                return self.fields[expression.side, field_name(expression.path)]
            case Absent():
                return Typed(null(), "missing")
            case Text():
                return Typed(string(expression.value), "text", expression.value)
            case Number():
                value = float(expression.text)
                return Typed(cast(number(expression.text), "DOUBLE"), "number", value)
            case Boolean():
                return Typed(exp.Boolean(this=expression.value), "boolean", expression.value)
            case Unary():
                return self._unary(expression)
            case Binary():
                return self._binary(expression)
            case Like() | In():
                return Typed(known(self.condition(expression)), "boolean")
            case Call():
                return self.calls.typed(expression)
            case Parameter() | Period() | Regex() | Star():
                return Typed(null(), "missing")
            case _:
                raise AssertionError(expression)

    def text(self, expression: Resolved) -> exp.Expression:
        """The expression as a string."""
        return as_text(self.typed(expression))

    def number(self, expression: Resolved) -> exp.Expression:
        """The expression as a number."""
        return as_number(self.typed(expression))

    def _column(self, column: Column) -> Typed:
        found = self.columns[column.number]
        if not column.path:
            return found
        if found.kind not in ("json", "map"):
            return Typed(null(), "missing")
        return Typed(at_path(found.sql, column.path), "json")

    # conditions

    def condition(self, expression: Resolved) -> exp.Expression:
        """The expression as a condition of a filter: NULL counts as false."""
        match expression:
            case Binary() if expression.operator in ("and", "or"):
                join = both if expression.operator == "and" else either
                return join(self.condition(expression.left), self.condition(expression.right))
            case Binary() if expression.operator in _COMPARISON:
                return self._compared(expression.operator, self.typed(expression.left), self.typed(expression.right))
            case Unary() if expression.operator == "not":
                return negation(known(self.condition(expression.operand)))
            case Like():
                return self._like(expression)
            case In():
                return self._in(expression)
            case _:
                return self.truth(self.typed(expression))

    def truth(self, one: Typed) -> exp.Expression:
        """Whether a value is true of its own."""
        if one.kind == "boolean":
            return one.sql
        if one.kind in NUMERIC:
            return operation(exp.NEQ, one.sql, number(0))
        if one.kind in ("missing", "map"):
            return exp.false()
        text = as_text(one)
        other = both(present(text), exp.Boolean(this=self.policy.text_is_true))
        return choose(
            [
                (present(as_number(one)), operation(exp.NEQ, as_number(one), number(0))),
                (
                    one_of(call("lower", text), ["true", "false"]),
                    operation(exp.EQ, call("lower", text), string("true")),
                ),
            ],
            other,
        )

    def _compared(self, operator: str, left: Typed, right: Typed) -> exp.Expression:
        if operator == "!=":
            # A map or a list is unequal to nothing, as it is equal to nothing.
            there = [present(as_text(one)) for one in (left, right) if one.constant is None]
            unlike = (
                both(*there, negation(known(self._compared("=", left, right))))
                if there
                else negation(known(self._compared("=", left, right)))
            )
            if self.policy.missing_ne:
                gone = [absent(one.sql) for one in (left, right) if one.constant is None]
                return either(unlike, *gone) if gone else unlike
            return unlike
        kind = _COMPARISON[operator]
        if "map" in (left.kind, right.kind) or "missing" in (left.kind, right.kind):
            return exp.false()
        if left.kind in NUMERIC and right.kind in NUMERIC:
            return operation(kind, as_number(left), as_number(right))
        if isinstance(left.constant, str) and not isinstance(right.constant, str):
            return self._compared(_MIRRORED[operator], right, left)
        if isinstance(right.constant, str):
            return self._with_text(operator, left, right)
        numeric = operation(kind, as_number(left), as_number(right))
        if right.kind in NUMERIC or left.kind in NUMERIC:
            alike = self._boolean_alike(operator, left, right)
            return either(numeric, alike) if alike is not None else numeric
        textual = operation(kind, as_text(left), as_text(right))
        numbers = [present(as_number(left)), present(as_number(right))]
        return choose([(both(*numbers), numeric), (either(*numbers), exp.false())], textual)

    def _boolean_alike(self, operator: str, left: Typed, right: Typed) -> exp.Expression | None:
        """`field = true` where the field holds the text true."""
        if operator != "=" or not self.policy.boolean_equals_text:
            return None
        for one, other in ((left, right), (right, left)):
            if isinstance(one.constant, bool) and other.kind in ("text", "json"):
                return operation(exp.EQ, as_text(other), string("true" if one.constant else "false"))
        return None

    def _with_text(self, operator: str, left: Typed, right: Typed) -> exp.Expression:
        """A comparison with a string literal: what the literal is decides how to compare."""
        text = str(right.constant)
        kind = _COMPARISON[operator]
        value = number_of(text)
        if value is not None:
            return operation(kind, as_number(left), as_number(right))
        named = operator == "=" and self.policy.boolean_equals_text and text in ("true", "false")
        if left.kind == "boolean":
            return operation(exp.EQ, left.sql, exp.Boolean(this=text == "true")) if named else exp.false()
        if left.kind in NUMERIC:
            return exp.false()
        if operator == "=" and left.kind == "json":
            quoted = json.dumps(text, ensure_ascii=False)
            same = (
                operation(exp.EQ, left.sql, string(quoted))
                if quoted[1:-1] == text
                else operation(exp.EQ, as_text(left), string(text))
            )
            return either(same, operation(exp.EQ, left.sql, string(text))) if named else same
        same = operation(kind, as_text(left), string(text))
        return same if operator == "=" else both(absent(as_number(left)), same)

    def _like(self, like: Like) -> exp.Expression:
        operand = as_text(self.typed(like.operand))
        pattern: Resolved = like.pattern
        if isinstance(pattern, Regex):
            written = capturing(pattern.pattern, ignore_case=pattern.ignore_case).pattern
            found = call("regexp_matches", operand, string(written))
        else:
            found = call("contains", operand, self.text(pattern))
        if not like.negated:
            return found
        if self.policy.missing_not_like:
            return negation(known(found))
        return negation(found)

    def _in(self, expression: In) -> exp.Expression:
        operand = self.typed(expression.operand)
        texts = [one.value for one in expression.items if isinstance(one, Text) and number_of(one.value) is None]
        plain = len(texts) == len(expression.items) and not {"true", "false"} & set(texts)
        if plain and operand.kind == "text":
            found = one_of(operand.sql, texts)
        else:
            parts = [self._compared("=", operand, self.typed(one)) for one in expression.items]
            found = known(either(*parts)) if parts else exp.false()
        if not expression.negated:
            return found
        if self.policy.missing_not_in:
            return negation(known(found))
        return both(present(as_text(operand)), negation(known(found)))

    # arithmetic

    def _unary(self, expression: Unary) -> Typed:
        if expression.operator == "not":
            return Typed(known(self.condition(expression)), "boolean")
        operand: Resolved = expression.operand
        if isinstance(operand, Number):
            value = -float(operand.text)
            return Typed(cast(exp.Neg(this=number(operand.text)), "DOUBLE"), "number", value)
        return Typed(exp.Paren(this=exp.Neg(this=self.number(operand))), "number")

    def _binary(self, expression: Binary) -> Typed:
        operator = expression.operator
        if operator in _COMPARISON or operator in ("and", "or"):
            return Typed(known(self.condition(expression)), "boolean")
        left, right = self.number(expression.left), self.number(expression.right)
        if operator in _ARITHMETIC:
            return Typed(call("insights_finite", operation(_ARITHMETIC[operator], left, right)), "number")
        if operator == "^":
            return Typed(call("insights_finite", call("pow", left, right)), "number")
        divided = operation(exp.Mod if operator == "%" else exp.Div, left, right)
        nothing = operation(exp.EQ, right, number(0))
        return Typed(choose([(negation(nothing), call("insights_finite", divided))]), "number")


_MIRRORED: Final = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def field_name(path: tuple[str | int, ...]) -> str:
    """The flat name of a field of the event: indexes are segments like others."""
    return ".".join(str(part) for part in path)


def pointer(path: tuple[str | int, ...]) -> str:
    """A JSON pointer."""
    return "".join("/" + pointed(str(part)) for part in path)


def at_path(value: exp.Expression, path: tuple[str | int, ...]) -> exp.Expression:
    """The JSON text of what is at a path in a JSON text; NULL for null."""
    found = cast(call("json_extract", cast(value, "JSON"), string(pointer(path))), "VARCHAR")
    return call("nullif", found, string("null"))
