"""The widgets of a dashboard.

Source: CloudWatch API reference, "Dashboard Body Structure and Syntax", and what consoles write beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, TypeAlias, get_args

import msgspec

from mangaobs.languages.dashboard_body import (
    LIMITS,
    RESOURCE_TYPES,
    expression_parts,
    expression_problems,
    label_problems,
)
from mangaobs.languages.statistic import is_statistic
from mangaobs.model._check import fail, is_number, is_whole
from mangaobs.model._field import check_document, check_tuple, check_word, check_words, is_time
from mangaobs.model.alarm import Alarm, CompositeAlarm
from mangaobs.model.metric import MINUTE, Condition, Math, Metric, MetricStat, Series
from mangaobs.model.value import Attribute, Import, Parameter, Pseudo, Text, Value

COLUMNS = 24
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")

View = Literal["timeSeries", "singleValue", "gauge", "bar", "pie", "table"]
LogView = Literal["table", "timeSeries", "bar", "pie"]
ExplorerView = Literal["timeSeries", "bar", "pie"]
Legend = Literal["right", "bottom", "hidden"]
Side = Literal["left", "right"]
LineFill = Literal["above", "below", "none"]
MarkFill = Literal["before", "after", "none"]
Layout = Literal["horizontal", "vertical"]
SummaryColumn = Literal["MIN", "MAX", "SUM", "AVG"]
SortBy = Literal["default", "stateUpdatedTimestamp", "timestamp"]
State = Literal["ALARM", "INSUFFICIENT_DATA", "OK"]
Aggregation = Literal["AVG", "MIN", "MAX", "STDDEV", "SUM"]
Background = Literal["solid", "transparent"]
AlarmLike: TypeAlias = Alarm | CompositeAlarm | Value

_VALUE = (str, Parameter, Import, Pseudo, Attribute, Text)
_VIEWS: tuple[str, ...] = get_args(View)
_LOG_VIEWS: tuple[str, ...] = get_args(LogView)
_EXPLORER_VIEWS: tuple[str, ...] = get_args(ExplorerView)
_LEGENDS: tuple[str, ...] = get_args(Legend)
_SIDES: tuple[str, ...] = get_args(Side)
_LINE_FILLS: tuple[str, ...] = get_args(LineFill)
_MARK_FILLS: tuple[str, ...] = get_args(MarkFill)
_LAYOUTS: tuple[str, ...] = get_args(Layout)
_SUMMARY_COLUMNS: tuple[str, ...] = get_args(SummaryColumn)
_SORTS: tuple[str, ...] = get_args(SortBy)
_STATES: tuple[str, ...] = get_args(State)
_AGGREGATIONS: tuple[str, ...] = get_args(Aggregation)
_BACKGROUNDS: tuple[str, ...] = get_args(Background)


class Widget(msgspec.Struct, frozen=True, kw_only=True):
    """What all widgets have: a place on the grid of 24 columns, left to the layout unless `at` (x, y) is given."""

    width: int | None = None
    height: int | None = None
    at: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        subject = f"{type(self).__name__} {getattr(self, 'title', '')!r}"
        if self.width is not None and not (is_whole(self.width) and 1 <= self.width <= COLUMNS):
            fail(subject, "width", f"is {self.width!r}", "1 to 24 columns")
        if self.height is not None and not (is_whole(self.height) and 1 <= self.height <= 1000):
            fail(subject, "height", f"is {self.height!r}", "1 to 1,000 rows")
        if self.at is not None:
            if not (isinstance(self.at, tuple) and len(self.at) == 2 and all(map(is_whole, self.at))):
                fail(subject, "at", f"is {self.at!r}", "a column and a row, for example (0, 12)")
            x, y = self.at
            if self.width is None or self.height is None:
                fail(subject, "at", "needs a width and a height", "give all three")
            elif x < 0 or y < 0 or x + self.width > COLUMNS:
                fail(subject, "at", f"is {self.at} with a width of {self.width}", "inside the 24 columns")
        self.check(subject)

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A horizontal line at `value`; with `to` a band between the two."""

    value: float
    to: float | None = None
    label: str = ""
    color: str = ""
    fill: LineFill = "none"
    axis: Side = "left"

    def __post_init__(self) -> None:
        for field, value in (("value", self.value), ("to", self.to)):
            if not (is_number(value) or (field == "to" and value is None)):
                fail(f"line {self.label!r}", field, f"is {value!r}", "a number")
        check_word(f"line {self.label!r}", "fill", self.fill, _LINE_FILLS)
        check_word(f"line {self.label!r}", "axis", self.axis, _SIDES)
        if self.color and not _COLOR.fullmatch(self.color):
            fail(f"line {self.label!r}", "color", f"is {self.color!r}", "#rrggbb, for example #d13212")
        if self.to is not None and self.fill != "none":
            fail(f"line {self.label!r}", "fill", "is given for a band, which is filled anyway", "leave it out")


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A vertical line at the time `at` (ISO 8601); with `to` a band between the two."""

    at: str
    to: str | None = None
    label: str = ""
    color: str = ""
    fill: MarkFill = "none"

    def __post_init__(self) -> None:
        for field, time in (("at", self.at), ("to", self.to)):
            if time is not None and not is_time(time):
                fail(f"mark {self.label!r}", field, f"is {time!r}", "ISO 8601, for example 2026-11-24T12:00:00Z")
        check_word(f"mark {self.label!r}", "fill", self.fill, _MARK_FILLS)
        if self.to is not None and self.fill != "none":
            fail(f"mark {self.label!r}", "fill", "is given for a band, which is filled anyway", "leave it out")
        if self.color and not _COLOR.fullmatch(self.color):
            fail(f"mark {self.label!r}", "color", f"is {self.color!r}", "#rrggbb, for example #d13212")


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """A y axis."""

    min: float | None = None
    max: float | None = None
    label: str = ""
    show_units: bool = True

    def __post_init__(self) -> None:
        for field, value in (("min", self.min), ("max", self.max)):
            if value is not None and not is_number(value):
                fail(f"axis {self.label!r}", field, f"is {value!r}", "a number")
        if self.min is not None and self.max is not None and self.min >= self.max:
            fail(f"axis {self.label!r}", "min", f"is {self.min}, the maximum {self.max}", "a minimum below the maximum")


class TableOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a graph with the view `table` looks."""

    layout: Layout = "horizontal"
    sticky_summary: bool = False
    show_time_series_data: bool = True
    summary_columns: tuple[SummaryColumn, ...] = ("MIN", "MAX", "SUM", "AVG")

    def __post_init__(self) -> None:
        check_word("table", "layout", self.layout, _LAYOUTS)
        check_words("table", "summary_columns", self.summary_columns, _SUMMARY_COLUMNS)


