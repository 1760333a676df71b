"""An action on a topic that does not let CloudWatch in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _topics
from mangaobs.lint._alarms import actions
from mangaobs.lint._app import ALARM, COMPOSITE
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The topic's key and policy."""
    told: set[str] = set()
    for resource in app.of(ALARM, COMPOSITE):
        for name, given in actions(resource).items():
            for number_, action in enumerate(given):
                topic = app.find(action, "AWS::SNS::Topic")
                if topic is None or topic.id in told:
                    continue
                told.add(topic.id)
                spot = Spot.of(name, number_)
                for verdict, what, right in _topics.shut(app, topic):
                    yield Found("MO128", resource, what, right, spot, verdict)
