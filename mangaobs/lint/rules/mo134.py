"""An alarm on what is sent to a dead-letter queue, which redrive is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found
from mangaobs.lint._values import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Messages that a redrive policy moves are not counted as sent."""
    queues = [one for one in app.of("AWS::SQS::Queue") if one.properties.get("RedrivePolicy") is not None]
    dead = [
        app.find(inside(one.properties, "RedrivePolicy").get("deadLetterTargetArn"), "AWS::SQS::Queue")
        for one in queues
    ]
    for alarm in app.alarms:
        for read in alarm.reads:
            if read.known != ("AWS/SQS", "NumberOfMessagesSent"):
                continue
            queue = app.find(read.value("QueueName"), "AWS::SQS::Queue")
            if queue is not None and any(queue is one for one in dead):
                what = f"messages that redrive moves to {queue.id} do not count as sent"
                yield Found("MO134", alarm.resource, what, "ApproximateNumberOfMessagesVisible", read.spot("name"))
