"""The DashboardBody that a dashboard becomes."""

from __future__ import annotations

import json
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from mangaobs.languages.dashboard_body import check
from mangaobs.model.alarm import critical
from mangaobs.model.body import body
from mangaobs.model.dashboard import Dashboard, column, row, section
from mangaobs.model.metric import HOUR, MINUTE, Metric, identity, math
from mangaobs.model.value import REGION, Attribute, Import, Parameter, Pseudo, Text, arn, shown, text
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

TABLE = Parameter("Table")
ERRORS = Metric("My", "errors", (("table", TABLE),)).sum(MINUTE)
CALLS = Metric("My", "calls", (("table", TABLE),)).sum(MINUTE)
SLOW = Metric("My", "latency", (("table", TABLE),)).p99(5 * MINUTE)
RATE = math("100 * errors / calls", errors=ERRORS, calls=CALLS, label="share")
ALARM = critical("too-many", ERRORS > 5, runbook="r", summary="Too many calls fail.")
KNOWN = (Parameter, Import, Pseudo, Attribute, Text)


def alarm_arn(alarm):
    return arn("cloudwatch", text("alarm:", alarm.name))


def make(*content, thresholds=lambda _: (), **fields):
    return body(Dashboard(name="d", content=content, **fields), alarm_arn=alarm_arn, thresholds=thresholds)


def properties(widget, **more):
    return make(widget, **more)["widgets"][-1]["properties"]


def metrics(*left, **more):
    return properties(Graph(title="t", left=left, **more))["metrics"]


def deployed(document):
    """The body with every deploy-time value as some text."""
    return json.loads(json.dumps(document, default=lambda value: shown(value) if isinstance(value, KNOWN) else 1 / 0))


def test_a_metric_is_a_row_with_its_own_statistic_and_period():
    assert metrics(ERRORS) == [["My", "errors", "table", TABLE, {"stat": "Sum", "period": 60}]]


def test_math_is_a_visible_row_over_hidden_ones_below():
    drawn, errors, calls = metrics(RATE)
    assert drawn == [{"id": "e1", "expression": "100 * m1 / m2", "label": "share"}]
    assert [errors[-1], calls[-1]] == [
        {"id": "m1", "visible": False, "stat": "Sum", "period": 60},
        {"id": "m2", "visible": False, "stat": "Sum", "period": 60},
    ]


def test_a_metric_that_is_drawn_and_used_in_math_is_one_row():
    rows = metrics(ERRORS, RATE)
    assert [row[-1].get("id") for row in rows] == ["m1", "e1", "m2"]
    assert rows[0][-1].get("visible") is None


def test_expressions_share_their_operands():
    share = math("errors / calls", errors=ERRORS, calls=CALLS)
    assert len(metrics(RATE, share)) == 4


def test_math_that_is_drawn_and_used_in_math_is_one_row():
    rows = metrics(math("rate * 2", rate=RATE), RATE)
    assert rows[0][0]["expression"] == "e2 * 2"
    assert sum("expression" in row[-1] for row in rows) == 2


def test_nested_math_is_flattened_under_ids_of_its_own():
    inner = math("a + b", a=ERRORS, b=CALLS)
    rows = metrics(math("IF(a > b, a, 0)", a=inner, b=SLOW))
    expressions = {row[-1]["id"]: row[-1]["expression"] for row in rows if "expression" in row[-1]}
    assert expressions == {"e1": "IF(e2 > m3, e2, 0)", "e2": "m1 + m2"}


def test_text_in_an_expression_is_left_alone():
    (drawn, *_) = metrics(math("FILL(a, 0) + SEARCH('a b', 'Sum')", a=ERRORS))
    assert drawn[0]["expression"] == "FILL(m1, 0) + SEARCH('a b', 'Sum')"


def test_the_right_axis_is_named_in_its_rows():
    graph = properties(Graph(title="t", left=(ERRORS,), right=(SLOW,), right_axis=Axis(min=0, max=100, label="ms")))
    assert graph["metrics"][1][-1]["yAxis"] == "right"
    assert graph["yAxis"]["right"] == {"showUnits": True, "min": 0, "max": 100, "label": "ms"}


