"""A plan → one SELECT. Each step wraps the one before; the engine's optimizer takes the nesting apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from mangaobs.errors import MangaobsError
from mangaobs.insights._aggregates import Aggregates, sort_struct
from mangaobs.insights._expressions import Expressions, field_name
from mangaobs.insights._plan import (
    DEFAULT_LIMIT,
    Aggregate,
    Column,
    Cut,
    Distinct,
    Elements,
    EventField,
    Extend,
    Extract,
    ExtractCsv,
    ExtractPairs,
    JoinEvents,
    LookupTable,
    OrderKey,
    Plan,
    Where,
    Within,
)
from mangaobs.insights._rewrite import rewritten
from mangaobs.insights._typed import (
    NUMERIC,
    Kind,
    Typed,
    absent,
    as_json,
    as_shown,
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
    operation,
    present,
    string,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mangaobs.insights._plan import Step
    from mangaobs.insights._policy import Policy
    from mangaobs.insights._window import Window
    from mangaobs.languages.logs_insights.tree import Source

_SECOND_SIDE: Final = "r_"
# Numbers of columns that this module makes itself: above all that a plan makes.
_FIRST_OWN: Final = 1_000_000


class Relation:
    """Log events as a table of the engine: its name, and each field that is needed as a typed column of it."""

    def __init__(self, table: str, fields: Mapping[str, Typed]) -> None:
        self.table = table
        self.fields = fields


class Select:
    """Compiles plans; `relation` gives the events of some log groups with the fields asked for."""

    def __init__(
        self,
        policy: Policy,
        window: Window,
        relation: Callable[[tuple[Source, ...], set[str], bool], Relation],
        lookup: Callable[[str], tuple[str, list[str]]],
    ) -> None:
        self._policy = policy
        self._window = window
        self._relation = relation
        self._lookup = lookup
        self._own = _FIRST_OWN

    def compiled(self, plan: Plan) -> exp.Select:
        """The plan's SELECT: a string column for each column of the result, in its order and limit."""
        made = _Pipeline(self, plan)
        select = made.select()
        columns = [
            _named(as_shown(made.expressions.typed(one)), f"o{place}") for place, one in enumerate(plan.output.values())
        ]
        final = exp.select(*columns).from_(select.subquery("t", copy=False), copy=False)
        for key in made.order_of(plan.order):
            final = final.order_by(key, copy=False)
        return final.limit(plan.limit or DEFAULT_LIMIT, copy=False)

    def column_of(self, plan: Plan) -> exp.Select:
        """The plan's one column as text, for a subquery."""
        made = _Pipeline(self, plan)
        select = made.select()
        (output,) = plan.output.values()
        final = exp.select(_named(as_text(made.expressions.typed(output)), "o0")).from_(
            select.subquery("t", copy=False), copy=False
        )
        if plan.limit is None:  # the default is of results that somebody reads
            return final
        for key in made.order_of(plan.order):
            final = final.order_by(key, copy=False)
        return final.limit(plan.limit, copy=False)

    def fresh(self) -> int:
        """A new column's number."""
        self._own += 1
        return self._own

    @property
    def policy(self) -> Policy:
        """The answers to open questions."""
        return self._policy

    @property
    def window(self) -> Window:
        """The time range."""
        return self._window

    def relation(self, sources: tuple[Source, ...], fields: set[str], *, ordered: bool) -> Relation:
        """The events of some log groups."""
        return self._relation(sources, fields, ordered)

    def lookup(self, table: str) -> tuple[str, list[str]]:
        """A lookup table's name in the engine, and its columns."""
        return self._lookup(table)


