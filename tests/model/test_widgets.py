"""Widgets as a person writes them: what each becomes, and what is refused where it is written."""

import inspect
from pathlib import Path

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.languages.dashboard_body import SHAPES, check
from mangaobs.model.alarm import CompositeAlarm as Composite
from mangaobs.model.alarm import Severity, any_of, critical, warning
from mangaobs.model.body import body, no_thresholds
from mangaobs.model.dashboard import Column, Dashboard, column, row, section
from mangaobs.model.metric import MINUTE, MINUTES, Math, Metric, MetricStat, math
from mangaobs.model.value import Parameter, shown
from mangaobs.model.variable import Choice, Variable
from mangaobs.model.widget import (
    AlarmGraph,
    AlarmStatus,
    Axis,
    Chart,
    CustomWidget,
    Explorer,
    Graph,
    Line,
    LogTable,
    Mark,
    TableOptions,
    TextWidget,
)

FINE = Metric("MangaAssist", "Load", native_period=1)
ERRORS = Metric("AWS/Lambda", "Errors", (("FunctionName", "chat"),), unit="Count")
CALLS = Metric("AWS/Lambda", "Invocations", (("FunctionName", "chat"),), unit="Count")
DURATION = Metric("AWS/Lambda", "Duration", (("FunctionName", "chat"),), unit="Milliseconds")
SUM = ERRORS.sum(MINUTE)
ALARM = critical("chat-errors", SUM > 5, runbook="errors", summary="The function fails.")
RED = "#d62728"


def arn(alarm):
    return f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{alarm.name}"


def rendered(*content, thresholds=no_thresholds, **fields):
    """The body of a dashboard of `content`, which the checker must find nothing wrong with."""
    made = body(
        Dashboard(name="d", content=content, **fields), alarm_arn=arn, region="eu-west-1", thresholds=thresholds
    )
    assert check(made) == []
    return made


def properties(widget, **given):
    """The properties of the last widget: those before are notes."""
    made = rendered(widget, **given)["widgets"][-1]
    return {"type": made["type"], **made["properties"]}


def rows(*left, **fields):
    return properties(Graph(title="G", left=left, **fields))["metrics"]


# What each widget becomes


def test_a_graph_draws_its_series_with_their_statistics():
    # Given a graph of two series, one named and colored
    graph = Graph(title="Errors", left=(SUM, DURATION.p99(5 * MINUTES).named("p99").colored(RED)))
    # Then each is a row with its own statistic, period, label and color
    assert properties(graph) == {
        "type": "metric",
        "title": "Errors",
        "region": "eu-west-1",
        "view": "timeSeries",
        "stacked": False,
        "metrics": [
            ["AWS/Lambda", "Errors", "FunctionName", "chat", {"stat": "Sum", "period": 60}],
            [
                "AWS/Lambda",
                "Duration",
                "FunctionName",
                "chat",
                {"stat": "p99", "period": 300, "label": "p99", "color": RED},
            ],
        ],
        "yAxis": {"left": {"showUnits": True, "min": 0}},
    }


