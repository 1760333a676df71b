"""Each rule and each field with a body that breaks it; the service's own messages with their true causes."""

from __future__ import annotations

import pytest

from mangaobs.languages.dashboard_body import RULES, check

from .cases import CASES, FIELDS, GOLDEN

WARNINGS = {"R15", "R16", "R17"}


@pytest.mark.parametrize(("rule", "path", "bad", "good"), CASES)
def test_a_rule_finds_what_breaks_it_where_aws_would_point(rule, path, bad, good):
    assert (rule, path) in {(finding.rule, finding.path) for finding in check(bad)}
    assert rule not in {finding.rule for finding in check(good)}
    assert not [finding for finding in check(good) if finding.level == "error"]


@pytest.mark.parametrize(("rule", "path", "bad", "good"), CASES)
def test_a_body_that_breaks_one_rule_breaks_no_other(rule, path, bad, good):
    assert {finding.rule for finding in check(bad)} == {rule}


def test_every_rule_has_a_case():
    assert {rule for rule, *_ in CASES} == {rule for rule in RULES if rule.startswith("R")}
    assert {f"R{number}" for number in range(1, 18)} <= set(RULES)


def test_every_finding_is_of_a_rule_that_is_described():
    bodies = [body for _, _, body in FIELDS] + [bad for _, _, bad, _ in CASES]
    assert {finding.rule for body in bodies for finding in check(body)} <= set(RULES)


def test_what_the_service_accepts_is_a_warning():
    for rule, _, bad, _ in CASES:
        beyond_the_grid = rule == "R3" and "width" in check(bad)[0].message
        of_a_widget = rule == "R1" and "widget" in check(bad)[0].message
        expected = "warning" if rule in WARNINGS or beyond_the_grid or of_a_widget else "error"
        assert {finding.level for finding in check(bad)} == {expected}


@pytest.mark.parametrize(("level", "path", "body"), FIELDS)
def test_a_wrong_field_is_found(level, path, body):
    assert [(finding.level, finding.path) for finding in check(body)] == [(level, path)]


@pytest.mark.parametrize(("body", "path", "words"), GOLDEN)
def test_where_the_service_is_vague_the_cause_is_named_at_the_same_path(body, path, words):
    findings = [finding for finding in check(body) if finding.level == "error"]
    assert [finding.path for finding in findings] == [path]
    assert all(word in findings[0].message for word in words)


def test_a_missing_field_is_near_what_was_meant():
    (finding,) = check({"widgets": [], "perodOverride": "auto"})
    assert "periodOverride" in finding.message


def test_findings_stand_in_the_order_of_the_widgets():
    widgets = [{"type": "text", "properties": {"markdown": 1}} for _ in range(12)]
    numbers = [int(finding.path.split("/")[2]) for finding in check({"widgets": widgets})]
    assert numbers == list(range(12))


def test_undocumented_fields_that_consoles_write_are_known():
    body = {
        "widgets": [
            {"type": "metric", "properties": {"region": "r", "metrics": [], "trend": True, "copilot": True,
             "singleValueFullPrecision": True, "start": "-PT3H", "end": "P0D"}},
            {"type": "log", "properties": {"region": "r", "query": "SOURCE 'x'", "queryLanguage": "CWLI",
             "queryBy": "logGroupName", "stacked": False}},
        ]
    }  # fmt: skip
    assert check(body) == []
