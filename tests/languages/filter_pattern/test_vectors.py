"""Filter patterns against the guide's own examples, public evidence, and the questions that AWS leaves open."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from mangaobs.errors import LanguageError, ManyErrors
from mangaobs.languages.filter_pattern import QUESTIONS, Compiled, Matcher, Policy, parse

VECTORS = tomllib.loads(Path(__file__).with_name("vectors.toml").read_text(encoding="utf-8"))
ROWS = [
    (pattern, VECTORS["events"][case["event"]], matched)
    for case in VECTORS["case"]
    for matched, patterns in ((True, case["yes"]), (False, case["no"]))
    for pattern in patterns
]


@pytest.mark.parametrize(("pattern", "message", "matched"), ROWS)
def test_a_documented_pattern_matches_as_documented(pattern, message, matched):
    verdict = Matcher(parse(pattern)).match(message)
    assert (verdict.matched, verdict.ambiguous) == (matched, ())
    assert (Compiled([parse(pattern)]).matched(message) == [0]) is matched


@pytest.mark.parametrize("row", VECTORS["open"], ids=lambda row: f"{row['question']} {row['pattern']}")
def test_an_open_question_is_named_and_another_answer_changes_the_verdict(row):
    pattern = parse(row["pattern"])
    verdict = Matcher(pattern).match(row["message"])
    assert verdict.matched is row["matched"]
    assert verdict.ambiguous == (row["question"],)
    assert row["question"] in verdict.why_ambiguous
    other = Policy(**{row["question"]: not getattr(Policy(), row["question"])})
    assert Matcher(pattern, other).match(row["message"]).matched is not row["matched"]
    assert (Compiled([pattern], other).matched(row["message"]) == [0]) is not row["matched"]


@pytest.mark.parametrize("row", VECTORS["settled"], ids=lambda row: row["question"])
def test_a_question_that_evidence_settles_is_certain_and_can_be_asked_otherwise(row):
    pattern = parse(row["pattern"])
    assert QUESTIONS[row["question"]].settled
    verdict = Matcher(pattern).match(row["message"])
    assert (verdict.matched, verdict.ambiguous) == (False, ())
    assert Matcher(pattern, Policy(**{row["question"]: True})).match(row["message"]).matched
    assert Compiled([pattern], Policy(**{row["question"]: True})).matched(row["message"]) == [0]


def test_every_open_question_has_a_row():
    assert {row["question"] for row in VECTORS["open"] + VECTORS["settled"]} == set(QUESTIONS)


def test_a_question_that_does_not_decide_is_no_ambiguity():
    # given a clause that hangs on an open question, beside one that fails for certain
    verdict = Matcher(parse('{ $.a IS NULL && $.b = "x" }')).match('{"b":"y"}')
    assert verdict.ambiguous == ()
    verdict = Matcher(parse('{ $.a IS NULL || $.b = "y" }')).match('{"b":"y"}')
    assert (verdict.matched, verdict.ambiguous) == (True, ())


@pytest.mark.parametrize("row", VECTORS["wrong"], ids=lambda row: row["pattern"])
def test_what_aws_refuses_is_refused_at_its_place(row):
    with pytest.raises((LanguageError, ManyErrors)) as caught:
        parse(row["pattern"])
    assert isinstance(caught.value, LanguageError), caught.value
    assert [caught.value.start, caught.value.end] == row["at"]
    assert row["says"] in caught.value.problem


def test_several_errors_are_told_at_once():
    with pytest.raises(ManyErrors) as caught:
        parse("{ $.a == 1 && ($.b EXISTS || $.c = %(% ) && $.d = 1 }")
    assert [error.start for error in caught.value.errors] == [6, 19, 36]


def test_a_pattern_is_as_long_as_aws_takes_it():
    parse("x" * 1024)
    with pytest.raises(LanguageError, match="1,025 characters"):
        parse("x" * 1025)


@pytest.mark.parametrize(
    ("pattern", "extracted"),
    [
        ("[..., size]", {"$1": "127.0.0.1", "$4": "10/Oct/2000:13:25:15 -0700", "$6": "404", "$size": "1534"}),
        ("[]", {"$1": "127.0.0.1", "$5": "GET /index.html HTTP/1.0", "$7": "1534"}),
        ("[ip, ...]", {"$ip": "127.0.0.1", "$7": "1534"}),
    ],
)
def test_a_delimited_pattern_extracts_its_fields(pattern, extracted):
    verdict = Matcher(parse(pattern)).match(VECTORS["events"]["apache"])
    assert extracted.items() <= verdict.extracted.items()


def test_a_json_pattern_extracts_the_fields_that_it_names():
    verdict = Matcher(parse('{ $.errorCode = "Access*" && $.x NOT EXISTS }')).match(VECTORS["events"]["denied"])
    assert verdict.extracted == {"$.errorCode": "AccessDenied"}


def test_an_explanation_has_each_clause_and_what_it_was_held_against():
    verdict = Matcher(parse('{ $.errorCode = "Access*" && $.userIdentity.type != "Root" }')).match(
        VECTORS["events"]["denied"], explain=True
    )
    assert [(one.text, one.found, one.matched) for one in verdict.clauses] == [
        ('$.errorCode = "Access*"', '"AccessDenied"', True),
        ('$.userIdentity.type != "Root"', '"Root"', False),
    ]


def test_a_message_that_is_no_json_is_no_match_with_a_reason():
    for message in ["plain", '{"a":1', "[" * 100_000, '{"a":' * 50_000, "\ud800"]:
        verdict = Matcher(parse("{ $.a = 1 }")).match(message, explain=True)
        assert (verdict.matched, verdict.reason) == (False, "the message is not JSON")


def test_no_expression_takes_longer_than_the_text_is_long():
    # these blow up by backtracking; here they end at once, or this test does not end
    message = "a" * 200_000
    for expression in ["%a*a*a*a*a*a*a*b%", "%^.*.*.*.*.*x$%", "%[a-z]{0,500}[a-z]{0,500}!%".replace("!", "0")]:
        assert not Matcher(parse(expression)).match(message).matched
    assert not Matcher(parse('{ $.a = "' + "*a" * 200 + '*b" }')).match(json.dumps({"a": "a" * 20_000})).matched


CONTROLS = tomllib.loads(Path(__file__).with_name("cis.toml").read_text(encoding="utf-8"))["control"]


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control["name"])
def test_a_cis_control_matches_what_it_must_and_nothing_else(control):
    matcher = Matcher(parse(control["pattern"]))
    for event in control["yes"]:
        assert matcher.match(event).matched, event
    for event in control["no"]:
        assert not matcher.match(event).matched, event


def test_the_controls_are_decided_together():
    together = Compiled([parse(control["pattern"]) for control in CONTROLS])
    assert len(CONTROLS) == 14
    for number, control in enumerate(CONTROLS):
        for event in control["yes"]:
            assert number in together.matched(event)
        for event in control["no"]:
            assert number not in together.matched(event)
