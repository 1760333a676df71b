"""The insight rules: they count what is really logged, and CloudWatch takes their bodies."""

from __future__ import annotations

import json
import re

import pytest

from mangaobs.model.value import shown
from mangaobs.project.build import load_observability
from mangaobs.render import render

from .conftest import API, ROOT, functions

MANGA = load_observability(ROOT)
RULES = {rule.name: rule for rule in MANGA.insight_rules}
EVENTS = {event.name: {field.name: field for field in event.fields} for event in MANGA.signals.events}
COMMON = {field.name: field for field in MANGA.signals.common}
ACCESS = {field.name: field for field in MANGA.signals.access_log.fields}
EVERY = {name: field for fields in EVENTS.values() for name, field in fields.items()}


def bodies() -> dict[str, dict[str, object]]:
    found = {}
    for resource in render(MANGA)["Resources"].values():
        if resource["Type"] == "AWS::CloudWatch::InsightRule":
            written = resource["Properties"]["RuleBody"]
            text = written if isinstance(written, str) else re.sub(r"\$\{(\w+)\}", r"\1", written["Fn::Sub"])
            found[resource["Metadata"]["mangaobs"]["name"]] = json.loads(text)
    return found


def fields_of(rule):
    """The fields of the lines that the rule's filters let through."""
    if {shown(group) for group in rule.log_groups} == {"/manga-assist/api-access"}:
        return ACCESS
    for filter in rule.filters:
        if filter.match == "$.event":
            return COMMON | {name: field for event in filter.value for name, field in EVENTS[event].items()}
    return COMMON | EVERY


def test_the_rules_are_those_of_the_issue():
    assert set(RULES) == {
        "hottest-sessions",
        "heaviest-sessions",
        "top-error-types",
        "most-throttled-operations",
        "heaviest-clients",
    }


@pytest.mark.parametrize("name", RULES)
def test_keys_and_filters_are_fields_that_the_lines_have(name):
    rule = RULES[name]
    known = fields_of(rule)
    for path in (*rule.keys, *(filter.match for filter in rule.filters), *([rule.value_of] if rule.value_of else [])):
        assert path.removeprefix("$.") in known, path


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.value_of])
def test_what_is_added_up_is_a_number_in_the_line(name):
    rule = RULES[name]
    # API Gateway writes its numbers as text, so a rule over the access log can count but not add.
    assert fields_of(rule)[rule.value_of.removeprefix("$.")].type == "number"
    assert "/manga-assist/api-access" not in {shown(group) for group in rule.log_groups}


@pytest.mark.parametrize("name", RULES)
def test_cloudwatch_takes_the_body(name):
    body = bodies()[name]
    assert set(body) == {"Schema", "LogGroupNames", "LogFormat", "Contribution", "AggregateOn"}
    assert body["Schema"] == {"Name": "CloudWatchLogRule", "Version": 1}
    assert body["LogFormat"] == "JSON"
    contribution = body["Contribution"]
    assert set(contribution) <= {"Keys", "Filters", "ValueOf"}
    assert 1 <= len(contribution["Keys"]) <= 4
    assert len(contribution["Filters"]) <= 4
    for filter in contribution["Filters"]:
        (test,) = set(filter) - {"Match"}
        assert test in {"In", "NotIn", "StartsWith", "IsPresent", "EqualTo", "NotEqualTo", "GreaterThan", "LessThan"}
        if test in {"In", "NotIn", "StartsWith"}:
            assert 1 <= len(filter[test]) <= 10
            assert all(isinstance(value, str) for value in filter[test])
    assert body["AggregateOn"] == ("Sum" if "ValueOf" in contribution else "Count")
    text = json.dumps(body, ensure_ascii=False)
    assert text.isascii()
    assert len(text) <= 8192
    assert 1 <= len(body["LogGroupNames"]) <= 20


def test_throttled_operations_are_those_that_dynamodb_throttles():
    codes = next(
        filter.value for filter in RULES["most-throttled-operations"].filters if filter.match == "$.error_type"
    )
    assert {"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"} <= set(codes)
    query = next(query for query in MANGA.queries if query.name == "throttled-operations")
    assert all(f'"{code}"' in query.text for code in codes), "the query and the rule mean the same"


def test_only_the_clients_rule_holds_what_belongs_to_a_person():
    personal = {
        name: [path for path in rule.keys if fields_of(rule)[path.removeprefix("$.")].personal]
        for name, rule in RULES.items()
    }
    assert {name for name, paths in personal.items() if paths} == {"heaviest-clients"}


def test_a_large_system_gives_its_twenty_groups_to_the_functions_that_customers_wait_for(load):
    rules = load(functions(30, "sqs", "worker") + functions(5, "api", "web")).insight_rules
    for rule in rules:
        assert len(rule.log_groups) == 20
        assert rule.log_groups[:5] == tuple(f"/aws/lambda/web{number}" for number in range(5))


def test_without_functions_or_an_api_there_is_no_rule_over_them(load):
    assert {rule.name for rule in load(API).insight_rules} == {"heaviest-clients"}


def test_without_log_groups_there_is_no_rule(load):
    assert load("").insight_rules == ()
