"""The widgets of a dashboard.

Source: CloudWatch API reference, "Dashboard Body Structure and Syntax", and what consoles write beside it.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import msgspec

from mangaobs.model._check import fail
from mangaobs.model._value import Value
from mangaobs.model.alarm import Alarm, CompositeAlarm
from mangaobs.model.metric import MINUTE, Series

COLUMNS = 24
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")

View = Literal["timeSeries", "singleValue", "gauge", "bar", "pie", "table"]
AlarmLike: TypeAlias = Alarm | CompositeAlarm | Value


class Widget(msgspec.Struct, frozen=True, kw_only=True):
    """What all widgets have: a place on the grid of 24 columns, left to the layout unless `at` (x, y) is given."""

    width: int | None = None
    height: int | None = None
    at: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        subject = f"{type(self).__name__} {getattr(self, 'title', '')!r}"
        if self.width is not None and not 1 <= self.width <= COLUMNS:
            fail(subject, "width", f"is {self.width}", "1 to 24 columns")
        if self.height is not None and not 1 <= self.height <= 1000:
            fail(subject, "height", f"is {self.height}", "1 to 1,000 rows")
        if self.at is not None:
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
    fill: Literal["above", "below", "none"] = "none"
    axis: Literal["left", "right"] = "left"

    def __post_init__(self) -> None:
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
    fill: Literal["before", "after", "none"] = "none"

    def __post_init__(self) -> None:
        from datetime import datetime

        for time in (self.at, self.to):
            try:
                if time is not None:
                    datetime.fromisoformat(time)
            except ValueError:
                fail(f"mark {self.label!r}", "at", f"{time!r} is no time", "ISO 8601, for example 2026-11-24T12:00:00Z")
        if self.color and not _COLOR.fullmatch(self.color):
            fail(f"mark {self.label!r}", "color", f"is {self.color!r}", "#rrggbb, for example #d13212")


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """A y axis."""

    min: float | None = None
    max: float | None = None
    label: str = ""
    show_units: bool = True

    def __post_init__(self) -> None:
        if self.min is not None and self.max is not None and self.min >= self.max:
            fail(f"axis {self.label!r}", "min", f"is {self.min}, the maximum {self.max}", "a minimum below the maximum")


class TableOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a graph with the view `table` looks."""

    layout: Literal["horizontal", "vertical"] = "horizontal"
    sticky_summary: bool = False
    show_time_series_data: bool = True
    summary_columns: tuple[Literal["MIN", "MAX", "SUM", "AVG"], ...] = ("MIN", "MAX", "SUM", "AVG")


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
    legend: Literal["right", "bottom", "hidden"] = "bottom"
    live_data: bool = False
    timezone: str | None = None
    sparkline: bool = False
    set_period_to_time_range: bool = False
    single_value_full_precision: bool = False
    table: TableOptions | None = None

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""
        if not self.left and not self.right:
            fail(subject, "left", "is empty", "at least one series; an empty graph shows nothing")
        if self.view == "gauge" and (self.left_axis.min is None or self.left_axis.max is None):
            fail(subject, "left_axis", "of a gauge needs both ends", "Axis(min=…, max=…)")
        if self.sparkline and self.view != "singleValue":
            fail(subject, "sparkline", f"has no effect in a {self.view}", 'view="singleValue"')
        if self.sparkline and self.set_period_to_time_range:
            fail(subject, "sparkline", "cannot go with set_period_to_time_range", "one of the two")
        if self.right and self.view not in {"timeSeries", "bar"}:
            fail(subject, "right", f"has no meaning in a {self.view}", "put the series on the left")
        if self.timezone is not None and not re.fullmatch(r"[+-]\d{4}", self.timezone):
            fail(subject, "timezone", f"is {self.timezone!r}", "an offset such as +0100")
        for series in (*self.left, *self.right):
            if series.period < MINUTE or series.period % MINUTE:
                fail(subject, "left", f"has a series with a period of {series.period} s", "a multiple of 60 s")


class TextWidget(Widget, frozen=True, kw_only=True):
    """Markdown; it may hold deploy-time values."""

    markdown: Value
    background: Literal["solid", "transparent"] = "transparent"

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""
        if self.markdown == "":
            fail(subject, "markdown", "is empty", "some text")


