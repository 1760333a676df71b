"""An action on a topic that does not let CloudWatch in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _topics
from mangaobs.lint._found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The topic's key and policy."""
    told: set[str] = set()
    for resource, spot, _, topic in _topics.of_actions(app):
        if topic is None or topic.id in told:
            continue
        told.add(topic.id)
        for verdict, what, right in _topics.shut(app, topic):
            yield Found("MO128", resource, what, right, spot, verdict)
