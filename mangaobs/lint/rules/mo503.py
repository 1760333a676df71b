"""An insight rule on a log group that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _filters, _queries
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Names that differ by a slip from a log group of the templates."""
    for one in _filters.rules(app):
        if one.rule is None:
            continue
        for group in [*one.rule.log_group_names, *one.rule.log_group_arns]:
            problem = _queries.group_problem(app, group)
            if problem:
                start = max((one.source or "").find(group), 0)
                yield Found(
                    "MO503", one.resource, *problem, Spot.of("RuleBody")._replace(offset=start, length=len(group))
                )
