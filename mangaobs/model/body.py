"""A dashboard as the DashboardBody that CloudWatch takes; text in it may still be deploy-time values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import msgspec

from mangaobs.languages.dashboard_body import LIMITS
from mangaobs.model._check import fail
from mangaobs.model.alarm import Alarm, CompositeAlarm
from mangaobs.model.dashboard import Dashboard, Placed, place
from mangaobs.model.metric import WORD, Math, MetricStat, Series, identity
from mangaobs.model.value import REGION, Value, text
from mangaobs.model.variable import Variable
from mangaobs.model.widget import (
    AlarmGraph,
    AlarmLike,
    AlarmStatus,
    Axis,
    Chart,
    CustomWidget,
    Explorer,
    Graph,
    Line,
    LogTable,
    Mark,
    TextWidget,
    Widget,
)

Json: TypeAlias = dict[str, object]

MAX_METRICS = int(LIMITS["metrics_per_dashboard"].most)


def no_thresholds(_: Series) -> Iterable[Line]:
    """For a dashboard that stands alone: no alarm draws on it."""
    return ()


def body(
    dashboard: Dashboard,
    *,
    alarm_arn: Callable[[Alarm | CompositeAlarm], Value],
    region: Value = REGION,
    thresholds: Callable[[Series], Iterable[Line]] = no_thresholds,
) -> Json:
    """The DashboardBody.

    `thresholds` gives, for each series that a graph draws, the lines of the alarms on it; `alarm_arn` the ARN of an
    alarm that a widget names.
    """
    writer = _Writer(alarm_arn, region, thresholds)
    document: Json = {}
    if dashboard.start is not None:
        document["start"] = dashboard.start
    if dashboard.end is not None:
        document["end"] = dashboard.end
    document["periodOverride"] = dashboard.period_override
    if dashboard.variables:
        document["variables"] = [_variable(variable) for variable in dashboard.variables]
    placed = place(dashboard)
    if len(placed) > 500:
        fail(f"dashboard {dashboard.name!r}", "content", f"has {len(placed)} widgets", "at most 500: split it")
    document["widgets"] = [writer.widget(one) for one in placed]
    if writer.metrics > MAX_METRICS:
        fail(
            f"dashboard {dashboard.name!r}",
            "content",
            f"fetches {writer.metrics:,} metrics, hidden ones too",
            f"at most {MAX_METRICS:,}: split it",
        )
    return document


class _Writer:
    def __init__(
        self,
        alarm_arn: Callable[[Alarm | CompositeAlarm], Value],
        region: Value,
        thresholds: Callable[[Series], Iterable[Line]],
    ) -> None:
        self.alarm_arn = alarm_arn
        self.region = region
        self.thresholds = thresholds
        self.metrics = 0

    def widget(self, placed: Placed) -> Json:
        kind, properties = self._properties(placed.widget)
        return {
            "type": kind,
            "x": placed.x,
            "y": placed.y,
            "width": placed.width,
            "height": placed.height,
            "properties": properties,
        }

    def _properties(self, widget: Widget) -> tuple[str, Json]:
        match widget:
            case Graph():
                return "metric", self._graph(widget)
            case TextWidget():
                return "text", {"markdown": widget.markdown, "background": widget.background}
            case LogTable():
                return "log", self._log(widget)
            case AlarmStatus():
                return "alarm", self._alarm_status(widget)
            case AlarmGraph():
                annotations = {"alarms": [self._arn(widget.alarm)]}
                return "metric", {"title": widget.title, "region": self.region, "annotations": annotations}
            case Explorer():
                return "explorer", _explorer(widget)
            case CustomWidget():
                return "custom", _custom(widget)
            case Chart():
                return "chart", {"title": widget.title, "region": self.region, **widget.properties}
            case _:
                raise TypeError(f"{type(widget).__name__} is no widget")

    def _arn(self, alarm: AlarmLike) -> Value:
        return self.alarm_arn(alarm) if isinstance(alarm, Alarm | CompositeAlarm) else alarm

    def _alarm_status(self, widget: AlarmStatus) -> Json:
        states: Json = {"states": list(widget.states)} if widget.states else {}
        alarms = [self._arn(alarm) for alarm in widget.alarms]
        return {"title": widget.title, "sortBy": widget.sort_by, **states, "alarms": alarms}

    def _log(self, widget: LogTable) -> Json:
        sources: list[Value] = []
        for group in widget.log_groups:
            sources += ["SOURCE '", group, "' | "]
        properties: Json = {
            "title": widget.title,
            "region": self.region,
            "view": widget.view,
            "query": text(*sources, widget.query.strip()),
        }
        if widget.stacked:
            properties["stacked"] = True
        return properties

    def _graph(self, graph: Graph) -> Json:
        rows = _Rows()
        drawn = [(series, "left") for series in graph.left] + [(series, "right") for series in graph.right]
        rows.draw(drawn)
        properties: Json = {"title": graph.title, "region": self.region, "view": graph.view}
        if graph.view in {"timeSeries", "bar"}:
            properties["stacked"] = graph.stacked
        properties["metrics"] = rows.written()
        self.metrics += sum(len(row) > 1 for row in rows.written())
        if len(rows.visible) + len(rows.hidden) > 500:
            fail(f"graph {graph.title!r}", "left", "has more than 500 metrics", "split it")
        if graph.view in {"timeSeries", "gauge", "bar"}:
            right: Json = {"right": _axis(graph.right_axis)} if graph.right else {}
            properties["yAxis"] = {"left": _axis(graph.left_axis), **right}
        optional: Json = {
            "annotations": self._annotations(graph, drawn),
            "legend": {} if graph.legend == "bottom" else {"position": graph.legend},
            "liveData": graph.live_data,
            "timezone": graph.timezone,
            "sparkline": graph.sparkline,
            "setPeriodToTimeRange": graph.set_period_to_time_range,
            "singleValueFullPrecision": graph.single_value_full_precision,
        }
        properties |= {key: value for key, value in optional.items() if value}
        if graph.table is not None:
            properties["table"] = {
                "layout": graph.table.layout,
                "stickySummary": graph.table.sticky_summary,
                "showTimeSeriesData": graph.table.show_time_series_data,
                "summaryColumns": list(graph.table.summary_columns),
            }
        return properties

    def _annotations(self, graph: Graph, drawn: list[tuple[Series, str]]) -> Json:
        lines = list(graph.lines)
        for series, axis in drawn:
            for line in self.thresholds(series):
                placed = line if axis == "left" else msgspec.structs.replace(line, axis="right")
                if placed not in lines:
                    lines.append(placed)
        annotations: Json = {}
        if lines and graph.view in {"timeSeries", "gauge", "bar"}:
            annotations["horizontal"] = [_line(line) for line in lines]
        if graph.marks:
            annotations["vertical"] = [_mark(mark) for mark in graph.marks]
        return annotations


class _Rows:
    """The rows of a graph's `metrics`: what is drawn first, the hidden operands of its math after.

    CloudWatch gives colors by row, hidden ones included, so that hidden rows above would skip colors.
    """

    def __init__(self) -> None:
        self.visible: list[list[object]] = []
        self.hidden: list[list[object]] = []
        self._ids: dict[object, str] = {}
        self._drawn: dict[object, Json] = {}
        self._numbers = {"m": 0, "e": 0}

    def draw(self, series: list[tuple[Series, str]]) -> None:
        """Add each series on its axis."""
        slots: list[tuple[list[object], Math, Json]] = []
        for one, axis in series:
            options: Json = {"yAxis": "right"} if axis == "right" else {}
            if isinstance(one, MetricStat):
                self.visible.append(self._metric(one, options))
                self._drawn.setdefault(identity(one), options)
            else:
                options["id"] = self._next("e")
                self._ids.setdefault(identity(one), str(options["id"]))
                slots.append(([], one, options))
                self.visible.append(slots[-1][0])
        # Expressions last, so that they find the metrics which are drawn anyway.
        for slot, one, options in slots:
            slot.append(self._expression(one, options))

    def written(self) -> list[list[object]]:
        """All rows."""
        return [*self.visible, *self.hidden]

    def _metric(self, series: MetricStat, options: Json) -> list[object]:
        metric = series.metric
        row: list[object] = [metric.namespace, metric.name]
        for name, value in metric.dimensions:
            row += [name, value]
        options |= {"stat": series.stat, "period": series.period}
        if series.label:
            options["label"] = series.label
        if series.color:
            options["color"] = series.color
        row.append(options)
        return row

    def _expression(self, series: Math, options: Json) -> Json:
        ids = {name: self._operand(operand) for name, operand in series.of}
        expression = WORD.sub(lambda word: ids.get(word[0], word[0]), series.expression)
        options["expression"] = expression
        if "id" not in options:
            options["id"] = self._next("e")
        if series.label:
            options["label"] = series.label
        if series.color:
            options["color"] = series.color
        if series.explicit_period:
            options["period"] = series.explicit_period
        return options

    def _operand(self, series: Series) -> str:
        key = identity(series)
        if key in self._ids:
            return self._ids[key]
        if isinstance(series, Math):
            options = self._expression(series, {"visible": False})
            self._ids[key] = str(options["id"])
            self.hidden.append([options])
            return self._ids[key]
        id = self._ids[key] = self._next("m")
        if key in self._drawn:
            self._drawn[key]["id"] = id
        else:
            self.hidden.append(self._metric(series, {"id": id, "visible": False}))
        return id

    def _next(self, letter: str) -> str:
        self._numbers[letter] += 1
        return f"{letter}{self._numbers[letter]}"


def _axis(axis: Axis) -> Json:
    written: Json = {"showUnits": axis.show_units}
    if axis.min is not None:
        written["min"] = axis.min
    if axis.max is not None:
        written["max"] = axis.max
    if axis.label:
        written["label"] = axis.label
    return written


def _line(line: Line) -> object:
    start: Json = {"value": line.value}
    if line.label:
        start["label"] = line.label
    if line.color:
        start["color"] = line.color
    if line.axis == "right":
        start["yAxis"] = "right"
    if line.to is not None:
        return [start, {"value": line.to} | ({"yAxis": "right"} if line.axis == "right" else {})]
    if line.fill != "none":
        start["fill"] = line.fill
    return start


def _mark(mark: Mark) -> object:
    start: Json = {"value": mark.at}
    if mark.label:
        start["label"] = mark.label
    if mark.color:
        start["color"] = mark.color
    if mark.to is not None:
        return [start, {"value": mark.to}]
    if mark.fill != "none":
        start["fill"] = mark.fill
    return start


def _custom(widget: CustomWidget) -> Json:
    update = {"refresh": widget.refresh, "resize": widget.resize, "timeRange": widget.time_range}
    parameters: Json = {"params": widget.params} if widget.params else {}
    return {"title": widget.title, "endpoint": widget.endpoint, **parameters, "updateOn": update}


def _explorer(widget: Explorer) -> Json:
    properties: Json = {
        "title": widget.title,
        "metrics": [{"metricName": name, "resourceType": kind, "stat": stat} for name, kind, stat in widget.metrics],
        "labels": [{"key": key} | ({} if value is None else {"value": value}) for key, value in widget.labels],
        "period": widget.period,
        "widgetOptions": {
            "view": widget.view,
            "stacked": widget.stacked,
            "rowsPerPage": widget.rows_per_page,
            "widgetsPerRow": widget.widgets_per_row,
        },
    }
    if widget.aggregate_by is not None:
        key, function = widget.aggregate_by
        properties["aggregateBy"] = {"key": key, "func": function}
    if widget.split_by is not None:
        properties["splitBy"] = widget.split_by
    return properties


def _variable(variable: Variable) -> Json:
    written: Json = {
        "type": "property" if variable.property is not None else "pattern",
        "inputType": variable.input_type,
        "id": variable.id,
        "visible": variable.visible,
    }
    optional: Json = {
        "property": variable.property,
        "pattern": variable.pattern,
        "label": variable.label or None,
        "search": variable.search,
        "populateFrom": variable.populate_from,
        "defaultValue": variable.default_value,
    }
    if variable.values:
        optional["values"] = [
            {"value": choice.value} | ({"label": choice.label} if choice.label else {}) for choice in variable.values
        ]
    return written | {key: value for key, value in optional.items() if value is not None}
