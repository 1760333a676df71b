"""`mangaobs lint` and `mangaobs rules`, as a user types them."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from mangaobs.lint import every_rule, text_of

GOOD = text_of(every_rule()["MO102"]).good
BAD = text_of(every_rule()["MO102"]).bad
SLIP = BAD.replace("SystemErrors", "ReadThrottleEvents").replace("TableName", "Tablename")


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(mangaobs):
    """`mangaobs` in the folder of the templates."""

    def run(*arguments):
        done = mangaobs(*arguments)
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def template(tmp_path):
    """Write a template there; gives its name."""

    def make(text, name="template.yaml"):
        (tmp_path / name).write_text(text)
        return name

    return make


def test_a_clean_template_exits_with_0_and_prints_nothing(run, template):
    done = run("lint", template(GOOD))

    assert (done.code, done.out) == (0, "")
    assert done.err == "0 errors, 0 warnings, 0 infos, 1 proven, 1 unproven\n"


def test_a_finding_exits_with_1_and_underlines_the_token(run, template):
    done = run("lint", template(SLIP))

    assert done.code == 1
    assert done.out.startswith("error MO102: template.yaml:8:16: Alarm: AWS/DynamoDB does not publish")
    assert "      |                ^^^^^^^^^\n" in done.out
    assert "(--fix does it)" in done.out


def test_without_a_template_the_project_is_rendered_and_clean(run):
    done = run("lint")

    assert (done.code, done.out) == (0, "")
    assert "369 proven" in done.err


RUNBOOK = "---\ntitle: Nobody asks\nsummary: Nobody asks.\n---\n\nFind out why.\n"
STOPPED = """
from mangaobs.model.alarm import NOT_BREACHING, warning
from mangaobs.model.metric import MINUTE, Metric


def alarms(app):
    calls = Metric("AWS/Lambda", "Invocations", (("FunctionName", "chat"),)).sum(MINUTE)
    yield warning("stopped", calls < 1, missing=NOT_BREACHING, summary="Nobody asks.", runbook="stopped")
