"""`mangaobs match` as a person calls it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

EVENTS = [
    {"eventName": "Scan", "errorCode": "AccessDenied", "code": "5"},
    {"eventName": "Query"},
    {"eventName": "Scan"},
]


def match(*arguments, stdin=None):
    return subprocess.run(
        [sys.executable, "-m", "mangaobs", "match", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        input=stdin,
        check=False,
    )


@pytest.fixture
def trail(tmp_path):
    path = tmp_path / "trail.json"
    path.write_text(json.dumps({"Records": EVENTS}))
    return path


def test_the_json_answer_has_an_entry_for_every_event_in_order(trail):
    done = match('{ $.eventName = "Scan" && $.code != 5 }', "--events", trail, "--format", "json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert [(one["index"], one["matched"]) for one in answer] == [(0, False), (1, False), (2, False)]
    assert "number_equals_text" in answer[0]["ambiguous"]
    assert answer[1] == {"index": 1, "matched": False, "ambiguous": None, "extracted": {}}
    done = match('{ $.errorCode = "Access*" }', "--events", trail, "--format", "json")
    assert json.loads(done.stdout)[0]["extracted"] == {"$.errorCode": "AccessDenied"}


def test_nothing_to_read_is_an_empty_list(tmp_path):
    (tmp_path / "empty").write_text("")
    assert json.loads(match("x", "--events", tmp_path / "empty", "--format", "json").stdout) == []


def test_an_explanation_shows_which_clause_failed_on_what(trail):
    done = match('{ $.eventName = "Scan" && $.errorCode NOT EXISTS }', "--events", trail, "--explain")
    assert '✗ $.errorCode NOT EXISTS   ["AccessDenied"]' in done.stdout
    assert "1 of 3 events match" in done.stderr


def test_standard_input_is_read_and_a_policy_may_be_another():
    done = match("{ $.a IS NULL }", "--events", "-", "--policy", "is_null_absent=true", stdin='{"b":1}\n')
    assert done.stdout.startswith("match ")


def test_a_recording_is_read_by_log_group_or_whole(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "%2Fa.jsonl").write_text('{"timestamp": 1, "message": "ERROR a"}\nbroken\n')
    (tmp_path / "logs" / "%2Fb.jsonl").write_text('{"timestamp": 1, "message": "ERROR b"}\n')
    done = match("ERROR", "--recording", tmp_path)
    assert "2 of 2 events match" in done.stderr
    assert "%2Fa.jsonl:2" in done.stderr
    assert "1 of 1 events match" in match("ERROR", "--recording", tmp_path, "--log-group", "/b").stderr
    assert "did you mean" in match("ERROR", "--recording", tmp_path, "--log-group", "/bb").stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["{ $.a = 1"], "events are needed"),
        (["{ $.a = 1", "--events", "-"], "{ $.a = 1\n      | ^\nright: a } at the end"),
        (["x", "--events", "nowhere"], "nowhere: cannot be read"),
        (["x", "--events", "-", "--policy", "is_nul_absent=true"], "did you mean is_null_absent?"),
        (["x", "--events", "-", "--policy", "is_null_absent=1"], "neither true nor false"),
        (["x", "--events", "-", "--log-group", "a"], "goes with --recording"),
    ],
)
def test_wrong_input_gets_a_sentence(arguments, says):
    done = match(*arguments, stdin="")
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
