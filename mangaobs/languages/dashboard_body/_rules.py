"""The rules over several fields, R1 to R17.

A rule is a generator over the whole body. Its path is the one that AWS gives, where a message of the service is known:
the row for all in a row, the properties for what they lack.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mangaobs.languages.dashboard_body import _facts as facts
from mangaobs.languages.dashboard_body._expression import has_query, ids, is_query, searches
from mangaobs.languages.dashboard_body._finding import (
    Finding,
    Json,
    field,
    is_number,
    is_object,
    is_text,
    items,
    show,
)
from mangaobs.languages.dashboard_body._row import Row, read

_ABSOLUTE = re.compile(facts.ABSOLUTE)
_RELATIVE = re.compile(facts.RELATIVE)
_SOURCE = re.compile(r"\s*SOURCE\b", re.IGNORECASE)
# Languages that name their log groups elsewhere: SQL in FROM.
_WITHOUT_SOURCE = frozenset({"SQL", "LOGSQL"})
_DYNAMIC = re.compile(r"\$\{([^}]*)\}")
_PROPERTY = re.compile(facts.PROPERTIES_IN_LABELS)


class Rule(NamedTuple):
    """A rule: what it asks, where that is known from, and its check."""

    id: str
    title: str
    source: str
    check: Callable[..., Iterator[Finding]]
    uses_catalog: bool = False


def _widgets(body: object, *kinds: str) -> Iterator[tuple[str, Json, Json]]:
    """Path, widget and properties of every widget of these types."""
    for number, widget in enumerate(items(field(body, "widgets"))):
        properties = field(widget, "properties")
        if is_object(widget) and is_object(properties) and widget.get("type") in kinds:
            yield f"/widgets/{number}", widget, properties


def _graphs(body: object) -> Iterator[tuple[str, Json, list[Row]]]:
    """Path of the properties, properties and rows of every metric widget."""
    for path, _, properties in _widgets(body, "metric"):
        yield f"{path}/properties", properties, read(properties.get("metrics"))


def _expressions(rows: list[Row]) -> Iterator[tuple[int, str]]:
    for number, row in enumerate(rows):
        if isinstance(row.expression, str):
            yield number, row.expression


def _r1(body: Json) -> Iterator[Finding]:
    for path, value in [("", body), *((f"{path}/properties", graph) for path, _, graph in _widgets(body, "metric"))]:
        start, end = value.get("start"), value.get("end")
        if "end" in value and "start" not in value:
            yield Finding("R1", path, "'end' is given without 'start'")
        elif path == "" and "end" in value:
            for name, time in (("start", start), ("end", end)):
                if is_text(time) and not _ABSOLUTE.fullmatch(time):
                    yield Finding(
                        "R1", f"/{name}", f"{name} {show(time)} is no time in ISO 8601; with 'end' both are absolute"
                    )


def _r2(body: Json) -> Iterator[Finding]:
    start = body.get("start")
    if not is_text(start) or "end" in body or _ABSOLUTE.fullmatch(start) or _RELATIVE.fullmatch(start):
        return
    right = "minutes and hours are written -PT3H, days, weeks and months -P1D; or a time in ISO 8601"
    yield Finding("R2", "/start", f"start {show(start)} is not understood: {right}")


def _r3(body: Json) -> Iterator[Finding]:
    for number, widget in enumerate(items(body.get("widgets"))):
        if not is_object(widget):
            continue
        path = f"/widgets/{number}"
        if ("x" in widget) != ("y" in widget):
            given, missing = ("x", "y") if "x" in widget else ("y", "x")
            yield Finding("R3", path, f"{given!r} is given without {missing!r}: give both or neither")
        x, width = widget.get("x"), widget.get("width", 6)
        if is_number(x) and is_number(width) and x < facts.GRID_COLUMNS and x + width > facts.GRID_COLUMNS:
            message = f"the widget reaches column {x + width:g} of {facts.GRID_COLUMNS} (x {x:g}, width {width:g})"
            yield Finding("R3", path, message, "warning")


def _r4(body: Json) -> Iterator[Finding]:
    for path, properties, _ in _graphs(body):
        if field(properties.get("annotations"), "alarms"):
            continue
        missing = [name for name in ("region", "metrics") if name not in properties]
        if missing:
            hint = "; 'data' belongs in a widget of type 'chart'" if "data" in properties else ""
            yield Finding(
                "R4",
                path,
                f"a metric widget needs 'region' and 'metrics', or an alarm in annotations.alarms; it has no "
                f"{' and no '.join(map(repr, missing))}{hint}",
            )


def _r5(body: Json) -> Iterator[Finding]:
    for path, properties, _ in _graphs(body):
        annotations = properties.get("annotations")
        if field(annotations, "alarms"):
            others = [name for name in ("horizontal", "vertical") if field(annotations, name)]
            if properties.get("metrics"):
                yield Finding("R5", path, "annotations.alarms draws the alarm's own metric: leave 'metrics' out")
            for name in others:
                yield Finding("R5", f"{path}/annotations", f"annotations.alarms excludes annotations.{name}")


def _r6(body: Json) -> Iterator[Finding]:
    for path, properties, _ in _graphs(body):
        left = field(properties.get("yAxis"), "left")
        missing = [name for name in ("min", "max") if field(left, name) is None]
        if properties.get("view") == "gauge" and missing:
            yield Finding("R6", path, f"a gauge needs both ends: yAxis.left has no {' and no '.join(missing)}")


def _r7(body: Json) -> Iterator[Finding]:
    for path, properties, _ in _graphs(body):
        if properties.get("sparkline") is True and properties.get("setPeriodToTimeRange") is True:
            yield Finding("R7", path, "sparkline needs points over time; setPeriodToTimeRange leaves one: drop either")


def _r8(body: Json) -> Iterator[Finding]:
    for path, _, rows in _graphs(body):
        given: dict[str, int] = {}
        for number, row in enumerate(rows):
            id = row.options.get("id")
            if isinstance(id, str) and given.setdefault(id, number) != number:
                yield Finding("R8", f"{path}/metrics/{number}", f"id {id!r} is taken by row {given[id]}")
        for number, expression in _expressions(rows):
            if "${" in expression or is_query(expression):
                continue
            for id in ids(expression):
                if id not in given:
                    message = f"the expression {show(expression)} uses {id!r}, which no row of the widget has as its id"
                    yield Finding("R8", f"{path}/metrics/{number}", message)


def _r9(body: Json) -> Iterator[Finding]:
    for path, _, rows in _graphs(body):
        first: int | None = None
        for number, expression in _expressions(rows):
            here = f"{path}/metrics/{number}"
            if is_query(expression):
                if first is not None:
                    yield Finding("R9", here, f"a second Metrics Insights query, after row {first}: one a widget")
                first = number if first is None else first
            elif has_query(expression):
                message = "a Metrics Insights query inside math: give it a row and an id of its own, and use the id"
                yield Finding("R9", here, message)


def _variables(body: Json) -> Iterator[tuple[str, Json]]:
    for number, variable in enumerate(items(body.get("variables"))):
        if is_object(variable):
            yield f"/variables/{number}", variable


def _r10(body: Json) -> Iterator[Finding]:
    for path, variable in _variables(body):
        kind = variable.get("inputType")
        values, search, source = (name in variable for name in ("values", "search", "populateFrom"))
        if kind == "input" and (values or search or source):
            yield Finding("R10", path, "free input (inputType 'input') has neither 'values' nor 'search'")
        elif kind in ("select", "radio"):
            if search != source:
                given, missing = ("search", "populateFrom") if search else ("populateFrom", "search")
                yield Finding("R10", path, f"{given!r} needs {missing!r}")
            elif values == search:
                which = "both" if values else "neither"
                yield Finding("R10", path, f"a {kind} has 'values', or 'search' with 'populateFrom': here is {which}")


def _r11(body: Json) -> Iterator[Finding]:
    for path, variable in _variables(body):
        if "defaultValue" not in variable:
            continue
        default = variable["defaultValue"]
        if default == "__FIRST":
            if "search" not in variable:
                yield Finding("R11", f"{path}/defaultValue", "__FIRST is the first result of a 'search'; there is none")
        elif "values" in variable:
            choices = [field(choice, "value") for choice in items(variable["values"])]
            if not any(_same(default, choice) for choice in choices):
                yield Finding("R11", f"{path}/defaultValue", f"default {show(default)} is none of the values")


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)  # in JSON true is not 1


def _r12(body: Json) -> Iterator[Finding]:
    for path, variable in _variables(body):
        kind = variable.get("type")
        if kind in ("property", "pattern"):
            other = "pattern" if kind == "property" else "property"
            if kind not in variable:
                yield Finding("R12", path, f"a variable of type {kind!r} needs {kind!r}")
            if other in variable:
                yield Finding("R12", path, f"a variable of type {kind!r} has no {other!r}")


def _r13(body: Json) -> Iterator[Finding]:
    for path, _, rows in _graphs(body):
        count = 0
        for number, expression in _expressions(rows):
            for search in searches(expression):
                count += 1
                if len(search) > facts.MAX_SEARCH_LENGTH:
                    message = f"a SEARCH of {len(search):,} characters; at most {facts.MAX_SEARCH_LENGTH:,} are taken"
                    yield Finding("R13", f"{path}/metrics/{number}", message)
        if count > facts.MAX_SEARCHES:
            yield Finding("R13", f"{path}/metrics", f"{count} SEARCH expressions; at most {facts.MAX_SEARCHES} a graph")


def _r14(body: Json) -> Iterator[Finding]:
    for path, _, properties in _widgets(body, "log"):
        query = properties.get("query")
        if not is_text(query) or properties.get("queryLanguage") in _WITHOUT_SOURCE or "logGroupPrefixes" in properties:
            continue
        if not _SOURCE.match(query):
            message = f"the query begins with {show(query[:20])}, not with the log groups: SOURCE '…' | {query[:20]}…"
            yield Finding("R14", f"{path}/properties/query", message)


def _r15(body: Json) -> Iterator[Finding]:
    placed: list[tuple[int, float, float, float, float]] = []
    for number, widget in enumerate(items(body.get("widgets"))):
        x, y = field(widget, "x"), field(widget, "y")
        if is_object(widget) and is_number(x) and is_number(y):  # without them the console finds a free place
            width, height = widget.get("width", 6), widget.get("height", 6)
            if is_number(width) and is_number(height):
                placed.append((number, x, y, x + width, y + height))
    # From top to bottom, so that only widgets still open below can meet the next.
    open_: list[tuple[int, float, float, float, float]] = []
    for one in sorted(placed, key=lambda box: (box[2], box[0])):
        open_ = [other for other in open_ if other[4] > one[2]]
        for other in open_:
            if other[1] < one[3] and one[1] < other[3]:
                later, earlier = max(one[0], other[0]), min(one[0], other[0])
                message = f"the widget overlaps /widgets/{earlier}: the console moves one of them"
                yield Finding("R15", f"/widgets/{later}", message, "warning")
        open_.append(one)


def _r16(body: Json, *, catalog: bool = True) -> Iterator[Finding]:
    for path, _, rows in _graphs(body):
        for number, row in enumerate(rows):
            here = f"{path}/metrics/{number}"
            names = [name for name, _ in row.dimensions]
            if len(names) > facts.MAX_DIMENSIONS:
                yield Finding(
                    "R16", here, f"the row has {len(names)} dimensions; a metric has at most {facts.MAX_DIMENSIONS}",
                    "warning",
                )  # fmt: skip
            for name, count in Counter(name for name in names if isinstance(name, str)).items():
                if count > 1:
                    yield Finding("R16", here, f"the row names dimension {name!r} {count} times", "warning")
            if catalog and row.parts:
                yield from _emitted(row, here)


def _emitted(row: Row, path: str) -> Iterator[Finding]:
    from mangaobs.catalog import emits, find, metrics, nearest

    namespace, metric = row.parts[:2]
    names = [name for name in row.parts[2::2] if is_text(name)]
    known_now = is_text(namespace) and is_text(metric) and len(names) == len(row.dimensions)
    if not known_now or emits(str(namespace), str(metric), names) is not False:
        return
    if find(str(namespace), str(metric)) is None:
        close = nearest(str(metric), metrics(str(namespace)))
        right = f"; did you mean {close!r}?" if close else ""
        yield Finding("R16", path, f"AWS publishes no metric {metric!r} in {namespace}{right}", "warning")
    else:
        given = ", ".join(names) or "no dimension"
        yield Finding("R16", path, f"AWS does not publish {namespace} {metric} under {given}", "warning")


def _r17(body: Json) -> Iterator[Finding]:
    for path, _, rows in _graphs(body):
        hidden = False
        for number, row in enumerate(rows):
            hidden = hidden or row.hidden
            if hidden and not row.hidden and "color" not in row.options:
                message = "the row stands after a hidden one, which takes a color too: put hidden rows last"
                yield Finding("R17", f"{path}/metrics/{number}", message, "warning")
                break


def _limits(body: Json) -> Iterator[Finding]:
    total = sum(len(items(properties.get("metrics"))) for _, properties, _ in _graphs(body))
    if total > facts.MAX_METRICS_OF_DASHBOARD:
        message = (
            f"the dashboard has {total:,} metrics, hidden ones too; the quota was {facts.MAX_METRICS_OF_DASHBOARD:,}"
        )
        yield Finding("F4", "/widgets", message, "warning")
    yield from _repeated(body)
    for path, _, rows in _graphs(body):
        for number, row in enumerate(rows):
            if isinstance(label := row.options.get("label"), str) and "${" in label:
                yield from _label(label, f"{path}/metrics/{number}")


def _repeated(body: Json) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, variable in _variables(body):
        id = variable.get("id")
        if isinstance(id, str):
            if id in seen:
                yield Finding("F1", f"{path}/id", f"id {id!r} is that of another variable")
            seen.add(id)


def _label(label: str, path: str) -> Iterator[Finding]:
    values = _DYNAMIC.findall(label)
    if len(values) > facts.MAX_LABEL_VALUES:
        message = f"the label has {len(values)} dynamic values; at most {facts.MAX_LABEL_VALUES} are taken"
        yield Finding("F4", path, message)
    if values.count("LABEL") > 1:
        yield Finding("F4", path, "the label has ${LABEL} more than once")
    for value in values:
        if value not in facts.DYNAMIC_LABELS and not _PROPERTY.fullmatch(value):
            yield Finding("F1", path, f"the label has ${{{value}}}, which is no dynamic value", "warning")


RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule("R1", "end needs start, and both absolute times", "D", _r1),
        Rule("R2", "relative start: -PT for minutes and hours, -P for longer", "D", _r2),
        Rule("R3", "x and y both or neither, inside the 24 columns", "D; the columns inferred", _r3),
        Rule("R4", "a metric widget has region and metrics, or an alarm", "S, D", _r4),
        Rule("R5", "an alarm annotation excludes metrics and other annotations", "D", _r5),
        Rule("R6", "a gauge has both ends of its axis", "D", _r6),
        Rule("R7", "sparkline excludes setPeriodToTimeRange", "C", _r7),
        Rule("R8", "ids are unique, and math uses ids that exist", "C, inferred", _r8),
        Rule("R9", "one Metrics Insights query a widget, outside of math", "D", _r9),
        Rule("R10", "select and radio have values or a search, input neither", "D, C", _r10),
        Rule("R11", "a default is one of the values; __FIRST needs a search", "D", _r11),
        Rule("R12", "a variable has the property or pattern that its type says", "D, C", _r12),
        Rule("R13", "SEARCH: at most 1,024 characters, 100 a graph", "D", _r13),
        Rule("R14", "a log query begins with SOURCE", "D", _r14),
        Rule("R15", "widgets do not overlap", "inferred", _r15),
        Rule("R16", "dimensions are few, named once, and AWS publishes the metric under them", "lint", _r16, True),  # noqa: FBT003
        Rule("R17", "hidden rows stand after visible ones", "aws/aws-cdk#36079", _r17),
        Rule("F4", "quotas over several fields, ids of variables, dynamic labels", "D, user guide", _limits),
    )
}
