"""Two validators, AWS's own among them, find nothing in any template."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint
from cloudformation_validate import RegoEngine, Severity, TemplateContent

from mangaobs.render import to_json, to_yaml

from .configurations import Rendered

pytestmark = pytest.mark.slow

# What is accepted after all: (tool, rule, resource type or "") → why. An entry that no longer occurs fails.
ACCEPTED: dict[tuple[str, str, str], str] = {}

# The fleet's shards are shared out, so that several processes can look at them.
SLICES = 4


@pytest.fixture(scope="module")
def engine() -> RegoEngine:
    return RegoEngine()


def cfn_lint(text: str) -> Counter[tuple[str, str, str]]:
    """Errors and warnings, by rule and type of resource."""
    found: Counter[tuple[str, str, str]] = Counter()
    for match in lint(text, config=ManualArgs(regions=["us-east-1"])):
        assert match.rule.severity in {"error", "warning"}
        path = [str(part) for part in (getattr(match, "path", None) or [])]
        found["cfn-lint", match.rule.id, path[1] if path[:1] == ["Resources"] else ""] += 1
    return found


def cloudformation_validate(engine: RegoEngine, text: str) -> Counter[tuple[str, str, str]]:
    """Fatal errors, errors and warnings, by rule and type of resource."""
    report = engine.validate_template(TemplateContent(text, "template.json"))
    return Counter(
        ("cloudformation-validate", diagnostic.rule_id, "")
        for diagnostic in report.diagnostics
        if diagnostic.severity in {Severity.WARN, Severity.ERROR, Severity.FATAL}
    )


def unaccepted(found: Counter[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
    return {key: count for key, count in found.items() if key not in ACCEPTED}


@pytest.fixture(params=["on-demand", "provisioned"])
def rendered(request, on_demand, provisioned) -> Rendered:
    return {"on-demand": on_demand, "provisioned": provisioned}[request.param]


def texts(rendered: Rendered) -> list[str]:
    """The whole template in its three forms, and its shards that fit into a request."""
    whole = rendered.template
    shards = [to_json(shard, compact=True) for shard in rendered.inline_shards.values()]
    return [to_json(whole), to_yaml(whole), *shards]


def test_cfn_lint_finds_nothing_in_the_whole_template(rendered):
    assert unaccepted(cfn_lint(to_json(rendered.template))) == {}


def test_cfn_lint_finds_nothing_in_the_inline_shards(rendered):
    assert len(rendered.inline_shards) > 2
    for shard, template in rendered.inline_shards.items():
        assert unaccepted(cfn_lint(to_json(template, compact=True))) == {}, shard


def test_cloudformation_validate_finds_nothing(engine, rendered):
    for text in texts(rendered):
        assert unaccepted(cloudformation_validate(engine, text)) == {}


@pytest.mark.parametrize("number", range(SLICES))
def test_cfn_lint_finds_nothing_in_the_shards_of_the_fleet(fleet, number):
    shards = list(fleet.shards.items())
    assert len(shards) > SLICES
    for shard, template in shards[number::SLICES]:
        assert unaccepted(cfn_lint(to_json(template, compact=True))) == {}, shard


def test_cloudformation_validate_finds_nothing_in_the_shards_of_the_fleet(engine, fleet):
    for shard, template in fleet.shards.items():
        assert unaccepted(cloudformation_validate(engine, to_json(template, compact=True))) == {}, shard


def test_what_is_accepted_still_occurs(engine, on_demand, provisioned):
    found: Counter[Any] = Counter()
    if ACCEPTED:
        for rendered in (on_demand, provisioned):
            found += cfn_lint(to_json(rendered.template)) + cloudformation_validate(engine, to_json(rendered.template))
    assert {key for key in ACCEPTED if not found[key]} == set()
    assert all(ACCEPTED.values()), "every accepted finding has its reason"


def test_both_would_speak_up(engine):
    # given an alarm with a comparison that does not exist, when the validators look, then both object
    broken = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "Alarm": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {"ComparisonOperator": "MoreThan", "EvaluationPeriods": 1, "Nonsense": True},
            }
        },
        "Parameters": {"Unused": {"Type": "String", "Default": "x"}},
    }
    assert cfn_lint(to_json(broken))
    assert cloudformation_validate(engine, to_json(broken))
