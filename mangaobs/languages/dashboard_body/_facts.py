"""The facts: limits, and every object's fields.

Sources: D "Dashboard Body Structure and Syntax", 2026-04; C emitted by aws-cdk-lib 2.276.0; S messages of the service
in public issues; W dashboards in use. A field whose source is C or W alone is not documented.
"""

from __future__ import annotations

from typing import Final, NamedTuple

GRID_COLUMNS: Final = 24  # D
MAX_WIDGETS: Final = 500  # D
MAX_VARIABLES: Final = 25  # D
MAX_METRICS: Final = 500  # of a widget; D, hidden ones included
MAX_METRICS_OF_DASHBOARD: Final = 2500  # user guide of 2023, not restated in 2026
MAX_SEARCHES: Final = 100  # of a graph; user guide
MAX_SEARCH_LENGTH: Final = 1024  # characters; user guide
MAX_DIMENSIONS: Final = 30  # PutMetricData
MAX_LABEL_VALUES: Final = 6  # dynamic values in a label; user guide of 2026, 5 in 2023
HIGH_RESOLUTION: Final = (1, 5, 10, 30)  # seconds; GetMetricWidgetImage takes them, D does not say

VIEWS: Final = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
LOG_VIEWS: Final = ("table", "timeSeries", "bar", "pie")

_COLOR = r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})"
_ISO = r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"
ABSOLUTE: Final = _ISO
RELATIVE: Final = r"-P(T\d+[MH]|\d+[DWM])"
# What the console writes on single widgets (W): any ISO 8601 duration, with or without the sign.
DURATION: Final = r"-?P(?=.)(\d+[YMWD])*(T(?=.)(\d+[HMS])*)?"

_STATISTIC = (
    r"SampleCount|Average|Sum|Minimum|Maximum|IQM"
    r"|(p|tm|wm|tc|ts)(100(\.0{1,10})?|\d{1,2}(\.\d{1,10})?)"
    r"|PR\((\d+(\.\d+)?)?:(\d+(\.\d+)?)?\)|(TM|WM|TC|TS)\((\d+(\.\d+)?%?)?:(\d+(\.\d+)?%?)?\)"
)


class Field(NamedTuple):
    """What a field may hold.

    `kind` is one of string, number, integer, boolean, array, object, scalar (string, number or boolean) and any;
    `low` and `high` bound a number's value, a string's length or an array's items. `soft` makes a bad value a
    warning: sources disagree, or dashboards in use carry it. `shape` names the fields of an object, or of an array's
    items; `right` says what would be right.
    """

    kind: str
    required: bool = False
    values: tuple[str, ...] = ()
    pattern: str = ""
    low: float | None = None
    high: float | None = None
    multiple: int = 0
    shape: str = ""
    items: str = ""
    soft: bool = False
    right: str = ""


def _text(**more: object) -> Field:
    return Field("string", **more)  # type: ignore[arg-type]


_FLAG = Field("boolean")
_NUMBER = Field("number")
_TEXT = Field("string")
_ANY = Field("any")
_COLORED = _text(pattern=_COLOR, right="#rrggbb, for example #d13212; names of colors are not taken")
_STAT = _text(pattern=_STATISTIC, right="for example Sum, Average, p99, tm90, PR(:300)")
_PERIOD = Field("integer", low=1, multiple=60, right="seconds, a multiple of 60")
_WIDGET_TIME = _text(pattern=f"({_ISO}|{DURATION})", right="ISO 8601: a time or a duration such as -PT3H")
_REGION = _text(low=1, right="a region, for example eu-central-1")
_ACCOUNT = _text(pattern=r"\d{12}", soft=True, right="12 digits")
_ALARMS = "arn"

