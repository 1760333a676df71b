"""The metric store: any statistic over sliding windows, against lists."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaobs.replay import Ends, MetricId, NotGiven, Store

from . import naive

METRIC = MetricId.of("N", "M", {"b": "2", "a": "1"})
MINUTE = 60_000
SAMPLES = st.lists(
    st.tuples(st.integers(0, 20 * MINUTE), st.sampled_from([0.0, 1.0, -2.5, 0.1, 100.0]), st.sampled_from([1, 1, 3])),
    max_size=30,
)


@settings(max_examples=300, deadline=None)
@given(
    SAMPLES, st.sampled_from(["Sum", "Average", "Minimum", "Maximum", "SampleCount", "p50", "p99"]), st.integers(1, 7)
)
def test_statistics_over_windows_agree_with_lists(samples, statistic, minutes):
    store = Store()
    for time, value, count in samples:
        store.add(METRIC, time, value, count)
    found = store.points(METRIC, statistic, minutes * 60, Ends(0, MINUTE, 25))
    for step, value in enumerate(found.values.tolist()):
        end = step * MINUTE
        expected = naive.statistic(samples, statistic, end - minutes * MINUTE, end)
        assert (expected is None) == math.isnan(value)
        assert expected is None or value == pytest.approx(expected)


def test_a_window_holds_its_first_moment_and_not_its_last():
    store = Store()
    store.add(METRIC, MINUTE, 1)
    store.add(METRIC, 2 * MINUTE, 2)
    found = store.points(METRIC, "Sum", 60, Ends(MINUTE, MINUTE, 3)).values
    assert np.isnan(found[0])
    assert found.tolist()[1:] == [1, 2]


def test_a_window_without_anything_left_is_exactly_nothing():
    # running sums would leave a rest of 1e-17 here, and an alarm on > 0 would fire
    store = Store()
    for minute, value in enumerate([0.1, 0.2, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]):
        store.add(METRIC, minute * MINUTE, value)
    assert store.points(METRIC, "Sum", 180, Ends(3 * MINUTE, MINUTE, 7)).values.tolist()[3:] == [0, 0, 0, 0]


def test_dimensions_are_the_metrics_identity_in_any_order():
    store = Store()
    store.add(MetricId.of("N", "M", {"a": "1", "b": "2"}), 0, 1)
    assert METRIC in store
    assert MetricId.of("N", "M", {"a": "1"}) not in store


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("tm90", sum(range(1, 91)) / 90),
        ("IQM", sum(range(26, 76)) / 50),
        ("tc90", 90),
        ("ts10", sum(range(1, 11))),
        ("PR(10:20)", 10),
        ("TC(:20)", 20),
        ("TS(98:)", 99 + 100),
    ],
)
def test_trimmed_statistics_of_one_to_a_hundred(statistic, expected):
    store = Store()
    for value in range(1, 101):
        store.add(METRIC, 0, value)
    assert store.points(METRIC, statistic, 60, Ends(MINUTE, MINUTE, 1)).values[0] == pytest.approx(expected)


def test_a_winsorized_mean_moves_what_is_outside_to_the_bounds():
    store = Store()
    for value in [1, 2, 3, 4, 1000]:
        store.add(METRIC, 0, value)
    assert store.points(METRIC, "WM(:10)", 60, Ends(MINUTE, MINUTE, 1)).values[0] == 4


def test_given_statistics_are_approximate_and_stand_for_their_period():
    store = Store()
    store.add_statistics(METRIC, 0, 300, {"p99": 7.0, "SampleCount": 12})
    found = store.points(METRIC, "p99", 300, Ends(0, MINUTE, 12))
    assert found.approximate
    assert [step for step, value in enumerate(found.values) if value == 7] == [5, 6, 7, 8, 9]
    with pytest.raises(NotGiven, match="other statistics than Sum of 300 s"):
        store.points(METRIC, "Sum", 300, Ends(0, MINUTE, 12))
