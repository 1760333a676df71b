"""The checker: every object's fields against the facts, then the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from mangaobs.languages.dashboard_body import _facts as facts
from mangaobs.languages.dashboard_body._finding import (
    Finding,
    Json,
    Level,
    escape,
    field,
    is_number,
    is_object,
    is_opaque,
    is_text,
    items,
    show,
)
from mangaobs.languages.dashboard_body._row import read
from mangaobs.languages.dashboard_body._rules import RULES

_NUMBER_IN_PATH = re.compile(r"\d+")


def check(body: Mapping[str, object], *, catalog: bool = True) -> list[Finding]:
    """All that is wrong with a body, in the order of its widgets.

    Values that are no JSON (those that only a deployment knows) are let through wherever text may stand. Without
    `catalog` rule R16 does not ask whether AWS publishes a metric.
    """
    findings = list(dict.fromkeys(_object(dict(body), "dashboard", "")))
    for rule in RULES.values():
        findings += rule.check(body, catalog=catalog) if rule.uses_catalog else rule.check(body)
    return sorted(findings, key=_order)


def _order(finding: Finding) -> tuple[tuple[int, ...], str, str]:
    return (tuple(map(int, _NUMBER_IN_PATH.findall(finding.path))), finding.path, finding.rule)


def _object(value: Json, shape: str, path: str, at: str | None = None) -> Iterator[Finding]:
    """The fields of an object; `at` is where findings point if AWS names the object around it."""
    fields = facts.SHAPES[shape]
    for name, one in fields.items():
        if one.required and name not in value:
            yield Finding("F2", at or path, f"{_a(shape)} needs {name!r}")
    for key, content in value.items():
        here = at or f"{path}/{escape(str(key))}"
        known = fields.get(key)
        if known is None and not (shape == "metric" and key == "data"):  # R4 says where `data` belongs
            yield Finding("F3", here, _unknown(str(key), shape, fields), "warning")
        elif known is not None:
            yield from _value(content, known, here, key)
    if shape == "widget":
        kind, properties = value.get("type"), value.get("properties")
        if isinstance(kind, str) and is_object(properties) and kind in fields["type"].values:
            yield from _object(properties, kind, f"{path}/properties")
            if kind == "metric":
                yield from _metrics(properties, f"{path}/properties")


def _value(value: object, one: facts.Field, path: str, name: str) -> Iterator[Finding]:
    if is_opaque(value):
        return
    if one.kind != "any" and not _has_kind(value, one.kind):
        yield Finding("F1", path, f"{name} is {show(value)}, which is no {one.kind}")
        return
    if isinstance(value, str):
        yield from _string(value, one, path, name)
    elif is_number(value) and one.kind in {"integer", "number"}:
        yield from _number(value, one, path, name)
    elif isinstance(value, list | tuple):
        yield from _array(list(value), one, path, name)
    elif is_object(value) and one.shape:
        yield from _object(value, one.shape, path)


def _has_kind(value: object, kind: str) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "number":
            return is_number(value)
        case "integer":
            return is_number(value) and float(value).is_integer()
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list | tuple)
        case "object":
            return isinstance(value, dict)
        case _:
            return isinstance(value, str | int | float)


def _string(value: str, one: facts.Field, path: str, name: str) -> Iterator[Finding]:
    level: Level = "warning" if one.soft else "error"
    if one.low is not None and len(value) < one.low:
        yield Finding("F1", path, f"{name} is empty" + (f"; {one.right}" if one.right else ""))
    elif one.high is not None and len(value) > one.high:
        yield Finding("F1", path, f"{name} has {len(value)} characters, at most {one.high:g} are taken")
    elif not is_text(value):
        return
    elif one.values and value not in one.values:
        yield Finding("F1", path, f"{name} is {show(value)}; it is one of {', '.join(one.values)}", level)
    elif one.pattern and not _compiled(one.pattern).fullmatch(value):
        yield Finding("F1", path, f"{name} {show(value)} is not {one.right}", level)
    elif name == "color" and len(value) == 4:
        # AWS's own example has #aaa, its text says six digits.
        yield Finding("F1", path, f"color {show(value)} has three digits; AWS documents six", "warning")


def _number(value: float, one: facts.Field, path: str, name: str) -> Iterator[Finding]:
    if one.low is not None and value < one.low:
        yield Finding("F1", path, f"{name} is {value:g}, below {one.low:g}")
    elif one.high is not None and value > one.high:
        yield Finding("F1", path, f"{name} is {value:g}, above {one.high:g}")
    elif one.multiple and value % one.multiple:
        fine = value in facts.HIGH_RESOLUTION
        problem = "finer than dashboards are documented to take" if fine else f"no multiple of {one.multiple}"
        yield Finding("F1", path, f"{name} is {value:g} s, {problem}", "warning" if fine else "error")


def _array(value: list[object], one: facts.Field, path: str, name: str) -> Iterator[Finding]:
    if one.low is not None and len(value) < one.low:
        yield Finding("F4", path, f"{name} is empty; at least {one.low:g} is needed")
    elif one.high is not None and len(value) > one.high:
        yield Finding("F4", path, f"{name} has {len(value)} items; CloudWatch takes at most {one.high:g}")
    for number, item in enumerate(value):
        here = f"{path}/{number}"
        if one.items:
            yield from _value(item, facts.ITEMS[one.items], here, f"an item of {name}")
        elif one.shape and is_object(item):
            yield from _object(item, one.shape, here)
        elif one.shape and not is_opaque(item):
            yield Finding("F1", here, f"{show(item)} is no object: {_a(one.shape)} is one")


def _metrics(properties: Json, path: str) -> Iterator[Finding]:
    for number, row in enumerate(read(properties.get("metrics"))):
        here = f"{path}/metrics/{number}"
        if row.problem:
            yield Finding("F1", here, f"the row {row.problem}")
        # AWS points at the row, whatever in its options is wrong.
        yield from _object(row.options, "options", here, at=here)
    for axis in ("horizontal", "vertical"):
        for number, one in enumerate(items(field(properties.get("annotations"), axis))):
            here = f"{path}/annotations/{axis}/{number}"
            yield from _annotation(one, axis, here)


def _annotation(one: object, shape: str, path: str) -> Iterator[Finding]:
    if not isinstance(one, list | tuple):
        if is_object(one):
            yield from _object(one, shape, path)
        elif not is_opaque(one):
            yield Finding("F1", path, f"{show(one)} is no annotation: an object, or two for a band")
        return
    if len(one) != 2:
        yield Finding("F4", path, f"a band has {len(one)} ends; it has two")
    for number, end in enumerate(one):
        if is_object(end):
            yield from _object(end, shape, f"{path}/{number}")
        elif not is_opaque(end):
            yield Finding("F1", f"{path}/{number}", f"{show(end)} is no end of a band")


def _unknown(key: str, shape: str, fields: Mapping[str, facts.Field]) -> str:
    from mangaobs.catalog import nearest

    close = nearest(key, fields)
    return f"{key!r} is no known field of {_a(shape)}" + (f"; did you mean {close!r}?" if close else "")


def _a(shape: str) -> str:
    name = {
        "dashboard": "a dashboard",
        "widget": "a widget",
        "variable": "a variable",
        "options": "a row's options",
        "annotations": "annotations",
        "horizontal": "a horizontal annotation",
        "vertical": "a vertical annotation",
        "axes": "yAxis",
        "table": "table options",
    }
    kinds = ("metric", "text", "log", "alarm", "explorer", "custom", "chart")
    return f"a widget of type {shape}" if shape in kinds else name.get(shape, f"{shape!r}")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
