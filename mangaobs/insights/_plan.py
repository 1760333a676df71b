"""Tree → one relational plan: what an engine carries out. Names are resolved to columns here, once for all engines.

A plan is a list of steps over a scan of log events. Columns have numbers, for names may repeat, differ in case alone or
be redefined on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mangaobs.errors import LanguageError
from mangaobs.insights._rewrite import rewritten
from mangaobs.languages.logs_insights import INEXACT, MOST_ROWS, format_expression, label_key
from mangaobs.languages.logs_insights.functions import functions, key
from mangaobs.languages.logs_insights.regex import capturing, glob_pattern
from mangaobs.languages.logs_insights.tree import (
    Binary,
    Call,
    Command,
    Dedup,
    Display,
    Expand,
    Expression,
    Field,
    Fields,
    Filter,
    Inexact,
    InQuery,
    Item,
    Join,
    Limit,
    Lookup,
    ParseCsv,
    ParseGlob,
    ParseLogfmt,
    ParseRegex,
    Query,
    ReadJson,
    Sort,
    Source,
    Stats,
    Unnest,
)
from mangaobs.languages.node import Node
from mangaobs.languages.parsing import Span

if TYPE_CHECKING:
    from mangaobs.insights._policy import Policy

DEFAULT_LIMIT: Final = 10_000
MESSAGE: Final = ("@message",)
_UNSAID: Final = {
    "rate": "AWS does not say how rate weighs the events of an interval",
    "histogram": "AWS does not say how histogram shows its ranges",
}
_NOWHERE: Final = Span(0, 0)


class Column(Node):
    """A column that a step made; `path` leads on into the map or list that it holds."""

    span: Span
    number: int
    path: tuple[str | int, ...] = ()


class EventField(Node):
    """A field of the log event itself; `side` is 1 for the right side of a join."""

    span: Span
    path: tuple[str | int, ...]
    side: int = 0


class Absent(Node):
    """A name that nothing here gives: always missing."""

    span: Span


Resolved: TypeAlias = "Expression | Column | EventField | Absent"


@dataclass(frozen=True, slots=True)
class Extend:
    """Columns that are computed of each row."""

    columns: tuple[tuple[int, Resolved], ...]


@dataclass(frozen=True, slots=True)
class Where:
    """Rows for which the condition is true."""

    condition: Resolved


@dataclass(frozen=True, slots=True)
class Within:
    """Rows whose operand is (or, negated, is not) a value of a plan's one column."""

    operand: Resolved
    plan: Plan
    negated: bool


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One row a group. `measures` are expressions over aggregates; each may use columns that stand before it."""

    keys: tuple[tuple[int, Resolved], ...]
    measures: tuple[tuple[int, Resolved], ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """The first rows in the order that holds here."""

    count: int
    order: tuple[OrderKey, ...]


@dataclass(frozen=True, slots=True)
class Distinct:
    """The first row, in the order that holds here, of each set of values; rows that lack one are all kept."""

    keys: tuple[Resolved, ...]
    order: tuple[OrderKey, ...]


@dataclass(frozen=True, slots=True)
class Extract:
    """Columns from the groups of a regular expression (one match, or a row for each).

    A `literal` instead of groups: present where the text holds it.
    """

    operand: Resolved
    pattern: str
    columns: tuple[tuple[int, int], ...]
    every: bool = False
    literal: str | None = None


@dataclass(frozen=True, slots=True)
class ExtractPairs:
    """A map from a text of `key=value` pairs."""

    operand: Resolved
    column: int


@dataclass(frozen=True, slots=True)
class ExtractCsv:
    """Columns from a line of comma-separated values."""

    operand: Resolved
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Elements:
    """A row for each element of a list, and its position; of a `text` that holds a JSON list if `text`."""

    operand: Resolved
    column: int
    position: int
    text: bool = False


@dataclass(frozen=True, slots=True)
class JoinEvents:
    """Rows of the log events of other log groups whose key is equal."""

    left_key: Resolved
    right_key: Resolved
    sources: tuple[Source, ...]
    outer: bool


@dataclass(frozen=True, slots=True)
class LookupTable:
    """Columns of a table of CSV, matched as exact text."""

    table: str
    keys: tuple[tuple[str, Resolved], ...]
    columns: tuple[tuple[str, int], ...]


Step: TypeAlias = (
    Extend
    | Where
    | Within
    | Aggregate
    | Cut
    | Distinct
    | Extract
    | ExtractPairs
    | ExtractCsv
    | Elements
    | JoinEvents
    | LookupTable
)


@dataclass(frozen=True, slots=True)
class OrderKey:
    """What rows are ordered by. `number` is a column; None is the order of the log events, newest first."""

    number: int | None
    descending: bool = False


@dataclass(slots=True)
class Plan:
    """Steps, then the order, the limit and the columns of the result by name."""

    sources: tuple[Source, ...] = ()
    steps: list[Step] = field(default_factory=list)
    order: tuple[OrderKey, ...] = (OrderKey(None, descending=True),)
    limit: int | None = None
    output: dict[str, Resolved] = field(default_factory=dict)


class Unsupported(LanguageError):  # noqa: N818 - it is the query that is not supported, nobody's error
    """Something that parses and checks, and that only CloudWatch can run."""


def plan(query: Query, policy: Policy) -> Plan:
    """The plan of a query. Raises `Unsupported` where a command cannot run here, with why."""
    return _Planner(query, policy).plan()


class _Planner:
    def __init__(self, query: Query, policy: Policy, numbers: list[int] | None = None) -> None:
        self.query = query
        self.policy = policy
        self.made = Plan()
        self.names: dict[str, Resolved] = {}
        self.closed = False
        self.sides: dict[str, int] = {}
        self._numbers = numbers if numbers is not None else []

    def plan(self) -> Plan:
        limits: list[int] = []
        for command in self.query.commands:
            if isinstance(command, Limit):
                count = min(command.count, MOST_ROWS)
                if self.policy.limit_in_place:
                    self.made.steps.append(Cut(count, self.made.order))
                limits.append(count)
            else:
                self._command(command)
        self.made.limit = min(limits, default=None)
        if not self.made.output:
            self.made.output = {name: self._named((name,)) for name in ("@timestamp", "@message")}
        return self.made

    def number(self) -> int:
        """A new column's number."""
        self._numbers.append(len(self._numbers))
        return self._numbers[-1]

    def _define(self, name: str) -> int:
        number = self.number()
        self._name(name, Column(_NOWHERE, number))
        return number

    def _name(self, name: str, means: Resolved) -> None:
        """Let a name mean something from here on; where it was listed before, that is what is shown."""
        self.names[name] = means
        if name in self.made.output:
            self.made.output[name] = means

    # names

    def _named(self, path: tuple[str | int, ...]) -> Resolved:
        """What a field's path means here: the longest name that a step made, else a field of the event."""
        for length in range(len(path), 0, -1):
            name = Field(_NOWHERE, path[:length]).name
            if name in self.names:
                found, rest = self.names[name], path[length:]
                if not rest:
                    return found
                if isinstance(found, Column):
                    return Column(_NOWHERE, found.number, (*found.path, *rest))
                if isinstance(found, EventField):
                    return EventField(_NOWHERE, (*found.path, *rest), found.side)
                return found
        first = path[0]
        if isinstance(first, str) and first in self.sides and len(path) > 1:
            return EventField(_NOWHERE, path[1:], self.sides[first])
        if self.closed:
            return self._labelled(Field(_NOWHERE, path).name) or Absent(_NOWHERE)
        return EventField(_NOWHERE, path)

    def _labelled(self, text: str) -> Resolved | None:
        """The column that is named by this text of an expression."""
        wanted = label_key(text)
        return next((one for name, one in self.names.items() if label_key(name) == wanted), None)

    def resolve(self, expression: Expression) -> Resolved:
        """An expression with columns and fields of the event in place of names."""

        def one(part: Expression) -> Resolved | None:
            if isinstance(part, Field):
                return self._named(part.path)
            if isinstance(part, InQuery):
                raise self._unsupported(part, "a subquery under or, not or in an expression", "filter field in (query)")
            if isinstance(part, Call) and self.closed:
                return self._labelled(format_expression(part))
            return None

        made: Resolved = rewritten(expression, one)
        return made

    # commands

    def _command(self, command: Command) -> None:  # noqa: C901, PLR0912 - one case a command
        match command:
            case Source():
                self.made.sources = (*self.made.sources, command)
            case Fields():
                self._fields(command.items)
            case Display():
                self.made.output = {}
                self._fields(command.items)
            case Filter():
                self._filter(command)
            case Stats():
                self._stats(command)
            case Sort():
                self._sort(command)
            case Dedup():
                keys = tuple(self.resolve(one) for one in command.fields)
                self.made.steps.append(Distinct(keys, self.made.order))
            case Unnest():
                self._elements(self.resolve(command.operand), command.name.text)
            case Expand():
                self._elements(self.resolve(command.field), command.field.name, text=True)
            case Join():
                self._join(command)
            case Lookup():
                keys_of = tuple((one.column, self.resolve(one.field)) for one in command.keys)
                columns = tuple((one.column, self._define(one.name.text)) for one in command.outputs)
                self.made.steps.append(LookupTable(command.table, keys_of, columns))
            case Inexact():
                problem = f"{command.command} {INEXACT[command.command]}: it is not run here"
                raise self._unsupported(command, problem, "--engine cloudwatch, or the query without it")
            case ParseGlob() | ParseRegex() | ParseLogfmt() | ParseCsv() | ReadJson():
                self._parse(command)
            case _:
                raise AssertionError(command)

    def _unsupported(self, part: Node, problem: str, right: str) -> Unsupported:
        start, end = part.span
        return Unsupported(
            problem, right=right, language="query", source=self.query.text_of_query, start=start, end=end
        )

    def _fields(self, items: tuple[Item, ...]) -> None:
        defined: dict[str, Resolved] = {}
        for item in items:
            resolved = self.resolve(item.expression)
            if isinstance(item.expression, Field) and isinstance(resolved, EventField | Column | Absent):
                if item.aliased:
                    defined[item.name] = resolved
                self.made.output[item.name] = resolved
                continue
            number = self.number()
            self.made.steps.append(Extend(((number, resolved),)))
            # An item may use an alias that stands before it in the same command.
            self.names[item.name] = self.made.output[item.name] = Column(_NOWHERE, number)
        self.names |= defined

    def _filter(self, command: Filter) -> None:
        for condition in _conjuncts(command.condition):
            if not isinstance(condition, InQuery):
                self.made.steps.append(Where(self.resolve(condition)))
                continue
            inner = _Planner(condition.query, self.policy, self._numbers).plan()
            if len(inner.output) != 1:
                problem = f"the subquery gives {len(inner.output)} columns"
                raise self._unsupported(condition, problem, "one: | fields name")
            self.made.steps.append(Within(self.resolve(condition.operand), inner, negated=condition.negated))

    def _stats(self, command: Stats) -> None:
        keys: list[tuple[int, Resolved]] = []
        given: dict[str, Resolved] = {}
        for item in command.by:
            resolved = self.resolve(item.expression)
            number = self.number()
            keys.append((number, resolved))
            given[item.name] = Column(_NOWHERE, number)
        measures: list[tuple[int, Resolved]] = []
        for item in command.items:
            number = self.number()
            measures.append((number, self._measure(item.expression, given)))
            given[item.name] = Column(_NOWHERE, number)
        if command.offset:
            problem = "offset shifts the time range of the query: it is not run here"
            raise self._unsupported(command.offset, problem, "--engine cloudwatch, or the query without it")
        self.made.steps.append(Aggregate(tuple(keys), tuple(measures)))
        self.names = given
        self.closed = True
        self.sides = {}
        self.made.output = dict(given)
        self.made.order = tuple(OrderKey(number) for number, _ in keys)

    def _measure(self, expression: Expression, given: dict[str, Resolved]) -> Resolved:
        """A measure: within an aggregate names are of the input, outside they are of this stats."""

        def one(part: Expression) -> Resolved | None:
            if isinstance(part, Call) and part.function in _UNSAID:
                raise self._unsupported(part, f"{_UNSAID[part.function]}: it is not run here", "--engine cloudwatch")
            if isinstance(part, Call) and (known := functions().get(key(part.function))) and known.aggregate:
                return self.resolve(part)
            if isinstance(part, Field):
                return given.get(part.name) or self._named(part.path)
            return None

        made: Resolved = rewritten(expression, one)
        return made

    def _sort(self, command: Sort) -> None:
        keys: list[OrderKey] = []
        for one in command.keys:
            resolved = self.resolve(one.expression)
            if isinstance(resolved, Column) and not resolved.path:
                number = resolved.number
            else:
                number = self.number()
                self.made.steps.append(Extend(((number, resolved),)))
            keys.append(OrderKey(number, one.descending))
        sorted_by = {one.number for one in keys}
        self.made.order = (*keys, *(one for one in self.made.order if one.number not in sorted_by))

    def _operand(self, expression: Expression | None) -> Resolved:
        return self._named(MESSAGE) if expression is None else self.resolve(expression)

    def _parse(self, command: ParseGlob | ParseRegex | ParseLogfmt | ParseCsv | ReadJson) -> None:
        operand = self._operand(command.field)
        match command:
            case ParseGlob(glob=glob, names=names) if "*" not in glob.value:
                column = (1, self._define(names[0].text))
                self.made.steps.append(Extract(operand, "", (column,), literal=glob.value))
            case ParseGlob():
                columns = tuple((group, self._define(one.text)) for group, one in enumerate(command.names, 1))
                self.made.steps.append(Extract(operand, glob_pattern(command.glob.value), columns))
            case ParseRegex():
                self._parse_regex(command, operand)
            case ParseLogfmt():
                self.made.steps.append(ExtractPairs(operand, self._define(command.name.text)))
            case ParseCsv():
                cells = tuple(self._define(one.text) for one in command.names)
                self.made.steps.append(ExtractCsv(operand, cells))
            case ReadJson():
                number = self.number()
                arguments: Any = (operand,)
                parsed = Call(_NOWHERE, "jsonParse", "jsonParse", arguments, _NOWHERE)
                self.made.steps.append(Extend(((number, parsed),)))
                path = tuple(command.path.value.split("."))
                self._name(command.name.text, Column(_NOWHERE, number, path))

    def _parse_regex(self, command: ParseRegex, operand: Resolved) -> None:
        found = capturing(command.regex.pattern, ignore_case=command.regex.ignore_case)
        given = [one.text for one in command.names]
        named = [
            (number, given[number - 1] if number <= len(given) else name) for number, name in enumerate(found.groups, 1)
        ]
        columns = tuple((number, self._define(name)) for number, name in named if name)
        self.made.steps.append(Extract(operand, found.pattern, columns, every=command.multi))

    def _elements(self, operand: Resolved, name: str, *, text: bool = False) -> None:
        position = self.number()
        self.made.steps.append(Elements(operand, self._define(name), position, text=text))
        self.made.order = (*self.made.order, OrderKey(position))

    def _join(self, command: Join) -> None:
        left = self.resolve(command.left_key)
        # What was called x is called left.x as well.
        self.names |= {f"{command.left}.{name}": one for name, one in self.names.items()}
        self.sides = {command.left: 0, command.right: 1}
        right = EventField(_NOWHERE, command.right_key.path, 1)
        self.made.steps.append(JoinEvents(left, right, command.source, command.type == "left"))


def _conjuncts(condition: Expression) -> list[Expression]:
    """The conditions that all must hold."""
    if isinstance(condition, Binary) and condition.operator == "and":
        return [*_conjuncts(condition.left), *_conjuncts(condition.right)]
    return [condition]
