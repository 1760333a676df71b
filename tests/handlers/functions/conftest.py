"""One system for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .system import System


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with System(tmp_path_factory.mktemp("system")) as running:
        yield running
