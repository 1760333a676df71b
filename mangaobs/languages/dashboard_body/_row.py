"""The rows of a metric widget and their shorthand.

A row is `[namespace, name, dimension name, dimension value, …, options?]` or `[options with an expression]`. `.` stands
for what the metric row before has at the same place. `...`, which the console writes and no page documents, stands for
the beginning of that row, so long that what follows ends where that row ends.
"""

from __future__ import annotations

from typing import NamedTuple

from mangaobs.languages.dashboard_body._finding import Json, is_object, is_opaque, items, show


class Row(NamedTuple):
    """A row, read: the parts of a metric (namespace, name, dimensions …) or none, its options, what is wrong."""

    parts: tuple[object, ...]
    options: Json
    problem: str = ""

    @property
    def expression(self) -> object:
        """The expression of the row, if it is one."""
        return self.options.get("expression")

    @property
    def hidden(self) -> bool:
        """Whether the row is not drawn."""
        return self.options.get("visible") is False

    @property
    def dimensions(self) -> list[tuple[object, object]]:
        """The dimensions as (name, value)."""
        return list(zip(self.parts[2::2], self.parts[3::2], strict=False))


def read(metrics: object) -> list[Row]:
    """Every row of a widget's `metrics`, its shorthand written out."""
    rows: list[Row] = []
    before: tuple[object, ...] | None = None
    for raw in items(metrics):
        row = _read(raw, before)
        if row.parts and not row.problem:
            before = row.parts
        rows.append(row)
    return rows


def expand(metrics: object) -> list[list[object]]:
    """The rows of a widget's `metrics` without shorthand; `ValueError` at a row that cannot be read."""
    expanded: list[list[object]] = []
    for number, row in enumerate(read(metrics)):
        if row.problem:
            raise ValueError(f"row {number} {row.problem}")
        expanded.append([*row.parts, *([row.options] if row.options else [])])
    return expanded


def _read(raw: object, before: tuple[object, ...] | None) -> Row:
    if is_opaque(raw):
        return Row((), {})
    if not isinstance(raw, list | tuple):
        return Row((), {}, f"is {show(raw)}, not an array: write [namespace, metric name, …]")
    options = raw[-1] if raw and is_object(raw[-1]) else None
    parts = tuple(raw if options is None else raw[:-1])
    options = options or {}
    for place, part in enumerate(parts):
        if not isinstance(part, str) and not is_opaque(part):
            what = "options, which stand last and once" if is_object(part) else "no text"
            return Row((), options, f"has {show(part)} at {place}: {what}")
    if "expression" in options:
        problem = "has both a metric and an expression: an expression stands alone" if parts else ""
        return Row((), options, problem)
    return _metric(parts, options, before)


def _metric(parts: tuple[object, ...], options: Json, before: tuple[object, ...] | None) -> Row:
    if not parts:
        return Row((), options, "has neither a metric nor an expression")
    written, problem = _write_out(parts, before)
    if not problem and len(written) < 2:
        problem = f"has only {show(written[0])}: write [namespace, metric name, …]" if written else "is empty"
    if not problem and len(written) % 2:
        problem = f"has dimension {show(written[-1])} without a value: dimensions are pairs of name and value"
    return Row((), options, problem) if problem else Row(written, options)


def _write_out(parts: tuple[object, ...], before: tuple[object, ...] | None) -> tuple[tuple[object, ...], str]:
    short = [part for part in parts if part in (".", "...")]
    if not short:
        return parts, ""
    if before is None:
        return (), f"begins with {short[0]!r}, but no metric row stands before it"
    if parts[0] == "...":
        rest = parts[1:]
        if len(rest) > len(before):
            return (), f"has more after '...' than the {len(before)} items of the row before"
        parts = before[: len(before) - len(rest)] + rest
    elif "..." in parts:
        return (), "has '...' that does not stand first"
    if "." in parts[len(before) :]:
        return (), f"has '.' at a place that the row before, of {len(before)} items, does not have"
    return tuple(before[place] if part == "." else part for place, part in enumerate(parts)), ""
