"""`stats` → SQL: aggregates are computed once each, and the measures are expressions over their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from mangaobs.insights._plan import Column
from mangaobs.insights._typed import (
    Kind,
    Typed,
    absent,
    as_number,
    as_text,
    both,
    call,
    cast,
    choose,
    number,
    present,
)
from mangaobs.languages.logs_insights.functions import functions, key
from mangaobs.languages.logs_insights.tree import Call, Number, Star

if TYPE_CHECKING:
    from collections.abc import Callable

    from mangaobs.insights._expressions import Expressions
    from mangaobs.insights._plan import Resolved
    from mangaobs.insights._policy import Policy

# With the errors of adding kept: the same digits whichever part of a file is read first.
_SIMPLE: Final = {"avg": "favg", "sum": "fsum", "sumOverTime": "fsum"}


class Aggregates:
    """Collects the aggregates of one `stats`, each once; `columns` are theirs, to be selected beside the keys."""

    def __init__(self, expressions: Expressions, policy: Policy, fresh: Callable[[], int]) -> None:
        self.columns: dict[int, tuple[exp.Expression, Kind]] = {}
        self.derived: dict[int, tuple[exp.Expression, Kind]] = {}
        self._expressions = expressions
        self._policy = policy
        self._fresh = fresh
        self._by_text: dict[str, int] = {}
        self._percentiles: dict[str, tuple[int, list[str]]] = {}

    def replaced(self, part: Resolved) -> Resolved | None:
        """The column of an aggregate; None for what is none."""
        if not isinstance(part, Call):
            return None
        known = functions().get(key(part.function))
        if known is None or not known.aggregate:
            return None
        if part.function in ("pct", "median"):
            return Column(part.span, self._percentile(part))
        made, kind = self._aggregate(part)
        text = made.sql("duckdb")
        if text not in self._by_text:
            self._by_text[text] = self._fresh()
            self.columns[self._by_text[text]] = (made, kind)
        return Column(part.span, self._by_text[text])

    def _aggregate(self, part: Call) -> tuple[exp.Expression, Kind]:
        name, arguments = part.function, part.arguments
        if name == "count" and (not arguments or isinstance(arguments[0], Star)):
            return exp.Count(this=exp.Star()), "integer"
        argument = self._expressions.typed(arguments[-1 if name == "topk" else 0])
        if name in ("count", "countOverTime"):
            return exp.Count(this=argument.sql), "integer"
        if name in _SIMPLE:
            return call(_SIMPLE[name], as_number(argument)), "number"
        if name in ("stddev", "variance"):
            ending = "samp" if name == "stddev" and self._policy.stddev_of_sample else "pop"
            return call(f"{'stddev' if name == 'stddev' else 'var'}_{ending}", as_number(argument)), "number"
        if name in ("min", "max"):
            return self._extreme(name, argument)
        if name in ("earliest", "latest"):
            return self._in_time(name, argument)
        return self._of_texts(name, as_text(argument), arguments)

    def _of_texts(
        self, name: str, text: exp.Expression, arguments: tuple[Resolved, ...]
    ) -> tuple[exp.Expression, Kind]:
        if name == "countDistinct":
            return exp.Count(this=exp.Distinct(expressions=[text])), "integer"
        if name in ("sortsFirst", "sortsLast"):
            order = sort_struct(text)
            return call("arg_min" if name == "sortsFirst" else "arg_max", text, order), "text"
        if name == "values":
            there = exp.Where(this=present(text))
            made = exp.Filter(this=call("list", exp.Distinct(expressions=[text])), expression=there)
            return cast(call("to_json", call("list_sort", made)), "VARCHAR"), "map"
        count = arguments[0]
        most = int(float(count.text)) if isinstance(count, Number) else 1
        return cast(call("to_json", call("insights_topk", call("histogram", text), number(most))), "VARCHAR"), "map"

    def _percentile(self, part: Call) -> int:
        """All percentiles of one expression are one aggregate, which sorts once; this is the column of one of them."""
        function = "quantile_cont" if self._policy.pct_interpolated else "quantile_disc"
        value = self._expressions.number(part.arguments[0])
        percent = part.arguments[1] if part.function == "pct" else None
        share = repr((float(percent.text) if isinstance(percent, Number) else 50.0) / 100)
        text = value.sql("duckdb")
        column, shares = self._percentiles.setdefault(text, (self._fresh(), []))
        if share not in shares:
            shares.append(share)
        wanted = exp.Array(expressions=[number(one) for one in shares])
        self.columns[column] = (call(function, value, wanted), "number")
        number_ = self._fresh()
        place = call("list_extract", exp.column(f"c{column}"), number(shares.index(share) + 1))
        self.derived[number_] = (place, "number")
        return number_

    def _extreme(self, name: str, argument: Typed) -> tuple[exp.Expression, Kind]:
        if argument.kind in ("number", "integer", "time"):
            return call(name, argument.sql), argument.kind
        value = call(name, as_number(argument))
        if argument.kind == "boolean":
            return value, "number"
        text = as_text(argument)
        other = both(absent(as_number(argument)), present(text))
        by_text = exp.Filter(
            this=call(f"arg_{name}", text, call("insights_natural", text)), expression=exp.Where(this=other)
        )
        return exp.Coalesce(this=call("insights_number_text", value), expressions=[by_text]), "text"

    def _in_time(self, name: str, argument: Typed) -> tuple[exp.Expression, Kind]:
        order = call("row", self._expressions.fields[0, "@timestamp"].sql, exp.column("seq"))
        return call("arg_min" if name == "earliest" else "arg_max", argument.sql, order), argument.kind


def sort_struct(text: exp.Expression) -> exp.Expression:
    """A value that orders texts as `sort` does: numbers after all others, by value."""
    value = call("insights_number", text)
    return call(
        "row",
        present(value),
        exp.Coalesce(this=value, expressions=[number(0)]),
        choose([(present(value), text)], call("insights_natural", text)),
    )
