"""An action on a topic to which nobody subscribes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _topics
from mangaobs.lint._found import Found
from mangaobs.lint._values import show
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Topics of the templates; those from elsewhere may have subscribers."""
    told: set[str] = set()
    for resource, spot, action, topic in _topics.of_actions(app):
        if topic is None:
            if isinstance(action, Unknown) or ":sns:" in str(action):
                what = f"who subscribes to {show(action)} is not known: no template has the topic"
                yield Found("MO127", resource, what, spot=spot, verdict="unproven")
            continue
        answer = _topics.subscribed(app, topic)
        if answer is None:
            what = f"who subscribes to {topic.id} is not known: it is handed to other stacks"
            yield Found("MO127", resource, what, spot=spot, verdict="unproven")
        elif answer is False and topic.id not in told:
            told.add(topic.id)
            what = f"nobody subscribes to {topic.id}, so that the alarm tells nobody"
            yield Found("MO127", resource, what, "a Subscription", spot, absence=True)
