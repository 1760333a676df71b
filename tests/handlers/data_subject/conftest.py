"""What the tests of erasure share: a world in moto."""

from __future__ import annotations

import pytest

from .world import World


@pytest.fixture
def world(aws: None) -> World:
    """An empty world."""
    return World()
