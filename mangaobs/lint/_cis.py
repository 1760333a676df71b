"""The controls of the CIS AWS Foundations Benchmark that ask for a metric filter on event names."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Control(NamedTuple):
    """A control: its number, its title, the event names that it is for, and others that it leaves out."""

    id: str
    title: str
    events: tuple[str, ...]
    more: tuple[str, ...]
    source: str

    @property
    def pattern(self) -> str:
        """The text that Security Hub compares with."""
        names = " || ".join(f"($.eventName={one})" for one in self.events)
        return f"{{($.eventSource={self.source}) && ({names})}}" if self.source else f"{{{names}}}"


@cache
def controls() -> tuple[Control, ...]:
    """Every control."""
    raw = tomllib.loads(files("mangaobs.lint").joinpath("cis.toml").read_text(encoding="utf-8"))
    return tuple(
        Control(id_, one["title"], tuple(one["events"]), tuple(one.get("more", ())), one.get("source", ""))
        for id_, one in raw.items()
    )