class _Pipeline:
    def __init__(self, owner: Select, plan: Plan) -> None:
        from mangaobs.insights._needs import needs

        self.owner = owner
        self.plan = plan
        self.columns: dict[int, Typed] = {}
        needed = needs(plan)
        self.ordered = needed.order
        relation = owner.relation(plan.sources, needed.fields[0], ordered=needed.order)
        self.fields: dict[tuple[int, str], Typed] = {(0, name): one for name, one in relation.fields.items()}
        self.right_fields = needed.fields[1]
        self.sql = exp.select("*").from_(exp.to_table(relation.table), copy=False)
        self.expressions = Expressions(self.columns, self.fields, owner.policy, owner.window)

    def select(self) -> exp.Select:
        """The rows after the last step."""
        for step in self.plan.steps:
            self._step(step)
        return self.sql

    def _nested(self) -> exp.Subquery:
        return self.sql.subquery("t", copy=False)

    def _all_and(self, *columns: exp.Expr) -> None:
        self.sql = exp.select("*", *columns).from_(self._nested(), copy=False)

    def _add(self, number_: int, value: exp.Expression, kind: Kind) -> None:
        self._all_and(_named(value, f"c{number_}"))
        self._declare(number_, kind)

    def _declare(self, number_: int, kind: Kind) -> None:
        self.columns[number_] = Typed(exp.column(f"c{number_}"), kind)

    def _step(self, step: Step) -> None:  # noqa: C901, PLR0912 - one case a step
        match step:
            case Extend():
                for number_, expression in step.columns:
                    typed = self.expressions.typed(expression)
                    if isinstance(expression, Column | EventField) and not typed.sql.find(exp.Anonymous):
                        self.columns[number_] = typed
                    else:
                        self._add(number_, typed.sql, typed.kind)
            case Where():
                condition = self.expressions.condition(step.condition)
                self.sql = exp.select("*").from_(self._nested(), copy=False).where(condition, copy=False)
            case Within():
                self._within(step)
            case Aggregate():
                self._aggregate(step)
            case Cut():
                self.sql = exp.select("*").from_(self._nested(), copy=False)
                for key in self.order_of(step.order):
                    self.sql = self.sql.order_by(key, copy=False)
                self.sql = self.sql.limit(step.count, copy=False)
            case Distinct():
                self._distinct(step)
            case Extract():
                self._extract(step)
            case ExtractPairs():
                text = as_text(self.expressions.typed(step.operand))
                self._add(step.column, call("insights_logfmt", text), "map")
            case ExtractCsv():
                self._csv(step)
            case Elements():
                self._elements(step)
            case JoinEvents():
                self._join(step)
            case LookupTable():
                self._look_up(step)

    def order_of(self, order: tuple[OrderKey, ...]) -> list[exp.Expression]:
        """ORDER BY's keys."""
        keys: list[exp.Expression] = []
        for one in order:
            if one.number is None:
                if (0, "@timestamp") in self.fields:
                    keys.append(_ordered(self.fields[0, "@timestamp"].sql, descending=one.descending, first=False))
                    keys.append(_ordered(exp.column("seq"), descending=one.descending, first=False))
                continue
            typed = self.columns.get(one.number)
            if typed is None or typed.kind == "missing":
                continue
            # `desc` is the exact reverse.
            first = self.owner.policy.missing_sorts_first != one.descending
            if typed.kind in NUMERIC:
                keys.append(_ordered(typed.sql, descending=one.descending, first=first))
                continue
            text = as_text(typed)
            keys.append(_ordered(choose([(present(text), sort_struct(text))]), descending=one.descending, first=first))
            keys.append(_ordered(text, descending=one.descending, first=first))
        return keys

    def _within(self, step: Within) -> None:
        operand = as_text(self.expressions.typed(step.operand))
        # Equal numbers may be written differently.
        alike = exp.Coalesce(this=call("insights_number_text", call("insights_number", operand)), expressions=[operand])
        inner = self.owner.column_of(step.plan)
        column = exp.column("o0")
        text = exp.Coalesce(this=call("insights_number_text", call("insights_number", column)), expressions=[column])
        values = exp.select(text).from_(inner.subquery("i", copy=False), copy=False).where(present(column), copy=False)
        found = exp.In(this=alike, query=values.subquery(copy=False))
        if step.negated:
            keep = negation(found)
            condition = (
                either(absent(operand), keep) if self.owner.policy.missing_not_in else both(present(operand), keep)
            )
        else:
            condition = found
        self.sql = exp.select("*").from_(self._nested(), copy=False).where(condition, copy=False)

    # stats

    def _aggregate(self, step: Aggregate) -> None:
        aggregates = Aggregates(self.expressions, self.owner.policy, self.owner.fresh)
        keys: list[tuple[int, exp.Expression, Kind]] = []
        for number_, expression in step.keys:
            typed = self.expressions.typed(expression)
            textual = typed.kind in ("json", "map", "missing")
            keys.append((number_, as_text(typed) if textual else typed.sql, "text" if textual else typed.kind))
        measures = [(number_, rewritten(one, aggregates.replaced)) for number_, one in step.measures]  # type: ignore[arg-type]
        selected = [_named(value, f"c{number_}") for number_, value, _ in keys]
        selected += [_named(value, f"c{number_}") for number_, (value, _) in aggregates.columns.items()]
        # A star is all that is needed of the input where nothing but rows is counted.
        self.sql = exp.select(*(selected or [_named(number(1), "one")])).from_(self._nested(), copy=False)
        if keys:
            self.sql = self.sql.group_by(*[number(place) for place in range(1, len(keys) + 1)], copy=False)
        elif not self.owner.policy.stats_of_nothing:
            self.sql = self.sql.having(operation(exp.GT, exp.Count(this=exp.Star()), number(0)), copy=False)
        self.columns.clear()
        self.fields.clear()
        for number_, _, kind in keys:
            self._declare(number_, kind)
        for number_, (_, kind) in aggregates.columns.items():
            self._declare(number_, kind)
        for number_, (value, kind) in aggregates.derived.items():
            self.columns[number_] = Typed(value, kind)
        for number_, expression in measures:
            typed = self.expressions.typed(expression)
            self._add(number_, typed.sql, typed.kind)

    # rows

    def _distinct(self, step: Distinct) -> None:
        texts = [as_text(self.expressions.typed(one)) for one in step.keys]
        window = exp.Window(
            this=call("row_number"),
            partition_by=texts,
            order=exp.Order(expressions=self.order_of(step.order)) if step.order else None,
        )
        place = self.owner.fresh()
        self._all_and(_named(window, f"c{place}"))
        first = operation(exp.EQ, exp.column(f"c{place}"), number(1))
        self.sql = (
            exp.select("*")
            .from_(self._nested(), copy=False)
            .where(either(first, *[absent(one) for one in texts]), copy=False)
        )

    def _extract(self, step: Extract) -> None:
        text = as_text(self.expressions.typed(step.operand))
        if step.literal is not None:
            shown = step.literal if self.owner.policy.glob_without_star_gives_text else ""
            found = choose([(call("contains", text, string(step.literal)), string(shown))])
            self._add(step.columns[0][1], found, "text")
            return
        pattern = string(step.pattern)
        if step.every:
            self._extract_every(step, text, pattern)
            return
        matches = call("regexp_matches", text, pattern)
        columns = []
        for group, number_ in step.columns:
            value = choose([(matches, call("regexp_extract", text, pattern, number(group)))])
            columns.append(_named(value, f"c{number_}"))
        self._all_and(*columns)
        for _, number_ in step.columns:
            self._declare(number_, "text")

    def _extract_every(self, step: Extract, text: exp.Expression, pattern: exp.Expression) -> None:
        columns = []
        for group, number_ in step.columns:
            found = call("regexp_extract_all", text, pattern, number(group))
            nothing = exp.Array(expressions=[cast(null(), "VARCHAR")])
            some = choose([(operation(exp.GT, call("len", found), number(0)), found)], nothing)
            columns.append(_named(call("unnest", some), f"c{number_}"))
        self._all_and(*columns)
        for _, number_ in step.columns:
            self._declare(number_, "text")

    def _csv(self, step: ExtractCsv) -> None:
        text = as_text(self.expressions.typed(step.operand))
        cells = self.owner.fresh()
        self._all_and(_named(call("insights_csv", text), f"c{cells}"))
        columns = []
        for place, number_ in enumerate(step.columns, 1):
            cell = call("list_extract", exp.column(f"c{cells}"), number(place))
            columns.append(_named(cell, f"c{number_}"))
        self._all_and(*columns)
        for number_ in step.columns:
            self._declare(number_, "text")

    def _elements(self, step: Elements) -> None:
        typed = self.expressions.typed(step.operand)
        value = as_json(typed)
        if step.text and typed.kind in ("text", "json"):
            held = as_text(typed)
            is_list = both(call("regexp_matches", held, string(r"^\s*\[")), call("json_valid", held))
            value = choose([(known(is_list), cast(call("json", held), "VARCHAR"))], value)
        is_list = operation(exp.EQ, call("left", value, number(1)), string("["))
        inner = call("json_extract", cast(value, "JSON"), string("$[*]"))
        texts = cast(inner, "VARCHAR[]")
        nothing = exp.Array(expressions=[cast(null(), "VARCHAR")])
        empty = cast(exp.Array(expressions=[]), "VARCHAR[]")
        gone = nothing if self.owner.policy.unnest_keeps_empty else empty
        several = choose([(operation(exp.GT, call("len", texts), number(0)), texts)], gone)
        elements = choose([(absent(value), gone), (is_list, several)], exp.Array(expressions=[value]))
        made = self.owner.fresh()
        self._all_and(_named(elements, f"c{made}"))
        counted = call("range", cast(call("len", exp.column(f"c{made}")), "BIGINT"))
        self._all_and(
            _named(call("unnest", exp.column(f"c{made}")), f"c{step.column}"),
            _named(call("unnest", counted), f"c{step.position}"),
        )
        column = call("nullif", exp.column(f"c{step.column}"), string("null"))
        self.columns[step.column] = Typed(column, "json")
        self._declare(step.position, "integer")

    # other tables

    def _join(self, step: JoinEvents) -> None:
        fields = set(self.right_fields)
        if isinstance(step.right_key, EventField):
            fields.add(field_name(step.right_key.path))
        relation = self.owner.relation(step.sources, fields, ordered=False)
        renamed = []
        for place, (name, typed) in enumerate(relation.fields.items()):
            column = f"{_SECOND_SIDE}{place}"
            renamed.append(_named(typed.sql, column))
            self.fields[1, name] = Typed(exp.column(column), typed.kind)
        right = exp.select(*renamed).from_(exp.to_table(relation.table), copy=False)
        left_key = self.owner.fresh()
        self._all_and(_named(as_text(self.expressions.typed(step.left_key)), f"c{left_key}"))
        right_key = as_text(self.expressions.typed(step.right_key))
        self.sql = (
            exp.select("*")
            .from_(self._nested(), copy=False)
            .join(
                right.subquery("r", copy=False),
                on=operation(exp.EQ, exp.column(f"c{left_key}"), right_key),
                join_type="left" if step.outer else "inner",
                copy=False,
            )
        )

    def _look_up(self, step: LookupTable) -> None:
        table, columns = self.owner.lookup(step.table)
        prefix = self.owner.fresh()
        for name in [*[name for name, _ in step.keys], *[name for name, _ in step.columns]]:
            if name not in columns:
                raise MangaobsError(
                    f"the lookup table {step.table!r} has no column {name!r}", right=f"one of {', '.join(columns)}"
                )
        made = {name: f"l{prefix}_{place}" for place, name in enumerate(columns)}
        given = {name: exp.column(f"l{place}") for place, name in enumerate(columns)}
        keys = [name for name, _ in step.keys]
        # Of rows with the same key the first counts: a lookup makes no event twice.
        selected = [_named(given[name], made[name]) for name in dict.fromkeys(keys)]
        selected += [_named(call("first", given[name]), made[name]) for name in columns if name not in keys]
        unique = exp.select(*selected).from_(exp.to_table(table), copy=False)
        unique = unique.group_by(*[given[name] for name in dict.fromkeys(keys)], copy=False)
        conditions = [
            operation(exp.EQ, exp.column(made[name]), as_text(self.expressions.typed(one))) for name, one in step.keys
        ]
        looked_up = unique.subquery("l", copy=False)
        rows = exp.select("*").from_(self._nested(), copy=False)
        self.sql = rows.join(looked_up, on=both(*conditions), join_type="left", copy=False)
        for name, number_ in step.columns:
            self.columns[number_] = Typed(exp.column(made[name]), "text")


def _named(value: exp.Expression, name: str) -> exp.Expression:
    return exp.Alias(this=value, alias=exp.to_identifier(name))


def _ordered(key: exp.Expression, *, descending: bool, first: bool) -> exp.Expression:
    return exp.Ordered(this=key, desc=descending, nulls_first=first)