def test_an_alarm_draws_its_threshold_once_on_the_graphs_of_its_series():
    lines = {identity(ALARM.condition.series): [Line(value=5, label="critical: too-many", fill="above")]}
    drawn = properties(
        Graph(title="t", left=(ERRORS, ERRORS.named("again"), SLOW)),
        thresholds=lambda series: lines.get(identity(series), ()),
    )
    assert drawn["annotations"] == {"horizontal": [{"value": 5, "label": "critical: too-many", "fill": "above"}]}


def test_the_threshold_of_a_series_on_the_right_is_drawn_on_the_right():
    graph = Graph(title="t", left=(SLOW,), right=(ERRORS,))
    drawn = properties(graph, thresholds=lambda series: [Line(value=5, to=7)] if series is ERRORS else [])
    assert drawn["annotations"]["horizontal"] == [[{"value": 5, "yAxis": "right"}, {"value": 7, "yAxis": "right"}]]


def test_a_number_has_no_room_for_a_threshold():
    drawn = properties(
        Graph(title="t", left=(ERRORS,), view="singleValue", sparkline=True), thresholds=lambda _: [Line(value=5)]
    )
    assert "annotations" not in drawn
    assert drawn["sparkline"] is True


def test_a_log_table_names_its_groups_before_the_query():
    query = properties(LogTable(title="l", query="limit 1", log_groups=("/aws/a", TABLE)))["query"]
    assert shown(query) == "SOURCE '/aws/a' | SOURCE '${Table}' | limit 1"


def test_alarms_are_named_by_definition_or_by_arn():
    status = properties(AlarmStatus(title="a", alarms=(ALARM, "arn:aws:cloudwatch:r:1:alarm:b"), states=("ALARM",)))
    assert [shown(alarm).rpartition(":")[2] for alarm in status["alarms"]] == ["too-many", "b"]
    graph = properties(AlarmGraph(title="a", alarm=ALARM))
    assert "metrics" not in graph
    assert len(graph["annotations"]["alarms"]) == 1


def test_the_same_dashboard_gives_the_same_text():
    first, second = (json.dumps(deployed(make(*everything()))) for _ in range(2))
    assert first == second


def everything():
    return (
        TextWidget(markdown=text("# ", TABLE)),
        section(
            "All",
            row(
                Graph(
                    title="g",
                    left=(ERRORS, RATE),
                    right=(SLOW,),
                    shows="Errors.",
                    normal="0.",
                    stacked=True,
                    lines=(Line(value=0, to=5, color="#112233"), Line(value=9, fill="above", axis="right")),
                    marks=(Mark(at="2026-11-24T12:00:00Z", fill="after"), Mark(at="2026-11-24", to="2026-11-25")),
                    legend="right",
                    live_data=True,
                    timezone="+0100",
                ),
                column(AlarmGraph(title="a", alarm=ALARM), AlarmStatus(title="s", alarms=(ALARM,))),
            ),
            row(
                Graph(title="n", left=(RATE,), view="singleValue", sparkline=True, single_value_full_precision=True),
                Graph(title="g", left=(RATE,), view="gauge", left_axis=Axis(min=0, max=100)),
                Graph(title="b", left=(ERRORS,), view="bar", set_period_to_time_range=True),
                Graph(title="p", left=(ERRORS, CALLS), view="pie", set_period_to_time_range=True),
                Graph(title="t", left=(ERRORS,), view="table", table=TableOptions(layout="vertical")),
            ),
            markdown="why",
        ),
        LogTable(title="l", query="stats count(*) by bin(5m)", log_groups=(TABLE,), view="timeSeries", stacked=True),
        Explorer(
            title="e",
            metrics=(("Errors", "AWS::Lambda::Function", "Sum"),),
            labels=(("stage", "prod"), ("team", None)),
            aggregate_by=("team", "SUM"),
            split_by="team",
        ),
        CustomWidget(title="c", endpoint=arn("lambda", "function:f"), params={"a": [1]}),
        Chart(title="q", properties={"view": "line", "data": {"queries": []}}),
    )


