"""Amazon SQS: a queue.

Source of what exists: the catalog's AWS.SQS file, after the Amazon SQS Developer Guide, "Available CloudWatch metrics
for Amazon SQS".
"""

from __future__ import annotations

from typing import ClassVar

from mangaobs.model._check import fail
from mangaobs.model.metric import Metric
from mangaobs.model.value import Value
from mangaobs.services._resource import Resource


class Queue(Resource, frozen=True, kw_only=True):
    """A queue, by its name; `dead_letter` where others move to it what they could not process.

    A queue is active, and has metrics, while it holds messages or is called, and up to six hours after.
    """

    namespace: ClassVar[str] = "AWS/SQS"
    name: Value
    dead_letter: bool = False

    def age_of_oldest_message(self) -> Metric:
        """Seconds that the oldest message has waited; exists only while there is one.

        A standard queue leaves out messages that were received three times or more and not deleted.
        """
        return self._queue("ApproximateAgeOfOldestMessage")

    def messages_visible(self) -> Metric:
        """Messages that wait to be received: in a dead-letter queue, what nobody has dealt with yet."""
        return self._queue("ApproximateNumberOfMessagesVisible")

    def messages_not_visible(self) -> Metric:
        """Messages in flight: received, and neither deleted nor visible again."""
        return self._queue("ApproximateNumberOfMessagesNotVisible")

    def messages_sent(self) -> Metric:
        """Messages that were sent to the queue.

        Refused for a dead-letter queue: what a redrive policy moves there is not counted.
        """
        if self.dead_letter:
            fail(
                f"queue {self.key!r}",
                "messages_sent",
                "leaves out what is moved to a dead-letter queue",
                "use messages_visible",
            )
        return self._queue("NumberOfMessagesSent")

    def messages_received(self) -> Metric:
        """Messages that ReceiveMessage returned."""
        return self._queue("NumberOfMessagesReceived")

    def messages_deleted(self) -> Metric:
        """Messages that were deleted: processed, normally."""
        return self._queue("NumberOfMessagesDeleted")

    def _queue(self, name: str) -> Metric:
        return self.metric(name, QueueName=self.name)
