"""Shorthand in metric rows; the checker takes whatever JSON holds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaobs.languages.dashboard_body import check, expand_rows

ROW = ["AWS/DynamoDB", "SuccessfulRequestLatency", "TableName", "sessions", "Operation", "Query"]


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ([".", ".", ".", ".", ".", "Scan"], [*ROW[:5], "Scan"]),
        (["...", {"stat": "p99"}], [*ROW, {"stat": "p99"}]),
        (["...", "Scan"], [*ROW[:5], "Scan"]),
        (["...", "orders", ".", "PutItem"], [*ROW[:3], "orders", "Operation", "PutItem"]),
        ([".", "SystemErrors", ".", "."], ["AWS/DynamoDB", "SystemErrors", "TableName", "sessions"]),
        (["My", "own"], ["My", "own"]),
    ],
)
def test_shorthand_stands_for_the_row_before(short, full):
    assert expand_rows([ROW, short]) == [ROW, full]


def test_an_expression_between_does_not_count_as_the_row_before():
    expression = [{"expression": "1", "id": "e"}]
    assert expand_rows([ROW, expression, ["...", "Scan"]]) == [ROW, expression, [*ROW[:5], "Scan"]]


@pytest.mark.parametrize("first", [[".", "Errors"], ["..."], [7, "x"], ["AWS/Lambda"], [{"stat": "Sum"}], []])
def test_a_row_that_cannot_be_read_is_found(first):
    body = {"widgets": [{"type": "metric", "properties": {"region": "r", "metrics": [first]}}]}
    assert [finding.path for finding in check(body)] == ["/widgets/0/properties/metrics/0"]


names = st.text("abc", min_size=1, max_size=3)
metrics = st.lists(
    st.tuples(names, names, st.lists(st.tuples(names, names), max_size=3)).map(
        lambda row: [row[0], row[1], *(part for pair in row[2] for part in pair)]
    ),
    min_size=1,
    max_size=6,
)


@given(metrics, st.data())
def test_any_dots_expand_to_the_row_that_was_meant(full, data):
    short = [full[0]]
    for before, row in pairwise(full):
        short.append(
            [
                "." if place < len(before) and before[place] == part and data.draw(st.booleans()) else part
                for place, part in enumerate(row)
            ]
        )
    assert expand_rows(short) == full
    assert expand_rows(expand_rows(short)) == full


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "metrics", "x", "y", "width", "view", "annotations", "horizontal", "id"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)
KINDS = ["metric", "text", "log", "alarm", "explorer", "custom", "chart"]


@given(json_values, st.sampled_from(KINDS))
def test_no_body_breaks_the_checker(value, kind):
    check({"widgets": [{"type": kind, "properties": value}, value], "variables": [value], "start": value, "end": value})
    check({"widgets": value, "variables": value})
    properties = {
        "metrics": [value, [value]],
        "annotations": {"horizontal": [value], "vertical": value, "alarms": value},
    }
    check({"widgets": [{"type": kind, "properties": properties}]})
