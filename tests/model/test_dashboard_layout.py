"""Where widgets stand: on the grid, apart, and where they stood before something was appended."""

import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaobs.errors import DefinitionError
from mangaobs.languages.dashboard_body import check, expand_rows
from mangaobs.model.alarm import critical
from mangaobs.model.body import body
from mangaobs.model.dashboard import Column, Dashboard, Section, column, place, row, section
from mangaobs.model.metric import MINUTE, Metric, math
from mangaobs.model.widget import (
    COLUMNS,
    AlarmGraph,
    AlarmStatus,
    Axis,
    CustomWidget,
    Explorer,
    Graph,
    Line,
    LogTable,
    Mark,
    TableOptions,
    TextWidget,
)

ERRORS = Metric("AWS/Lambda", "Errors", (("FunctionName", "chat"),))
ALARM = critical("chat-errors", ERRORS.sum(MINUTE) > 5, runbook="errors", summary="The function fails.")


def arn(alarm):
    return f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{alarm.name}"


def made(dashboard, thresholds=lambda _: ()):
    return body(dashboard, alarm_arn=arn, region="eu-west-1", thresholds=thresholds)


def boxes(dashboard):
    return [(one.x, one.y, one.width, one.height) for one in place(dashboard)]


# Random widgets, as wild as the constructors let them be

NAMES = st.sampled_from(["Errors", "Invocations", "Throttles", "Duration"])
COLORS = st.sampled_from(["", "#d62728", "#2CA02C"])
LABELS = st.sampled_from(["", "calls", "${LABEL} [max: ${MAX}]", "${PROP('Dim.FunctionName')}"])
SIDES = st.sampled_from(["left", "right"])
PERIODS = st.sampled_from([60, 300, 86_400])


@st.composite
def stats(draw):
    metric = Metric("AWS/Lambda", draw(NAMES), (("FunctionName", draw(st.sampled_from("ab"))),))
    series = metric.statistic(draw(st.sampled_from(["Sum", "Average", "p99.9", "tm90", "PR(:300)"])), draw(PERIODS))
    color = draw(COLORS)
    series = series.named(draw(LABELS))
    return series.colored(color) if color else series


@st.composite
def maths(draw, operands):
    template = draw(st.sampled_from(["100 * a / b", "IF(a > 2, b, FILL(a, 0))", "SUM(METRICS('a')) - a - b"]))
    of = {"a": draw(operands), "b": draw(operands)}
    return math(template, label=draw(LABELS), period=draw(st.sampled_from([0, 60, 300])), **of)


SERIES = st.recursive(stats(), maths, max_leaves=5)
SEARCHES = st.just(math("SEARCH('{AWS/Lambda,FunctionName} MetricName=\"Errors\"', 'Sum')"))
QUERIES = st.just(math('SELECT MAX(Duration) FROM SCHEMA("AWS/Lambda", FunctionName) GROUP BY FunctionName'))
LINES = st.builds(
    lambda value, to, label, color, fill, axis: Line(
        value=value, to=to, label=label, color=color, fill=fill if to is None else "none", axis=axis
    ),
    st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.integers(),
    st.text(max_size=5),
    COLORS,
    st.sampled_from(["above", "below", "none"]),
    SIDES,
)
MARKS = st.sampled_from(
    [Mark(at="2026-11-24T12:00:00Z", fill="after"), Mark(at="2026-11-24", to="2026-11-25", label="deployment")]
)
WIDTHS = st.none() | st.integers(1, COLUMNS)
HEIGHTS = st.none() | st.integers(1, 12)


@st.composite
def graphs(draw):
    view = draw(st.sampled_from(["timeSeries", "singleValue", "gauge", "bar", "pie", "table"]))
    left = [*draw(st.lists(SERIES, min_size=1, max_size=4)), *draw(st.lists(SEARCHES, max_size=1))]
    left += draw(st.lists(QUERIES, max_size=1))
    right = draw(st.lists(SERIES, max_size=2)) if view in {"timeSeries", "bar"} else []
    sparkline = view == "singleValue" and draw(st.booleans())
    return Graph(
        title=draw(st.text(max_size=10)),
        left=tuple(draw(st.permutations(left))),
        right=tuple(right),
        view=view,
        left_axis=Axis(min=0, max=100, label=draw(st.text(max_size=3))),
        sparkline=sparkline,
        set_period_to_time_range=view != "timeSeries" and not sparkline and draw(st.booleans()),
        table=TableOptions(layout="vertical") if view == "table" and draw(st.booleans()) else None,
        lines=tuple(draw(st.lists(LINES, max_size=2))),
        marks=tuple(draw(st.lists(MARKS, max_size=1))),
        shows=draw(st.sampled_from(["", "Errors a minute."])),
        normal=draw(st.sampled_from(["", "0."])),
        legend=draw(st.sampled_from(["right", "bottom", "hidden"])),
        timezone=draw(st.sampled_from([None, "+0530"])),
        live_data=draw(st.booleans()),
        height=draw(HEIGHTS),
    )


