"""What holds for every command: help, exit codes, streams, and never a traceback."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time

import pytest

from mangaobs import __version__

from .conftest import environ

HEAVY = ("troposphere", "boto3", "jinja2", "duckdb", "msgspec", "yaml", "difflib", "importlib.metadata")


def modules_after(*arguments: str) -> set[str]:
    program = (
        "import sys; from mangaobs.cli import main\n"
        f"sys.argv = ['mangaobs', *{list(arguments)}]\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "print(chr(0) + ' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environ(), capture_output=True, text=True, check=True)
    return set(done.stdout.split("\0")[1].split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["query", "--help"], ["render", "--help"]])
def test_help_loads_nothing_heavy(arguments):
    assert not modules_after(*arguments) & set(HEAVY)


def test_help_loads_no_command():
    assert not modules_after("--help") & {"mangaobs.cli.render", "mangaobs.cli.query", "mangaobs.project"}


def test_help_takes_at_most_120_ms_of_processor_time():
    def cpu() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "mangaobs", "--help"], env=environ(), capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    assert min(cpu() for _ in range(7)) < 0.120


def test_help_names_every_command_with_a_sentence(mangaobs):
    done = mangaobs("--help")
    assert done.returncode == 0
    assert "Render the project" in done.stdout
    assert "format and run Logs Insights queries" in done.stdout


@pytest.mark.parametrize("command", [["render"], ["query"], ["query", "list"], ["query", "show"]])
def test_every_command_shows_an_example(mangaobs, command):
    done = mangaobs(*command, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout
    assert f"mangaobs {' '.join(command)}" in done.stdout.partition("Example")[2]


def test_every_short_help_is_of_a_command_that_loads():
    import importlib

    from mangaobs.cli import COMMANDS

    for module, sentence in COMMANDS.values():
        command = importlib.import_module(f"mangaobs.cli.{module}").command
        assert sentence.endswith(".")
        assert command.help


def test_the_version(mangaobs):
    assert mangaobs("--version").stdout.split() == ["mangaobs,", "version", __version__]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rendr"], "did you mean render?"),
        (["deploy-everything"], "there is no command 'deploy-everything'"),
        (["query", "lst"], "'list'"),
        (["render", "--fromat", "yaml"], "--format"),
        (["render", "--format", "xml"], "'xml'"),
        (["render", "platfrom"], "platfrom"),
        (["query", "show"], "NAME"),
        (["render", "--compact", "--format", "yaml"], "--compact is for JSON"),
        ([], "Usage"),
    ],
)
def test_wrong_usage_is_named_on_stderr_with_exit_code_2(mangaobs, arguments, words):
    done = mangaobs(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_an_unexpected_error_is_called_a_bug_with_its_place_and_no_traceback(monkeypatch, capsys):
    from mangaobs.cli import _run

    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret of a customer")

    monkeypatch.delenv("MANGAOBS_DEBUG", raising=False)
    monkeypatch.setattr(_run.cli, "main", fails)
    assert _run.run(["render"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: this is a bug in mangaobs: ZeroDivisionError at mangaobs.cli._run:")
    assert "report it" in said
    assert "Traceback" not in said
    assert "secret" not in said


def test_a_bug_shows_its_traceback_when_asked(monkeypatch):
    from mangaobs.cli import _run

    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setenv("MANGAOBS_DEBUG", "1")
    monkeypatch.setattr(_run.cli, "main", fails)
    with pytest.raises(ZeroDivisionError):
        _run.run(["render"])


@pytest.mark.parametrize("arguments", [["--help"], ["query", "list"], ["render"]])
def test_a_reader_that_has_enough_ends_the_command_quietly(tmp_path, arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "mangaobs", *arguments],
        cwd=tmp_path,
        env=environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    process.stdout.close()
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")


def test_ctrl_c_ends_the_command_with_a_word(make_project):
    project = make_project({"queries/slow.py": "import time\nopen('started', 'w').close()\ntime.sleep(60)\n"})
    process = subprocess.Popen(
        [sys.executable, "-m", "mangaobs", "query", "list"],
        cwd=project,
        env=environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    until = time.monotonic() + 30
    while not (project / "started").exists() and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    written, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert written == b""
    assert said.split() == [b"interrupted"]


def test_a_full_disk_is_named(tmp_path):
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "mangaobs", "render"],
            cwd=tmp_path,
            env=environ(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "error: standard output: No space left on device\n"


def test_a_closed_standard_output_is_no_traceback(tmp_path):
    command = f"{sys.executable} -m mangaobs query list >&-"
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, env=environ(), capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr


def test_the_bytes_do_not_depend_on_the_locale(mangaobs, make_project):
    project = make_project({"mangaobs.toml": 'application = "manga"\n[tags]\ntitle = "漫画"\n'})
    first = mangaobs("query", "list", "--format", "json", "--project", project, PYTHONIOENCODING="ascii")
    assert first.returncode == 0, first.stderr
    queries = "from mangaobs.model.query import SavedQuery\ndef queries(app):\n    yield SavedQuery(name='manga', text='limit 1', summary='漫画 are what this is about.', log_groups=('/g',))\n"  # noqa: E501
    project = make_project({"queries/manga.py": queries})
    done = mangaobs("query", "list", "--project", project, PYTHONIOENCODING="ascii")
    assert "漫画 are what" in done.stdout


def test_json_is_all_that_stdout_has(mangaobs):
    assert json.loads(mangaobs("query", "list", "--format", "json").stdout)
    assert json.loads(mangaobs("render", "--compact").stdout)["Resources"]