SHAPES: Final[dict[str, dict[str, Field]]] = {
    "dashboard": {
        "widgets": Field("array", required=True, high=MAX_WIDGETS, shape="widget"),
        "variables": Field("array", high=MAX_VARIABLES, shape="variable"),
        "start": _TEXT,  # R1, R2
        "end": _TEXT,
        "periodOverride": _text(values=("auto", "inherit")),
    },
    "widget": {
        "type": _text(required=True, values=("metric", "text", "log", "alarm", "explorer", "custom", "chart")),
        "x": Field("integer", low=0, high=GRID_COLUMNS - 1),
        "y": Field("integer", low=0),
        "width": Field("integer", low=1, high=GRID_COLUMNS),
        "height": Field("integer", low=1, high=1000),
        "properties": Field("object", required=True),  # by the widget's type
    },
    "variable": {
        "type": _text(required=True, values=("property", "pattern")),
        "property": _TEXT,
        "pattern": _TEXT,
        "inputType": _text(required=True, values=("input", "select", "radio")),
        "id": _text(required=True, pattern=r"[0-9A-Za-z_-]{1,32}", right="1 to 32 letters, digits, - and _"),
        "label": _text(high=30),
        "values": Field("array", low=1, high=500, shape="choice"),
        "search": _text(high=2048),
        "populateFrom": _TEXT,
        "defaultValue": Field("scalar", high=255),
        "visible": _FLAG,
    },
    "choice": {"value": Field("scalar", required=True, high=255), "label": _text(high=255)},
    "text": {
        "markdown": _text(required=True),
        "background": _text(values=("solid", "transparent")),
    },
    "log": {
        "query": _text(required=True),  # R14
        "region": _REGION._replace(required=True),
        "title": _TEXT,
        "view": _text(values=LOG_VIEWS),
        "stacked": _FLAG,  # C, W
        "accountId": _ACCOUNT,
        "queryLanguage": _TEXT,  # C: Logs, SQL, PPL; W: CWLI, LOGSQL
        "queryBy": _TEXT,  # W
        "logGroupPrefixes": Field("object"),  # W
    },
    "metric": {
        "metrics": Field("array", high=MAX_METRICS),  # rows: see _row
        "annotations": Field("object", shape="annotations"),
        "region": _REGION,  # R4
        "accountId": _ACCOUNT,
        "title": _TEXT,
        "view": _text(values=VIEWS),
        "stacked": _FLAG,
        "sparkline": _FLAG,
        "stat": _STAT,
        "period": _PERIOD,
        "yAxis": Field("object", shape="axes"),
        "legend": Field("object", shape="legend"),
        "liveData": _FLAG,
        "timezone": _text(pattern=r"[+-]\d{4}", soft=True, right="an offset such as +0100"),
        "table": Field("object", shape="table"),
        "setPeriodToTimeRange": _FLAG,  # C, W
        "singleValueFullPrecision": _FLAG,  # C, W
        "trend": _FLAG,  # W
        "labels": Field("object", shape="pie labels"),  # C
        "copilot": _FLAG,  # W
        "start": _WIDGET_TIME,  # C, W
        "end": _WIDGET_TIME,  # C, W
    },
    "options": {
        "color": _COLORED,
        "label": _TEXT,
        "period": _PERIOD,
        "stat": _STAT,
        "visible": _FLAG,
        "yAxis": _text(values=("left", "right")),
        "id": _text(pattern=r"[a-z][A-Za-z0-9_]{0,254}", right="a lower-case letter first, then letters, digits and _"),
        "expression": _text(low=1),
        "region": _REGION,
        "accountId": _ACCOUNT,
    },
    "annotations": {
        "alarms": Field("array", high=1, items=_ALARMS),
        "horizontal": Field("array"),  # one or a pair each: see _check
        "vertical": Field("array"),
    },
    "horizontal": {
        "value": Field("number", required=True),
        "label": _TEXT,
        "color": _COLORED,
        "fill": _text(values=("above", "below", "none")),
        "visible": _FLAG,
        "yAxis": _text(values=("left", "right")),
    },
    "vertical": {
        "value": _text(required=True, pattern=_ISO, right="a time in ISO 8601, for example 2026-11-24T12:00:00Z"),
        "label": _TEXT,
        "color": _COLORED,
        "fill": _text(values=("before", "after", "none")),
        "visible": _FLAG,
    },
    "axes": {"left": Field("object", shape="axis"), "right": Field("object", shape="axis")},
    "axis": {"min": _NUMBER, "max": _NUMBER, "label": _TEXT, "showUnits": _FLAG},
    "legend": {"position": _text(values=("right", "bottom", "hidden"))},
    "pie labels": {"visible": _FLAG},
    "table": {
        "layout": _text(values=("horizontal", "vertical")),
        "stickySummary": _FLAG,
        "showTimeSeriesData": _FLAG,
        "summaryColumns": Field("array", items="summary column"),
    },
    "alarm": {
        "alarms": Field("array", required=True, low=1, high=100, items=_ALARMS),
        "sortBy": _text(values=("default", "stateUpdatedTimestamp", "timestamp")),
        "states": Field("array", items="state"),
        "title": _TEXT,
    },
    "explorer": {
        "metrics": Field("array", required=True, low=1, high=100, shape="explorer metric"),
        "labels": Field("array", required=True, shape="explorer label"),
        "aggregateBy": Field("object", shape="aggregation"),
        "splitBy": _TEXT,
        "period": _PERIOD,
        "title": _TEXT,
        "widgetOptions": Field("object", shape="explorer options"),
    },
    "explorer metric": {
        "metricName": _text(required=True),
        "resourceType": _text(
            required=True, pattern=r"AWS::\w+::\w+", right="a CloudFormation type, for example AWS::Lambda::Function"
        ),
        "stat": _STAT._replace(required=True),
    },
    "explorer label": {"key": _text(required=True), "value": _TEXT},
    "aggregation": {
        "key": _text(required=True),
        "func": _text(required=True, values=("AVG", "MIN", "MAX", "STDDEV", "SUM")),
    },
    "explorer options": {
        "legend": Field("object", shape="legend"),
        "rowsPerPage": Field("integer", low=1),
        "widgetsPerRow": Field("integer", low=1),
        "stacked": _FLAG,
        "view": _text(values=("timeSeries", "bar", "pie")),
    },
    "custom": {  # C, W
        "endpoint": _text(required=True, pattern=r"arn:.*", right="the ARN of a Lambda function"),
        "params": _ANY,
        "title": _TEXT,
        "updateOn": Field("object", shape="updates"),
    },
    "updates": {"refresh": _FLAG, "resize": _FLAG, "timeRange": _FLAG},
    "chart": {  # W: 29 widgets of two repositories
        "view": _text(required=True, values=("line", "number", "pie", "solidgauge"), soft=True),
        "region": _REGION._replace(required=True),
        "title": _TEXT,
        "data": Field("object", required=True),
        "plotOptions": Field("object"),
    },
}

ITEMS: Final[dict[str, Field]] = {
    _ALARMS: _text(pattern=r"arn:.*", right="the ARN of an alarm; a name alone is not taken"),
    "summary column": _text(values=("MIN", "MAX", "SUM", "AVG")),
    "state": _text(values=("ALARM", "INSUFFICIENT_DATA", "OK")),
}

DYNAMIC_LABELS: Final = frozenset(
    [
        "AVG",
        "DATAPOINT_COUNT",
        "FIRST",
        "FIRST_LAST_RANGE",
        "FIRST_LAST_TIME_RANGE",
        "FIRST_TIME",
        "FIRST_TIME_RELATIVE",
        "LABEL",
        "LAST",
        "LAST_TIME",
        "LAST_TIME_RELATIVE",
        "MAX",
        "MAX_TIME",
        "MAX_TIME_RELATIVE",
        "MIN",
        "MIN_MAX_RANGE",
        "MIN_MAX_TIME_RANGE",
        "MIN_TIME",
        "MIN_TIME_RELATIVE",
        "SUM",
    ]
)
PROPERTIES_IN_LABELS: Final = r"PROP\('(AccountId|AccountLabel|Dim\.[^']+|MetricName|Namespace|Period|Region|Stat)'\)"
