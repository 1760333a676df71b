"""Contributor Insights rules: what is refused, and who contributes."""

from __future__ import annotations

import json

import pytest

from mangaobs.errors import LanguageError
from mangaobs.languages.insight_rule import Contributors, parse


def body(contribution=None, **more):
    return json.dumps(
        {
            "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
            "LogGroupNames": ["/a*"],
            "LogFormat": "JSON",
            "Contribution": {"Keys": ["$.who"], **(contribution or {})},
            "AggregateOn": "Count",
            **more,
        }
    )


def counted(text, *events):
    contributors = Contributors(parse(text))
    for event in events:
        contributors.add(event if isinstance(event, str) else json.dumps(event))
    return contributors.top()


def test_contributors_are_counted_greatest_first():
    events = [{"who": "b"}, {"who": "a"}, {"who": "b"}, {"x": 1}, "no json", {"who": None}, {"who": ["l"]}]
    assert counted(body(), *events) == [(("b",), 2), (("a",), 1)]


def test_a_value_is_summed_and_what_is_no_number_left_out():
    text = body({"ValueOf": "$.n.m"}, AggregateOn="Sum")
    assert counted(text, {"who": 1, "n": {"m": 2}}, {"who": "1", "n": {"m": "0.5"}}, {"who": 1, "n": {"m": "x"}}) == [
        (("1",), 2.5)
    ]


@pytest.mark.parametrize(
    ("test", "passes", "fails"),
    [
        ({"In": ["x", 4]}, ["x", 4, "4"], ["y", None, [1]]),
        ({"NotIn": ["x"]}, ["y", 4], ["x", None]),
        ({"StartsWith": ["ab", "c"]}, ["abc", "c"], ["b", None]),
        ({"GreaterThan": 4}, [5, "5"], [4, "x", True]),
        ({"LessThan": 4}, [3], [4]),
        ({"EqualTo": 4}, [4, "4.0"], [5]),
        ({"NotEqualTo": 4}, [5], [4, None, "x"]),
        ({"IsPresent": True}, ["x", None], [{"a": 1}]),
    ],
)
def test_a_filter_tests_one_field(test, passes, fails):
    text = body({"Filters": [{"Match": "$.f", **test}]})
    for value in passes:
        assert counted(text, {"who": "a", "f": value}), value
    for value in fails:
        assert not counted(text, {"who": "a", "f": value}), value
    assert bool(counted(text, {"who": "a"})) is False


def test_a_clf_rule_takes_fields_by_number_or_alias():
    text = body({"Keys": ["ip", "5"]}, LogFormat="CLF", Fields={"1": "ip"})
    line = '1.2.3.4 - me [10/Oct/2000] "GET / HTTP/1.0" 200'
    assert counted(text, line) == [(("1.2.3.4", "GET / HTTP/1.0"), 1)]


def test_a_rule_covers_log_groups_by_name_prefix_or_arn():
    assert parse(body()).covers("/abc")
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/b"
    by_arn = parse(body(LogGroupNames=[], LogGroupARNs=[arn]))
    assert by_arn.covers("/b")
    assert not by_arn.covers("/bc")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        (body(AggregateOn="Sum"), "without ValueOf"),
        (body({"ValueOf": "$.n"}), "with AggregateOn Count"),
        (body({"AggregateOn": "Count"}), "AggregateOn"),
        (body({"ValueKey": "$.n"}), "ValueKey"),
        (body({"Keys": ["who"]}), "no path"),
        (body({"Keys": []}), "length"),
        (body({"Filters": [{"Match": "$.f", "In": ["a"], "NotIn": ["b"]}]}), "2 tests"),
        (body({"Filters": [{"Match": "$.f"}]}), "0 tests"),
        (body(LogGroupARNs=["x"]), "by name or by ARN"),
        (body() + " " * 9000, "8,192"),
        (body().replace("/a*", "/ä"), "ASCII"),
    ],
)
def test_what_aws_refuses_is_refused(text, says):
    with pytest.raises(LanguageError) as caught:
        parse(text)
    assert says in str(caught.value)