"""


def test_a_finding_of_the_project_names_its_definition(run, make_project):
    done = run(
        "lint",
        "--project",
        make_project({"alarms/chat.py": STOPPED, "alarms/runbooks/stopped.md": RUNBOOK}),
        "--select",
        "MO111",
    )

    assert done.code == 1
    assert done.out.startswith("error MO111: template.json:")
    assert "\ndefined at alarms/chat.py:8\n" in done.out


class TestFormats:
    def test_json_is_a_list_with_every_field(self, run, template):
        (one,) = json.loads(run("lint", template(SLIP), "--format", "json").out)

        assert {name: one[name] for name in ("rule", "severity", "verdict", "resource", "file", "line", "column")} == {
            "rule": "MO102",
            "severity": "error",
            "verdict": "refuted",
            "resource": "Alarm",
            "file": "template.yaml",
            "line": 8,
            "column": 16,
        }
        assert one["path"] == "/Resources/Alarm/Properties/Dimensions/0/Name"
        assert one["fix"] == {"line": 8, "column": 16, "old": "Tablename", "new": "TableName"}

    def test_json_of_nothing_is_an_empty_list(self, run, template):
        assert json.loads(run("lint", template(GOOD), "--format", "json").out) == []

    def test_sarif_has_rules_places_and_fixes(self, run, template):
        document = json.loads(run("lint", template(SLIP), "--format", "sarif").out)
        (one,) = document["runs"][0]["results"]
        (rule,) = document["runs"][0]["tool"]["driver"]["rules"]

        assert document["version"] == "2.1.0"
        assert (one["ruleId"], one["level"], one["kind"], rule["id"]) == ("MO102", "error", "fail", "MO102")
        place = one["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "template.yaml"
        assert place["region"] == {"startLine": 8, "startColumn": 16, "endColumn": 25}
        assert one["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"text": "TableName"}

    def test_sarif_keeps_what_is_suppressed(self, run, template):
        text = "Metadata: {mangaobs: {ignore: [{rule: MO102, reason: old}]}}\n" + SLIP
        (one,) = json.loads(run("lint", template(text), "--format", "sarif").out)["runs"][0]["results"]

        assert one["suppressions"] == [{"kind": "inSource"}]

    def test_github_annotates_the_line(self, run, template):
        out = run("lint", template(SLIP), "--format", "github").out

        assert out.startswith("::error file=template.yaml,line=8,col=16,endColumn=25,title=MO102 Alarm::AWS/DynamoDB")
        assert out.count("\n") == 1


class TestVerdicts:
    def test_unproven_and_proven_are_shown_on_demand(self, run, template):
        name = template(GOOD)

        assert "unproven MO127" in run("lint", name, "--unproven").out
        assert "proven MO102" in run("lint", name, "--proven").out

    def test_they_do_not_fail(self, run, template):
        assert run("lint", template(GOOD), "--unproven", "--proven").code == 0

    def test_a_recording_makes_facts(self, run, template, tmp_path):
        folder = tmp_path / "recording"
        (folder / "logs").mkdir(parents=True)
        (folder / "recording.json").write_text(json.dumps({"format_version": 1, "source": "aws"}))
        sample = {
            "namespace": "Chat",
            "metric": "ReadThrottleEvents",
            "dimensions": {"Stage": "dev"},
            "timestamp": 1_767_225_600_000,
        }
        (folder / "metrics.jsonl").write_text(
            json.dumps({**sample, "values": [1], "counts": [1], "unit": "Count"}) + "\n"
        )
        name = template(GOOD.replace("SystemErrors", "ReadThrottleEvents").replace("AWS/DynamoDB", "Chat"))

        assert run("lint", name).code == 0
        done = run("lint", name, "--recording", "recording")
        assert done.code == 1
        assert "it is emitted under Stage" in done.out


class TestFix:
    def test_the_token_alone_changes_and_the_difference_is_shown(self, run, template, tmp_path):
        name = template("# a comment stays\n" + SLIP)
        done = run("lint", name, "--fix")

        assert "-      - {Name: Tablename, Value: sessions}\n+      - {Name: TableName, Value: sessions}\n" in done.out
        assert (tmp_path / name).read_text() == "# a comment stays\n" + SLIP.replace("Tablename", "TableName")
        assert done.code == 0
        assert run("lint", name).code == 0

    def test_in_json_too(self, run, template, tmp_path):
        import yaml

        text = json.dumps(yaml.safe_load(SLIP), indent=3)
        name = template(text, "template.json")
        run("lint", name, "--fix")

        assert (tmp_path / name).read_text() == text.replace("Tablename", "TableName")

    def test_diff_changes_nothing(self, run, template, tmp_path):
        name = template(SLIP)
        done = run("lint", name, "--diff")

        assert "+      - {Name: TableName, Value: sessions}" in done.out
        assert done.code == 1
        assert (tmp_path / name).read_text() == SLIP

    def test_a_pattern_is_mended_inside_its_quotes(self, run, template, tmp_path):
        name = template(text_of(every_rule()["MO406"]).bad)
        run("lint", name, "--fix")

        assert '"AccessDenied*"' in (tmp_path / name).read_text()
        assert run("lint", name).code == 0

    def test_beside_json_the_difference_goes_to_standard_error(self, run, template):
        done = run("lint", template(SLIP), "--fix", "--format", "json")

        assert json.loads(done.out) == []
        assert "+      - {Name: TableName, Value: sessions}" in done.err

    def test_what_has_no_right_answer_stays(self, run, template, tmp_path):
        name = template(BAD)

        assert run("lint", name, "--fix").code == 1
        assert (tmp_path / name).read_text() == BAD

    def test_line_ends_of_windows_stay(self, run, template, tmp_path):
        name = template("")
        (tmp_path / name).write_bytes(SLIP.replace("\n", "\r\n").encode())
        run("lint", name, "--fix")

        assert (tmp_path / name).read_bytes() == SLIP.replace("Tablename", "TableName").replace("\n", "\r\n").encode()


class TestAdopting:
    def test_a_baseline_holds_what_is_known(self, run, template):
        name = template(BAD)

        assert run("lint", name, "--write-baseline", "known.json").code == 0
        done = run("lint", name, "--baseline", "known.json")
        assert done.code == 0
        assert "1 known" in done.err

    def test_a_file_that_is_no_baseline_is_said_to_be_none(self, run, template, tmp_path):
        (tmp_path / "known.json").write_text("[]")
        done = run("lint", template(BAD), "--baseline", "known.json")

        assert done.code == 2
        assert "no baseline" in done.err

    def test_fail_on_says_what_fails(self, run, template):
        name = template(text_of(every_rule()["MO126"]).bad)  # a warning

        assert run("lint", name).code == 1
        assert run("lint", name, "--fail-on", "error").code == 0
        assert run("lint", template(BAD), "--fail-on", "never").code == 0

    def test_an_info_does_not_fail_unless_it_is_asked_to(self, run, template):
        name = template(text_of(every_rule()["MO707"]).bad)

        assert run("lint", name).code == 0
        assert run("lint", name, "--fail-on", "info").code == 1

    def test_mangaobs_toml_need_not_have_anything_but_lint(self, run, template, tmp_path):
        (tmp_path / "mangaobs.toml").write_text(
            '[lint]\nignore = ["MO707"]\n[[lint.ignored]]\nrule = "MO102"\nreason = "old"\n'
        )

        assert run("lint", template(BAD)).code == 0
        assert "1 suppressed" in run("lint", template(BAD)).err

    def test_a_key_that_it_does_not_have_is_named(self, run, template, tmp_path):
        (tmp_path / "mangaobs.toml").write_text('[lint]\nignores = ["MO707"]\n')
        done = run("lint", template(BAD))

        assert done.code == 2
        assert "ignores" in done.err


class TestWrongInput:
    def test_a_file_that_is_not_there(self, run):
        done = run("lint", "nowhere.yaml")

        assert done.code == 2
        assert done.err.startswith("error: nowhere.yaml: cannot be read: No such file")

    def test_what_is_no_template(self, run, template):
        done = run("lint", template("- 1\n"))

        assert done.code == 2
        assert "no CloudFormation template" in done.err

    def test_a_rule_that_does_not_exist(self, run, template):
        done = run("lint", template(GOOD), "--ignore", "MO199")

        assert done.code == 2
        assert "no rule begins with 'MO199'" in done.err

    def test_a_parameter_that_no_template_has(self, run, template):
        assert run("lint", template(GOOD), "--set", "Stage=live").code == 2


class TestRules:
    def test_all_are_listed(self, run):
        lines = run("rules").out.splitlines()

        assert len(lines) == len(every_rule())
        assert lines[3].startswith("MO101  error    A metric that its service does not publish")

    def test_one_has_its_reason_and_both_examples(self, run):
        out = run("rules", "mo102").out

        assert "Why: A metric is identified by its exact set of dimensions" in out
        assert "\nBad:\n  Resources:\n" in out
        assert "\nGood:\n  Resources:\n" in out

    def test_as_json(self, run):
        assert json.loads(run("rules", "MO102", "--format", "json").out)["severity"] == "error"
        assert len(json.loads(run("rules", "--format", "json").out)) == len(every_rule())

    def test_one_that_does_not_exist(self, run):
        done = run("rules", "MO12")

        assert done.code == 2
        assert "there is no rule 'MO12'" in done.err
