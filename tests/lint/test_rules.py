"""Every rule finds its own bad template, and nothing in its good one."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from mangaobs.lint import documents, every_rule, text_of
from mangaobs.lint._rules import ANY

HERE = Path(__file__).parent
RULES = Path(documents.__file__).parent / "rules"
DEFECTS = yaml.safe_load((HERE / "defects.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", list(every_rule().values()), ids=lambda rule: rule.id)
def test_a_rule_finds_its_bad_template_and_leaves_its_good_one_alone(rule, linted):
    text = text_of(rule)

    assert {one.rule for one in linted(text.bad)} == {rule.id}
    assert linted(text.good) == []


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda one: f"{one['rule']} {one['what']}")
def test_a_defect_is_found_by_exactly_the_rule_that_names_it(defect, linted):
    assert {one.rule for one in linted(defect["bad"])} == {defect["rule"]}
    assert linted(defect["good"]) == []


def test_there_are_over_120_defects_and_one_of_every_rule():
    assert len(every_rule()) + len(DEFECTS) > 120
    assert {one["rule"] for one in DEFECTS} <= set(every_rule())


@pytest.mark.parametrize("rule", list(every_rule().values()), ids=lambda rule: rule.id)
def test_a_finding_points_into_its_own_resource(rule, linted):
    text = text_of(rule).bad
    document = yaml.safe_load(text)

    for one in linted(text):
        assert 1 <= one.place.line <= text.count("\n") + 1
        assert one.resource == "" or one.resource in document["Resources"]
        assert one.path.startswith(("/Resources/", "/Metadata/"))
        assert one.message[0] == one.message[0].strip()
        assert not one.message.endswith(".")


def test_every_rule_has_a_module_and_texts_and_no_module_is_without_a_rule():
    assert {path.stem.upper() for path in RULES.glob("mo*.py")} == set(every_rule())
    assert {path.stem.upper() for path in RULES.glob("mo*.toml")} == set(every_rule())
    for rule in every_rule().values():
        assert callable(import_module(f"mangaobs.lint.rules.{rule.id.lower()}").check)
        assert rule.severity in ("error", "warning", "info")
        assert rule.types == (ANY,) or all(one.startswith("AWS::") for one in rule.types)
        assert all(one.startswith("https://docs.aws.amazon.com/") for one in text_of(rule).source)


def test_a_rule_reports_under_its_own_id_alone():
    for path in RULES.glob("mo*.py"):
        ids = {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in every_rule()
        }
        assert ids <= {path.stem.upper()}


def test_the_pages_are_those_of_the_rules():
    folder = HERE.parents[1] / "docs" / "lint"

    assert {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")} == documents.pages()
