"""A series as the flat list of rows that CloudWatch takes: metrics first, the expressions over them after."""

from __future__ import annotations

from typing import NamedTuple

from mangaobs.model.metric import WORD, Math, MetricStat, Series


class Row(NamedTuple):
    """One entry of a metric data query: a metric's statistic, or else an expression over other ids."""

    id: str
    stat: MetricStat | None
    expression: str = ""
    label: str = ""
    period: int = 0


def flatten(series: Series, id: str) -> list[Row]:
    """The rows of `series`, the last one under `id`; the operands keep the ids that the expression uses.

    Operands of nested math are prefixed with the id of theirs, so that all ids stay unique.
    """
    if isinstance(series, MetricStat):
        return [Row(id, series, label=series.label)]
    return _flatten(series, id, "")


def _flatten(series: Math, id: str, prefix: str) -> list[Row]:
    rows: list[Row] = []
    for name, operand in series.of:
        if isinstance(operand, MetricStat):
            rows.append(Row(prefix + name, operand, label=operand.label))
        else:
            rows += _flatten(operand, prefix + name, f"{prefix}{name}_")
    expression = series.expression
    if prefix:
        own = {name for name, _ in series.of}
        expression = WORD.sub(lambda word: prefix + word[0] if word[0] in own else word[0], expression)
    period = series.explicit_period if not series.of else 0
    rows.append(Row(id, None, expression, series.label, period))
    return rows
