"""A metric of a feature that is off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _emission, _features
from mangaobs.lint._found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Features of the resources in the templates."""
    for read in app.reads:
        facts = _emission.facts_of(read)
        if facts is None:
            continue
        answer = _features.needed(app, read, facts)
        if answer is None:
            continue
        what, right = answer
        if what:
            yield Found("MO114", read.resource, what, right, read.spot("name"), absence=True)
        else:
            yield Found("MO114", read.resource, right, spot=read.spot("name"), verdict="unproven")