VARIABLES = (
    Variable(id="region", property="region", values=(Choice("eu-west-1", "Ireland"),), default_value="eu-west-1"),
    Variable(id="f", property="FunctionName", input_type="radio", search="{AWS/Lambda,FunctionName} Errors",
             populate_from="FunctionName", default_value="__FIRST"),
    Variable(id="p", pattern="prod", input_type="input", label="stage", visible=False),
)  # fmt: skip


def test_a_dashboard_of_everything_passes_the_checker():
    document = make(*everything(), variables=VARIABLES, start="2026-11-24", end="2026-11-25", period_override="auto")
    assert check(deployed(document)) == []
    assert document["widgets"][3]["properties"]["markdown"] == "Errors. **Normal:** 0."
    assert all(widget["properties"].get("region", REGION) == REGION for widget in document["widgets"])


stats = st.builds(
    lambda name, kind, period, label: getattr(Metric("My", name), kind)(period).named(label),
    st.sampled_from("abcd"),
    st.sampled_from(["sum", "average", "p99", "maximum"]),
    st.sampled_from([MINUTE, 5 * MINUTE, HOUR]),
    st.sampled_from(["", "label", "${LABEL} ${MAX}"]),
)
series = st.recursive(
    stats,
    lambda inner: st.builds(lambda one, other: math("m1 / e1 + 1000", m1=one, e1=other), inner, inner),
    max_leaves=5,
)
lines = st.builds(
    lambda value, height, label: Line(value=value, to=None if height is None else value + height, label=label),
    st.integers(-5, 5),
    st.none() | st.integers(1, 5),
    st.text("ab", max_size=2),
)
graphs = st.builds(
    lambda left, right, lines, view, note: Graph(
        title="t", left=tuple(left), right=tuple(right) if view == "timeSeries" else (), lines=tuple(lines), view=view,
        shows=note, left_axis=Axis(min=0, max=100),
    ),
    st.lists(series, min_size=1, max_size=4),
    st.lists(series, max_size=2),
    st.lists(lines, max_size=3),
    st.sampled_from(["timeSeries", "singleValue", "gauge", "bar", "pie", "table"]),
    st.sampled_from(["", "What it shows."]),
)  # fmt: skip
dashboards = st.lists(
    graphs | st.lists(graphs, min_size=1, max_size=4).map(lambda some: section("s", row(*some))), max_size=4
)


@settings(deadline=None)
@given(dashboards, st.lists(lines, max_size=2))
def test_every_body_passes_the_checker(content, thresholds):
    document = make(*content, thresholds=lambda _: thresholds)
    assert check(deployed(document)) == []
    for widget in document["widgets"]:
        rows = widget["properties"].get("metrics", [])
        ids = [row[-1]["id"] for row in rows if "id" in row[-1]]
        assert len(ids) == len(set(ids))
        hidden = [row[-1].get("visible") is False for row in rows]
        assert hidden == sorted(hidden)


@settings(deadline=None)
@given(st.lists(series, min_size=1, max_size=4))
def test_a_flattened_expression_still_means_the_same(drawn):
    rows = metrics(*drawn)
    by_id = {row[-1]["id"]: row for row in rows if "id" in row[-1]}

    def leaves(row):
        if "expression" not in row[-1]:
            return [(row[1], row[-1]["stat"], row[-1]["period"])]
        left, right = row[-1]["expression"].removesuffix(" + 1000").split(" / ")
        return leaves(by_id[left]) + leaves(by_id[right])

    for one, written in zip(drawn, rows, strict=False):
        stats = one.metric_stats() if hasattr(one, "metric_stats") else [one]
        assert leaves(written) == [(stat.metric.name, stat.stat, stat.period) for stat in stats]


def test_sixty_graphs_are_written_in_a_moment():
    import time

    names = count()
    content = [
        row(*(Graph(title="t", left=(Metric("My", f"m{next(names)}").sum(), RATE), shows="x") for _ in range(3)))
        for _ in range(20)
    ]
    dashboard = Dashboard(name="d", content=tuple(content))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        body(dashboard, alarm_arn=alarm_arn)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.02  # about 1 ms on an idle machine