class Graph(Widget, frozen=True, kw_only=True):
    """Metrics over time, or as numbers, gauges, bars, a pie or a table.

    `shows` and `normal` stand above the graph: what it shows, and what is normal. Alarms on its series draw their
    thresholds by themselves; `lines` and `marks` are further ones.
    """

    title: str
    left: tuple[Series, ...] = ()
    right: tuple[Series, ...] = ()
    shows: str = ""
    normal: str = ""
    view: View = "timeSeries"
    stacked: bool = False
    left_axis: Axis = Axis(min=0)
    right_axis: Axis = Axis(min=0)
    lines: tuple[Line, ...] = ()
    marks: tuple[Mark, ...] = ()
    legend: Legend = "bottom"
    live_data: bool = False
    timezone: str | None = None
    sparkline: bool = False
    set_period_to_time_range: bool = False
    single_value_full_precision: bool = False
    table: TableOptions | None = None

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""
        for field, drawn in (("left", self.left), ("right", self.right)):
            _check_series(subject, field, drawn)
        if not self.left and not self.right:
            fail(subject, "left", "is empty", "at least one series; an empty graph shows nothing")
        check_word(subject, "view", self.view, _VIEWS)
        check_word(subject, "legend", self.legend, _LEGENDS)
        for field, lines, kind in (("lines", self.lines, Line), ("marks", self.marks, Mark)):
            check_tuple(subject, field, lines)
            for one in lines:
                if not isinstance(one, kind):
                    fail(subject, field, f"holds {one!r:.80}", f"{kind.__name__}(…)")
        if self.timezone is not None and not re.fullmatch(r"[+-]\d{4}", self.timezone):
            fail(subject, "timezone", f"is {self.timezone!r}", "an offset such as +0100")
        _check_queries(subject, (*self.left, *self.right))
        self._check_view(subject)

    def _check_view(self, subject: str) -> None:
        if self.view == "gauge" and (self.left_axis.min is None or self.left_axis.max is None):
            fail(subject, "left_axis", "of a gauge needs both ends", "Axis(min=…, max=…)")
        if self.sparkline and self.view != "singleValue":
            fail(subject, "sparkline", f"has no effect in a {self.view}", 'view="singleValue"')
        if self.sparkline and self.set_period_to_time_range:
            fail(subject, "sparkline", "cannot go with set_period_to_time_range", "one of the two")
        if self.set_period_to_time_range and self.view == "timeSeries":
            fail(subject, "set_period_to_time_range", "leaves one point of a timeSeries", "another view")
        if self.table is not None and self.view != "table":
            fail(subject, "table", f"has no effect in a {self.view}", 'view="table"')
        if self.right and self.view not in {"timeSeries", "bar"}:
            fail(subject, "right", f"has no meaning in a {self.view}", "put the series on the left")


