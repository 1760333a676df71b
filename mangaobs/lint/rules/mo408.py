"""A filter with != on a field that records need not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.languages import filter_pattern
from mangaobs.lint import _cloudtrail, _filters
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


_OPTIONAL: Final = (
    ("errorCode",), ("errorMessage",), ("userIdentity", "invokedBy"), ("userIdentity", "userName"), ("vpcEndpointId",),
    ("additionalEventData",), ("userIdentity", "sessionContext"), ("requestParameters",), ("responseElements",),
)  # fmt: skip


def check(app: App) -> Iterator[Found]:
    """An event without the field does not match; CIS's own text is left alone with `cis_verbatim = true`."""
    for one in _filters.filters(app):
        if one.pattern is None or not _cloudtrail.is_trail_pattern(one.pattern):
            continue
        absent = {
            found.selector.steps
            for found in _cloudtrail.conditions(one.pattern)
            if isinstance(found, filter_pattern.NotExists)
        }
        # What an equality or an existence of the same field demands is there.
        for found in _cloudtrail.conditions(one.pattern):
            if not isinstance(found, filter_pattern.Compare) or found.selector is None:
                continue
            steps = found.selector.steps
            optional = any(steps[: len(path)] == path for path in _OPTIONAL)
            if found.comparison is not filter_pattern.Comparison.NOT_EQUAL or not optional or steps in absent:
                continue
            if app.settings.cis_verbatim and steps[0] == "additionalEventData":
                continue
            what = f"events without {found.selector.text} do not match"
            right = f"({found.selector.text} NOT EXISTS || {found.selector.text} != …)"
            spot = Spot.of("FilterPattern")._replace(offset=found.span.start, length=found.span.end - found.span.start)
            yield Found("MO408", one.resource, what, right, spot)