class LogTable(Widget, frozen=True, kw_only=True):
    """The result of a Logs Insights query over `log_groups` (at most 50)."""

    title: str
    query: str
    log_groups: tuple[Value, ...]
    view: Literal["table", "timeSeries", "bar", "pie"] = "table"
    stacked: bool = False

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""
        if not self.query.strip():
            fail(subject, "query", "is empty", "a Logs Insights query")
        if not 1 <= len(self.log_groups) <= 50:
            fail(subject, "log_groups", f"has {len(self.log_groups)}", "1 to 50")


class AlarmStatus(Widget, frozen=True, kw_only=True):
    """The states of up to 100 alarms, given as definitions or as ARNs."""

    title: str
    alarms: tuple[AlarmLike, ...]
    sort_by: Literal["default", "stateUpdatedTimestamp", "timestamp"] = "stateUpdatedTimestamp"
    states: tuple[Literal["ALARM", "INSUFFICIENT_DATA", "OK"], ...] = ()

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""
        if not 1 <= len(self.alarms) <= 100:
            fail(subject, "alarms", f"has {len(self.alarms)}", "1 to 100")


class AlarmGraph(Widget, frozen=True, kw_only=True):
    """The metric of one alarm, with its threshold."""

    title: str
    alarm: AlarmLike


class Explorer(Widget, frozen=True, kw_only=True):
    """Metrics of whatever resources carry certain tags.

    `metrics` are (metric name, CloudFormation resource type, statistic), all of one type; `labels` are tags (key,
    value or None for any value).
    """

    title: str
    metrics: tuple[tuple[str, str, str], ...]
    labels: tuple[tuple[str, str | None], ...]
    aggregate_by: tuple[str, Literal["AVG", "MIN", "MAX", "STDDEV", "SUM"]] | None = None
    split_by: str | None = None
    period: int = 300
    view: Literal["timeSeries", "bar", "pie"] = "timeSeries"
    stacked: bool = False
    rows_per_page: int = 50
    widgets_per_row: int = 2

    def check(self, subject: str) -> None:
        """Refuse what this kind of widget cannot have."""
        if not 1 <= len(self.metrics) <= 100:
            fail(subject, "metrics", f"has {len(self.metrics)}", "1 to 100")
        if len({kind for _, kind, _ in self.metrics}) > 1:
            fail(subject, "metrics", "are of several resource types", "one type an explorer")
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


class Chart(Widget, frozen=True, kw_only=True):
    """A PromQL chart; `properties` go through as they are, since AWS's page on them could not be read."""

    title: str
    properties: dict[str, object]


class Choice(msgspec.Struct, frozen=True):
    """A value that a variable offers."""

    value: str | int | float | bool
    label: str = ""


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """A variable of a dashboard: it replaces a property of all widgets, or what a pattern matches in the body."""

    id: str
    property: str | None = None
    pattern: str | None = None
    input_type: Literal["input", "select", "radio"] = "select"
    label: str = ""
    values: tuple[Choice, ...] = ()
    search: str | None = None
    populate_from: str | None = None
    default_value: str | int | float | bool | None = None
    visible: bool = True

    def __post_init__(self) -> None:
        subject = f"variable {self.id!r}"
        if not re.fullmatch(r"[0-9A-Za-z_-]{1,32}", self.id):
            fail(subject, "id", "is not one", "1 to 32 letters, digits, - and _")
        if (self.property is None) == (self.pattern is None):
            fail(subject, "property", "and pattern exclude each other", "exactly one of the two")
        if len(self.label) > 30:
            fail(subject, "label", f"has {len(self.label)} characters", "at most 30")
        searched = self.search is not None and self.populate_from is not None
        if self.input_type == "input" and (self.values or self.search):
            fail(subject, "values", "are given for free input", 'none, or input_type="select"')
        if self.input_type != "input" and bool(self.values) == searched:
            fail(subject, "values", "or search with populate_from", "exactly one of the two")
        if len(self.values) > 500:
            fail(subject, "values", f"has {len(self.values)}", "at most 500")
        if self.default_value == "__FIRST" and not searched:
            fail(subject, "default_value", "is __FIRST without a search", "one of the values")
        if (
            self.values
            and self.default_value is not None
            and self.default_value not in [choice.value for choice in self.values]
        ):
            fail(subject, "default_value", f"{self.default_value!r} is none of the values", "one of them")
