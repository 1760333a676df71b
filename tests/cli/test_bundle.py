"""`mangaobs bundle`: archives in the folder, a table or JSON on standard output, notes on standard error."""

from __future__ import annotations

import json
import platform
import sys

import pytest

FILES = {
    "handlers/__init__.py": "",
    "handlers/f/__init__.py": "from ._a import x\n\n\ndef handler(event, context):\n    return x\n",
    "handlers/f/_a.py": "x = 1\n",
    "handlers/f/permissions.toml": "allow = []\n",
    "handlers/other_one/__init__.py": "import msgspec\n\n\ndef handler(event, context):\n    return msgspec\n",
    "handlers/other_one/permissions.toml": "allow = []\n",
}


@pytest.fixture
def project(make_project):
    return make_project(FILES)


def test_a_line_for_each_function_and_its_archive_in_the_folder(mangaobs, project, tmp_path):
    done = mangaobs("bundle", "--project", project)
    assert done.returncode == 0, done.stderr
    head, first, second = done.stdout.splitlines()
    assert head.split() == ["function", "zipped", "unzipped", "import", "all", "imports", "packages"]
    zipped = (tmp_path / "dist" / "f.zip").stat().st_size
    assert first.split()[:2] == ["f", f"{zipped:,}"]
    assert first.split()[4] == "ms"
    assert second.split()[0] == "other_one"
    assert second.split()[-1] == "msgspec"
    assert {one.name for one in (tmp_path / "dist").iterdir()} == {"f.zip", "other_one.zip"}
    assert done.stderr.startswith(f"note: for python3.{sys.version_info.minor} on ")


def test_json_says_all_of_it(mangaobs, project, tmp_path):
    done = mangaobs("bundle", "--project", project, "-o", tmp_path / "out", "--function", "f", "--format", "json")
    (one,) = json.loads(done.stdout)
    assert set(one) == {
        "function", "file", "handler", "runtime", "machine", "zipped", "unzipped", "sha256", "import_ms", "all_ms",
        "packages", "left_out", "notes",
    }  # fmt: skip
    assert (one["function"], one["handler"]) == ("f", "handlers.f.handler")
    assert one["file"] == str(tmp_path / "out" / "f.zip")
    assert isinstance(one["import_ms"], float)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["f.zip"]


def test_a_function_may_be_named_as_the_configuration_has_it(mangaobs, project, tmp_path):
    assert mangaobs("bundle", "--project", project, "--function", "other-one").returncode == 0
    assert [file.name for file in (tmp_path / "dist").iterdir()] == ["other_one.zip"]


def test_packages_that_are_compiled_for_another_processor_get_a_note(mangaobs, project):
    other = "x86_64" if platform.machine() in ("aarch64", "arm64") else "arm64"
    done = mangaobs("bundle", "--project", project, "--platform", other)
    assert done.returncode == 0
    assert f"note: other_one: compiled here, for {platform.system()} on " in done.stderr
    assert f"and not for Lambda on {other}: msgspec" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--function", "g"), "error: there is no function 'g'\nright: f, other_one"),
        (("-o", "taken"), "error: taken cannot be written: Not a directory"),
        (("--with", "numpy"), "error: 'numpy' is nothing that is left out"),
        (("--platform", "sparc"), "'sparc' is not one of"),
    ],
)
def test_wrong_input_is_a_sentence_and_nothing_is_written(mangaobs, project, tmp_path, arguments, said):
    (tmp_path / "taken").write_text("mine")
    done = mangaobs("bundle", "--project", project, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert {one.name for one in tmp_path.iterdir()} == {"project", "taken"}


def test_a_missing_import_is_shown_where_it_stands(mangaobs, project):
    (project / "handlers/f/_a.py").write_text("from missing_package import x\n")
    done = mangaobs("bundle", "--project", project)
    assert done.returncode == 2
    assert "handlers/f/_a.py:1: imports missing_package, which is not there" in done.stderr
    assert "    1 | from missing_package import x" in done.stderr


def test_a_project_without_functions_is_a_sentence(mangaobs, make_project):
    done = mangaobs("bundle", "--project", make_project({}))
    assert done.returncode == 2
    assert "has no function\nright: a folder in handlers/ with a permissions.toml" in done.stderr


def test_help_shows_an_example(mangaobs):
    assert "mangaobs bundle -o dist/" in mangaobs("bundle", "--help").stdout
