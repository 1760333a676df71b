"""A CloudTrail filter on a log group to which no trail delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _cloudtrail, _filters
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import either, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Trails of the templates, and where their events go."""
    for one in _filters.filters(app):
        if one.pattern is None or not _cloudtrail.is_trail_pattern(one.pattern):
            continue
        trails, open_ended = _cloudtrail.trails_to(app, one.group)
        if trails:
            continue
        every = app.of(_cloudtrail.TRAIL)
        spot = Spot.of("LogGroupName")
        if not every or open_ended or not _ours(app, one.group):
            what = f"whether a trail delivers to {show(one.group)} is not known"
            yield Found("MO403", one.resource, what, spot=spot, verdict="unproven")
        else:
            without = [trail.id for trail in every if "CloudWatchLogsLogGroupArn" not in trail.properties]
            what = f"no trail delivers to {show(one.group)}"
            what += f": {either(without)} delivers to no log group" if without else ""
            yield Found("MO403", one.resource, what, "CloudWatchLogsLogGroupArn of the trail", spot, absence=True)


def _ours(app: App, group: object) -> bool:
    """Whether the log group is of the templates, so that a trail of theirs is meant."""
    return app.find(group, "AWS::Logs::LogGroup") is not None
