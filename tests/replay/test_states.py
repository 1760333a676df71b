"""The alarm's decision against AWS's tables, a second evaluator, and what must hold whatever the points."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaobs.replay import KEEP, Rule, State, changes, decide

from . import naive

TABLES = tomllib.loads(Path(__file__).with_name("missing_data.toml").read_text(encoding="utf-8"))
MODES = ["missing", "ignore", "breaching", "notBreaching"]
POINTS = st.lists(st.sampled_from("0X-"), min_size=1, max_size=40)


def decided(points, rule, stride=1):
    real = np.array([point != "-" for point in points])
    breaching = np.array([point == "X" for point in points])
    return decide(real, breaching, rule, stride)


def one(points, rule):
    codes, unknown = decided(points, rule)
    code = int(codes[-1])
    return ("RETAIN" if code == KEEP else State(code).name), bool(unknown[-1])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("row", TABLES["row"], ids=lambda row: f"{row['m']} of 3: {row['points']}")
def test_a_cell_of_the_guides_tables(row, mode):
    assert one(row["points"].split(), Rule(3, row["m"], 5, mode))[0] == row[mode]


@pytest.mark.parametrize("row", TABLES["prose"], ids=lambda row: row["points"])
def test_a_premature_alarm_as_the_guide_tells_it(row):
    assert (one(row["points"].split(), Rule(3, 3, 5, "missing"))[0] == "ALARM") is row["alarm"]


def test_every_pattern_of_five_against_the_second_evaluator():
    for points in itertools.product("0X-", repeat=5):
        for m in (1, 2, 3):
            for mode in MODES:
                expected = naive.state(list(points), 3, m, mode) or "RETAIN"
                assert one(points, Rule(3, m, 5, mode))[0] == expected, (points, m, mode)


# The cells on which readings of the guide differ, 2 of 3, treatment missing (awsdocs issue #129).
DIFFER = ["0 - - X -", "X 0 - - -", "X - 0 - -", "- 0 - X -", "- X 0 - -", "- - 0 X -"]


@pytest.mark.parametrize("points", DIFFER)
def test_a_cell_that_aws_leaves_open_is_marked(points):
    assert one(points.split(), Rule(3, 2, 5, "missing"))[1]


def test_a_breach_too_young_is_marked_and_keeps_the_state():
    assert one(["-", "-", "-", "-", "X"], Rule(3, 3, 5, "missing")) == ("RETAIN", True)


@settings(max_examples=500, deadline=None)
@given(POINTS, st.integers(1, 4), st.data(), st.sampled_from(MODES), st.integers(1, 3))
def test_timelines_of_any_shape_agree_with_the_second_evaluator(points, n, data, mode, stride):
    m, more = data.draw(st.integers(1, n)), data.draw(st.integers(0, 3))
    width = n + more
    points = ["-"] * ((width - 1) * stride) + points
    codes, _ = decided(points, Rule(n, m, width, mode), stride)
    at, before, after = changes(codes)
    states, now = [], "INSUFFICIENT_DATA"
    expected = naive.timeline(points, n, m, width, mode, stride)
    moves = dict(zip(at.tolist(), after.tolist(), strict=True))
    for index in range(len(codes)):
        now = State(moves[index]).name if index in moves else now
        states.append(now)
    assert states == expected
    assert (before != after).all()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from("0X-"), min_size=5, max_size=5), st.lists(st.sampled_from("0X-"), min_size=5, max_size=5)
)
def test_points_older_than_the_newest_n_real_ones_never_matter(points, others):
    real = [index for index, point in enumerate(points) if point != "-"]
    if len(real) < 3:
        return
    cut = real[-3]
    for mode in MODES:
        for m in (1, 2, 3):
            assert one(points, Rule(3, m, 5, mode)) == one(others[:cut] + points[cut:], Rule(3, m, 5, mode))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=5, max_size=5), st.integers(0, 9), st.integers(0, 9))
def test_a_higher_threshold_never_alarms_where_a_lower_one_does_not(values, one_threshold, another):
    low, high = sorted((one_threshold, another))

    def alarms(threshold, mode, m):
        points = ["-" if value is None else "X" if value > threshold else "0" for value in values]
        return one(points, Rule(3, m, 5, mode))[0] == "ALARM"

    for mode in ("breaching", "notBreaching"):
        for m in (1, 2, 3):
            assert alarms(low, mode, m) or not alarms(high, mode, m)


def test_a_sparse_metric_stays_in_alarm_until_its_point_leaves_the_range():
    # given one bad minute, 1 of 1, missing data not breaching, a range of 3
    points = ["-"] * 5 + ["X"] + ["-"] * 5
    codes, _ = decided(points, Rule(1, 1, 3, "notBreaching"))
    # then it is in alarm for three evaluations, not for one
    assert codes.tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0]