OTHERS = st.one_of(
    st.builds(TextWidget, markdown=st.text(min_size=1, max_size=9), height=HEIGHTS),
    st.builds(
        LogTable,
        title=st.text(max_size=5),
        query=st.sampled_from(["fields @message\n| limit 5", "stats count(*) by bin(5m)"]),
        log_groups=st.lists(st.sampled_from(["/aws/lambda/a", "b"]), min_size=1, max_size=3).map(tuple),
        view=st.sampled_from(["table", "timeSeries", "bar", "pie"]),
        stacked=st.booleans(),
        height=HEIGHTS,
    ),
    st.builds(AlarmStatus, title=st.just("A"), alarms=st.just((ALARM,)), height=HEIGHTS),
    st.builds(AlarmGraph, title=st.just("A"), alarm=st.just(ALARM), height=HEIGHTS),
    st.builds(
        Explorer,
        title=st.just("E"),
        metrics=st.just((("Errors", "AWS::Lambda::Function", "p99"),)),
        labels=st.just((("team", None),)),
        view=st.sampled_from(["timeSeries", "bar", "pie"]),
        height=HEIGHTS,
    ),
    st.builds(CustomWidget, title=st.just("C"), endpoint=st.just("arn:aws:lambda:eu-west-1:1:function:f")),
)
WIDGETS = graphs() | OTHERS


def _no_wider(widget, width):
    return msgspec.structs.replace(widget, width=min(widget.width, width)) if widget.width and width else widget


@st.composite
def rows(draw, widgets):
    cells = draw(st.lists(st.lists(widgets, min_size=1, max_size=2), min_size=1, max_size=4))
    left = COLUMNS
    columns = []
    for number, widgets_ in enumerate(cells):
        most = left - (len(cells) - number - 1)
        width = draw(st.none() | st.integers(1, most)) if number < len(cells) - 1 else None
        left -= width or 1
        # A widget may be narrower than its column; a wider one is refused.
        columns.append(Column(tuple(_no_wider(one, width) for one in widgets_), width))
    return row(*columns)


def contents(widgets):
    sections = st.builds(
        Section, st.text(max_size=5), st.lists(rows(widgets), max_size=2).map(tuple), st.sampled_from(["", "Why."])
    )
    return st.lists(st.one_of(sections, rows(widgets), widgets), max_size=4)


CHEAP = st.builds(
    Graph, title=st.just("g"), left=st.just((ERRORS.sum(),)), shows=st.sampled_from(["", "S"]), height=HEIGHTS
)
PLAIN = st.builds(TextWidget, markdown=st.just("t"), width=WIDTHS, height=HEIGHTS) | CHEAP


@given(contents(PLAIN))
def test_widgets_stay_on_the_grid_and_never_overlap(content):
    # Given any sections, rows and columns
    placed = boxes(Dashboard(name="d", content=tuple(content)))
    # Then every widget is inside the 24 columns
    assert all(x >= 0 and y >= 0 and width >= 1 and height >= 1 for x, y, width, height in placed)
    assert all(x + width <= COLUMNS for x, _, width, _ in placed)
    # and no cell is taken twice
    cells = [(a, b) for x, y, width, height in placed for a in range(x, x + width) for b in range(y, y + height)]
    assert len(cells) == len(set(cells))


@given(contents(PLAIN), contents(PLAIN))
def test_what_is_appended_moves_nothing_before_it(content, more):
    before = boxes(Dashboard(name="d", content=tuple(content)))
    after = boxes(Dashboard(name="d", content=(*content, *more)))
    assert after[: len(before)] == before
    # and everything new begins below what was there
    bottom = max((y + height for _, y, _, height in before), default=0)
    assert all(y >= bottom for _, y, _, _ in after[len(before) :])


@settings(max_examples=150, deadline=None)
@given(contents(WIDGETS), st.booleans())
def test_whatever_the_model_makes_the_checker_has_nothing_to_say(content, alarmed):
    # Given a dashboard of random widgets, with and without an alarm's threshold on its series
    thresholds = (lambda _: (Line(value=5, label="critical", color="#d13212"),)) if alarmed else (lambda _: ())
    document = made(Dashboard(name="d", content=tuple(content)), thresholds)
    # Then there is no finding, not even a warning
    assert check(document) == []
    for widget in document["widgets"]:
        metrics = widget["properties"].get("metrics", []) if widget["type"] == "metric" else []
        options = [row[-1] for row in metrics]
        # hidden rows follow visible ones, ids are unique, rows are written out in full
        visible = [one.get("visible", True) for one in options]
        assert visible == sorted(visible, reverse=True)
        ids = [one["id"] for one in options if "id" in one]
        assert len(ids) == len(set(ids))
        assert expand_rows(metrics) == metrics
        # and no hidden row fetches what another row fetches already
        fetched = [(tuple(row[:-1]), row[-1]["stat"], row[-1]["period"]) for row in metrics if len(row) > 1]
        hidden = [
            one
            for one, row in zip(fetched, [row for row in metrics if len(row) > 1], strict=True)
            if row[-1].get("visible") is False
        ]
        assert all(fetched.count(one) == 1 for one in hidden)


