"""What is wrong in a project is named by file, line and column, with the token underlined and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from mangaobs.cli._errors import describe
from mangaobs.errors import ConfigurationError, MangaobsError, Place


def written(tmp_path: Path, content: str) -> str:
    file = tmp_path / "mangaobs.toml"
    file.write_text(content, encoding="utf-8")
    return str(file)


def test_the_token_is_underlined_and_what_is_right_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = Place(written(tmp_path, "application = 'a'\ntimeout = 901\n"), 2, 11)
    error = ConfigurationError("is too long", right="1 to 900", place=place, length=3)
    assert describe(error).splitlines() == [
        "error: mangaobs.toml:2:11: is too long",
        "    2 | timeout = 901",
        "      |           ^^^",
        "right: 1 to 900",
    ]


def test_the_mark_stands_under_the_token_after_a_tab(tmp_path):
    place = Place(written(tmp_path, "\ttimeout = 901\n"), 1, 12)
    marked = describe(ConfigurationError("x", place=place, length=3)).splitlines()[2]
    assert marked == "      | \t          ^^^"


def test_without_a_column_the_statement_is_underlined(tmp_path):
    place = Place(written(tmp_path, "    yield one\n"), 1)
    assert describe(MangaobsError("x", place=place)).splitlines()[2] == "      |     ^^^^^^^^^"


def test_a_mark_never_runs_past_its_line(tmp_path):
    place = Place(written(tmp_path, "a = [\n1]\n"), 1, 5)
    assert describe(MangaobsError("x", place=place, length=40)).splitlines()[2] == "      |     ^"


def test_a_line_cannot_command_the_terminal(tmp_path):
    place = Place(written(tmp_path, "a = '\x1b[2J'\r\n"), 1, 5)
    said = describe(MangaobsError("x", place=place, length=7))
    assert "\x1b" not in said
    assert "\r" not in said


@pytest.mark.parametrize("place", [None, Place("gone.toml", 3, 1), Place("."), Place("/dev/null", 9, 9)])
def test_an_error_without_a_line_to_show_is_said_all_the_same(place):
    error = MangaobsError("cannot be read", place=place)
    assert describe(error) == f"error: {place}: cannot be read" if place else "error: cannot be read"


def test_every_error_of_a_project_is_reported_at_once(mangaobs, make_project):
    project = make_project({"mangaobs.toml": "application = 'a'\n[logs]\nretention_days = 31\ncreat = true\n"})
    done = mangaobs("render", "--project", project)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "project/mangaobs.toml:3:18: logs.retention_days is 31" in done.stderr
    assert "project/mangaobs.toml:4:1: logs.creat is not a key" in done.stderr
    assert "    4 | creat = true\n      | ^^^^^\n" in done.stderr
    assert done.stderr.endswith("2 errors\n")


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("alarms/a.py", "import nothing_of_the_kind\n", "alarms/a.py:1"),
        ("alarms/a.py", "def alarms(app):\n    return 1 / 0\n", "alarms/a.py:2:12: fails: ZeroDivisionError"),
        ("alarms/a.py", "raise SystemExit(0)\n", "alarms/a.py:1"),
        ("queries/a.py", "def queries(app)\n    pass\n", "queries/a.py:1"),
        ("queries/a.py", "def queries(app):\n    return 'seven'\n", "queries/a.py:1: queries(…) gives str"),
        ("handlers/signals.py", "SIGNALS = None\n", "declares no SIGNALS"),
        ("mangaobs.toml", "application = \n", "mangaobs.toml:1"),
        ("mangaobs.toml", "", "has no application"),
    ],
)
def test_whatever_is_wrong_in_a_project_gets_a_sentence_and_exit_code_2(mangaobs, make_project, file, content, words):
    done = mangaobs("render", "--project", make_project({file: content}))
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "bug in mangaobs" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--project", "nowhere"], "nowhere: is not a folder"),
        (["--env", "prd"], "prod"),
        (["--set", "alarms.query_p99=40"], "query_p99_ms"),
        (["--set", "alarms.query_p99_ms"], "alarms.query_p99_ms"),
        (["--set", "alarms.query_p99_ms=fast"], "alarms.query_p99_ms"),
    ],
)
def test_a_wrong_option_is_named(mangaobs, arguments, words):
    done = mangaobs("query", "list", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
