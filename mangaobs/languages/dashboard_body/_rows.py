"""The rows of a metric widget's `metrics`: their grammar, their shorthand, and the rules over all of them.

The service reports everything inside of a row at the row, so that this does too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from mangaobs import catalog
from mangaobs.languages.dashboard_body._expression import expression_parts, expression_problems
from mangaobs.languages.dashboard_body._facts import LIMITS
from mangaobs.languages.dashboard_body._fields import check_object
from mangaobs.languages.dashboard_body._finding import Report, listed, show, under
from mangaobs.languages.dashboard_body._label import label_problems

Options: TypeAlias = Mapping[object, object]

_SHAPE = "a row is [namespace, metric, dimension, value, …, options] or [{expression}]"


class _Row(NamedTuple):
    """A row, shorthand resolved: the strings, and the options at its end. An expression's row has no strings."""

    parts: tuple[str, ...]
    options: Options | None
    problem: str = ""

    @property
    def dimensions(self) -> tuple[str, ...]:
        return self.parts[2::2]

    @property
    def hidden(self) -> bool:
        return self.options is not None and self.options.get("visible") is False

    def text(self, key: str) -> str | None:
        value = None if self.options is None else self.options.get(key)
        return value if isinstance(value, str) else None


def expand_rows(rows: Sequence[object]) -> list[list[object]]:
    """`rows` with `.` and `...` written out.

    `.` stands for the same position of the previous metric's row; `...` for all of that row that what follows does not
    replace, counted from the right. What cannot be resolved, and what is no row, stays as it is.
    """
    expanded: list[list[object]] = []
    for row, given in zip(_expand(rows), rows, strict=True):
        if row.problem:
            expanded.append(list(given) if isinstance(given, list | tuple) else [given])
        else:
            expanded.append([*row.parts, *([row.options] if row.options is not None else [])])
    return expanded


def _expand(rows: Sequence[object]) -> list[_Row]:
    expanded: list[_Row] = []
    previous: tuple[str, ...] = ()
    for given in rows:
        row = _read(given, previous)
        expanded.append(row)
        if row.parts and not row.problem:
            previous = row.parts
    return expanded


def _read(given: object, previous: tuple[str, ...]) -> _Row:
    if not isinstance(given, list | tuple):
        return _Row((), None, f"a row is {show(given)}; metrics is a list of lists, [[…], […]]")
    strings = list(given)
    options = strings.pop() if strings and isinstance(strings[-1], Mapping) else None
    parts = [part for part in strings if isinstance(part, str)]
    if len(parts) < len(strings):
        wrong = next(part for part in strings if not isinstance(part, str))
        where = "stands before the end of the row" if isinstance(wrong, Mapping) else "stands in a row"
        return _Row((), options, f"{show(wrong)} {where}; {_SHAPE}")
    if not parts:
        return _Row((), options, "" if options is not None else f"a row is empty; {_SHAPE}")
    return _resolve(parts, previous, options)


def _resolve(parts: list[str], previous: tuple[str, ...], options: Options | None) -> _Row:
    if "..." in parts[1:]:
        return _Row((), options, "'...' stands for the start of the previous row, so that it can only come first")
    if not previous and ("..." in parts or "." in parts):
        return _Row((), options, "the first row uses '.' or '...', and there is no metric before it to repeat")
    if parts[0] == "...":
        rest = parts[1:]
        if len(rest) > len(previous):
            return _Row((), options, f"{len(rest)} values follow '...', and the previous row has only {len(previous)}")
        parts = [*previous[: len(previous) - len(rest)], *rest]
    resolved = []
    for number, part in enumerate(parts):
        if part == "." and number >= len(previous):
            return _Row((), options, f"'.' at position {number + 1} repeats nothing: the previous row is shorter")
        resolved.append(previous[number] if part == "." else part)
    return _Row(tuple(resolved), options)


def check_rows(report: Report, given: Sequence[object], path: str) -> int:
    """Every row and the rules over them; gives the number of metrics that they fetch."""
    rows = _expand(given)
    if given and all(isinstance(row, str) for row in given):
        report.error("row", under(path, 0), "metrics is one row; it takes a list of rows: put [ ] around it")
        return 0
    for number, row in enumerate(rows):
        _check_row(report, row, under(path, number))
    _check_ids(report, rows, path)
    _check_queries(report, rows, path)
    _check_order(report, rows, path)
    return sum(bool(row.parts) for row in rows)


def _check_row(report: Report, row: _Row, path: str) -> None:
    if row.problem:
        report.error("row", path, row.problem)
    if row.options is not None:
        check_object(report, "options", row.options, path, flat=True)
        _check_label(report, row, path)
    if row.problem:
        return
    if row.parts:
        _check_metric(report, row, path)
        if row.options is not None and "expression" in row.options:
            report.error("row", path, "a metric's row has an expression; give the expression a row of its own")
    elif row.options is not None and "expression" not in row.options:
        report.error("row", path, f"a row has options and neither a metric nor an expression; {_SHAPE}")
    elif (expression := row.text("expression")) is not None:
        _check_expression(report, expression, path)


