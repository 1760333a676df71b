"""`mangaobs render platform` and `mangaobs bundle`, as a person uses them."""

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


def test_bundle_prints_sizes_and_the_time_to_import(mangaobs, tmp_path):
    done = mangaobs("bundle", "-o", str(tmp_path / "dist"), "--function", "handoff")
    assert done.returncode == 0
    head, line = done.stdout.splitlines()
    assert head.split() == ["function", "zipped", "unzipped", "import", "packages"]
    assert line.split()[0] == "handoff"
    assert " ms " in line
    assert "Runtime" in done.stderr


def test_bundle_as_json(mangaobs, tmp_path):
    done = mangaobs("bundle", "-o", str(tmp_path), "--function", "admin-delete", "--format", "json")
    (told,) = json.loads(done.stdout)
    assert told["function"] == "admin_delete"
    assert told["zipped"] == (tmp_path / "admin_delete.zip").stat().st_size


def test_bundle_refuses_what_is_no_function_and_writes_nothing(mangaobs, tmp_path):
    done = mangaobs("bundle", "-o", str(tmp_path / "dist"), "--function", "mesage")
    assert done.returncode == 2
    assert "did you mean message?" in done.stderr
    assert not (tmp_path / "dist").exists()
    (tmp_path / "file").write_text("")
    done = mangaobs("bundle", "-o", str(tmp_path / "file" / "dist"), "--function", "handoff")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