def test_a_series_on_the_right_has_the_right_axis():
    graph = Graph(title="G", left=(SUM,), right=(DURATION.average(MINUTE),), right_axis=Axis(min=0, max=9, label="ms"))
    made = properties(graph)
    assert made["metrics"][1][-1]["yAxis"] == "right"
    assert made["yAxis"]["right"] == {"showUnits": True, "min": 0, "max": 9, "label": "ms"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"view": "gauge", "left_axis": Axis(min=0, max=100)}, {"view": "gauge"}),
        ({"view": "singleValue", "sparkline": True}, {"view": "singleValue", "sparkline": True}),
        ({"view": "pie", "set_period_to_time_range": True}, {"view": "pie", "setPeriodToTimeRange": True}),
        ({"view": "bar", "stacked": True}, {"view": "bar", "stacked": True}),
        ({"view": "singleValue", "single_value_full_precision": True}, {"singleValueFullPrecision": True}),
        (
            {"view": "table", "table": TableOptions(layout="vertical", summary_columns=("MAX",))},
            {
                "table": {
                    "layout": "vertical",
                    "stickySummary": False,
                    "showTimeSeriesData": True,
                    "summaryColumns": ["MAX"],
                }
            },
        ),
        ({"legend": "right"}, {"legend": {"position": "right"}}),
        ({"live_data": True, "timezone": "+0100"}, {"liveData": True, "timezone": "+0100"}),
        (
            {"lines": (Line(value=5, label="most", color=RED, fill="above"), Line(value=1, to=2))},
            {
                "annotations": {
                    "horizontal": [
                        {"value": 5, "label": "most", "color": RED, "fill": "above"},
                        [{"value": 1}, {"value": 2}],
                    ]
                }
            },
        ),
        (
            {
                "marks": (
                    Mark(at="2026-11-24", fill="after"),
                    Mark(at="2026-11-24T10:00:00Z", to="2026-11-24T11:00:00Z"),
                )
            },
            {
                "annotations": {
                    "vertical": [
                        {"value": "2026-11-24", "fill": "after"},
                        [{"value": "2026-11-24T10:00:00Z"}, {"value": "2026-11-24T11:00:00Z"}],
                    ]
                }
            },
        ),
    ],
)
def test_every_option_of_a_graph_is_written(fields, expected):
    made = properties(Graph(title="G", left=(SUM,), **fields))
    assert {key: made.get(key) for key in expected} == expected


def test_text_logs_alarms_and_the_others():
    # Given one widget of every other kind
    arn_ = arn(ALARM)
    function = "arn:aws:lambda:eu-west-1:123456789012:function:w"
    chart = {"view": "line", "data": {"queries": [{"id": "q1", "language": "PromQL", "query": "up", "step": 60}]}}
    expected = [
        (TextWidget(markdown="# Hi"), "text", {"markdown": "# Hi", "background": "transparent"}),
        (
            LogTable(title="Last errors", query="\nfields @message | limit 5\n", log_groups=("/a", "/b")),
            "log",
            {
                "title": "Last errors",
                "region": "eu-west-1",
                "view": "table",
                "query": "SOURCE '/a' | SOURCE '/b' | fields @message | limit 5",
            },
        ),
        (
            AlarmStatus(title="Alarms", alarms=(ALARM, arn_), states=("ALARM",)),
            "alarm",
            {"title": "Alarms", "sortBy": "stateUpdatedTimestamp", "states": ["ALARM"], "alarms": [arn_, arn_]},
        ),
        (
            AlarmGraph(title="One", alarm=ALARM),
            "metric",
            {"title": "One", "region": "eu-west-1", "annotations": {"alarms": [arn_]}},
        ),
        (
            Explorer(
                title="Team",
                metrics=(("Errors", "AWS::Lambda::Function", "Sum"),),
                labels=(("team", "chat"), ("stage", None)),
                aggregate_by=("Runtime", "MAX"),
                split_by="team",
            ),
            "explorer",
            {
                "title": "Team",
                "metrics": [{"metricName": "Errors", "resourceType": "AWS::Lambda::Function", "stat": "Sum"}],
                "labels": [{"key": "team", "value": "chat"}, {"key": "stage"}],
                "period": 300,
                "widgetOptions": {"view": "timeSeries", "stacked": False, "rowsPerPage": 50, "widgetsPerRow": 2},
                "aggregateBy": {"key": "Runtime", "func": "MAX"},
                "splitBy": "team",
            },
        ),
        (
            CustomWidget(title="Mine", endpoint=function, params={"days": 7}, resize=False),
            "custom",
            {
                "title": "Mine",
                "endpoint": function,
                "params": {"days": 7},
                "updateOn": {"refresh": True, "resize": False, "timeRange": True},
            },
        ),
        (Chart(title="P", properties=chart), "chart", {"title": "P", "region": "eu-west-1", **chart}),
    ]
    for widget, kind, written in expected:
        # Then each has the type and the properties of the fact table
        assert properties(widget) == {"type": kind, **written}
        assert set(written) <= set(SHAPES[kind].fields)


