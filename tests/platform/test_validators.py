"""The platform's template is clean under everybody's validators: cfn-lint, AWS's own, checkov, and ours."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from cfnlint.api import ManualArgs, lint
from cloudformation_validate import RegoEngine, Severity, TemplateContent

from mangaobs.lint import lint as lint_ours
from mangaobs.platform import render_platform
from mangaobs.render import to_json, to_yaml
from mangaobs.template import worlds

from ..proof.configurations import ROOT

pytestmark = pytest.mark.slow

DOMAIN = ['platform.domain.name="chat.example.com"', 'platform.domain.certificate={parameter="Certificate"}']
PROVISIONED = [
    'tables.sessions.billing="provisioned"',
    "tables.sessions.read_capacity={min=5,max=50}",
    "tables.sessions.write_capacity={min=5,max=50}",
    "tables.sessions.indexes.customer.read_capacity={min=5,max=50}",
    "tables.sessions.indexes.customer.write_capacity={min=5,max=50}",
]
VARIANTS = {
    "bundled": [],
    "everything": [
        "platform.dax=true",
        "platform.bedrock_logging=true",
        'platform.endpoints=["xray"]',
        'platform.confirmation_sender="privacy@example.com"',
        *DOMAIN,
    ],
    "least": ["platform.redis=false", "platform.api_gateway_account=false"],
    "provisioned": [
        *PROVISIONED,
        'platform.permissions_boundary={import="the-boundary"}',
        'platform.break_glass="arn:aws:iam::123456789012:role/break-glass"',
    ],
}
CHECKOV = Path(os.environ.get("VENV", ROOT / ".venv")) / "checkov" / "bin" / "checkov"
# Every check of checkov's that is skipped, and why. One that fails no longer is to be taken out. docs/platform.md
# shows it.
SKIPPED = json.loads((Path(__file__).with_name("checkov.json")).read_text())


@pytest.fixture(scope="module", params=sorted(VARIANTS))
def variant(request):
    return request.param, render_platform(ROOT, None, VARIANTS[request.param])


def test_cfn_lint_finds_nothing(variant):
    found = [
        (match.rule.id, match.message) for match in lint(to_json(variant[1]), config=ManualArgs(regions=["us-east-1"]))
    ]
    assert found == []


def test_cloudformation_validate_finds_nothing(variant):
    report = RegoEngine().validate_template(TemplateContent(to_json(variant[1]), "template.json"))
    bad = {Severity.WARN, Severity.ERROR, Severity.FATAL}
    assert [one for one in report.diagnostics if one.severity in bad] == []


def test_our_own_linter_finds_nothing_beside_the_observability(variant, on_demand, tmp_path):
    # Given both stacks as one app, as they are deployed
    platform, observability = tmp_path / "platform.json", tmp_path / "observability.json"
    platform.write_text(to_json(variant[1]))
    observability.write_text(to_json(on_demand.template))
    report = lint_ours(worlds([platform, observability]))
    assert [one for one in report.findings if one.verdict == "refuted" and one.severity != "info"] == []


def test_it_is_yaml_too(variant):
    import yaml

    assert yaml.safe_load(to_yaml(variant[1])) == json.loads(to_json(variant[1]))


@pytest.mark.skipif(
    not CHECKOV.exists() and not os.environ.get("MANGAOBS_REQUIRE_CHECKOV"),
    reason="checkov has an environment of its own: make checkov",
)
def test_checkov_fails_nothing_that_is_not_explained(tmp_path):
    failed = {}
    for name in ("everything",):  # it has all that the others have
        sets = VARIANTS[name]
        file = tmp_path / f"{name}.json"
        file.write_text(to_json(render_platform(ROOT, None, sets)))
        done = subprocess.run(
            [CHECKOV, "-f", file, "--framework", "cloudformation", "--compact", "--quiet", "-o", "json"],
            capture_output=True,
            text=True,
        )
        report = json.loads(done.stdout)
        assert report["summary"]["parsing_errors"] == 0
        assert report["summary"]["passed"] > 200
        for one in report["results"]["failed_checks"]:
            failed.setdefault(one["check_id"], set()).add(one["resource"].rpartition(".")[2])
    explained = {id: set(one["resources"]) for id, one in SKIPPED.items()}
    assert failed == explained