def _check_series(subject: str, field: str, drawn: tuple[Series, ...]) -> None:
    check_tuple(subject, field, drawn)
    for series in drawn:
        if isinstance(series, Metric):
            fail(subject, field, f"holds metric {series.name} without a statistic", "for example .sum(MINUTE)")
        if isinstance(series, Condition):
            fail(subject, field, "holds a condition", "the series alone; its alarm draws the threshold")
        if not isinstance(series, MetricStat | Math):
            fail(subject, field, f"holds {series!r:.80}", "series: a metric's statistic, or math")
        for part in _parts(series):
            if part.period < MINUTE or part.period % MINUTE:
                fail(subject, field, f"has a series with a period of {part.period} s", "a multiple of 60 s")
            _check_part(subject, field, part)


def _parts(series: Series) -> Iterator[Series]:
    """The series, and all that its math rests on: each becomes a row."""
    yield series
    if isinstance(series, Math):
        for _, operand in series.of:
            yield from _parts(operand)


def _check_part(subject: str, field: str, part: Series) -> None:
    if part.color and not _COLOR.fullmatch(part.color):
        fail(subject, field, f"has a series whose color is {part.color!r}", "#rrggbb, for example #d13212")
    if "${" in part.label:
        for problem in label_problems(part.label):
            fail(subject, field, f"has a series whose {problem}")
    if isinstance(part, Math):
        for _, problem in expression_problems(part.expression):
            fail(subject, field, f"has a series whose expression is wrong: {problem}")


def _check_queries(subject: str, drawn: tuple[Series, ...]) -> None:
    expressions = [part.expression for series in drawn for part in _parts(series) if isinstance(part, Math)]
    parts = [expression_parts(expression) for expression in dict.fromkeys(expressions)]
    if sum(part.is_query for part in parts) > 1:
        fail(
            subject,
            "left",
            "has several Metrics Insights queries",
            "one a graph: put the others on graphs of their own",
        )
    searches = sum(len(expression_parts(expression).searches) for expression in expressions)
    if searches > (most := LIMITS["search_expressions_per_graph"].most):
        fail(subject, "left", f"has {searches} SEARCH expressions", f"at most {most:g}")


class TextWidget(Widget, frozen=True, kw_only=True):
    """Markdown; it may hold deploy-time values."""

    markdown: Value
    background: Background = "transparent"

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""
        if not isinstance(self.markdown, _VALUE) or self.markdown == "":
            fail(subject, "markdown", "is empty" if self.markdown == "" else f"is {self.markdown!r:.80}", "some text")
        check_word(subject, "background", self.background, _BACKGROUNDS)


class LogTable(Widget, frozen=True, kw_only=True):
    """The result of a Logs Insights query over `log_groups` (at most 50)."""

    title: str
    query: str
    log_groups: tuple[Value, ...]
    view: LogView = "table"
    stacked: bool = False

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""
        if not self.query.strip():
            fail(subject, "query", "is empty", "a Logs Insights query")
        if re.match(r"\s*(\||SOURCE\b)", self.query, re.IGNORECASE):
            fail(subject, "query", f"begins with {self.query.split()[0]!r}", "a command; SOURCE is written for you")
        check_word(subject, "view", self.view, _LOG_VIEWS)
        check_tuple(subject, "log_groups", self.log_groups)
        if not 1 <= len(self.log_groups) <= 50:
            fail(subject, "log_groups", f"has {len(self.log_groups)}", "1 to 50")