def test_an_explorer_takes_every_resource_type_of_the_page():
    kinds = ("AWS::ElasticLoadBalancingV2::LoadBalancer/ApplicationELB", "AWS::EC2::Instance", "AWS::IoT1Click::Device")
    for kind in kinds:
        made = properties(Explorer(title="E", metrics=(("M", kind, "p99"),), labels=(("team", None),)))
        assert made["metrics"][0]["resourceType"] == kind


def test_variables():
    # Given a variable of each kind
    variables = (
        Variable(id="region", property="region", input_type="input", default_value="eu-west-1", label="Region"),
        Variable(id="stage", pattern="live", values=(Choice("live"), Choice("test", "Test")), default_value="test"),
        Variable(
            id="f",
            property="FunctionName",
            search='{AWS/Lambda,FunctionName} MetricName="Errors"',
            populate_from="FunctionName",
            default_value="__FIRST",
            visible=False,
        ),
    )
    # Then each says its type, and only what was given
    first, second, third = rendered(variables=variables)["variables"]
    assert first == {
        "type": "property",
        "inputType": "input",
        "id": "region",
        "visible": True,
        "property": "region",
        "label": "Region",
        "defaultValue": "eu-west-1",
    }
    assert second["type"] == "pattern"
    assert second["values"] == [{"value": "live"}, {"value": "test", "label": "Test"}]
    assert third["defaultValue"] == "__FIRST"


def test_names_that_only_the_deployment_knows_stay_in_the_body():
    table = Parameter("Table", default="sessions")
    metric = Metric("AWS/DynamoDB", "ReadThrottleEvents", (("TableName", table),))
    made = body(Dashboard(name="d", content=(Graph(title="G", left=(metric.sum(MINUTE),)),)), alarm_arn=arn)
    drawn = made["widgets"][0]["properties"]
    assert drawn["metrics"][0][3] is table
    assert shown(drawn["region"]) == "${AWS::Region}"


# Math


def test_hidden_operands_stand_after_what_is_drawn():
    # Given a rate above a plain series: two operands, one of them not drawn
    rate = math("100 * errors / calls", errors=SUM, calls=CALLS.sum(MINUTE), label="rate")
    # Then the row that nobody sees comes last
    made = rows(rate, DURATION.average(MINUTE))
    assert [row[-1].get("visible", True) for row in made] == [True, True, False, False]


def test_an_operand_that_is_drawn_anyway_is_not_fetched_twice():
    # Given a rate, and one of its operands drawn in another color and under a label
    rate = math("100 * errors / calls", errors=SUM, calls=CALLS.sum(MINUTE))
    made = rows(rate, SUM.colored(RED).named("errors"))
    # Then three rows are fetched, and the drawn one has the id that the math uses
    assert len(made) == 3
    drawn = made[1][-1]
    assert drawn["label"] == "errors"
    assert drawn["id"] in made[0][0]["expression"]


def test_math_that_is_drawn_anyway_is_not_computed_twice():
    rate = math("100 * errors / calls", errors=SUM, calls=CALLS.sum(MINUTE))
    for order in ((rate, math("rate * 2", rate=rate)), (math("rate * 2", rate=rate), rate)):
        made = rows(*order)
        assert len(made) == 4
        ids = [row[0]["id"] for row in made[:2]]
        assert any(made[n][0]["expression"] == f"{ids[1 - n]} * 2" for n in (0, 1))


def test_an_operand_shared_by_two_expressions_is_fetched_once():
    first = math("errors / calls", errors=SUM, calls=CALLS.sum(MINUTE))
    second = math("calls - errors", errors=SUM, calls=CALLS.sum(MINUTE))
    assert len(rows(first, second)) == 4


def test_the_same_series_on_both_axes_is_drawn_on_both():
    made = properties(Graph(title="G", left=(SUM,), right=(SUM,)))["metrics"]
    assert [row[-1].get("yAxis", "left") for row in made] == ["left", "right"]


def test_ids_differ_and_numbers_and_text_in_math_stay():
    # Given ids that look like what the writer makes, a number with an exponent and a text with an id in it
    inner = math("m1 + 1E5", m1=CALLS.sum(MINUTE))
    outer = math("e1 / m2 + SUM(METRICS('m2')) + FILL(m2, REPEAT)", e1=inner, m2=SUM)
    made = rows(outer, inner)
    ids = [row[-1]["id"] for row in made]
    assert len(ids) == len(set(ids))
    assert "METRICS('m2')" in made[0][0]["expression"]
    assert made[1][0]["expression"].endswith("+ 1E5")


