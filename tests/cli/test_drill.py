"""`mangaobs drill`: asks before it changes anything, writes a dated report, and says in a sentence what is wrong."""

from __future__ import annotations

import io
import json
import sys

import boto3
import pytest

from mangaobs.cli import _run
from mangaobs.drill import CHECKS
from mangaobs.errors import MangaobsError

from ..drill.test_drill import KEY, ROOT, TABLE, Account

NOBODY = {"AWS_CONFIG_FILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "/none", "AWS_EC2_METADATA_DISABLED": "true"}
CREDENTIALS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "t", "AWS_SECRET_ACCESS_KEY": "t"}


@pytest.fixture
def account(monkeypatch):
    from moto import mock_aws

    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield Account()


@pytest.fixture
def drill(account, tmp_path, capfd, monkeypatch):
    """The command in this process, with the account's clients: its exit code and what it wrote."""
    monkeypatch.setattr("mangaobs.cli.drill._clients", lambda *_: (boto3.Session(), account.drilled))
    monkeypatch.setattr("time.sleep", lambda _: None)
    # Ahead of the command's clock, so that nothing is waited for.
    monkeypatch.setattr(account, "clock_seconds", lambda: account.now / 1000 + 3600)

    def run(*arguments):
        names = account.names
        given = [
            "--table", names.table, "--audit-bucket", names.audit_bucket, "--secret", names.secret,
            "--machine", names.machine, "--trail", names.trail, "--trail-log-group", names.trail_log_group,
            "--project", str(ROOT), "-o", str(tmp_path),
        ]  # fmt: skip
        code = _run.run(["drill", *given, *arguments])
        return code, *capfd.readouterr()

    return run


