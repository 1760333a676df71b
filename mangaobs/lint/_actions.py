"""Actions that go with no resource of their own."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def without_resource() -> frozenset[str]:
    """The actions, in lower case."""
    text = files("mangaobs.lint").joinpath("actions.txt").read_text(encoding="utf-8")
    return frozenset(line.strip().lower() for line in text.splitlines() if line.strip() and not line.startswith("#"))