def test_an_id_that_looks_like_an_exponent_is_not_replaced_in_a_number():
    made = rows(Math("e5 + 1e5", (("e5", SUM),)))
    assert made[0][0]["expression"] == "m1 + 1e5"


# Thresholds


def line(value, label):
    return Line(value=value, label=label, color=RED)


def horizontal(graph, thresholds):
    made = properties(graph, thresholds=thresholds)
    return made.get("annotations", {}).get("horizontal", [])


def test_a_threshold_is_drawn_once_though_two_series_share_it():
    graph = Graph(title="G", left=(SUM, SUM.named("again"), CALLS.sum(MINUTE)))
    assert horizontal(graph, lambda _: (line(5, "errors"),)) == [{"value": 5, "label": "errors", "color": RED}]


def test_a_threshold_stands_on_the_axis_of_its_series():
    graph = Graph(title="G", left=(SUM,), right=(DURATION.p99(MINUTE),))
    drawn = horizontal(graph, lambda series: (line(9, "slow"),) if series.metric is DURATION else ())
    assert drawn == [{"value": 9, "label": "slow", "color": RED, "yAxis": "right"}]


def test_a_threshold_that_the_graph_already_draws_is_not_repeated():
    graph = Graph(title="G", left=(SUM,), lines=(line(5, "errors"),))
    assert len(horizontal(graph, lambda _: (line(5, "errors"),))) == 1


@pytest.mark.parametrize("view", ["singleValue", "pie", "table"])
def test_what_has_no_axis_has_no_threshold(view):
    assert horizontal(Graph(title="G", left=(SUM,), view=view), lambda _: (line(5, "errors"),)) == []


# Wrong values: where they are written, the field's name, what is right


def graph(**fields):
    return Graph(**{"title": "G", "left": (SUM,), **fields})


def select(**fields):
    return Variable(**{"id": "v", "property": "region", "values": (Choice("a"),), **fields})


def explorer(**fields):
    return Explorer(
        **{"title": "E", "metrics": (("Errors", "AWS::Lambda::Function", "Sum"),), "labels": (("t", None),), **fields}
    )


def dashboard(**fields):
    return Dashboard(**{"name": "d", "content": (), **fields})


def search(length):
    return Math(f"SEARCH('{'x' * length}', 'Sum')")


