"""SQL expressions with what kind of value they hold, and how one kind becomes another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind: TypeAlias = Literal["number", "integer", "text", "boolean", "time", "json", "map", "missing"]
"""`number` is a DOUBLE, `integer` and `time` (ms since the epoch) a BIGINT, `boolean` a BOOLEAN; the others a VARCHAR:
`json` the JSON text of any one value, `map` that of an object or a list."""

NUMERIC: frozenset[Kind] = frozenset({"number", "integer", "boolean", "time"})


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression and its kind; `constant` is the literal's value if it is one."""

    sql: exp.Expression
    kind: Kind
    constant: str | float | bool | None = None


def call(name: str, *arguments: exp.Expression) -> exp.Expression:
    """A function by the engine's own name for it."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def string(text: str) -> exp.Expression:
    """A string literal."""
    return exp.Literal.string(text)


def number(value: float | str) -> exp.Expression:
    """A number literal."""
    return exp.Literal.number(value)


def null() -> exp.Expression:
    """NULL."""
    return exp.Null()


def cast(one: exp.Expression, type_: str, *, tolerant: bool = False) -> exp.Expression:
    """A cast; a tolerant one gives NULL where it cannot be."""
    kind = exp.DataType.build(type_, dialect="duckdb")
    return exp.TryCast(this=one, to=kind) if tolerant else exp.Cast(this=one, to=kind)


def operation(kind: type[exp.Binary], left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """An operator, in parentheses."""
    return exp.Paren(this=kind(this=left, expression=right))


def both(*conditions: exp.Expression) -> exp.Expression:
    """All of the conditions."""
    return exp.Paren(this=exp.and_(*conditions))


def either(*conditions: exp.Expression) -> exp.Expression:
    """Any of the conditions."""
    return exp.Paren(this=exp.or_(*conditions))


def negation(condition: exp.Expression) -> exp.Expression:
    """The opposite."""
    return exp.Paren(this=exp.Not(this=exp.Paren(this=condition)))


def present(one: exp.Expression) -> exp.Expression:
    """IS NOT NULL."""
    return exp.Paren(this=exp.Not(this=exp.Is(this=one, expression=exp.Null())))


def absent(one: exp.Expression) -> exp.Expression:
    """IS NULL."""
    return exp.Paren(this=exp.Is(this=one, expression=exp.Null()))


def known(condition: exp.Expression) -> exp.Expression:
    """The condition, false where it is NULL."""
    return exp.Coalesce(this=condition, expressions=[exp.false()])


def choose(
    branches: Sequence[tuple[exp.Expression, exp.Expression]], otherwise: exp.Expression | None = None
) -> exp.Expression:
    """CASE."""
    made = exp.Case(ifs=[exp.If(this=when, true=then) for when, then in branches])
    if otherwise is not None:
        made.set("default", otherwise)
    return made


def one_of(value: exp.Expression, texts: Sequence[str]) -> exp.Expression:
    """IN, over strings."""
    return exp.Paren(this=exp.In(this=value, expressions=[string(text) for text in texts]))


def as_number(one: Typed) -> exp.Expression:
    """As a DOUBLE; what is no number is NULL."""
    match one.kind:
        case "number":
            return one.sql
        case "integer" | "time":
            return cast(one.sql, "DOUBLE")
        case "boolean":
            return cast(cast(one.sql, "INT"), "DOUBLE")
        case "text":
            if isinstance(one.constant, str):
                from mangaobs.insights._values import number_of

                value = number_of(one.constant)
                return null() if value is None else number(repr(value))
            return call("insights_number", one.sql)
        case "json":
            return call("insights_json_number", one.sql)
        case _:
            return cast(null(), "DOUBLE")


def as_text(one: Typed) -> exp.Expression:
    """As a VARCHAR, as functions of strings see it: objects and lists are NULL."""
    match one.kind:
        case "text":
            return one.sql
        case "number":
            return call("insights_number_text", one.sql)
        case "integer":
            return cast(one.sql, "VARCHAR")
        case "boolean":
            return choose([(one.sql, string("1")), (negation(one.sql), string("0"))])
        case "time":
            return call("insights_time_text", one.sql)
        case "json":
            return call("insights_json_text", one.sql)
        case _:
            return cast(null(), "VARCHAR")


def as_shown(one: Typed) -> exp.Expression:
    """As a VARCHAR, as a result shows it."""
    if one.kind == "json":
        return call("insights_json_shown", one.sql)
    return one.sql if one.kind == "map" else as_text(one)


def as_json(one: Typed) -> exp.Expression:
    """As the JSON text of the value."""
    if one.kind in ("json", "map"):
        return one.sql
    if one.kind in ("number", "integer", "boolean"):
        return cast(call("to_json", one.sql), "VARCHAR")
    return cast(call("to_json", as_text(one)), "VARCHAR")