def _check_label(report: Report, row: _Row, path: str) -> None:
    label = row.text("label")
    for problem in label_problems(label, row.dimensions if row.parts else None) if label else ():
        report.warn("label", path, problem)


def _check_expression(report: Report, expression: str, path: str) -> None:
    if not expression.strip():
        report.error("row", path, "expression is empty; write math, a SEARCH or a Metrics Insights query")
    for rule, problem in expression_problems(expression):
        report.add("warning" if rule in {"expression", "statistic"} else "error", rule, path, problem)


def _check_metric(report: Report, row: _Row, path: str) -> None:
    if len(row.parts) < 2:
        report.error("row", path, f"a row names the namespace {show(row.parts[0])} and no metric; {_SHAPE}")
        return
    if "" in row.parts:
        what = ("the namespace", "the metric")[row.parts.index("")] if "" in row.parts[:2] else "a dimension"
        report.error("row", path, f"{what} is empty; {_SHAPE}")
        return
    namespace, name, *rest = row.parts
    if len(rest) % 2:
        report.error("R16", path, f"dimension {show(rest[-1])} has no value; dimensions are pairs of name and value")
        return
    if len(rest) // 2 > (most := LIMITS["dimensions_per_metric"].most):
        report.warn("R16", path, f"{name} has {len(rest) // 2} dimensions; CloudWatch keeps at most {most:g}")
    elif len(set(row.dimensions)) < len(row.dimensions):
        report.warn("R16", path, f"{name} has a dimension twice; a metric has each dimension once")
    else:
        _check_published(report, namespace, name, row.dimensions, path)


def _check_published(report: Report, namespace: str, name: str, dimensions: tuple[str, ...], path: str) -> None:
    if catalog.emits(namespace, name, dimensions) is not False:
        return
    facts = catalog.find(namespace, name)
    if facts is None:
        near = catalog.nearest(name[:100], catalog.metrics(namespace))
        hint = f"did you mean {near}?" if near else "names are case-sensitive"
        report.warn("R16", path, f"{namespace} publishes no metric {show(name)}; {hint}")
        return
    sets = listed(", ".join(one) or "no dimensions" for one in facts.dimension_sets[:3] or [("nothing",)])
    more = " or others" if len(facts.dimension_sets) > 3 else ""
    asked = ", ".join(dimensions)[:200] or "no dimensions"
    report.warn(
        "R16", path, f"{name} is not published under {asked}, so that nothing is drawn; it is under {sets}{more}"
    )


def _check_ids(report: Report, rows: list[_Row], path: str) -> None:
    first: dict[str, int] = {}
    for number, row in enumerate(rows):
        id = row.text("id")
        if id is not None and first.setdefault(id, number) != number:
            report.error(
                "R8", under(path, number), f"id {show(id)} is that of row {first[id]} too; give each row another"
            )
    for number, row in enumerate(rows):
        expression = None if row.parts else row.text("expression")
        for id in expression_parts(expression).ids if expression else ():
            if id not in first:
                known = f"the ids are {', '.join(list(first)[:20])}" if first else "no row has an id"
                report.error("R8", under(path, number), f"expression refers to {show(id)}, which no row has; {known}")
            elif first[id] == number:
                report.error("R8", under(path, number), f"expression refers to its own id {show(id)}")


def _check_queries(report: Report, rows: list[_Row], path: str) -> None:
    queries, searches = [], 0
    for number, row in enumerate(rows):
        expression = None if row.parts else row.text("expression")
        if expression:
            parts = expression_parts(expression)
            searches += len(parts.searches)
            queries += [number] if parts.is_query else []
    for number in queries[1:]:
        report.error(
            "R9",
            under(path, number),
            f"a second Metrics Insights query, after row {queries[0]}; a widget takes one: use another widget",
        )
    if searches > (most := LIMITS["search_expressions_per_graph"].most):
        report.error("R13", path, f"metrics has {searches} SEARCH expressions; a graph takes at most {most:g}")


def _check_order(report: Report, rows: list[_Row], path: str) -> None:
    colorless = [n for n, row in enumerate(rows) if not row.problem and not row.hidden and row.text("color") is None]
    hidden = next((number for number, row in enumerate(rows) if row.hidden), None)
    if hidden is not None and colorless and colorless[-1] > hidden:
        report.warn(
            "R17",
            under(path, hidden),
            f"a hidden row stands before visible row {next(n for n in colorless if n > hidden)} and takes a color that "
            "nobody sees; put hidden rows last",
        )
