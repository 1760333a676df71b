"""Which fields of the log events a plan reads: only these are ever read from a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mangaobs.insights._expressions import field_name
from mangaobs.insights._plan import (
    Aggregate,
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
    Where,
    Within,
)
from mangaobs.languages.logs_insights import walk
from mangaobs.languages.logs_insights.tree import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.insights._plan import OrderKey, Plan, Resolved, Step

_IN_TIME = ("earliest", "latest")


@dataclass(slots=True)
class Needs:
    """The fields by name, for each side of a join, and whether the order of the events matters."""

    fields: dict[int, set[str]] = field(default_factory=lambda: {0: set(), 1: set()})
    order: bool = False


def needs(plan: Plan) -> Needs:
    """What a plan reads; not what its subqueries read."""
    found = Needs()
    for step in plan.steps:
        for expression in expressions(step):
            _add(expression, found)
        if isinstance(step, Cut | Distinct) and _by_event(step.order):
            found.order = True
    for expression in plan.output.values():
        _add(expression, found)
    if _by_event(plan.order):
        found.order = True
    if found.order:
        found.fields[0].add("@timestamp")
    return found


def _by_event(order: tuple[OrderKey, ...]) -> bool:
    return any(one.number is None for one in order)


def _add(expression: Resolved, found: Needs) -> None:
    for part in walk(expression):  # type: ignore[arg-type]
        if isinstance(part, EventField):
            found.fields[part.side].add(field_name(part.path))
        elif isinstance(part, Call):
            if part.function in _IN_TIME:
                found.order = True
            if part.function == "bin" and len(part.arguments) == 1:
                found.fields[0].add("@timestamp")


def expressions(step: Step) -> Iterator[Resolved]:
    """What a step reads."""
    match step:
        case Extend():
            yield from (one for _, one in step.columns)
        case Where():
            yield step.condition
        case Within() | Extract() | ExtractPairs() | ExtractCsv() | Elements():
            yield step.operand
        case Aggregate():
            yield from (one for _, one in (*step.keys, *step.measures))
        case Distinct():
            yield from step.keys
        case JoinEvents():
            yield step.left_key
            yield step.right_key
        case LookupTable():
            yield from (one for _, one in step.keys)
        case _:
            pass
