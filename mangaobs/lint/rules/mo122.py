"""A composite alarm whose rule cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The rule's text."""
    for one in app.composites:
        if one.rule is None:
            yield Found("MO122", one.resource, "AlarmRule is missing", "for example ALARM(other)")
        if one.error is not None:
            yield Found("MO122", one.resource, one.error.problem, one.error.right, Spot.of("AlarmRule").at(one.error))
