"""Every alarm of the bundled template fires, and recovers, on a recording made for it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mangaobs.languages.metric_math import names
from mangaobs.recording import Recording
from mangaobs.replay import CompositeAlarm, MetricAlarm, State, replay
from mangaobs.template import read

from .recordings import MINUTE, START, lines

BAD = range(120, 240)  # the minutes in which everything is wrong
MINUTES = 400
LONG = 2_400  # until when alarms that look back for a day have recovered
# Anomaly detection comes with the rest of metric math; until then replay names these.
NOT_EVALUATED = {"AlarmApiChatTraffic", "AlarmDynamodbSessionsConditionFailures"}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundled") / "template.json"
    subprocess.run([sys.executable, "-m", "mangaobs", "render", "-o", str(path)], check=True, cwd=path.parent)
    return read([path])


def good_and_bad(alarm: MetricAlarm, name: str) -> tuple[float, float]:
    """What a metric's values are as all is well, and as its alarm should fire: on either side of the threshold."""
    over = alarm.comparison.startswith("Greater")
    math = next((one for one in alarm.queries if one.id == alarm.returned), None)
    order = [one.name for one in names(math.tree)] if hasattr(math, "tree") else [name]
    if order[0] != name:  # what it is measured against stays as it is
        return (1.0, 1.0) if over else (50.0, 0.0)
    if not over and len(order) > 1:
        return 50.0, 50.0
    return (0.0, alarm.threshold * 1e6 + 1) if over else (alarm.threshold + 1, alarm.threshold - 1)


@pytest.fixture(scope="module")
def made(template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recording")
    # given every metric of every alarm, as its alarm's threshold would have it
    empty = tmp_path_factory.mktemp("empty")
    (empty / "recording.json").write_text(
        json.dumps({"format_version": 1, "start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:05:00Z"})
    )
    values, slow = {}, set()
    for course in replay(template, Recording(empty)).alarms:
        for query in course.alarm.queries if isinstance(course.alarm, MetricAlarm) else ():
            if hasattr(query, "metric"):
                good, bad = good_and_bad(course.alarm, query.id)
                if course.alarm.evaluation_periods * course.alarm.period > 4 * 3600:
                    slow.add(query.metric)
                if good != bad or query.metric not in values:
                    values[query.metric] = (good, bad)
    samples = [
        {
            "namespace": metric.namespace,
            "metric": metric.name,
            "dimensions": dict(metric.dimensions),
            "timestamp": START + minute * MINUTE,
            "values": [bad if minute in BAD else good],
            "counts": [1000],
        }
        for metric, (good, bad) in values.items()
        for minute in (*range(MINUTES), *(range(MINUTES, LONG, 60) if metric in slow else ()))
    ]
    lines(folder / "metrics.jsonl", samples)
    return replay(template, Recording(folder))


def test_all_are_evaluated_but_those_that_are_named(made):
    assert set(made.unevaluated) == NOT_EVALUATED
    assert len(made.alarms) > 100


def test_each_alarm_fires_and_recovers(made):
    silent = {}
    for course in made.alarms:
        states = [(change.at - START) // MINUTE * (change.after is State.ALARM) for change in course.changes]
        after = [change.after for change in course.changes if change.at >= START + BAD.start * MINUTE]
        if after[:2] != [State.ALARM, State.OK]:
            silent[course.name] = (states, after)
    assert silent == {}


def test_who_is_told_is_a_subscriber_and_causes_are_kept_back_while_the_chat_is_down(made):
    alarms = [one for one in made.notifications if one.state is State.ALARM]
    assert all(one.subscribers for one in alarms)
    assert {one.suppressed_by for one in alarms if "chat-cause" in one.alarm} == {"Alarm"}
    assert any(isinstance(course.alarm, CompositeAlarm) for course in made.alarms)


def test_one_open_request_is_told_of_by_one_sample_a_day_until_it_is_done(template, tmp_path):
    # given requests that are asked for once a day, each time a little later: three ages, the last two of them too old
    day, late = 24 * 60, 10
    ages = [20.5, 21.5, 22.5]
    samples = [
        {
            "namespace": "MangaAssist",
            "metric": "DataRequestAge",
            "dimensions": {"Environment": "dev"},
            "timestamp": START + number * (day + late) * MINUTE,
            "values": [age * 86_400],
            "counts": [1],
        }
        for number, age in enumerate([*ages, 0.5, 1.5])  # then it is done, and another one is asked
    ]
    lines(tmp_path / "metrics.jsonl", samples)
    (course,) = [one for one in replay(template, Recording(tmp_path)).alarms if one.name.endswith("data-request-due")]
    # then there is one ticket, from the first age that is too old until a day and some hours after the last
    alarm, fine = [change for change in course.changes if change.at > START + day * MINUTE]
    assert (alarm.after, fine.after) == (State.ALARM, State.OK)
    assert 0 < (alarm.at - START) / MINUTE - (day + late) <= 60
    assert day < (fine.at - START) / MINUTE - 2 * (day + late) <= 34 * 60