class AlarmStatus(Widget, frozen=True, kw_only=True):
    """The states of up to 100 alarms, given as definitions or as ARNs."""

    title: str
    alarms: tuple[AlarmLike, ...]
    sort_by: SortBy = "stateUpdatedTimestamp"
    states: tuple[State, ...] = ()

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""
        check_tuple(subject, "alarms", self.alarms)
        if not 1 <= len(self.alarms) <= 100:
            fail(subject, "alarms", f"has {len(self.alarms)}", "1 to 100")
        for alarm in self.alarms:
            _check_alarm(subject, "alarms", alarm)
        check_word(subject, "sort_by", self.sort_by, _SORTS)
        check_words(subject, "states", self.states, _STATES)


def _check_alarm(subject: str, field: str, alarm: AlarmLike) -> None:
    if not isinstance(alarm, (Alarm, CompositeAlarm, *_VALUE)):
        fail(subject, field, f"holds {alarm!r:.80}", "alarms, or their ARNs")
    if isinstance(alarm, str) and not alarm.startswith("arn:"):
        fail(subject, field, f"holds {alarm!r}, which is no ARN", "the alarm's definition, or its ARN")


class AlarmGraph(Widget, frozen=True, kw_only=True):
    """The metric of one alarm, with its threshold."""

    title: str
    alarm: AlarmLike

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""
        _check_alarm(subject, "alarm", self.alarm)


class Explorer(Widget, frozen=True, kw_only=True):
    """Metrics of whatever resources carry certain tags.

    `metrics` are (metric name, CloudFormation resource type, statistic), all of one type; `labels` are tags (key,
    value or None for any value).
    """

    title: str
    metrics: tuple[tuple[str, str, str], ...]
    labels: tuple[tuple[str, str | None], ...]
    aggregate_by: tuple[str, Aggregation] | None = None
    split_by: str | None = None
    period: int = 300
    view: ExplorerView = "timeSeries"
    stacked: bool = False
    rows_per_page: int = 50
    widgets_per_row: int = 2

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""
        check_tuple(subject, "metrics", self.metrics)
        check_tuple(subject, "labels", self.labels)
        if not 1 <= len(self.metrics) <= 100:
            fail(subject, "metrics", f"has {len(self.metrics)}", "1 to 100")
        if len({kind for _, kind, _ in self.metrics}) > 1:
            fail(subject, "metrics", "are of several resource types", "one type an explorer")
        for name, kind, stat in self.metrics:
            if kind not in RESOURCE_TYPES:
                fail(
                    subject,
                    "metrics",
                    f"has {kind!r} as the resource type of {name}",
                    "one that explorers show, such as AWS::Lambda::Function",
                )
            if not is_statistic(stat):
                fail(subject, "metrics", f"has {stat!r} as the statistic of {name}", "for example Sum, Average, p99")
        if self.aggregate_by is not None:
            check_word(subject, "aggregate_by", self.aggregate_by[1], _AGGREGATIONS)
        check_word(subject, "view", self.view, _EXPLORER_VIEWS)
        for field, number in (("rows_per_page", self.rows_per_page), ("widgets_per_row", self.widgets_per_row)):
            if number < 1:
                fail(subject, field, f"is {number}", "1 or more")
        if self.period < MINUTE or self.period % MINUTE:
            fail(subject, "period", f"is {self.period} s", "a multiple of 60 s")


class CustomWidget(Widget, frozen=True, kw_only=True):
    """What a Lambda function returns; it runs in the viewer's name, after their consent."""

    title: str
    endpoint: Value
    params: dict[str, object] = {}
    refresh: bool = True
    resize: bool = True
    time_range: bool = True

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""
        if isinstance(self.endpoint, str) and not self.endpoint.startswith("arn:"):
            fail(subject, "endpoint", f"is {self.endpoint!r}", "the ARN of a Lambda function")
        check_document(subject, "params", self.params)


class Chart(Widget, frozen=True, kw_only=True):
    """A PromQL chart; `properties` go through as they are, since AWS's page on them could not be read."""

    title: str
    properties: dict[str, object]

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""
        for name in ("view", "data"):
            if name not in self.properties:
                fail(subject, "properties", f"has no {name!r}", "a view such as line, and data with its queries")
        check_document(subject, "properties", self.properties)
