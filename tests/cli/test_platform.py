"""`mangaobs render platform`, as a person uses it."""

from __future__ import annotations

import json

import pytest


def test_the_platform_is_one_template_on_standard_output(mangaobs):
    done = mangaobs("render", "platform")
    assert (done.returncode, done.stderr) == (0, "")
    template = json.loads(done.stdout)
    assert template["Description"].startswith("Platform of manga-assist (dev)")
    assert "SessionsTableResource" in template["Resources"]


def test_environments_and_keys_apply(mangaobs, tmp_path):
    file = tmp_path / "platform.json"
    done = mangaobs("render", "platform", "--env", "prod", "--set", "platform.dax=true", "-o", str(file))
    assert done.returncode == 0
    assert "Dax" in json.loads(file.read_text())["Resources"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--shard", "stacks"], "--shard is for observability"),
        (["--set", "platform.daxx=true"], "did you mean dax?"),
        (["--set", "platform.pitr_days=99"], "pitr_days"),
        (["--env", "porduction"], "porduction"),
    ],
)
def test_wrong_input_is_a_sentence(mangaobs, arguments, problem):
    done = mangaobs("render", "platform", *arguments)
    assert done.returncode == 2
    assert problem in done.stderr
    assert not done.stdout
