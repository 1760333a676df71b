"""`mangaobs drill`: asks before it changes anything, writes a dated report, and says in a sentence what is wrong."""

from __future__ import annotations

import json

import pytest

from mangaobs.errors import MangaobsError

from ..drill.test_drill import ROOT, Account


@pytest.fixture
def account(monkeypatch):
    from moto import mock_aws

    for name, value in (
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "t"),
        ("AWS_SECRET_ACCESS_KEY", "t"),
    ):
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield Account()


def run(account, tmp_path, *arguments, typed=None):
    """The command in this process, where moto is; its result."""
    from click.testing import CliRunner

    from mangaobs.cli.drill import command

    names = account.names
    given = [
        "--table", names.table, "--audit-bucket", names.audit_bucket, "--secret", names.secret,
        "--machine", names.machine, "--trail", names.trail, "--trail-log-group", names.trail_log_group,
    ]  # fmt: skip
    return CliRunner().invoke(command, [*given, "--project", str(ROOT), "-o", str(tmp_path), *arguments], input=typed)


def test_what_changes_nothing_needs_no_answer_and_leaves_a_dated_report(account, tmp_path):
    trace_id = account.trace()
    done = run(account, tmp_path, "--only", "preconditions", "--only", "trace", "--trace-id", trace_id)
    assert done.exit_code == 0, done.output
    (report,) = tmp_path.iterdir()
    assert report.name.startswith("drill-20")
    assert report.read_text() in done.output
    assert "| preconditions | passed |" in report.read_text()


def test_json_has_each_check(account, tmp_path):
    done = run(account, tmp_path, "--only", "preconditions", "--format", "json")
    document = json.loads(done.stdout)
    assert document["passed"] is True
    assert [check["name"] for check in document["checks"]] == ["preconditions"]


def test_a_check_that_fails_is_exit_code_1(account, tmp_path):
    account.drilled.cloudtrail.stop_logging(Name="trail")
    done = run(account, tmp_path, "--only", "preconditions")
    assert done.exit_code == 1
    assert "right: start-logging on it" in done.output


def test_without_a_terminal_and_yes_nothing_is_changed(account, tmp_path):
    done = run(account, tmp_path)
    assert "there is nobody to ask" in str(done.exception)
    assert account.items() == []
    assert list(tmp_path.iterdir()) == []


def test_whoever_says_no_has_changed_nothing(monkeypatch):
    from mangaobs.cli import drill

    class Terminal:
        def isatty(self):
            return True

    monkeypatch.setattr(drill.sys, "stdin", Terminal())
    monkeypatch.setattr(drill.click, "confirm", lambda *_, **__: False)
    with pytest.raises(MangaobsError, match="nothing was changed"):
        drill._ask(("changes something",))


class TestMistakes:
    def test_a_name_that_is_missing(self, mangaobs, tmp_path):
        done = mangaobs(
            "drill", "--table", "t", AWS_ACCESS_KEY_ID="t", AWS_SECRET_ACCESS_KEY="t", AWS_DEFAULT_REGION="us-east-1"
        )
        assert done.returncode == 2
        assert "the drill does not know audit bucket" in done.stderr
        assert "--stack" in done.stderr
        assert "Traceback" not in done.stderr

    def test_no_region(self, mangaobs):
        done = mangaobs("drill", "--stack", "s", AWS_CONFIG_FILE="/none")
        assert done.returncode == 2
        assert "AWS cannot be asked: NoRegionError" in done.stderr

    def test_a_region_that_cannot_be(self, mangaobs):
        done = mangaobs("drill", "--stack", "s", "--region", "not a region", AWS_CONFIG_FILE="/none")
        assert done.returncode == 2
        assert "AWS cannot be asked" in done.stderr
        assert "credentials and a region" in done.stderr

    def test_a_profile_that_there_is_not(self, mangaobs):
        done = mangaobs("drill", "--stack", "s", "--profile", "nobodys", AWS_CONFIG_FILE="/none")
        assert done.returncode == 2
        assert "AWS cannot be asked: ProfileNotFound" in done.stderr

    def test_a_folder_that_there_is_not(self, mangaobs):
        done = mangaobs("drill", "--stack", "s", "-o", "nowhere")
        assert done.returncode == 2
        assert "nowhere is no folder" in done.stderr

    def test_an_id_that_is_none(self, mangaobs):
        done = mangaobs("drill", "--stack", "s", "--clean", "../x")
        assert done.returncode == 2
        assert "is no drill's id" in done.stderr

    def test_a_project_without_a_rehearsal(self, mangaobs, make_project, tmp_path):
        project = make_project({"handlers/__init__.py": ""})
        done = mangaobs("drill", "--stack", "s", "--project", project)
        assert done.returncode == 2
        assert "nothing to rehearse an erasure with" in done.stderr
