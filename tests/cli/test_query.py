"""`mangaobs query list` and `query show`."""

from __future__ import annotations

import json

import pytest


def test_list_names_every_query_with_its_summary_and_parameters(mangaobs):
    done = mangaobs("query", "list")
    assert done.returncode == 0
    assert done.stderr == ""
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "The slowest DynamoDB operations." in lines["slowest-operations"]
    assert lines["near-timeouts"].endswith("[percent=80]")
    assert len(lines) == 20


def test_list_as_json_has_the_deployed_names_and_log_groups(mangaobs):
    queries = {one["name"]: one for one in json.loads(mangaobs("query", "list", "--format", "json").stdout)}
    assert queries["request"]["deployed_as"] == "manga-assist/dev/request"
    assert "/manga-assist/api-access" in queries["request"]["log_groups"]
    assert queries["near-timeouts"]["parameters"] == [
        {"name": "percent", "type": "number", "default": 80, "description": "Percent of the timeout that was used."}
    ]


def test_the_environment_and_overrides_reach_the_queries(mangaobs):
    given = ["--env", "prod", "--set", "trail.log_group=/elsewhere", "--format", "json"]
    queries = {one["name"]: one for one in json.loads(mangaobs("query", "list", *given).stdout)}
    assert queries["trail-activity"]["deployed_as"] == "manga-assist/prod/trail-activity"
    assert queries["trail-activity"]["log_groups"] == ["/elsewhere"]


def test_show_gives_a_text_that_runs(mangaobs):
    done = mangaobs("query", "show", "near-timeouts")
    assert done.stdout.startswith("# percent = 80: Percent of the timeout that was used.\n# What came close")
    assert "> 80)" in done.stdout
    assert "{{" not in done.stdout


def test_show_fills_in_what_is_given(mangaobs):
    done = mangaobs("query", "show", "request", "--param", 'request_id=a=b"c')
    assert 'request_id = "a=b\\"c"' in done.stdout


def test_what_is_given_cannot_leave_its_comment(mangaobs):
    done = mangaobs("query", "show", "request", "--param", "request_id=a\n| limit 1")
    first = done.stdout.splitlines()[0]
    assert first.startswith("# request_id = a | limit 1")


def test_show_as_json_has_the_text_too(mangaobs):
    shown = json.loads(mangaobs("query", "show", "hot-keys", "--format", "json").stdout)
    assert shown["text"].startswith("# Which sessions were hot")
    assert shown["summary"] == "What the hot-key responder found and did."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["slow-operations"], "right: did you mean slowest-operations?"),
        (["Request"], "right: did you mean request?"),
        (["zzz"], "right: mangaobs query list names them"),
        (["near-timeouts", "--param", "percent=much"], "'much' is no number"),
        (["near-timeouts", "--param", "precent=90"], "no parameter 'precent'"),
        (["near-timeouts", "--param", "90"], "'90' is no NAME=VALUE"),
    ],
)
def test_a_wrong_name_or_argument_is_named_with_what_is_right(mangaobs, arguments, words):
    done = mangaobs("query", "show", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.startswith("error: ")
