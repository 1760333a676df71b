"""MangaAssist's own dashboards, as they are deployed."""

import json
import re
from functools import cache

import pytest

from mangaobs.languages.dashboard_body import check
from mangaobs.model.dashboard import place
from mangaobs.model.metric import Math, MetricStat, identity
from mangaobs.model.value import shown
from mangaobs.model.widget import AlarmStatus, Graph
from mangaobs.project.build import load_observability
from mangaobs.render import render

ENVIRONMENTS = [None, "staging", "prod"]
KINDS = ["dynamodb-sessions", "functions", "overview", "pipeline", "security"]
PSEUDO = {
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::StackName": "manga-assist",
    "AWS::URLSuffix": "amazonaws.com",
}
_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")


@cache
def observability(env=None):
    return load_observability(env=env)


@cache
def bodies(env=None):
    """Every dashboard's body by name, with the defaults of the parameters in it."""
    template = render(observability(env))
    defaults = {name: one.get("Default", name) for name, one in template["Parameters"].items()} | PSEUDO
    made = {}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudWatch::Dashboard":
            text = resource["Properties"]["DashboardBody"]
            if not isinstance(text, str):
                text = _VARIABLE.sub(
                    lambda match: f"${{{match[2]}}}" if match[1] else defaults[match[2]], text["Fn::Sub"]
                )
            made[resource["Metadata"]["mangaobs"]["name"]] = json.loads(text)
    return made


def drawn(dashboard):
    """The graphs of a dashboard."""
    return [one.widget for one in place(dashboard) if isinstance(one.widget, Graph)]


def key(series):
    """What an alarm's line goes by: sums keep their period, means and percentiles are the same over any."""
    keeps = isinstance(series, Math) or series.stat in {"Sum", "SampleCount"}
    return identity(series) if keeps else identity(series)[:-1]


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_the_four_kinds_are_rendered_and_nothing_is_wrong_with_them(env):
    found = {name: check(body) for name, body in bodies(env).items()}
    assert found == {name: [] for name in KINDS}


@pytest.mark.parametrize("name", KINDS)
def test_every_graph_says_above_it_what_it_shows_and_what_is_normal(name):
    widgets = bodies()[name]["widgets"]
    notes = {
        (one["x"], one["y"] + one["height"], one["width"]): one["properties"]["markdown"]
        for one in widgets
        if one["type"] == "text"
    }
    for widget in widgets:
        # A number says it in its title.
        if widget["type"] == "metric" and widget["properties"]["view"] != "singleValue":
            note = notes.get((widget["x"], widget["y"], widget["width"]), "")
            assert re.fullmatch(r".{10,} \*\*Normal:\*\* .+", note), widget["properties"]["title"]


@pytest.mark.parametrize("name", KINDS)
def test_a_graph_has_one_unit_on_an_axis(name):
    dashboard = next(one for one in observability().dashboards if one.name == name)
    for graph in drawn(dashboard):
        for side in (graph.left, graph.right):
            # Math has no unit of its own to compare: it does not share an axis with a metric.
            units = {"math" if isinstance(series, Math) else series.metric.unit for series in side}
            assert len(units) <= 1, f"{graph.title} mixes {sorted(units)}"


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_threshold_stands_on_the_graphs_of_its_series(env):
    # Given every alarm with a threshold, and every graph that draws its series
    checked = 0
    for dashboard in observability(env).dashboards:
        graphs = [one for one in bodies(env)[dashboard.name]["widgets"] if one["type"] == "metric"]
        for graph, widget in zip(drawn(dashboard), graphs, strict=True):
            assert widget["properties"]["title"] == graph.title
            lines = widget["properties"].get("annotations", {}).get("horizontal", [])
            for side, series in (("left", graph.left), ("right", graph.right)):
                keys = {key(one) for one in series}
                for alarm in observability(env).alarms:
                    condition = alarm.condition
                    if condition.threshold is None or key(condition.series) not in keys:
                        continue
                    if graph.view not in {"timeSeries", "gauge", "bar"}:
                        continue
                    # Then its line stands there once, on the axis of the series, with the alarm's name
                    own = [one for one in lines if isinstance(one, dict) and alarm.name in one.get("label", "").split()]
                    assert [(one["value"], one.get("yAxis", "left")) for one in own] == [(condition.threshold, side)]
                    assert alarm.severity.value in own[0]["label"]
                    checked += 1
    assert checked > 20


def test_every_page_is_on_the_overview():
    # Given the alarms that page by themselves, and the composites
    overview = next(one for one in observability().dashboards if one.name == "overview")
    pages = next(
        one.widget for one in place(overview) if isinstance(one.widget, AlarmStatus) and one.widget.title == "Pages"
    )
    shown_ = {alarm.name for alarm in pages.alarms}
    paging = {
        alarm.name for alarm in observability().alarms if alarm.severity.value == "critical" and not alarm.through
    }
    paging |= {one.name for one in observability().composites if one.severity.value == "critical"}
    assert shown_ == paging


def without_a_graph(env=None):
    """The alarms whose metric no graph draws, and those drawn only under another statistic or period."""
    graphs = [graph for dashboard in observability(env).dashboards for graph in drawn(dashboard)]
    series = [one for graph in graphs for one in (*graph.left, *graph.right)]
    keys = {key(one) for one in series}
    metrics = {
        (one.metric.namespace, one.metric.name, one.metric.dimensions) for one in series if isinstance(one, MetricStat)
    }
    nowhere, otherwise = [], []
    for alarm in observability(env).alarms:
        watched = alarm.condition.series
        if key(watched) in keys:
            continue
        if isinstance(watched, MetricStat) and (
            (watched.metric.namespace, watched.metric.name, watched.metric.dimensions) in metrics
        ):
            otherwise.append(alarm.name)
        else:
            nowhere.append(alarm.name)
    return nowhere, otherwise


def test_most_alarms_have_a_graph(record_property):
    # Not every alarm needs one; which have none is worth reading (`--junit-xml`, or call the function).
    nowhere, otherwise = without_a_graph()
    record_property("alarms_without_a_graph", " ".join(nowhere))
    record_property("alarms_drawn_otherwise", " ".join(otherwise))
    assert len(nowhere) < len(observability().alarms) / 2


def test_dashboards_are_named_for_their_region():
    assert "${AWS::Region}" in shown(observability().naming.dashboard("overview"))
