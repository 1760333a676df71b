"""What CloudWatch would refuse in metric math, and rules of composite alarms that never change."""

from __future__ import annotations

import pytest

from mangaobs.languages import alarm_rule, metric_math

IDS = {"m1": "T", "m2": "T", "many": "A"}


def checked(text):
    return metric_math.check(metric_math.parse(text), IDS, text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("m1 + m2", "T"),
        ("2 * 3", "S"),
        ("100 * many", "A"),
        ("SUM(many)", "T"),
        ("SUM(m1)", "S"),
        ("SUM([m1, m2])", "T"),
        ("m1 / PERIOD(m1)", "T"),
        ("IF(m1 > 5, 1, 0)", "T"),
        ("FILL(m1, REPEAT)", "T"),
        ("FILL(METRICS(), 0)", "A"),
        ("SORT(METRICS(), AVG, DESC, 3)", "A"),
        ("SLICE(many, 0, 1)", "A"),
        ("METRIC_COUNT(METRICS('m'))", "S"),
        ("ANOMALY_DETECTION_BAND(m1, 2)", "A"),
        ("INSIGHT_RULE_METRIC('rule', 'Sum')", "T"),
        ("LAMBDA('fetch', 'x', 1)", "*"),
    ],
)
def test_what_an_expression_gives(text, kind):
    assert checked(text) == (kind, [])


@pytest.mark.parametrize(
    ("text", "token", "problem"),
    [
        ("m1 + m3", "m3", "no metric or expression has the id m3"),
        ("sum(many)", "sum", "functions are written in capitals"),
        ("TOTAL(m1)", "TOTAL", "no such function"),
        ("PERIOD(60)", "PERIOD(60)", "PERIOD of a number"),
        ("RATE()", "RATE()", "RATE of nothing"),
        ("many / many", "many / many", "between several series"),
        ("m1 + 'x'", "'x'", "a text is no operand"),
        ("INSIGHT_RULE_METRIC('rule')", "INSIGHT_RULE_METRIC('rule')", "of a text"),
    ],
)
def test_what_is_wrong_is_named_with_its_token(text, token, problem):
    (error,) = checked(text).errors

    assert problem in error.problem
    assert text[error.start : error.end] == token


def test_every_function_that_the_dashboards_know_has_a_signature():
    from mangaobs.languages.dashboard_body import MATH_FUNCTIONS

    assert set(MATH_FUNCTIONS) - set(metric_math.functions()) == {"AND", "OR"}  # operators


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("TRUE", True),
        ("ALARM(a) AND FALSE", False),
        ("ALARM(a) AND OK(a)", False),
        ("ALARM(a) OR NOT ALARM(a)", True),
        ("ALARM(a) OR OK(a) OR INSUFFICIENT_DATA(a)", True),
        ("AT_LEAST(2, ALARM, (a, b)) AND OK(a)", False),
        ("ALARM(a)", None),
        ("ALARM(a) AND OK(b)", None),
        ("AT_LEAST(50%, NOT OK, (a, b))", None),
        (" OR ".join(f"ALARM(a{n})" for n in range(40)), None),
        (" AND ".join([*(f"ALARM(a{n})" for n in range(40)), "FALSE"]), False),
    ],
)
def test_whether_a_rule_ever_changes(text, value):
    assert alarm_rule.constant(alarm_rule.parse(text)) is value
