"""The command line as a user runs it: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
MakeProject = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def mangaobs(tmp_path: Path) -> Run:
    """Run `mangaobs` with these arguments, in a folder without a project."""

    def run(*arguments: str | Path, cwd: Path = tmp_path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mangaobs", *map(str, arguments)],
            cwd=cwd,
            env=environ(**environment),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    return run


def environ(**more: str) -> dict[str, Any]:
    kept = {name: value for name, value in os.environ.items() if name not in {"MANGAOBS_DEBUG", "PYTHONIOENCODING"}}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Write a project; without a configuration of its own it gets the least there is."""

    def make(files: Mapping[str, str]) -> Path:
        root = tmp_path / "project"
        for name, content in {"mangaobs.toml": 'application = "manga"\n', **files}.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        return root

    return make
