"""The whole body: its shape, and the rules across fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from mangaobs.catalog import nearest
from mangaobs.languages.dashboard_body._facts import COLUMNS, DEFAULT_HEIGHT, DEFAULT_WIDTH, LIMITS, RESOURCE_TYPES
from mangaobs.languages.dashboard_body._fields import check_object, is_whole
from mangaobs.languages.dashboard_body._finding import Finding, Report, show, under
from mangaobs.languages.dashboard_body._rows import check_rows
from mangaobs.languages.dashboard_body._time import is_duration, is_relative, is_time

Object: TypeAlias = Mapping[object, object]

_BRACES = re.compile(r"\{([^}]*)\}")
_SQL = frozenset({"SQL", "LOGSQL"})  # C, W: a query in SQL names its groups in FROM


def check(body: Mapping[str, object]) -> list[Finding]:
    """What is wrong with a DashboardBody, in the order of the body.

    Takes whatever JSON holds and never raises.
    """
    report = Report()
    if not isinstance(body, Mapping):
        report.error("type", "", f"the body is {show(body)}; it takes an object")
        return report.findings()
    check_object(report, "dashboard", body, "")
    _check_time_range(report, body)
    variables, widgets = body.get("variables"), body.get("widgets")
    if isinstance(variables, list | tuple):
        _check_variables(report, variables)
    if isinstance(widgets, list | tuple):
        fetched = 0
        for number, widget in enumerate(widgets):
            if isinstance(widget, Mapping):
                fetched += _check_widget(report, widget, f"/widgets/{number}")
        _check_overlap(report, widgets)
        if fetched > (most := LIMITS["metrics_per_dashboard"].most):
            report.warn(
                "range",
                "/widgets",
                f"the widgets have {fetched:,} metrics, hidden ones too; {most:,.0f} fit a dashboard",
            )
    return report.findings()


def _check_time_range(report: Report, body: Mapping[str, object]) -> None:
    start, end = body.get("start"), body.get("end")
    if isinstance(end, str):
        if not is_time(end):
            report.error("R1", "/end", f"end {show(end)} is no absolute time; write it as 2026-11-24T12:00:00Z")
        if "start" not in body:
            report.error("R1", "", "end is given without start; give both, or start alone for a range that ends now")
        elif isinstance(start, str) and start.startswith("-") and not is_time(start):
            report.error("R1", "/start", f"start {show(start)} is relative; with end it is an absolute time too")
            return
    if isinstance(start, str) and not is_time(start) and not is_relative(start):
        report.error("R2", "/start", f"start {show(start)} {_relative_hint(start)}")


def _relative_hint(start: str) -> str:
    match = re.fullmatch(r"-?P?T?([0-9]{1,9})([A-Za-z])", start)
    unit = match[2].upper() if match else ""
    if match and unit in {"D", "W"}:
        return f"is not how days, weeks and months are written; write '-P{match[1]}{unit}'"
    if match and unit in {"M", "H"}:
        return f"is not how minutes and hours are written; write '-PT{match[1]}{unit}'"
    return "is no time; write -PT<n>M or H, -P<n>D, W or M, or an absolute time such as 2026-11-24T12:00:00Z"


# Variables


def _check_variables(report: Report, variables: list[object] | tuple[object, ...]) -> None:
    seen: dict[str, int] = {}
    for number, variable in enumerate(variables):
        if not isinstance(variable, Mapping):
            continue
        path = f"/variables/{number}"
        check_object(report, "variable", variable, path)
        _check_target(report, variable, path)
        _check_values(report, variable, path)
        _check_default(report, variable, path)
        id = variable.get("id")
        if isinstance(id, str) and seen.setdefault(id, number) != number:
            report.warn("unique", path, f"id {show(id)} is that of variable {seen[id]} too; give each another")


def _check_target(report: Report, variable: Object, path: str) -> None:
    type = variable.get("type")
    for this, other in (("property", "pattern"), ("pattern", "property")):
        if type == this:
            if this not in variable:
                report.error("R12", path, f"a variable of type {this} has no {this}; say what it replaces")
            if other in variable:
                report.error("R12", path, f"a variable of type {this} has a {other} too; leave out the {other}")


def _check_values(report: Report, variable: Object, path: str) -> None:
    typed = variable.get("inputType")
    values, search, populate = (key in variable for key in ("values", "search", "populateFrom"))
    if typed == "input" and values:
        report.error("R10", path, "an input is typed by the viewer and takes no values; use inputType 'select'")
    if not isinstance(typed, str) or typed not in {"select", "radio"}:
        return
    if values and (search or populate):
        report.error("R10", path, "values and a search exclude each other; leave out one of them")
    elif not values and not (search and populate):
        missing = "values" if not search and not populate else "populateFrom" if search else "search"
        report.error("R10", path, f"{missing} is missing; a {typed} takes values, or both search and populateFrom")
    text, source = variable.get("search"), variable.get("populateFrom")
    if isinstance(text, str) and isinstance(source, str) and (braces := _BRACES.search(text)):
        names = [name.strip().strip("\"'") for name in braces[1].split(",")[1:]]
        if source not in names:
            known = ", ".join(names)[:200] or "none"
            report.warn("R10", path, f"populateFrom {show(source)} is no dimension of the search; it has {known}")


def _check_default(report: Report, variable: Object, path: str) -> None:
    default = variable.get("defaultValue")
    if default is None:
        return
    if default == "__FIRST":
        if "search" not in variable:
            report.error("R11", path, "defaultValue __FIRST needs a search; name one of the values")
        return
    values = variable.get("values")
    if variable.get("inputType") == "input" or not isinstance(values, list | tuple):
        return
    scalars = [one.get("value") for one in values if isinstance(one, Mapping)]
    scalars = [one for one in scalars if isinstance(one, str | int | float)]
    if isinstance(default, str | int | float) and not any(
        one == default and isinstance(one, bool) == isinstance(default, bool) for one in scalars
    ):
        known = ", ".join(show(one) for one in scalars[:10]) or "none"
        report.error("R11", path, f"defaultValue {show(default)} is none of the values; they are {known}")


# Widgets


def _check_widget(report: Report, widget: Object, path: str) -> int:
    check_object(report, "widget", widget, path)
    _check_place(report, widget, path)
    type, properties = widget.get("type"), widget.get("properties")
    if not isinstance(properties, Mapping) or not isinstance(type, str):
        return 0
    inside = f"{path}/properties"
    if type in {"metric", "text", "log", "alarm", "explorer", "custom", "chart"}:
        check_object(report, type, properties, inside)
    match type:
        case "metric":
            return _check_metric(report, properties, inside)
        case "log":
            _check_log(report, properties, inside)
        case "explorer":
            _check_explorer(report, properties, inside)
    return 0


def _check_place(report: Report, widget: Object, path: str) -> None:
    for this, other in (("x", "y"), ("y", "x")):
        if this in widget and other not in widget:
            report.error("R3", path, f"{this} is given without {other}; give both, or neither for the next free place")
    box = _box(widget)
    # A width over the columns is said of the width alone.
    if box is not None and box[2] <= COLUMNS and box[0] < COLUMNS < box[0] + box[2]:
        report.warn(
            "R3", path, f"x {box[0]} and width {box[2]} end at column {box[0] + box[2]}; the grid has {COLUMNS} columns"
        )


def _check_metric(report: Report, properties: Object, path: str) -> int:
    annotations, metrics = properties.get("annotations"), properties.get("metrics")
    notes: Object = annotations if isinstance(annotations, Mapping) else {}
    alarms = notes.get("alarms")
    if isinstance(alarms, list | tuple) and alarms:
        for key, where in (("metrics", properties), ("horizontal", notes), ("vertical", notes)):
            if key in where:
                report.error(
                    "R5", path, f"an alarm annotation stands alone, and there is {key} beside it; leave one of them out"
                )
    elif "metrics" not in properties or "region" not in properties:
        report.error("R4", path, _no_source(properties))
    _check_view(report, properties, path)
    _check_own_range(report, properties, path)
    return check_rows(report, metrics, f"{path}/metrics") if isinstance(metrics, list | tuple) else 0


def _no_source(properties: Object) -> str:
    if "metrics" in properties:
        return "region is missing; a metric widget takes a region with its metrics, for example 'us-east-1'"
    if "data" in properties:
        return "a metric widget has PromQL 'data' and no metrics; that belongs into a widget of type 'chart'"
    if "alarms" in properties:
        return "a metric widget has alarms and no metrics; write annotations: {alarms: […]}, or use the type 'alarm'"
    return "a metric widget shows nothing; it takes metrics and a region, or annotations with one alarm"


def _check_view(report: Report, properties: Object, path: str) -> None:
    view = properties.get("view", "timeSeries")
    if view == "gauge":
        axes = properties.get("yAxis")
        left = axes.get("left") if isinstance(axes, Mapping) else None
        missing = [end for end in ("min", "max") if not (isinstance(left, Mapping) and end in left)]
        if missing:
            report.error(
                "R6", path, f"a gauge needs both ends of its scale; yAxis.left has no {' and no '.join(missing)}"
            )
    sparkline = properties.get("sparkline") is True
    if sparkline and properties.get("setPeriodToTimeRange") is True:
        report.error("R7", path, "a sparkline needs several periods, and setPeriodToTimeRange makes one; choose one")
    for key, given, only in (
        ("sparkline", sparkline, "singleValue"),
        ("table", "table" in properties, "table"),
    ):
        if given and isinstance(view, str) and view != only:
            report.warn("no-effect", under(path, key), f"{key} has no effect in a {view[:60]}; it is for view {only!r}")


def _check_own_range(report: Report, properties: Object, path: str) -> None:
    start, end = properties.get("start"), properties.get("end")
    if end is not None and start is None:
        report.warn("R1", path, "the widget's end is given without its start; give both")
    for key, value in (("start", start), ("end", end)):
        if isinstance(value, str) and not is_time(value) and not is_duration(value):
            report.warn("R2", under(path, key), f"{key} {show(value)} is neither a time nor a duration; write '-PT3H'")


def _check_log(report: Report, properties: Object, path: str) -> None:
    query, language = properties.get("query"), properties.get("queryLanguage")
    if not isinstance(query, str) or (isinstance(language, str) and language.upper() in _SQL):
        return
    if not re.match(r"\s*SOURCE\b", query, re.IGNORECASE):
        report.error(
            "R14",
            under(path, "query"),
            f"query starts with {show(query.strip()[:20])} and names no log group; write SOURCE '<group>' | before it",
        )


def _check_explorer(report: Report, properties: Object, path: str) -> None:
    metrics = properties.get("metrics")
    if not isinstance(metrics, list | tuple):
        return
    kinds: dict[str, None] = {}
    for number, metric in enumerate(metrics):
        kind = metric.get("resourceType") if isinstance(metric, Mapping) else None
        if isinstance(kind, str):
            kinds[kind] = None
            if kind not in RESOURCE_TYPES:
                near = nearest(kind[:100], RESOURCE_TYPES)
                hint = f"did you mean {near!r}?" if near else "see the list in CloudWatch's API reference"
                where = under(under(f"{path}/metrics", number), "resourceType")
                report.warn("value", where, f"resourceType {show(kind)} is none that an explorer shows; {hint}")
    if len(kinds) > 1:
        shown = " and ".join(list(kinds)[:2])[:200]
        report.error("value", f"{path}/metrics", f"metrics are of {shown}; an explorer shows one resource type")


def _box(widget: object) -> tuple[int, int, int, int] | None:
    """The x, y, width and height of a widget that says where it stands."""
    if not isinstance(widget, Mapping):
        return None
    box = [
        widget.get("x"),
        widget.get("y"),
        widget.get("width", DEFAULT_WIDTH),
        widget.get("height", DEFAULT_HEIGHT),
    ]
    whole = [int(side) for side in box if isinstance(side, int | float) and is_whole(side)]
    if len(whole) < 4 or min(whole) < 0:
        return None
    x, y, width, height = whole
    return x, y, width, height


def _check_overlap(report: Report, widgets: list[object] | tuple[object, ...]) -> None:
    """Each widget against those above it that reach down to it."""
    boxes = [(box[1], number, box) for number, widget in enumerate(widgets) if (box := _box(widget)) is not None]
    open_: list[tuple[int, tuple[int, int, int, int]]] = []
    met: dict[int, int] = {}
    for y, number, (x, _, width, height) in sorted(boxes):
        open_ = [(other, box) for other, box in open_ if box[1] + box[3] > y]
        for other, (left, _, wide, _) in open_:
            if x < left + wide and left < x + width:
                first, second = sorted((number, other))
                met.setdefault(second, first)
        open_.append((number, (x, y, width, height)))
    for second, first in sorted(met.items()):
        report.warn("R15", f"/widgets/{second}", f"the widget overlaps widget {first}; consoles move it elsewhere")
