"""A filter on events that the trail does not record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _cloudtrail, _filters
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Data events need a selector of the trail; management events may be switched off."""
    for one in _filters.filters(app):
        if one.pattern is None or not _cloudtrail.is_trail_pattern(one.pattern):
            continue
        trails, open_ended = _cloudtrail.trails_to(app, one.group)
        if not trails:
            continue
        sources = {literal.value.text for literal in _cloudtrail.asked(one.pattern, "eventSource")}
        for literal in _cloudtrail.asked(one.pattern, "eventName"):
            name = literal.value.text
            kinds = [
                type_
                for source, (type_, names) in _cloudtrail.DATA.items()
                if name in names
                and (source in sources or (not sources and name in ("Scan", "BatchWriteItem", "TransactWriteItems")))
            ]
            spot = Spot.of("FilterPattern")._replace(
                offset=literal.value.span.start, length=literal.value.span.end - literal.value.span.start
            )
            ids = either([trail.id for trail in trails])
            for type_ in kinds:
                answers = [_cloudtrail.selects(trail, type_) for trail in trails]
                if True in answers:
                    continue
                if None in answers or open_ended:
                    what = f"whether {ids} records {name}, a data event, is not known"
                    yield Found("MO402", one.resource, what, spot=spot, verdict="unproven")
                else:
                    what = f"{name} is a data event, and {ids} records none of {type_}"
                    yield Found("MO402", one.resource, what, f"an event selector for {type_}", spot)
            if not kinds and not any(_cloudtrail.manages(trail) for trail in trails):
                what = f"{name} is a management event, and {ids} records none"
                yield Found("MO402", one.resource, what, "an event selector for management events", spot)
        stopped = [trail for trail in trails if _cloudtrail.logging(trail) is False]
        if stopped and len(stopped) == len(trails):
            what = f"{either([trail.id for trail in stopped])} is off"
            yield Found("MO402", one.resource, what, "IsLogging: true", Spot.of("LogGroupName"))
