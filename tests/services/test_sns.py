"""What an engineer can, and cannot, ask of a topic."""

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.services.sns import Topic

ALERTS = Topic(key="alerts", name="alerts")


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("messages_published", "NumberOfMessagesPublished"),
        ("notifications_delivered", "NumberOfNotificationsDelivered"),
        ("notifications_failed", "NumberOfNotificationsFailed"),
        ("notifications_redriven_to_dlq", "NumberOfNotificationsRedrivenToDlq"),
        ("notifications_failed_to_redrive_to_dlq", "NumberOfNotificationsFailedToRedriveToDlq"),
    ],
)
def test_a_topic_is_measured_under_its_name(method, name):
    metric = getattr(ALERTS, method)()

    assert (metric.namespace, metric.name) == ("AWS/SNS", name)
    assert dict(metric.dimensions) == {"TopicName": "alerts"}


def test_a_topic_cannot_be_measured_under_its_arn():
    with pytest.raises(DefinitionError, match="is no set that AWS/SNS emits"):
        ALERTS.metric("NumberOfNotificationsFailed", TopicArn="arn:aws:sns:eu-west-1:123456789012:alerts")
