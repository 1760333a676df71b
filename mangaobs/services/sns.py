"""Amazon SNS: a topic.

Source of what exists: the catalog's AWS.SNS file, after the Amazon SNS Developer Guide, "Monitoring Amazon SNS topics
using CloudWatch".
"""

from __future__ import annotations

from typing import ClassVar

from mangaobs.model.metric import Metric
from mangaobs.model.value import Value
from mangaobs.services._resource import Resource


class Topic(Resource, frozen=True, kw_only=True):
    """A topic, by its name (not its ARN); silent once nothing has called it for six hours."""

    namespace: ClassVar[str] = "AWS/SNS"
    name: Value

    def messages_published(self) -> Metric:
        """Messages that were published to the topic."""
        return self._topic("NumberOfMessagesPublished")

    def notifications_delivered(self) -> Metric:
        """Deliveries to subscribers that succeeded: one message may make several."""
        return self._topic("NumberOfNotificationsDelivered")

    def notifications_failed(self) -> Metric:
        """Deliveries that SNS gave up."""
        return self._topic("NumberOfNotificationsFailed")

    def notifications_redriven_to_dlq(self) -> Metric:
        """Failed deliveries that were moved to the subscription's dead-letter queue."""
        return self._topic("NumberOfNotificationsRedrivenToDlq")

    def notifications_failed_to_redrive_to_dlq(self) -> Metric:
        """Failed deliveries that could not be moved to the dead-letter queue: they are lost."""
        return self._topic("NumberOfNotificationsFailedToRedriveToDlq")

    def _topic(self, name: str) -> Metric:
        return self.metric(name, TopicName=self.name)