# Places given by hand


def text(*at, width=6, height=4):
    return TextWidget(markdown="t", at=at or None, width=width, height=height)


def test_a_widget_with_a_place_stays_there():
    # Given widgets with places among others that have none
    dashboard = Dashboard(name="d", content=(text(18, 0), text(12, 0), row(text(), text()), text(0, 30)))
    # Then they stand where they were put, the flow begins below them
    assert boxes(dashboard) == [(18, 0, 6, 4), (12, 0, 6, 4), (0, 4, 6, 4), (6, 4, 6, 4), (0, 30, 6, 4)]


def test_two_widgets_on_one_place_are_refused():
    with pytest.raises(DefinitionError, match="two widgets at"):
        boxes(Dashboard(name="d", content=(text(0, 0), text(5, 3))))


def test_a_place_on_what_flows_is_refused():
    with pytest.raises(DefinitionError, match="two widgets at"):
        boxes(Dashboard(name="d", content=(row(text(), text()), text(0, 2))))


def test_touching_is_not_overlapping():
    assert len(boxes(Dashboard(name="d", content=(text(0, 0), text(6, 0), text(0, 4))))) == 3


# The layout that is meant


def graph(**fields):
    return Graph(**{"title": "g", "left": (ERRORS.sum(),), **fields})


def test_equal_shares_unless_a_column_says_its_width():
    assert [box[2] for box in boxes(Dashboard(name="d", content=(row(graph(), graph(), graph()),)))] == [8, 8, 8]
    assert [box[2] for box in boxes(Dashboard(name="d", content=(row(*[graph()] * 5),)))] == [5, 5, 5, 5, 4]
    assert [box[2] for box in boxes(Dashboard(name="d", content=(row(graph(width=6), graph()),)))] == [6, 18]
    stacked = column(graph(), graph(), width=10)
    assert boxes(Dashboard(name="d", content=(row(stacked, graph()),))) == [
        (0, 0, 10, 6),
        (0, 6, 10, 6),
        (10, 0, 14, 6),
    ]


def test_a_section_has_its_heading_over_the_whole_width():
    dashboard = Dashboard(name="d", content=(section("Errors", row(graph()), markdown="Why they matter."),))
    assert boxes(dashboard) == [(0, 0, 24, 1), (0, 1, 24, 2), (0, 3, 24, 6)]
    assert [one["properties"].get("markdown") for one in made(dashboard)["widgets"]] == [
        "## Errors",
        "Why they matter.",
        None,
    ]


def test_a_note_stands_right_above_its_graph():
    # Given a graph that says what it shows and what is normal
    dashboard = Dashboard(name="d", content=(row(graph(), graph(shows="Errors a minute.", normal="0.")),))
    # Then the text stands over it in its own column, and the graph below
    assert boxes(dashboard) == [(0, 0, 12, 6), (12, 0, 12, 2), (12, 2, 12, 6)]
    assert made(dashboard)["widgets"][1]["properties"]["markdown"] == "Errors a minute. **Normal:** 0."


def test_a_note_and_its_graph_stay_inside_the_place_that_was_given():
    placed = boxes(Dashboard(name="d", content=(graph(shows="S", at=(0, 0), width=12, height=8),)))
    assert placed == [(0, 0, 12, 2), (0, 2, 12, 6)]


def test_five_hundred_widgets_fit_and_no_more():
    widget = TextWidget(markdown="t")
    assert check(made(Dashboard(name="d", content=(widget,) * 500))) == []
    with pytest.raises(DefinitionError, match="at most 500"):
        made(Dashboard(name="d", content=(widget,) * 501))


def test_sixty_widgets_are_written_in_milliseconds():
    # Given sixty graphs of three series, one of them math
    calls = Metric("AWS/Lambda", "Invocations", (("FunctionName", "chat"),))
    rate = math("100 * errors / calls", errors=ERRORS.sum(), calls=calls.sum())
    dashboard = Dashboard(name="d", content=(row(*[graph(left=(ERRORS.sum(), calls.sum(), rate))] * 3),) * 20)
    # Then a body takes a few milliseconds at most, on whatever machine
    took = []
    for _ in range(20):
        start = time.perf_counter()
        assert len(made(dashboard)["widgets"]) == 60
        took.append(time.perf_counter() - start)
    assert min(took) < 0.02
