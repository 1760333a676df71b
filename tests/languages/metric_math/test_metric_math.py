"""Metric math against the guide's own examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaobs.errors import LanguageError
from mangaobs.languages.metric_math import Unsupported, evaluate, names, parse

GONE = float("nan")
SERIES = {
    "m1": [30, 20, 0, 0],
    "m2": [20, GONE, 20, GONE],
    "c": [1, 1, 0, 0, GONE],
    "a": [30, GONE, 0, 0, 30],
    "b": [0, 0, 20, GONE, 20],
}


def evaluated(text, **series):
    arrays = {name: np.array(values, float) for name, values in {**SERIES, **series}.items()}
    found = evaluate(parse(text), arrays, {"m1": 300}).tolist()
    return ["-" if math.isnan(value) else value for value in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m1<m2", [0, 0, 1, 0]),
        ("m1>=30", [1, 0, 0, 0]),
        ("m1>15 AND m2>15", [1, 0, 0, 0]),
        ("m1>15 && m2>15", [1, 0, 0, 0]),
        ("m1>15 OR m2>15", [1, 1, 1, 0]),
        ("IF(c,a,b)", [30, 0, 20, 0, "-"]),
        ("IF(c,5,b)", [5, 5, 20, "-", "-"]),
        ("IF(c,a,5)", [30, 0, 5, 5, "-"]),
        ("IF(c,b)", [0, 0, "-", "-", "-"]),
        ("m1/m2", [1.5, "-", 0, "-"]),
        ("m1-m2", [10, 20, -20, 0]),
        ("m2*2", [40, "-", 40, "-"]),
        ("FILL(m2,1)", [20, 1, 20, 1]),
        ("FILL(m2,REPEAT)", [20, 20, 20, 20]),
        ("m1/PERIOD(m1)", [0.1, 20 / 300, 0, 0]),
        ("SUM([m1,m2])", [50, 20, 20, 0]),
        ("MAX([m1,m2])", [30, 20, 20, 0]),
        ("AVG([m1,m2])", [25, 10, 10, 0]),
        ("-m1+2*3^2", [-12, -2, 18, 18]),
        ("ABS(-m1)", [30, 20, 0, 0]),
    ],
)
def test_an_expression_has_the_documented_points(text, expected):
    assert evaluated(text) == pytest.approx(expected) if "-" not in expected else evaluated(text) == expected


@pytest.mark.parametrize(
    "text", ["RATE(m1)", "ANOMALY_DETECTION_BAND(m1, 2)", "SEARCH('{N} x', 'Sum')", "SUM(m1)", "m9", "[m1,m2]", "3 + 4"]
)
def test_what_is_not_evaluated_is_named(text):
    with pytest.raises(Unsupported):
        evaluated(text)


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("m1 +", 4, "ends too early"),
        ("(m1", 0, "not closed"),
        ("m1 m2", 3, "cannot stand"),
        ("IF(m1 m2)", 6, "cannot stand"),
        ("", 0, "ends too early"),
    ],
)
def test_an_error_has_its_place(text, at, says):
    with pytest.raises(LanguageError, match=says) as caught:
        parse(text)
    assert caught.value.start == at


def test_nesting_and_length_have_their_limits():
    for text in ["(" * 500 + "m1" + ")" * 500, "-" * 500 + "m1", "x" * 2049]:
        with pytest.raises(LanguageError):
            parse(text)


def test_the_names_of_an_expression_are_in_order():
    assert [name.name for name in names(parse("IF(c > 0, a, -b) + c"))] == ["c", "a", "b", "c"]


@given(st.text(alphabet="m12+-*/^()[],<>=&|'AND OIF", max_size=30))
def test_any_text_parses_or_is_an_error(text):
    error = None
    try:
        parse(text)
    except LanguageError as caught:
        error = caught
    assert error is None or 0 <= error.start <= len(text)
