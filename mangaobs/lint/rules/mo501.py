"""An insight rule that CloudWatch refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _filters
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The rule's body."""
    for one in _filters.rules(app):
        if one.error is not None:
            yield Found("MO501", one.resource, one.error.problem, one.error.right, Spot.of("RuleBody").at(one.error))
