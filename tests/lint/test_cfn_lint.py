"""The rule pack of cfn-lint: the same rules, ids and positions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mangaobs.lint import every_rule, lint, text_of
from mangaobs.template import worlds

pytestmark = pytest.mark.slow
IDS = ["MO102", "MO110", "MO127", "MO218", "MO301", "MO401", "MO601", "MO707"]


def run(*arguments, cwd):
    command = [str(Path(sys.executable).parent / "cfn-lint"), "-a", "mangaobs.cfn_lint", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("cfn-lint")
    for id_ in IDS:
        (made / f"{id_}.yaml").write_text(text_of(every_rule()[id_]).bad)
    return made


def test_cfn_lint_says_what_lint_says_where_it_says_it(folder):
    done = run("-c", "I", "-f", "json", "--", *(f"{one}.yaml" for one in IDS), cwd=folder)
    theirs = {
        (
            one["Filename"],
            one["Rule"]["Id"],
            one["Location"]["Start"]["LineNumber"],
            one["Location"]["Start"]["ColumnNumber"],
        )
        for one in json.loads(done.stdout)
        if one["Rule"]["Id"].startswith("MO")
    }
    ours = {
        (f"{id_}.yaml", one.rule, one.place.line, one.place.column)
        for id_ in IDS
        for one in lint(worlds([folder / f"{id_}.yaml"])).findings
        if one.verdict == "refuted"
    }

    assert theirs == ours
    assert {rule for _, rule, _, _ in ours} == set(IDS)


def test_its_ways_to_choose_rules_work(folder):
    done = run("-i", "MO102", "--", "MO102.yaml", cwd=folder)

    assert "MO102 " not in done.stdout


def test_infos_are_shown_where_infos_are_asked_for(folder):
    assert "MO707" not in run("--", "MO707.yaml", cwd=folder).stdout
    assert "MO707" in run("-c", "I", "--", "MO707.yaml", cwd=folder).stdout
