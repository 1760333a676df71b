"""What the checker says of a dashboard body: where, why, and what would be right."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaobs.languages.dashboard_body import (
    LIMITS,
    RESOURCE_TYPES,
    RULES,
    SHAPES,
    SOURCES,
    Finding,
    check,
    expand_rows,
    is_duration,
    is_statistic,
    label_problems,
)

ERRORS = ["AWS/Lambda", "Errors", "FunctionName", "chat"]
ARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:chat-errors"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:widget"


def body(*widgets, **top):
    return {"widgets": list(widgets), **top}


def metric(*rows, **properties):
    return {
        "type": "metric",
        "properties": {"region": "eu-west-1", "metrics": [list(row) for row in rows], **properties},
    }


def expression(text, **options):
    return [{"expression": text, **options}]


def variable(**fields):
    return {"type": "property", "property": "region", "inputType": "input", "id": "region", **fields}


def explorer(*kinds, **properties):
    metrics = [{"metricName": "Errors", "resourceType": kind, "stat": "Sum"} for kind in kinds]
    return {"type": "explorer", "properties": {"metrics": metrics, "labels": [{"key": "team"}], **properties}}


def log(query, **properties):
    return {"type": "log", "properties": {"query": query, "region": "eu-west-1", **properties}}


SELECT = 'SELECT MAX(Duration) FROM SCHEMA("AWS/Lambda", FunctionName) GROUP BY FunctionName'
SEARCH = "SEARCH('{AWS/Lambda,FunctionName} MetricName=\"Errors\"', 'Sum', 300)"
GAUGE = {"view": "gauge", "yAxis": {"left": {"min": 0, "max": 100}}}
VALUES = [{"value": "eu-west-1", "label": "Ireland"}, {"value": 1}, {"value": True}]
FOUND = {
    "inputType": "select",
    "search": '{AWS/Lambda,FunctionName} MetricName="Duration"',
    "populateFrom": "FunctionName",
}
PATTERN = {"type": "pattern", "pattern": "eu-west-1", "inputType": "input", "id": "p"}


# Nothing to say


FINE = {
    "empty": body(),
    "one metric": body(metric(ERRORS), start="-PT6H", periodOverride="inherit"),
    "an absolute range": body(start="2018-12-17T06:00:00.000Z", end="2018-12-17T07:00:00.000Z"),
    "every relative unit": body(start="-P3M"),
    "shorthand": body(metric(ERRORS, [".", "Throttles", ".", "."], ["...", "admin", {"stat": "p99"}], ["..."])),
    "no dimensions": body(metric(["Mine", "Load"])),
    "math over hidden rows": body(
        metric(
            expression("100 * m1 / m2", id="e1"),
            [*ERRORS, {"id": "m1", "visible": False}],
            [".", "Invocations", ".", ".", {"id": "m2", "visible": False}],
        )
    ),
    "functions, numbers and text are no ids": body(
        metric([*ERRORS, {"id": "m1"}], expression("FILL(m1, REPEAT) + 1e5 + SUM(METRICS('m9'))", id="e1"))
    ),
    "a search": body(metric(expression(SEARCH, id="e1"))),
    "a query, and math over it": body(metric(expression(SELECT, id="q1"), expression("q1 / 2", id="e1"))),
    "a hidden row before colored ones": body(metric([*ERRORS, {"visible": False}], [*ERRORS, {"color": "#d62728"}])),
    "an alarm's metric needs no region": body({"type": "metric", "properties": {"annotations": {"alarms": [ARN]}}}),
    "a gauge": body(metric(ERRORS, **GAUGE)),
    "a sparkline": body(metric(ERRORS, view="singleValue", sparkline=True)),
    "lines, bands and marks": body(
        metric(
            ERRORS,
            annotations={
                "horizontal": [
                    {"value": 20, "fill": "above", "yAxis": "right"},
                    [{"value": 1.5, "color": "#9467bd"}, {"value": 2, "label": "b"}],
                ],
                "vertical": [
                    {"value": "2018-08-28T15:25:26Z", "fill": "after"},
                    [{"value": "2018-08-27"}, {"value": "2018-08-28"}],
                ],
            },
        )
    ),
    "what consoles write beside the documented": body(
        metric(
            ERRORS,
            setPeriodToTimeRange=True,
            trend=False,
            singleValueFullPrecision=True,
            copilot=True,
            start="-P0DT3H0M0S",
            end="P0D",
            whatever=1,
        )
    ),
    "a table": body(metric(ERRORS, view="table", table={"layout": "vertical", "summaryColumns": ["MIN", "MAX"]})),
    "dynamic labels": body(metric([*ERRORS, {"label": "${LABEL} [max: ${MAX}] ${PROP('Dim.FunctionName')}"}])),
    "text": body({"type": "text", "properties": {"markdown": "# Hi", "background": "transparent"}}),
    "logs": body(log("SOURCE '/aws/lambda/a' | SOURCE 'b' | fields @message", view="bar", queryLanguage="CWLI")),
    "logs by prefix": body(log("SOURCE logGroups(namePrefix: ['/aws'], class: 'STANDARD') | limit 5")),
    "logs in SQL": body(log("SELECT * FROM `g`", queryLanguage="LOGSQL")),
    "alarms": body({"type": "alarm", "properties": {"alarms": [ARN] * 100, "states": ["OK"], "sortBy": "timestamp"}}),
    "an explorer": body(
        explorer("AWS::Lambda::Function", aggregateBy={"key": "Runtime", "func": "MAX"}, splitBy="team")
    ),
    "a custom widget": body(
        {"type": "custom", "properties": {"endpoint": FUNCTION, "updateOn": {"refresh": True}, "params": {"a": [1]}}}
    ),
    "PromQL": body(
        {
            "type": "chart",
            "properties": {"view": "line", "region": "eu-west-1", "data": {"queries": [{"id": "q"}]}, "new": 1},
        }
    ),
    "variables": body(
        variables=[
            variable(defaultValue="us-east-1"),
            variable(id="v", inputType="select", values=VALUES, defaultValue=True),
            variable(id="f", property="FunctionName", defaultValue="__FIRST", **FOUND),
            PATTERN,
        ]
    ),
    "side by side": body(
        *({"type": "text", "x": x, "y": 0, "width": 12, "properties": {"markdown": "a"}} for x in (0, 12))
    ),
    "whole floats are integers to JSON": body({"type": "text", "x": 0.0, "y": 6.0, "properties": {"markdown": "a"}}),
}


@pytest.mark.parametrize("name", FINE)
def test_a_right_body_has_no_finding(name):
    assert check(FINE[name]) == []


# One thing wrong: rule, path, level, words of the message


P = "/widgets/0/properties"
ROW = f"{P}/metrics/0"
WRONG = [
    # fields
    (body(widgets=5), "type", "/widgets", "error", "widgets is 5"),
    ({}, "required", "", "error", "widgets is missing"),
    (body("text"), "type", "/widgets/0", "error", "'text'"),
    (body({"type": "metrics", "properties": {}}), "value", "/widgets/0/type", "error", "did you mean 'metric'"),
    (body({"type": "text"}), "required", "/widgets/0", "error", "properties is missing"),
    (body({"type": "text", "properties": {}}), "required", P, "error", "markdown is missing"),
    (
        body({"type": "text", "width": 25, "properties": {"markdown": "a"}}),
        "range",
        "/widgets/0/width",
        "error",
        "1 to 24",
    ),
    (
        body({"type": "text", "height": 0, "properties": {"markdown": "a"}}),
        "range",
        "/widgets/0/height",
        "error",
        "1,000",
    ),
    (
        body({"type": "text", "height": 2.5, "properties": {"markdown": "a"}}),
        "type",
        "/widgets/0/height",
        "error",
        "whole",
    ),
    (
        body({"type": "text", "height": True, "properties": {"markdown": "a"}}),
        "type",
        "/widgets/0/height",
        "error",
        "true",
    ),
    (
        body({"type": "text", "x": 24, "y": 0, "width": 1, "properties": {"markdown": "a"}}),
        "range",
        "/widgets/0/x",
        "error",
        "0 to 23",
    ),
    (
        body({"type": "text", "properties": {"markdown": "a", "transparent": True}}),
        "unknown",
        f"{P}/transparent",
        "warning",
        '"background": "transparent"',
    ),
    (
        body({"type": "text", "properties": {"markdown": "a", "bakground": "solid"}}),
        "unknown",
        f"{P}/bakground",
        "warning",
        "did you mean 'background'",
    ),
    (body(periodOverride="always"), "value", "/periodOverride", "error", "'auto' or 'inherit'"),
    (body(period=60), "unknown", "/period", "warning", "period"),
    (body(metric(ERRORS, view="line")), "value", f"{P}/view", "error", "timeSeries"),
    (body(metric(ERRORS, period=90)), "range", f"{P}/period", "error", "multiple of 60"),
    (body(metric(ERRORS, period=10)), "range", f"{P}/period", "warning", "high-resolution"),
    (body(metric(ERRORS, stat="Mean")), "statistic", f"{P}/stat", "error", "'Mean' is no statistic"),
    (body(metric(ERRORS, stat="avg")), "statistic", f"{P}/stat", "warning", "write 'Average'"),
    (body(metric(ERRORS, timezone="UTC")), "value", f"{P}/timezone", "warning", "'+0130'"),
    (body(metric(ERRORS, legend={"position": "left"})), "value", f"{P}/legend/position", "error", "left"),
    (body(metric(ERRORS, yAxis={"left": {"min": "0"}})), "type", f"{P}/yAxis/left/min", "error", "number"),
    (
        body(metric(ERRORS, yAxis={"left": {"min": float("nan")}})),
        "type",
        f"{P}/yAxis/left/min",
        "error",
        "JSON cannot write",
    ),
    (body(metric(ERRORS, yAxis={"middle": {}})), "unknown", f"{P}/yAxis/middle", "warning", "left, right"),
    (body(metric(ERRORS, title=None)), "type", f"{P}/title", "error", "null"),
    (
        body(metric(ERRORS, table={"summaryColumns": ["COUNT"]}, view="table")),
        "value",
        f"{P}/table/summaryColumns/0",
        "error",
        "COUNT",
    ),
    (
        body(metric(ERRORS, annotations={"horizontal": [{"label": "x"}]})),
        "required",
        f"{P}/annotations/horizontal/0",
        "error",
        "value is missing",
    ),
    (
        body(metric(ERRORS, annotations={"horizontal": [{"value": 1, "color": "red"}]})),
        "value",
        f"{P}/annotations/horizontal/0/color",
        "warning",
        "#RRGGBB",
    ),
    (
        body(metric(ERRORS, annotations={"horizontal": [[{"value": 1}]]})),
        "range",
        f"{P}/annotations/horizontal/0",
        "error",
        "two",
    ),
    (
        body(metric(ERRORS, annotations={"vertical": [{"value": "noon"}]})),
        "value",
        f"{P}/annotations/vertical/0/value",
        "error",
        "ISO 8601",
    ),
    (body(log("SOURCE 'a'", view="line")), "value", f"{P}/view", "error", "line"),
    (body({"type": "log", "properties": {"query": "SOURCE 'a'"}}), "required", P, "error", "region is missing"),
    (body({"type": "alarm", "properties": {"alarms": ["chat-errors"]}}), "value", f"{P}/alarms/0", "error", "ARN"),
    (body({"type": "alarm", "properties": {"alarms": [ARN] * 101}}), "range", f"{P}/alarms", "error", "at most 100"),
    (
        body({"type": "alarm", "properties": {"alarms": [ARN], "states": ["FIRING"]}}),
        "value",
        f"{P}/states/0",
        "error",
        "ALARM",
    ),
    (
        body({"type": "alarm", "properties": {"alarms": [ARN], "sortBy": "name"}}),
        "value",
        f"{P}/sortBy",
        "error",
        "name",
    ),
    (body(metric(ERRORS, annotations={"alarms": "x"})), "type", f"{P}/annotations/alarms", "error", "a list"),
    (body(explorer("AWS::Lambda::Function", "AWS::SQS::Queue")), "value", f"{P}/metrics", "error", "one resource type"),
    (
        body(explorer("AWS::Lambda::Func")),
        "value",
        f"{P}/metrics/0/resourceType",
        "warning",
        "did you mean 'AWS::Lambda::Function'",
    ),
    (body(explorer()), "range", f"{P}/metrics", "error", "empty"),
    (body(explorer("AWS::SQS::Queue", period=30)), "range", f"{P}/period", "error", "multiple of 60"),
    (
        body(explorer("AWS::SQS::Queue", aggregateBy={"key": "a", "func": "MEAN"})),
        "value",
        f"{P}/aggregateBy/func",
        "error",
        "STDDEV",
    ),
    (body({"type": "custom", "properties": {}}), "required", P, "error", "ARN of a Lambda function"),
    (
        body({"type": "custom", "properties": {"endpoint": "widget"}}),
        "value",
        f"{P}/endpoint",
        "warning",
        "ARN of a Lambda function",
    ),
    (body({"type": "chart", "properties": {"view": "line", "region": "x"}}), "required", P, "error", "data is missing"),
    (body(*[{"type": "text", "properties": {"markdown": "a"}}] * 501), "range", "/widgets", "error", "at most 500"),
    (body(*[metric(*[ERRORS] * 500)] * 6), "range", "/widgets", "warning", "3,000 metrics"),
    (body(metric(*[ERRORS] * 501)), "range", f"{P}/metrics", "error", "501"),
    (body(variables=[variable(id=f"v{n}") for n in range(26)]), "range", "/variables", "error", "at most 25"),
    (body(variables=[variable(id="a b")]), "value", "/variables/0/id", "error", "32 letters"),
    (body(variables=[variable(label="x" * 31)]), "range", "/variables/0/label", "error", "31"),
    (body(variables=[variable(defaultValue="x" * 256)]), "range", "/variables/0/defaultValue", "error", "256"),
    (body(variables=[variable(), variable()]), "unique", "/variables/1", "warning", "variable 0"),
    (body(variables=[variable(inputType="text")]), "value", "/variables/0/inputType", "error", "select"),
    # rows
    (
        body({"type": "metric", "properties": {"region": "x", "metrics": ERRORS}}),
        "row",
        ROW,
        "error",
        "put [ ] around it",
    ),
    (body(metric([])), "row", ROW, "error", "empty"),
    (body(metric(["AWS/Lambda"])), "row", ROW, "error", "no metric"),
    (body(metric(["AWS/Lambda", 5])), "row", ROW, "error", "5"),
    (body(metric(["AWS/Lambda", {}, "Errors"])), "row", ROW, "error", "before the end"),
    (body(metric([".", "Errors"])), "row", ROW, "error", "no metric before"),
    (body(metric(["..."])), "row", ROW, "error", "no metric before"),
    (body(metric(["Mine", "a"], [".", ".", "."])), "row", f"{P}/metrics/1", "error", "position 3"),
    (body(metric(["Mine", "a"], ["...", "a", "b", "c"])), "row", f"{P}/metrics/1", "error", "has only 2"),
    (body(metric(["Mine", "a"], ["Mine", "..."])), "row", f"{P}/metrics/1", "error", "come first"),
    (body(metric([{"label": "x"}])), "row", ROW, "error", "neither a metric nor an expression"),
    (body(metric([*ERRORS, {"expression": "m1"}])), "row", ROW, "error", "a row of its own"),
    (body(metric([*ERRORS, {"colour": "#ffffff"}])), "unknown", ROW, "warning", "did you mean 'color'"),
    (body(metric([*ERRORS, {"color": "#aaa"}])), "value", ROW, "warning", "#RRGGBB"),
    (body(metric([*ERRORS, {"yAxis": "top"}])), "value", ROW, "error", "'left' or 'right'"),
    (body(metric([*ERRORS, {"id": "M1"}])), "value", ROW, "error", "lower-case"),
    (body(metric([*ERRORS, {"stat": "p101"}])), "statistic", ROW, "error", "p101"),
    (body(metric([*ERRORS, {"label": "${AVERAGE}"}])), "label", ROW, "warning", "${AV"),
    (body(metric([*ERRORS, {"label": "${PROP('Dim.Name')}"}])), "label", ROW, "warning", "FunctionName"),
    (body(metric([*ERRORS, {"label": "${MAX}" * 7}])), "label", ROW, "warning", "at most 6"),
    (
        body(metric([*ERRORS, {"id": "m1"}], expression("AVERAGE(m1)"))),
        "expression",
        f"{P}/metrics/1",
        "warning",
        "AVERAGE",
    ),
    (body(metric(expression(""))), "row", ROW, "error", "empty"),
    (body(metric(expression("SEARCH('{A} b', 'Mean')"))), "statistic", ROW, "warning", "Mean"),
    (body(metric(ERRORS, sparkline=True)), "no-effect", f"{P}/sparkline", "warning", "singleValue"),
    (body(metric(ERRORS, table={})), "no-effect", f"{P}/table", "warning", "view 'table'"),
    # across fields
    (body(end="2018-12-17T06:00:00Z"), "R1", "", "error", "without start"),
    (body(start="-PT3H", end="2018-12-17T06:00:00Z"), "R1", "/start", "error", "relative"),
    (body(start="2018-12-17T06:00:00Z", end="now"), "R1", "/end", "error", "absolute"),
    (body(start="-P3H"), "R2", "/start", "error", "write '-PT3H'"),
    (body(start="-PT2D"), "R2", "/start", "error", "write '-P2D'"),
    (body(start="PT3H"), "R2", "/start", "error", "write '-PT3H'"),
    (body(start="yesterday"), "R2", "/start", "error", "no time"),
    (body({"type": "text", "x": 0, "properties": {"markdown": "a"}}), "R3", "/widgets/0", "error", "without y"),
    (body({"type": "text", "y": 0, "properties": {"markdown": "a"}}), "R3", "/widgets/0", "error", "without x"),
    (
        body({"type": "text", "x": 20, "y": 0, "properties": {"markdown": "a"}}),
        "R3",
        "/widgets/0",
        "warning",
        "column 26",
    ),
    (body({"type": "metric", "properties": {"metrics": [ERRORS]}}), "R4", P, "error", "region is missing"),
    (
        body({"type": "metric", "properties": {"annotations": {"alarms": []}, "region": "x"}}),
        "R4",
        P,
        "error",
        "shows nothing",
    ),
    (
        body({"type": "metric", "properties": {"metrics": [], "annotations": {"alarms": [ARN]}}}),
        "R5",
        P,
        "error",
        "metrics",
    ),
    (
        body({"type": "metric", "properties": {"annotations": {"alarms": [ARN], "vertical": []}}}),
        "R5",
        P,
        "error",
        "vertical",
    ),
    (body(metric(ERRORS, view="gauge")), "R6", P, "error", "no min and no max"),
    (body(metric(ERRORS, view="gauge", yAxis={"left": {"min": 0}})), "R6", P, "error", "no max"),
    (
        body(metric(ERRORS, view="singleValue", sparkline=True, setPeriodToTimeRange=True)),
        "R7",
        P,
        "error",
        "choose one",
    ),
    (body(metric([*ERRORS, {"id": "a"}], [*ERRORS, {"id": "a"}])), "R8", f"{P}/metrics/1", "error", "row 0"),
    (body(metric([*ERRORS, {"id": "m1"}], expression("m1 + m2"))), "R8", f"{P}/metrics/1", "error", "'m2'"),
    (body(metric(expression("e1 + 1", id="e1"))), "R8", ROW, "error", "its own id"),
    (body(metric(expression(SELECT), expression(SELECT))), "R9", f"{P}/metrics/1", "error", "after row 0"),
    (body(metric(expression(f"100 * ({SELECT})"))), "R9", ROW, "error", "mixes"),
    (body(metric(expression(f"{SELECT} / 2"))), "R9", ROW, "error", "mixes"),
    (body(variables=[variable(values=VALUES)]), "R10", "/variables/0", "error", "takes no values"),
    (body(variables=[variable(inputType="select")]), "R10", "/variables/0", "error", "values is missing"),
    (
        body(variables=[variable(inputType="radio", search="{A,b} c")]),
        "R10",
        "/variables/0",
        "error",
        "populateFrom is missing",
    ),
    (body(variables=[variable(values=VALUES, **FOUND)]), "R10", "/variables/0", "error", "exclude each other"),
    (
        body(variables=[variable(**{**FOUND, "populateFrom": "Function"})]),
        "R10",
        "/variables/0",
        "warning",
        "FunctionName",
    ),
    (
        body(variables=[variable(inputType="select", values=VALUES, defaultValue="__FIRST")]),
        "R11",
        "/variables/0",
        "error",
        "needs a search",
    ),
    (
        body(variables=[variable(inputType="select", values=[{"value": True}], defaultValue=1)]),
        "R11",
        "/variables/0",
        "error",
        "true",
    ),
    (body(variables=[{**PATTERN, "property": "region"}]), "R12", "/variables/0", "error", "leave out the property"),
    (
        body(variables=[{**PATTERN, "type": "property", "property": "region"}]),
        "R12",
        "/variables/0",
        "error",
        "leave out the pattern",
    ),
    (
        body(variables=[{key: one for key, one in PATTERN.items() if key != "pattern"}]),
        "R12",
        "/variables/0",
        "error",
        "no pattern",
    ),
    (body(metric(expression(f"SEARCH('{'x' * 1025}', 'Sum')"))), "R13", ROW, "error", "1,025"),
    (body(metric(*[expression(SEARCH)] * 101)), "R13", f"{P}/metrics", "error", "101"),
    (body(log("fields @message")), "R14", f"{P}/query", "error", "SOURCE"),
    (
        body(*[{"type": "text", "x": 0, "y": y, "properties": {"markdown": "a"}} for y in (5, 0)]),
        "R15",
        "/widgets/1",
        "warning",
        "widget 0",
    ),
    (body(metric(["AWS/Lambda", "Errors", "FunctionName"])), "R16", ROW, "error", "'FunctionName' has no value"),
    (body(metric(["AWS/Lambda", "Error", "FunctionName", "x"])), "R16", ROW, "warning", "did you mean Errors"),
    (body(metric(["AWS/DynamoDB", "SuccessfulRequestLatency", "TableName", "x"])), "R16", ROW, "warning", "Operation"),
    (body(metric(["Mine", "a", *[f"d{n}" for n in range(62)]])), "R16", ROW, "warning", "31 dimensions"),
    (body(metric([*ERRORS, {"visible": False}], ERRORS)), "R17", ROW, "warning", "hidden rows last"),
]


@pytest.mark.parametrize(
    ("wrong", "rule", "path", "level", "words"), WRONG, ids=[f"{one[1]} {one[4]}" for one in WRONG]
)
def test_what_is_wrong_is_named_where_it_is(wrong, rule, path, level, words):
    found = check(wrong)
    assert [(one.rule, one.path, one.level) for one in found] == [(rule, path, level)], found
    assert words in found[0].message


def test_every_rule_has_an_example_here():
    assert {rule for _, rule, *_ in WRONG} == set(RULES)


# The service's own messages: same dataPath, a better sentence

GOLDEN = [
    (
        body(metric(ERRORS), {"type": "metric", "properties": {"title": "Nothing"}}),
        (
            "/widgets/1/properties",
            "a metric widget shows nothing; it takes metrics and a region, or annotations with one alarm",
        ),
        "Should have required property 'metrics'",
    ),
    (
        body({"type": "metric", "properties": {"region": "eu-west-1", "view": "timeSeries", "data": {"queries": []}}}),
        (
            "/widgets/0/properties",
            "a metric widget has PromQL 'data' and no metrics; that belongs into a widget of type 'chart'",
        ),
        "Should have required property 'metrics'",
    ),
    (
        body(metric(ERRORS, [".", "Errors", {"color": "red"}])),
        ("/widgets/0/properties/metrics/1", "color 'red' is not #RRGGBB, for example '#d62728'"),
        "Should NOT have more than 2 items",
    ),
    (
        body(*[metric(ERRORS)] * 5, metric(["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier"])),
        (
            "/widgets/5/properties/metrics/0",
            "dimension 'DBInstanceIdentifier' has no value; dimensions are pairs of name and value",
        ),
        "Should NOT have more than 3 items",
    ),
    (
        body({"type": "alarm", "properties": {"alarms": []}}),
        ("/widgets/0/properties/alarms", "alarms is empty; it takes 1 or more"),
        "Should NOT have less than 1 items",
    ),
]


@pytest.mark.parametrize(("wrong", "ours", "theirs"), GOLDEN, ids=["nothing", "promql", "color", "tail", "alarms"])
def test_the_path_is_the_services_and_the_sentence_names_the_cause(wrong, ours, theirs):
    errors = [one for one in check(wrong) if one.level == "error"]
    assert [(one.path, one.message) for one in errors] == [ours]
    assert theirs not in errors[0].message


# Shorthand


@pytest.mark.parametrize(
    ("rows", "expanded"),
    [
        ([ERRORS, [".", ".", ".", "b"]], [*ERRORS[:3], "b"]),
        ([ERRORS, ["...", "b"]], [*ERRORS[:3], "b"]),
        ([ERRORS, ["..."]], ERRORS),
        ([ERRORS, ["...", {"stat": "p99"}]], [*ERRORS, {"stat": "p99"}]),
        ([ERRORS, ["...", "Throttles", ".", "b"]], ["AWS/Lambda", "Throttles", "FunctionName", "b"]),
        ([ERRORS, [".", "Throttles"]], ["AWS/Lambda", "Throttles"]),
        ([ERRORS, [".", "Errors", ".", ".", "Resource", "a"]], [*ERRORS, "Resource", "a"]),
        ([ERRORS, [{"expression": "m1"}], ["..."]], ERRORS),
        ([["..."]], ["..."]),
        ([ERRORS, 5], [5]),
    ],
)
def test_shorthand_is_written_out(rows, expanded):
    assert expand_rows(rows)[-1] == expanded


NAMES = st.text("abcXYZ", min_size=1, max_size=3)
PAIRS = st.lists(st.tuples(NAMES, NAMES), max_size=3)
FULL_ROWS = st.lists(
    st.tuples(NAMES, NAMES, PAIRS).map(lambda row: [row[0], row[1], *[one for pair in row[2] for one in pair]]),
    min_size=1,
    max_size=6,
)


@given(FULL_ROWS, st.data())
def test_rows_come_back_from_any_shorthand_for_them(rows, data):
    # Given rows of which any repeated position may be written as "." and any repeated beginning as "..."
    written = [rows[0]]
    for before, row in pairwise(rows):
        short = [
            "." if n < len(before) and before[n] == part and data.draw(st.booleans()) else part
            for n, part in enumerate(row)
        ]
        same = next(
            (n for n, pair in enumerate(zip(before, row, strict=False)) if pair[0] != pair[1]),
            min(len(before), len(row)),
        )
        if len(before) == len(row) and same and data.draw(st.booleans()):
            short = ["...", *row[data.draw(st.integers(1, same)) :]]
        written.append(short)
    # When they are expanded, then the rows are back
    assert expand_rows(written) == rows


# Grammar of statistics, labels, durations


@pytest.mark.parametrize(
    "good",
    [
        "Sum",
        "IQM",
        "p0",
        "p99",
        "p99.9999999999",
        "p100",
        "tm90",
        "ts5",
        "PR(:300)",
        "PR(10:)",
        "PR(1.5:2)",
        "TM(10%:90%)",
        "TC(:5)",
        "WM(2%:)",
    ],
)
def test_statistics_that_exist(good):
    assert is_statistic(good)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "sum",
        "p",
        "p101",
        "p99.99999999999",
        "PR(:)",
        "PR(1%:2%)",
        "TM(1:2%)",
        "TM(:)",
        "TM(101%:)",
        "P99",
        "p٣",
        "Sum\n",
        "tm-1",
    ],
)
def test_statistics_that_do_not(bad):
    assert not is_statistic(bad)


def test_labels_may_name_any_token_six_times():
    assert not list(label_problems("${FIRST_LAST_TIME_RANGE} ${MIN_MAX_RANGE} ${PROP('Period')} ${LABEL}"))
    assert list(label_problems("${LABEL} ${LABEL}"))
    assert list(label_problems("${PROP('Colour')}"))


def test_durations():
    assert all(is_duration(good) for good in ["-PT3H", "P0D", "-P0DT3H0M0S", "-P1W", "PT0.5S"])
    assert not any(is_duration(bad) for bad in ["", "P", "-PT", "3H", "P1DT"])


# The facts themselves


def test_every_fact_names_a_known_source():
    sources = [field.source for shape in SHAPES.values() for field in shape.fields.values()]
    sources += [limit.source for limit in LIMITS.values()]
    assert {letter for source in sources for letter in source.split(", ")} <= set(SOURCES)


def test_nested_shapes_exist_and_the_explorer_knows_69_resources():
    fields = [field for shape in SHAPES.values() for field in shape.fields.values()]
    fields += [field.item for field in fields if field.item]
    assert {field.shape for field in fields if field.shape} <= set(SHAPES)
    assert len(RESOURCE_TYPES) == 69


# Whatever JSON holds

KEYS = [*sorted({key for shape in SHAPES.values() for key in shape.fields}), "widgets", "~/", ""]
WORDS = sorted({one for shape in SHAPES.values() for field in shape.fields.values() for one in field.values})
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        [
            *WORDS,
            ".",
            "...",
            "-PT3H",
            "2018-12-17",
            "p99",
            "AWS/Lambda",
            "Errors",
            ARN,
            "__FIRST",
            SELECT,
            SEARCH,
            "m1 + 'x",
            "SEARCH('",
            "${PROP('Dim.",
            "${MAX}",
        ]
    ),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)
WIDGETS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["metric", "text", "log", "alarm", "explorer", "custom", "chart"]),
        "properties": st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=6),
    },
    optional={"x": SCALARS, "y": SCALARS, "width": SCALARS, "height": SCALARS},
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "widgets": st.lists(WIDGETS | ANYTHING, max_size=4) | ANYTHING,
        "variables": st.lists(st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=8), max_size=3),
        "start": SCALARS,
        "end": SCALARS,
        "extra": ANYTHING,
    },
)


def at(document, path):
    """Whatever stands at a path; None is fine, an error is not."""
    for step in path.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


@settings(max_examples=400, deadline=None)
@given(BODIES | ANYTHING)
def test_no_json_makes_it_raise_and_every_path_leads_somewhere(document):
    for one in check(document):
        assert isinstance(one, Finding)
        assert one.rule in RULES
        assert one.level in {"error", "warning"}
        assert one.message
        assert len(one.message) < 700
        at(document, one.path)


def test_a_body_nested_without_end_is_no_trouble():
    deep = []
    for _ in range(5000):
        deep = [deep]
    assert check(
        body(metric(deep, title=deep), {"type": "custom", "properties": {"endpoint": FUNCTION, "params": deep}})
    )


@given(st.lists(st.tuples(st.integers(0, 23), st.integers(0, 12), st.integers(1, 24), st.integers(1, 6)), max_size=8))
def test_overlap_is_found_as_the_cells_say(boxes):
    # Given widgets anywhere on a grid of any width
    widgets = [
        {"type": "text", "x": x, "y": y, "width": width, "height": height, "properties": {"markdown": "a"}}
        for x, y, width, height in boxes
    ]
    # Then those are named that share a cell with one before them
    cells = [{(a, b) for a in range(x, x + w) for b in range(y, y + h)} for x, y, w, h in boxes]
    expected = {n for n, one in enumerate(cells) if any(one & other for other in cells[:n])}
    assert {int(one.path.split("/")[2]) for one in check(body(*widgets)) if one.rule == "R15"} == expected


def test_the_examples_of_awss_page_pass_but_for_what_is_wrong_in_them():
    # Given the page's own example, whose metrics are one flat row
    page = (
        '{"widgets": [{"type": "metric", "properties": {"region": "us-east-1", "metrics": ["AWS/Lambda", "Errors"]}}]}'
    )
    # Then it is said once, and how to repair it
    assert [one.rule for one in check(json.loads(page))] == ["row"]
