"""A metric filter whose value is no number of the event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.languages import filter_pattern
from mangaobs.lint import _filters
from mangaobs.lint._app import FILTER
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import either, inside, listed, number, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """MetricValue, and the fields of dimensions."""
    for one in _filters.filters(app):
        if one.resource.type != FILTER or one.pattern is None:
            continue
        for number_, given in enumerate(listed(one.resource.properties.get("MetricTransformations"))):
            made = inside(given)
            base = ("MetricTransformations", number_)
            problem = _problem(one.pattern, text(made.get("MetricValue")), is_value=True)
            if problem:
                yield Found("MO411", one.resource, *problem, Spot((*base, "MetricValue")))
            for at, pair in enumerate(listed(made.get("Dimensions"))):
                problem = _problem(one.pattern, text(inside(pair).get("Value")), is_value=False)
                if problem:
                    yield Found("MO411", one.resource, *problem, Spot((*base, "Dimensions", at, "Value")))


def _problem(pattern: filter_pattern.Pattern, value: str | None, *, is_value: bool) -> tuple[str, str] | None:
    if value is None:
        return None
    if not value.startswith("$"):
        if is_value and number(value) is None:
            return f"{value!r} is no number and no field", "1, or $.field"
        return None if is_value else (f"{value!r} is no field of the event", "$.field")
    if isinstance(pattern, filter_pattern.Json) and not value.startswith(("$.", "$[")):
        return f"{value} is no field of a JSON event", f"$.{value[1:]}"
    if isinstance(pattern, filter_pattern.Delimited):
        names = [slot.name for slot in pattern.slots if slot.name not in ("", "...")]
        if value[1:] not in names and not value[1:].isdecimal():
            return f"the pattern has no field {value[1:]}", either([f"${one}" for one in names])
    if isinstance(pattern, filter_pattern.Terms):
        return f"a pattern of terms has no field {value}", "a JSON or delimited pattern"
    return None