@pytest.fixture
def terminal(monkeypatch):
    """Somebody who types this."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    return lambda typed: monkeypatch.setattr(sys, "stdin", Terminal(typed))


def test_what_changes_nothing_needs_no_answer_and_leaves_a_dated_report(account, drill, tmp_path):
    code, out, err = drill("--only", "preconditions", "--only", "trace", "--trace-id", account.trace())
    assert code == 0, err
    (report,) = tmp_path.iterdir()
    assert report.name.startswith("drill-20")
    assert report.read_text() == out
    assert "| preconditions | passed |" in out
    assert err == f"wrote {report}\n"


def test_json_has_each_check(drill):
    code, out, _ = drill("--only", "preconditions", "--format", "json")
    document = json.loads(out)
    assert set(document) == {
        "drill", "table", "account", "started_at", "finished_at", "checks", "interrupted", "passed",
    }  # fmt: skip
    assert (code, document["passed"], document["account"]) == (0, True, "123456789012")
    (check,) = document["checks"]
    assert set(check) == {"name", "status", "seen", "right", "seconds"}


def test_a_check_that_fails_is_exit_code_1_and_in_the_report(account, drill, tmp_path):
    account.drilled.cloudtrail.stop_logging(Name="trail")
    code, out, _ = drill("--only", "preconditions")
    assert code == 1
    assert "right: start-logging on it" in out
    assert next(tmp_path.iterdir()).read_text() == out


def test_without_a_terminal_and_yes_nothing_is_changed(account, drill, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    code, out, err = drill()
    assert (code, out) == (2, "")
    assert err.startswith(f"in account 123456789012, us-east-1:\n- writes an invented person into {TABLE}")
    assert "there is nobody to ask\nright: --yes" in err
    assert account.items() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("typed", ["n\n", "\n"])
def test_whoever_says_no_has_changed_nothing(account, drill, terminal, tmp_path, typed):
    terminal(typed)
    code, out, err = drill()
    assert (code, out) == (2, "")
    assert "nothing was changed" in err
    assert account.items() == []
    assert account.tables() == [TABLE]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("asked", [True, False])
def test_whoever_says_yes_has_a_drill_whose_report_is_there_though_it_failed(account, drill, terminal, tmp_path, asked):
    account.status, account.runs_machine = "FAILED", False
    account.summaries([])
    if asked:
        terminal("y\n")
    code, out, err = drill(*([] if asked else ["--yes"]))
    assert code == 1, err
    assert "| erase | failed | the machine FAILED" in out
    assert "| clean | passed |" in out
    assert [line.split(" | ")[0].strip("| ") for line in out.splitlines()[6:]] == list(CHECKS)
    (report,) = tmp_path.iterdir()
    assert report.read_text() == out
    assert f"note: this is drill {report.stem[-8:]}; if it is killed, --clean {report.stem[-8:]} cleans up" in err
    assert account.items() == []
    assert KEY not in out + err


def test_whoever_breaks_it_off_has_a_report_and_exit_code_130(account, drill, tmp_path):
    def interrupted(**_):
        raise KeyboardInterrupt

    account.drilled.states.meta.events.register("before-call.sfn.StartExecution", interrupted)
    code, out, _ = drill("--yes", "--format", "json")
    document = json.loads(out)
    assert (code, document["interrupted"], document["passed"]) == (130, True, False)
    assert [check["status"] for check in document["checks"]] == ["passed"] * 3 + ["failed", "passed"]
    assert "| erase | failed | interrupted |" in next(tmp_path.iterdir()).read_text()
    assert account.items() == []


def test_a_report_that_cannot_be_written_in_the_end_is_printed_all_the_same(drill, tmp_path, monkeypatch):
    def full(path, written):
        raise MangaobsError(f"{path} cannot be written: No space left on device")

    monkeypatch.setattr("mangaobs.render.write_text", full)
    code, out, err = drill("--only", "preconditions")
    assert code == 2
    assert "| preconditions | passed |" in out
    assert "No space left on device" in err


def test_cleaning_leaves_the_report_of_the_drill_as_it_was(account, drill, tmp_path):
    code, out, err = drill("--clean", "d111", "--yes")
    assert code == 0, err
    assert f"0 items deleted; {TABLE}-drill-d111 was not there" in out
    (report,) = tmp_path.iterdir()
    assert report.name.endswith("-d111-clean.md")


def test_names_come_from_the_stack(account, capfd):
    names = account.names
    resources = {
        "SessionsTableResource": ("AWS::SNS::Topic", {"TopicName": "a-topic"}),
        "ChatApiResource": ("AWS::SNS::Topic", {"TopicName": "another"}),
    }
    template = {"Resources": {id: {"Type": type, "Properties": more} for id, (type, more) in resources.items()}}
    boto3.client("cloudformation").create_stack(StackName="platform", TemplateBody=json.dumps(template))
    code = _run.run(["drill", "--stack", "platform", "--table", names.table, "--project", str(ROOT)])
    err = capfd.readouterr().err
    assert code == 2
    assert "the drill does not know audit bucket, secret, machine, trail, trail log group\n" in err
    assert "right: --stack with the name of the platform's stack, or --audit-bucket, --secret, " in err


class TestMistakes:
    def test_a_name_that_is_missing(self, mangaobs):
        done = mangaobs("drill", "--table", "t", **CREDENTIALS)
        assert done.returncode == 2
        assert "the drill does not know audit bucket" in done.stderr
        assert "--stack" in done.stderr
        assert "Traceback" not in done.stderr

    def test_no_credentials(self, mangaobs, tmp_path):
        names = ("table", "audit-bucket", "secret", "machine", "trail", "trail-log-group")
        given = [text for name in names for text in (f"--{name}", "x")]
        done = mangaobs("drill", *given, "--only", "preconditions", "--region", "us-east-1", **NOBODY)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "error: AWS cannot be asked: NoCredentialsError\nright: credentials and a region\n"
        assert list(tmp_path.iterdir()) == []

    def test_no_region(self, mangaobs):
        done = mangaobs("drill", "--stack", "s", **NOBODY)
        assert done.returncode == 2
        assert "AWS cannot be asked: NoRegionError" in done.stderr

    def test_a_region_that_cannot_be(self, mangaobs):
        done = mangaobs("drill", "--stack", "s", "--region", "not a region", **NOBODY)
        assert done.returncode == 2
        assert "AWS cannot be asked" in done.stderr
        assert "credentials and a region" in done.stderr

    def test_a_profile_that_there_is_not(self, mangaobs):
        done = mangaobs("drill", "--stack", "s", "--profile", "nobodys", **NOBODY)
        assert done.returncode == 2
        assert "AWS cannot be asked: ProfileNotFound" in done.stderr

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("-o", "nowhere"), "nowhere is no folder to write to\nright: one that exists, for the report"),
            (("--clean", "../x"), "'../x' is no drill's id\nright: the id in the name of its report"),
            (("--only", "trail", "--drill", "a b"), "'a b' is no drill's id"),
            (("--clean", "d1", "--only", "trace"), "--clean goes alone"),
            (("--only", "trail"), "--only trail is about an earlier drill"),
            (("--drill", "d1"), "right: --only trail --drill ID"),
            (("--only", "erase"), "'erase' is not one of"),
        ],
    )
    def test_options_that_do_not_go(self, mangaobs, arguments, said):
        done = mangaobs("drill", "--stack", "s", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr

    def test_a_project_without_a_rehearsal(self, mangaobs, make_project):
        project = make_project({"handlers/__init__.py": ""})
        done = mangaobs("drill", "--stack", "s", "--project", project)
        assert done.returncode == 2
        assert "nothing to rehearse an erasure with" in done.stderr


def test_help_shows_an_example(mangaobs):
    assert "mangaobs drill --stack manga-assist-platform -o drills/" in mangaobs("drill", "--help").stdout
