"""A project in a temporary folder, written as a user writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

MakeProject = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Write files, by their names; without a configuration of its own the project gets the least there is."""
    count = 0

    def make(files: Mapping[str, str]) -> Path:
        nonlocal count
        count += 1
        root = tmp_path / f"project{count}"
        for name, content in {"mangaobs.toml": 'application = "manga"\n', **files}.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        return root

    return make
