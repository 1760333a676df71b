"""What CloudWatch would refuse in an expression whose text can be read: ids, functions, what they take and give."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, cast

from mangaobs.catalog import did_you_mean
from mangaobs.errors import LanguageError
from mangaobs.languages.metric_math._tree import Array, Binary, Call, Expression, Name, Number, Text, Unary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mangaobs.languages.parsing import Span

Kind: TypeAlias = Literal["S", "T", "A", "X", "W", "*"]

WORDS: Final = frozenset({"REPEAT", "LINEAR", "AVG", "MIN", "MAX", "SUM", "ASC", "DESC"})
_KINDS: Final = {"S": "a number", "T": "a series", "A": "several series", "X": "a text", "W": "a word", "*": "a value"}
_COMPARISONS: Final = frozenset({"==", "!=", "<", ">", "<=", ">=", "AND", "OR"})


class Checked(NamedTuple):
    """What an expression gives, and what is wrong with it."""

    kind: Kind
    errors: list[LanguageError]

    @property
    def words(self) -> str:
        """The kind as a person says it."""
        return _KINDS[self.kind]


class Signature(NamedTuple):
    """What a function takes, each with whether it may be left out, and gives; `more`: any number of arguments more."""

    takes: tuple[tuple[str, bool], ...]
    gives: Kind
    more: bool


class Function(NamedTuple):
    """A function: its signatures, and whether AWS advises against it in alarms."""

    name: str
    signatures: tuple[Signature, ...]
    advised_against: bool


@cache
def functions() -> Mapping[str, Function]:
    """Every function by name."""
    text = files("mangaobs.languages.metric_math").joinpath("functions.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {name: Function(name, tuple(map(_signature, shapes.split())), bool(advice)) for name, shapes, advice in rows}


def _signature(text: str) -> Signature:
    takes, _, gives = text.partition(":")
    parts = [one for one in takes.split(",") if one]
    plain = tuple((one.rstrip("?"), one.endswith("?")) for one in parts if one != "...")
    return Signature(plain, cast("Kind", gives), "..." in parts)


def check(expression: Expression, ids: Mapping[str, Kind], source: str) -> Checked:
    """Check `expression`, the tree of `source`. `ids` are the ids that it may name, each with what it is."""
    checker = _Checker(ids, source)
    return Checked(checker.kind(expression), checker.errors)


class _Checker:
    def __init__(self, ids: Mapping[str, Kind], source: str) -> None:
        self.ids = ids
        self.source = source
        self.errors: list[LanguageError] = []

    def fail(self, problem: str, right: str, span: Span) -> Kind:
        self.errors.append(
            LanguageError(
                problem, right=right, language="metric math", source=self.source, start=span.start, end=span.end
            )
        )
        return "*"

    def kind(self, node: Expression) -> Kind:
        match node:
            case Number():
                return "S"
            case Text():
                return "X"
            case Name():
                return self._name(node)
            case Array():
                kinds = {self.kind(part) for part in node.parts}
                return "A" if kinds & {"T", "A"} else "*"
            case Unary():
                return self._operand(node.operand)
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node)

    def _name(self, node: Name) -> Kind:
        if node.name in self.ids:
            return self.ids[node.name]
        known = ", ".join(list(self.ids)[:10])
        right = did_you_mean(node.name, self.ids, f"one of {known}" if known else "a metric with that Id")
        return self.fail(f"no metric or expression has the id {node.name}", right, node.span)

    def _operand(self, node: Expression) -> Kind:
        kind = self.kind(node)
        return self.fail("a text is no operand", "a number or a series", node.span) if kind == "X" else kind

    def _binary(self, node: Binary) -> Kind:
        left, right = self._operand(node.left), self._operand(node.right)
        if "*" in (left, right):
            return "*"
        if left == right == "A" and node.operator not in _COMPARISONS:
            return self.fail(
                f"{node.operator} between several series and several series",
                "a number or one series on one side",
                node.span,
            )
        return "A" if "A" in (left, right) else "T" if "T" in (left, right) else "S"

    def _call(self, node: Call) -> Kind:
        function = functions().get(node.function)
        if function is None:
            upper = node.function.upper()
            right = did_you_mean(node.function.upper(), functions(), "a function of metric math")
            what = "functions are written in capitals" if upper in functions() else "metric math has no such function"
            for part in node.arguments:
                self._argument(part)
            return self.fail(
                f"{node.function}: {what}", right, node.span._replace(end=node.span.start + len(node.function))
            )
        kinds = [self._argument(part) for part in node.arguments]
        fitting = [one for one in function.signatures if _fits(one, kinds)]
        if not fitting:
            given = ", ".join(_KINDS[one] for one in kinds) or "nothing"
            return self.fail(f"{node.function} of {given}", _right(function), node.span)
        gives = {one.gives for one in fitting}
        return gives.pop() if len(gives) == 1 else "*"

    def _argument(self, node: Expression) -> Kind:
        if isinstance(node, Name) and node.name in WORDS and node.name not in self.ids:
            return "W"
        return self.kind(node)


def _fits(signature: Signature, kinds: list[Kind]) -> bool:
    least = sum(not optional for _, optional in signature.takes)
    if len(kinds) < least or (len(kinds) > len(signature.takes) and not signature.more):
        return False
    return all(
        "*" in (wanted, given) or wanted == given for (wanted, _), given in zip(signature.takes, kinds, strict=False)
    )


def _right(function: Function) -> str:
    shapes = []
    for one in function.signatures:
        parts = [_KINDS[kind] + (" or nothing" if optional else "") for kind, optional in one.takes]
        shapes.append(f"{function.name}({', '.join(parts + (['…'] if one.more else []))})")
    return " or ".join(shapes)
