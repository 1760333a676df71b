"""The rules of composite alarms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaobs.errors import LanguageError
from mangaobs.languages.alarm_rule import And, AtLeast, Constant, Is, Not, Or, children, parse


def test_not_binds_before_and_and_that_before_or():
    rule = parse("NOT ALARM(a) AND OK(b) OR TRUE")
    assert isinstance(rule, Or)
    first, second = rule.parts
    assert isinstance(first, And)
    assert isinstance(first.parts[0], Not)
    assert isinstance(second, Constant)


@pytest.mark.parametrize(
    "name", ['"a b, (c)"', "'a b, (c)'", '"arn:aws:cloudwatch:us-east-1:123456789012:alarm:a b, (c)"']
)
def test_an_alarm_is_named_by_name_or_arn(name):
    assert list(children(parse(f"ALARM({name})"))) == ["a b, (c)"]


def test_a_quote_in_a_name_is_escaped():
    assert list(children(parse(r'ALARM("a\"b")'))) == ['a"b']


def test_at_least_counts_or_takes_a_percentage():
    rule = parse("AT_LEAST(50%, NOT OK, (a, b)) AND (INSUFFICIENT_DATA(c))")
    assert isinstance(rule, And)
    assert rule.parts[0] == AtLeast(rule.parts[0].span, 50, True, True, "OK", ("a", "b"))
    assert isinstance(rule.parts[1], Is)


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("", 0, "ends too early"),
        ("ALARM(a", 7, "ends too early"),
        ("ALARM a", 6, "cannot stand"),
        ("ALARM(a) ALARM(b)", 9, "cannot stand"),
        ("alarm(a)", 0, "cannot stand"),
        ("AT_LEAST(3, ALARM, (a, b))", 9, "3 of 2"),
        ("AT_LEAST(101%, ALARM, (a, b))", 9, "101%"),
        ("(" * 500 + "TRUE" + ")" * 500, 101, "too deep"),
    ],
)
def test_an_error_has_its_place(text, at, says):
    with pytest.raises(LanguageError, match=says) as caught:
        parse(text)
    assert caught.value.start == at


@given(
    st.lists(st.sampled_from(["ALARM(", "a", ")", "(", "AND", "OR", "NOT", " ", ",", '"', "AT_LEAST(", "2", "%"])).map(
        "".join
    )
)
def test_any_text_parses_or_is_an_error(text):
    error = None
    try:
        parse(text)
    except LanguageError as caught:
        error = caught
    assert error is None or 0 <= error.start <= len(text)