WRONG = [
    (lambda: graph(width=25), "width", "1 to 24"),
    (lambda: graph(width=0), "width", "1 to 24"),
    (lambda: graph(width="6"), "width", "1 to 24"),
    (lambda: graph(height=1001), "height", "1 to 1,000"),
    (lambda: graph(at=(0, 0)), "at", "width and a height"),
    (lambda: graph(at=(20, 0), width=6, height=6), "at", "24 columns"),
    (lambda: graph(at=(0, -1), width=6, height=6), "at", "24 columns"),
    (lambda: graph(left=()), "left", "at least one series"),
    (lambda: graph(left=SUM), "left", "tuple"),
    (lambda: graph(left=(ERRORS,)), "left", "sum"),
    (lambda: graph(left=(SUM > 5,)), "left", "series"),
    (lambda: graph(view="line"), "view", "timeSeries"),
    (lambda: graph(view="gauge"), "left_axis", "min"),
    (lambda: graph(sparkline=True), "sparkline", "singleValue"),
    (lambda: graph(view="singleValue", sparkline=True, set_period_to_time_range=True), "sparkline", "one of the two"),
    (lambda: graph(view="pie", right=(SUM,)), "right", "left"),
    (lambda: graph(right=(MetricStat(FINE, "Sum", 10),)), "right", "multiple of 60"),
    (lambda: graph(left=(Math("m / 2", (("m", MetricStat(FINE, "Sum", 10)),), explicit_period=60),)), "left", "60"),
    (lambda: graph(left=(Math("m", (("m", SUM),), explicit_period=90),)), "left", "multiple of 60"),
    (lambda: graph(left=(MetricStat(ERRORS, "Sum", 60, color="red"),)), "color", "#rrggbb"),
    (lambda: graph(left=(SUM.named("${AVERAGE}"),)), "label", "AVG"),
    (lambda: graph(left=(SUM.named("${MAX}" * 7),)), "label", "at most 6"),
    (lambda: graph(left=(Math("MEAN(m)", (("m", SUM),)),)), "expression", "MEAN"),
    (lambda: graph(left=(search(1025),)), "SEARCH", "1,024"),
    (lambda: graph(left=(search(9),) * 101), "left", "100"),
    (lambda: graph(left=(Math("SELECT MAX(a) FROM b"), Math("SELECT MIN(a) FROM b"))), "left", "one"),
    (lambda: graph(timezone="CET"), "timezone", "+0100"),
    (lambda: graph(legend="left"), "legend", "right"),
    (lambda: graph(table=TableOptions()), "table", 'view="table"'),
    (lambda: graph(lines=(5,)), "lines", "Line"),
    (lambda: TableOptions(layout="diagonal"), "layout", "horizontal"),
    (lambda: TableOptions(summary_columns=("P99",)), "summary_columns", "MIN"),
    (lambda: Line(value=5, color="red"), "color", "#rrggbb"),
    (lambda: Line(value="5"), "value", "number"),
    (lambda: Line(value=float("nan")), "value", "number"),
    (lambda: Line(value=1, to=2, fill="above"), "fill", "leave it out"),
    (lambda: Line(value=1, fill="over"), "fill", "above"),
    (lambda: Line(value=1, axis="top"), "axis", "left"),
    (lambda: Mark(at="noon"), "at", "ISO 8601"),
    (lambda: Mark(at="2026-11-24", to="later"), "to", "ISO 8601"),
    (lambda: Mark(at="2026-11-24", fill="above"), "fill", "before"),
    (lambda: Axis(min=5, max=5), "min", "below the maximum"),
    (lambda: Axis(max=float("inf")), "max", "number"),
    (lambda: TextWidget(markdown=""), "markdown", "some text"),
    (lambda: TextWidget(markdown="x", background="clear"), "background", "transparent"),
    (lambda: LogTable(title="L", query=" ", log_groups=("a",)), "query", "Logs Insights"),
    (lambda: LogTable(title="L", query="SOURCE 'a' | limit 5", log_groups=("a",)), "query", "SOURCE"),
    (lambda: LogTable(title="L", query="limit 5", log_groups=()), "log_groups", "1 to 50"),
    (lambda: LogTable(title="L", query="limit 5", log_groups=("a",), view="line"), "view", "timeSeries"),
    (lambda: AlarmStatus(title="A", alarms=()), "alarms", "1 to 100"),
    (lambda: AlarmStatus(title="A", alarms=(ALARM,) * 101), "alarms", "1 to 100"),
    (lambda: AlarmStatus(title="A", alarms=("chat-errors",)), "alarms", "ARN"),
    (lambda: AlarmStatus(title="A", alarms=(ALARM,), states=("FIRING",)), "states", "ALARM"),
    (lambda: AlarmStatus(title="A", alarms=(ALARM,), sort_by="name"), "sort_by", "timestamp"),
    (lambda: AlarmGraph(title="A", alarm="chat-errors"), "alarm", "ARN"),
    (lambda: explorer(metrics=()), "metrics", "1 to 100"),
    (
        lambda: explorer(metrics=(("a", "AWS::SQS::Queue", "Sum"), ("b", "AWS::SNS::Topic", "Sum"))),
        "metrics",
        "one type",
    ),
    (lambda: explorer(metrics=(("a", "Lambda", "Sum"),)), "metrics", "AWS::Lambda::Function"),
    (lambda: explorer(metrics=(("a", "AWS::SQS::Queue", "Mean"),)), "metrics", "Average"),
    (lambda: explorer(period=90), "period", "multiple of 60"),
    (lambda: explorer(aggregate_by=("a", "MEAN")), "aggregate_by", "STDDEV"),
    (lambda: explorer(rows_per_page=0), "rows_per_page", "1 or more"),
    (lambda: CustomWidget(title="C", endpoint="my-function"), "endpoint", "ARN"),
    (lambda: Chart(title="P", properties={"view": "line"}), "properties", "data"),
    (lambda: select(id="a b"), "id", "letters"),
    (lambda: select(label="x" * 31), "label", "at most 30"),
    (lambda: select(pattern="x"), "property", "exactly one"),
    (lambda: select(values=()), "values", "exactly one"),
    (lambda: select(input_type="text"), "input_type", "select"),
    (lambda: select(input_type="input"), "values", "none"),
    (lambda: select(search="x"), "search", "populate_from"),
    (lambda: select(default_value="b"), "default_value", "one of them"),
    (lambda: select(default_value="__FIRST"), "default_value", "one of the values"),
    (lambda: select(values=(Choice("x" * 256),)), "values", "at most 255"),
    (lambda: dashboard(name="my dashboard"), "name", "letters"),
    (lambda: dashboard(name="my.dashboard"), "name", "letters"),
    (lambda: dashboard(start="-P3H"), "start", "-PT<n>M or H"),
    (lambda: dashboard(start="yesterday"), "start", "ISO 8601"),
    (lambda: dashboard(end="2026-11-24T12:00:00Z"), "end", "absolute start"),
    (lambda: dashboard(start="2026-11-24T12:00:00Z", end="late"), "end", "ISO 8601"),
    (lambda: dashboard(period_override="always"), "period_override", "inherit"),
    (lambda: dashboard(variables=(select(), select())), "variables", "one id each"),
    (lambda: dashboard(variables=tuple(select(id=f"v{n}") for n in range(26))), "variables", "at most 25"),
    (lambda: dashboard(content=("text",)), "content", "sections"),
    (lambda: dashboard(content=graph()), "content", "tuple"),
    (lambda: row(*()), "columns", "at least one"),
    (lambda: row(graph(width=20), graph(width=8)), "columns", "24"),
    (lambda: Column((graph(),), 0), "width", "1 to 24"),
    (lambda: column(graph(width=12), width=6), "widgets", "at most"),
    (lambda: row(graph(at=(0, 0), width=6, height=6)), "widgets", "no at"),
    (lambda: section("S", graph()), "rows", "row("),
]


