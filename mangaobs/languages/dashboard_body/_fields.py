"""One value against the facts of its field, one object against those of its shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mangaobs.catalog import nearest
from mangaobs.languages.dashboard_body._facts import SHAPES, Field
from mangaobs.languages.dashboard_body._finding import Level, Report, listed, show, under
from mangaobs.languages.dashboard_body._time import is_time
from mangaobs.languages.statistic import is_statistic, meant

_KINDS = {
    "string": "text",
    "int": "a whole number",
    "number": "a number",
    "bool": "true or false",
    "scalar": "text, a number, true or false",
    "object": "an object",
    "array": "a list",
    "statistic": "a statistic, for example 'Sum' or 'p99'",
    "time": "a time in ISO 8601, for example '2026-11-24T12:00:00Z'",
    "annotation": "an object, or a list of the two that make a band",
}


def is_whole(value: object) -> bool:
    """Whether JSON takes `value` for an integer: 6 and 6.0, not true."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def is_number(value: object) -> bool:
    """Whether `value` is a number that JSON can write."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and abs(value) < float("inf"))


def check_object(
    report: Report, shape_name: str, value: Mapping[Any, object], path: str, *, flat: bool = False
) -> None:
    """Every field of an object; `flat` reports all of it at `path`, as the service does inside of a row."""
    shape = SHAPES[shape_name]
    for key, one in value.items():
        field = shape.fields.get(key) if isinstance(key, str) else None
        if field is not None:
            check_field(report, str(key), field, one, path if flat else under(path, key))
        elif shape.unknown == "warn":
            _unknown(report, shape_name, key, path if flat else under(path, key))
    for key, field in shape.fields.items():
        if field.required and key not in value:
            wanted = f"one of {listed(map(repr, field.values))}" if field.values else field.right or _KINDS[field.kind]
            report.error("required", path, f"{key} is missing; it takes {wanted}")


def _unknown(report: Report, shape_name: str, key: object, path: str) -> None:
    shape = SHAPES[shape_name]
    near = nearest(key, shape.fields) if isinstance(key, str) and len(key) < 100 else None
    hint = shape.hints.get(key) if isinstance(key, str) else None
    hint = hint or (f"did you mean {near!r}?" if near else f"known are {', '.join(shape.fields)}")
    report.warn("unknown", path, f"{show(key)} is no key that CloudWatch knows here; {hint}")


def check_field(report: Report, name: str, field: Field, value: object, path: str) -> None:
    """One value: its kind, then what the field asks of it."""
    match value:
        case _ if field.kind == "any":
            return
        case str() if field.kind in {"string", "scalar", "statistic", "time"}:
            _check_text(report, name, field, value, path)
        case bool() if field.kind in {"bool", "scalar"}:
            return
        case int() | float() if field.kind in {"int", "number", "scalar"}:
            _check_number(report, name, field, value, path)
        case Mapping() if field.kind in {"object", "annotation"}:
            if field.shape:
                check_object(report, field.shape, value, path)
        case list() | tuple() if field.kind == "array":
            _check_list(report, name, field, value, path)
        case list() | tuple() if field.kind == "annotation":
            _check_band(report, field, value, path)
        case _:
            report.error("type", path, f"{name} is {show(value)}; it takes {_KINDS[field.kind]}")


def _check_text(report: Report, name: str, field: Field, value: str, path: str) -> None:
    if field.kind == "statistic":
        check_statistic(report, name, value, path)
    elif field.kind == "time" and not is_time(value):
        report.error("value", path, f"{name} {show(value)} is not {_KINDS['time']}")
    elif field.values and value not in field.values:
        near = nearest(value, field.values) if len(value) < 100 else None
        hint = f"did you mean {near!r}?" if near else f"it takes {listed(map(repr, field.values))}"
        report.error("value", path, f"{name} is {show(value)}; {hint}")
    elif field.pattern and not re.fullmatch(field.pattern, value):
        report.add(_level(field, value), "value", path, f"{name} {show(value)} is not {field.right}")
    elif field.longest and len(value) > field.longest:
        report.error("range", path, f"{name} has {len(value):,} characters; at most {field.longest:,} fit")


def _level(field: Field, value: str) -> Level:
    return "warning" if field.loose or (field.tolerated and re.fullmatch(field.tolerated, value)) else "error"


def _check_number(report: Report, name: str, field: Field, value: float, path: str) -> None:
    if field.kind == "int" and not is_whole(value):
        report.error("type", path, f"{name} is {show(value)}; it takes a whole number")
    elif not is_number(value):
        report.error("type", path, f"{name} is {show(value)}, which JSON cannot write; it takes a number")
    elif (
        (field.least is not None and value < field.least)
        or (field.most is not None and value > field.most)
        or (field.step and value % field.step)
    ):
        tolerated = bool(field.tolerated) and value < 1000 and re.fullmatch(field.tolerated, f"{value:g}") is not None
        fine = " that only high-resolution metrics have" if tolerated else ""
        report.add(
            "warning" if tolerated else "error",
            "range",
            path,
            f"{name} is {show(value)}{fine}; it takes {_bounds(field)}",
        )


def _bounds(field: Field) -> str:
    if field.step:
        return f"a multiple of {field.step}"
    if field.most is None:
        return f"{field.least:g} or more"
    return f"{field.least:,.0f} to {field.most:,.0f}"


def _check_list(report: Report, name: str, field: Field, value: list[object] | tuple[object, ...], path: str) -> None:
    if field.least is not None and len(value) < field.least:
        report.error("range", path, f"{name} is empty; it takes {field.least:g} or more")
    if field.most is not None and len(value) > field.most:
        report.error("range", path, f"{name} has {len(value):,} entries; at most {field.most:g} fit")
    if field.item is not None:
        for number, one in enumerate(value):
            check_field(report, f"{name}[{number}]", field.item, one, under(path, number))


def _check_band(report: Report, field: Field, value: list[object] | tuple[object, ...], path: str) -> None:
    if len(value) != 2:
        report.error("range", path, f"a band has {len(value)} ends; it takes two, [{{value, …}}, {{value, label}}]")
    for number, end in enumerate(value):
        if isinstance(end, Mapping):
            check_object(report, field.shape, end, under(path, number))
        else:
            report.error("type", under(path, number), f"an end of a band is {show(end)}; it takes an object")


def check_statistic(report: Report, name: str, value: str, path: str) -> None:
    """A statistic; another spelling of one is only warned of."""
    if is_statistic(value):
        return
    if other := meant(value):
        report.warn("statistic", path, f"{name} {show(value)} is not how CloudWatch writes it; write {other!r}")
    else:
        report.error(
            "statistic",
            path,
            f"{name} {show(value)} is no statistic; write for example 'Sum', 'Average', 'p99', 'tm90' or 'PR(:300)'",
        )
