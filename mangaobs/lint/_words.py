"""Lists of words, each with its source: files of one word a line."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def of(name: str) -> tuple[str, ...]:
    """The words of a file in this folder."""
    text = files("mangaobs.lint").joinpath(name).read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