@pytest.mark.parametrize(
    ("wrong", "field", "right"),
    WRONG,
    ids=[f"{number}-{field}-{right}" for number, (_, field, right) in enumerate(WRONG)],
)
def test_a_wrong_value_fails_where_it_is_written(wrong, field, right):
    with pytest.raises(DefinitionError) as raised:
        wrong()
    # It names the field and what would be right
    assert field in raised.value.problem
    assert right in str(raised.value)
    # and points at this file, at the line of the definition or of the factory that it calls
    assert Path(raised.value.place.file) == Path(__file__)
    lines, first = inspect.getsourcelines(wrong)
    factories = {"graph": graph, "select": select, "explorer": explorer, "dashboard": dashboard, "search": search}
    spans = [range(first, first + len(lines))]
    for factory in factories.values():
        body_, start = inspect.getsourcelines(factory)
        spans.append(range(start, start + len(body_)))
    assert any(raised.value.place.line in span for span in spans)


def test_too_many_metrics_are_refused():
    many = tuple(SUM.named(str(number)) for number in range(501))
    with pytest.raises(DefinitionError, match="more than 500 metrics"):
        rendered(Graph(title="G", left=many))
    full = Graph(title="G", left=many[:500])
    rendered(*[full] * 5)
    with pytest.raises(DefinitionError, match="2,500"):
        rendered(*[full] * 6)


def test_composites_and_tickets_may_stand_among_the_alarms():
    ticket = warning("chat-slow", DURATION.p99(MINUTE) > 9, runbook="slow", summary="The function is slow.")
    page = Composite(
        name="chat-down", rule=any_of(ALARM, ticket), severity=Severity.CRITICAL, runbook="down", summary="It is down."
    )
    made = properties(AlarmStatus(title="A", alarms=(page, ticket)))
    assert [one.rpartition(":")[2] for one in made["alarms"]] == ["chat-down", "chat-slow"]
