"""Real patterns, rules and CloudTrail records from public repositories, where that folder is at hand."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path

import pytest

from mangaobs.errors import LanguageError, MangaobsError
from mangaobs.languages import insight_rule
from mangaobs.languages.filter_pattern import Compiled, Json, Matcher, parse

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real material is not on this machine")

# Patterns that are broken as published, each judged: a word of what is said of it.
BROKEN = {
    "\\|\\|": "backslash",  # Markdown's
    "my-filter-pattern": "double quotes",  # a placeholder
    '"*" 500 *"': "cannot stand",  # a quote too many
    "\\['myattribute'\\]": "name is missing",  # Markdown's
    '"Success"}': "not closed",
    "= Success}": "not closed",
    "= Failed authentication": "double quotes",  # a value with a space
}


def rows(name):
    return [json.loads(line) for line in (CORPUS / name).read_text(encoding="utf-8").splitlines()]


def test_every_pattern_is_read_but_those_that_are_broken():
    for row in rows("filter_patterns.jsonl"):
        problem = None
        try:
            parse(row["pattern"])
        except MangaobsError as error:
            problem = str(error)
        said = [says for sign, says in BROKEN.items() if sign in row["pattern"]]
        assert problem is None or any(says in problem for says in said), (row["pattern"], problem)


def test_patterns_decided_together_decide_as_each_does_on_every_event():
    patterns = []
    for row in rows("filter_patterns.jsonl"):
        try:
            patterns.append(parse(row["pattern"]))
        except MangaobsError:
            continue
    together = Compiled(patterns)
    for row in rows("cloudtrail_events.jsonl"):
        message = json.dumps(row["event"])
        alone = [number for number, one in enumerate(patterns) if Matcher(one).match(message).matched]
        assert together.matched(message, row["event"]) == alone


def get(event, path):
    for step in path.split("."):
        event = event.get(step) if isinstance(event, dict) else None
    return event if isinstance(event, str) else None


ORACLES = {
    '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }': lambda event: any(
        fnmatch.fnmatchcase(get(event, "errorCode") or "", like) for like in ("*UnauthorizedOperation", "AccessDenied*")
    ),
    '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }': (
        lambda event: (
            get(event, "userIdentity.type") == "Root"
            and "invokedBy" not in event["userIdentity"]
            and get(event, "eventType") not in (None, "AwsServiceEvent")
        )
    ),
    "{ ($.additionalEventData.MFAUsed != Yes) && ($.eventName = ConsoleLogin) }": lambda event: (
        get(event, "additionalEventData.MFAUsed") not in (None, "Yes") and get(event, "eventName") == "ConsoleLogin"
    ),
    '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }': lambda event: (
        get(event, "eventName") == "ConsoleLogin" and get(event, "errorMessage") == "Failed authentication"
    ),
}


@pytest.mark.parametrize("pattern", ORACLES)
def test_a_control_matches_the_events_that_a_plain_predicate_does(pattern):
    matcher = Matcher(parse(pattern))
    assert isinstance(matcher.pattern, Json)
    matched = 0
    for row in rows("cloudtrail_events.jsonl"):
        verdict = matcher.match(json.dumps(row["event"]))
        assert verdict.matched is ORACLES[pattern](row["event"]), row["event"]
        matched += verdict.matched
    assert matched


def test_every_rule_is_read_but_the_one_with_a_key_that_there_is_not():
    refused = []
    for row in rows("insight_rules.jsonl"):
        body = row["rule"] if isinstance(row["rule"], str) else json.dumps(row["rule"])
        try:
            insight_rule.parse(body)
        except LanguageError as error:
            refused.append(error.problem)
    assert len(refused) == 1
    assert "ValueKey" in refused[0]
