"""`mangaobs render`: the template and nothing else on stdout, or whole in a file, or not at all."""

from __future__ import annotations

import json
import os
import stat

import pytest
import yaml


def test_the_template_is_all_that_is_printed_and_the_same_every_time(mangaobs):
    first, second = mangaobs("render"), mangaobs("render", PYTHONHASHSEED="7")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == second.stdout
    assert first.stdout.endswith("}\n")


def test_json_compact_and_yaml_are_the_same_template(mangaobs):
    template = json.loads(mangaobs("render").stdout)
    compact = mangaobs("render", "observability", "--compact")
    assert json.loads(compact.stdout) == template
    assert "\n" not in compact.stdout
    assert yaml.safe_load(mangaobs("render", "--format", "yaml").stdout) == template


def test_a_compact_template_too_large_to_go_inline_gets_a_note_on_stderr(mangaobs):
    done = mangaobs("render", "--compact")
    assert done.returncode == 0
    assert "51,200 inline" in done.stderr


def test_a_file_gets_the_bytes_that_would_be_printed(mangaobs, tmp_path):
    done = mangaobs("render", "-o", "template.json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "template.json").read_text() == mangaobs("render").stdout


def test_when_rendering_fails_the_file_stays_as_it_was_and_nothing_lies_beside_it(mangaobs, make_project, tmp_path):
    output = tmp_path / "out" / "template.json"
    output.parent.mkdir()
    output.write_text("what was there")
    project = make_project({"alarms/a.py": "def alarms(app):\n    yield 1 / 0\n"})
    assert mangaobs("render", "--project", project, "-o", output).returncode == 2
    assert [file.name for file in output.parent.iterdir()] == ["template.json"]
    assert output.read_text() == "what was there"


def test_a_file_in_a_folder_that_is_not_there_is_named(mangaobs, tmp_path):
    (tmp_path / "file").write_text("")
    for output in ("nowhere/template.json", "file/template.json"):
        done = mangaobs("render", "-o", output)
        assert done.returncode == 2
        assert done.stderr.startswith(f"error: {output} cannot be written")


def test_a_link_is_followed(mangaobs, tmp_path):
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    assert mangaobs("render", "-o", "link.json").returncode == 0
    assert (tmp_path / "link.json").is_symlink()
    assert "Resources" in (tmp_path / "real.json").read_text()


def test_what_is_no_file_is_written_to_and_never_replaced(mangaobs, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)  # so that the writer need not wait for one
    try:
        # A pipe holds 64 kB and nobody reads yet, so it gets the least template there is.
        (tmp_path / "mangaobs.toml").write_text('application = "manga"\n')
        done = mangaobs("render", "-o", "pipe")
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(os.read(reader, 65_536))["Resources"]
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_shards_are_named_on_stdout_in_the_order_of_deployment(mangaobs, tmp_path):
    done = mangaobs("render", "--shard", "stacks")
    assert done.returncode == 0
    names = done.stdout.split()
    assert names[0].startswith("stacks/shared")
    assert all((tmp_path / name).is_file() for name in names)
    assert (tmp_path / "stacks" / "assignment.json").is_file()
    assert "commit" in done.stderr


@pytest.mark.parametrize(
    "arguments", [["--shard", "stacks", "-o", "x"], ["-o", "."], ["--compact", "--format", "yaml"]]
)
def test_options_that_cannot_go_together_are_refused(mangaobs, tmp_path, arguments):
    done = mangaobs("render", *arguments)
    assert done.returncode == 2
    assert list(tmp_path.iterdir()) == []
