"""The wheel stands alone: installed into an empty environment it renders, outside any checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    """An empty environment with the built wheel and nothing else of ours."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        timeout=120,
    )
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "empty", with_pip=True)
    pip = [str(folder / "empty" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--constraint", str(ROOT / "constraints.txt"), f"mangaobs[cli] @ {wheel.as_uri()}"],
        check=True,
        timeout=300,
    )
    return folder / "empty"


def run(environment: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run(
        [str(environment / "bin" / arguments[0]), *arguments[1:]],
        cwd=cwd,
        env=clean,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_installed_wheel_renders_what_the_checkout_renders(environment, tmp_path):
    # given an empty folder, when the installed command renders
    installed = run(environment, "mangaobs", "render", cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    # then it is the bundled project, byte for byte
    checkout = subprocess.run(
        [sys.executable, "-m", "mangaobs", "render", "--project", str(ROOT)], capture_output=True, text=True, check=True
    )
    assert installed.stdout == checkout.stdout


def test_nothing_of_the_project_lands_at_the_top_level(environment):
    (packages,) = environment.glob("lib/python*/site-packages")
    names = {path.name for path in packages.iterdir()}
    assert not names & {"alarms", "dashboards", "queries", "handlers", "tests", "mangaobs.toml"}
    assert (packages / "mangaobs" / "_project" / "mangaobs.toml").is_file()
    assert (packages / "mangaobs" / "py.typed").is_file()


def test_the_runtime_alone_needs_none_of_the_toolkit(environment, tmp_path):
    # given a handler that uses signals and the runtime, when it is invoked from the installed wheel
    program = """
import sys
from mangaobs.runtime import count, observe
from mangaobs.signals import MetricSignal
turns = MetricSignal("Chat", "Turns", "Count")
observe(lambda event, context: count(turns))({}, None)
print({"click", "msgspec", "troposphere", "jinja2", "yaml", "boto3", "dataclasses"} & set(sys.modules))
"""
    done = run(environment, "python", "-c", program, cwd=tmp_path)
    metrics, summary, loaded = done.stdout.splitlines()
    # then it works, and nothing of the toolkit is loaded
    assert '"Turns":1' in metrics
    assert '"event":"invocation"' in summary
    assert loaded == "set()"
