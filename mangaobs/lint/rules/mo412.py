"""A filter on a field that no handler logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.catalog import did_you_mean
from mangaobs.languages import filter_pattern
from mangaobs.lint import _cloudtrail, _filters, _queries
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Held against the contract that mangaobs renders."""
    fields = _queries.known_fields(app)
    if fields is None:
        return
    tops = {one.partition(".")[0] for one in fields}
    for one in _filters.filters(app):
        if one.pattern is None or _cloudtrail.is_trail_pattern(one.pattern):
            continue
        for found in _cloudtrail.conditions(one.pattern):
            if found.selector is None or not found.selector.steps or isinstance(found, filter_pattern.NotExists):
                continue
            top = found.selector.steps[0]
            if isinstance(top, str) and top not in tops:
                what = f"no handler logs a field {top}"
                span = found.selector.span
                spot = Spot.of("FilterPattern")._replace(offset=span.start, length=span.end - span.start)
                yield Found("MO412", one.resource, what, did_you_mean(top, tops), spot)
