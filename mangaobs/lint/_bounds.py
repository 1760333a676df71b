"""The values that a metric, and math over metrics, can have."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

from mangaobs.languages import metric_math
from mangaobs.languages.statistic import is_percentile
from mangaobs.lint import _emission

if TYPE_CHECKING:
    from mangaobs.lint._alarms import Alarm
    from mangaobs.lint._reads import Read


class Bounds(NamedTuple):
    """The least and the greatest value; infinite where there is none."""

    least: float
    most: float


ANY: Final = Bounds(-math.inf, math.inf)
_TRUTH: Final = Bounds(0, 1)
_COMPARISONS: Final = frozenset({"==", "!=", "<", ">", "<=", ">=", "AND", "OR"})


def of(alarm: Alarm) -> Bounds | None:
    """The bounds of what an alarm compares; None where nothing is known."""
    if alarm.single is not None:
        return _of_read(alarm.single)
    returned = alarm.returned
    if len(returned) != 1 or returned[0].returns is None:
        return None
    one = returned[0]
    if one.read is not None:
        return _of_read(one.read)
    if one.tree is None:
        return None
    known: dict[str, Bounds] = {}
    for query in alarm.queries or ():  # an expression may name a later one: that is any value
        if query.id is not None:
            read = _of_read(query.read) if query.read is not None else None
            known[query.id] = read or (_of_tree(query.tree, known) if query.tree is not None else ANY)
    found = _of_tree(one.tree, known)
    return None if found == ANY else found


def _of_read(read: Read) -> Bounds | None:
    facts = _emission.facts_of(read)
    if facts is None or not isinstance(read.statistic, str):
        return None
    if read.statistic in ("Sum", "SampleCount"):
        # With SampleCount, even of a metric that may be negative.
        return Bounds(0, math.inf)
    if is_percentile(read.statistic) and read.statistic.lower().startswith(("pr", "tc", "ts")):
        return None  # a share, a count or a sum
    return _table().get((facts.namespace, facts.name)) or Bounds(0, math.inf)


@cache
def _table() -> dict[tuple[str, str], Bounds]:
    text = files("mangaobs.lint").joinpath("ranges.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {(row[0], row[1]): Bounds(float(row[2]), float(row[3])) for row in rows}


def _of_tree(node: metric_math.Expression, known: dict[str, Bounds]) -> Bounds:
    match node:
        case metric_math.Number():
            return Bounds(node.value, node.value)
        case metric_math.Name():
            return known.get(node.name, ANY)
        case metric_math.Unary():
            inner = _of_tree(node.operand, known)
            return Bounds(-inner.most, -inner.least)
        case metric_math.Binary():
            return _binary(node, known)
        case metric_math.Call():
            return _call(node, known)
        case _:
            return ANY


def _binary(node: metric_math.Binary, known: dict[str, Bounds]) -> Bounds:
    if node.operator in _COMPARISONS:
        return _TRUTH
    left, right = _of_tree(node.left, known), _of_tree(node.right, known)
    # Where one side has no value it counts as zero.
    left, right = _with_zero(left), _with_zero(right)
    if node.operator == "+":
        return Bounds(left.least + right.least, left.most + right.most)
    if node.operator == "-":
        return Bounds(left.least - right.most, left.most - right.least)
    if node.operator == "*" and left.least >= 0 and right.least >= 0:
        return Bounds(0, math.inf if math.inf in (left.most, right.most) else left.most * right.most)
    if node.operator == "/" and left.least >= 0 and right.least >= 0:
        return Bounds(0, math.inf)
    return ANY


def _with_zero(bounds: Bounds) -> Bounds:
    return Bounds(min(bounds.least, 0), max(bounds.most, 0))


def _call(node: metric_math.Call, known: dict[str, Bounds]) -> Bounds:
    inner = [_of_tree(part, known) for part in node.arguments]
    match node.function:
        case "FILL" if len(inner) == 2 and isinstance(node.arguments[1], metric_math.Number):
            return Bounds(min(inner[0].least, inner[1].least), max(inner[0].most, inner[1].most))
        case "IF" if len(inner) == 3:
            return Bounds(min(inner[1].least, inner[2].least), max(inner[1].most, inner[2].most))
        case "CEIL" | "FLOOR" if len(inner) == 1:
            return Bounds(math.floor(inner[0].least) if inner[0].least > -math.inf else -math.inf, _up(inner[0].most))
        case "ABS" if len(inner) == 1 and inner[0].least >= 0:
            return inner[0]
        case "ABS":
            return Bounds(0, math.inf)
        case _:
            return ANY


def _up(value: float) -> float:
    return math.ceil(value) if value < math.inf else value
