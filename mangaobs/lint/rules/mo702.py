"""A trail that records no access to the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _cloudtrail
from mangaobs.lint._app import TABLES
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Data events of DynamoDB are recorded by a selector only."""
    trails = app.of(_cloudtrail.TRAIL)
    answers = [_cloudtrail.selects(trail, "AWS::DynamoDB::Table") for trail in trails]
    if not app.of(*TABLES) or True in answers:
        return
    for trail, answer in zip(trails, answers, strict=True):
        name = "AdvancedEventSelectors" if "AdvancedEventSelectors" in trail.properties else "EventSelectors"
        spot = Spot.of(name) if name in trail.properties else Spot()
        if answer is None:
            what = f"whether {trail.id} records data events of DynamoDB is not known"
            yield Found("MO702", trail, what, spot=spot, verdict="unproven")
        else:
            what = f"{trail.id} records no data events of DynamoDB: who read or wrote an item is nowhere"
            yield Found("MO702", trail, what, "a selector for AWS::DynamoDB::Table", spot, absence=True)
