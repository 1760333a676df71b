"""Dashboards, each graph with the thresholds of the alarms on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.render._pieces import Context, Piece


def render(context: Context) -> Iterator[Piece]:
    """Every dashboard."""
    yield from ()
