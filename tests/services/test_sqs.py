"""What an engineer can, and cannot, ask of a queue."""

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.services.sqs import Queue

ORDERS = Queue(key="orders", name="orders-queue")
DEAD_LETTERS = Queue(key="orders-dlq", name="orders-dlq", dead_letter=True)


@pytest.mark.parametrize(
    ("method", "name", "unit"),
    [
        ("age_of_oldest_message", "ApproximateAgeOfOldestMessage", "Seconds"),
        ("messages_visible", "ApproximateNumberOfMessagesVisible", "Count"),
        ("messages_not_visible", "ApproximateNumberOfMessagesNotVisible", "Count"),
        ("messages_sent", "NumberOfMessagesSent", "Count"),
        ("messages_received", "NumberOfMessagesReceived", "Count"),
        ("messages_deleted", "NumberOfMessagesDeleted", "Count"),
    ],
)
def test_a_queue_is_measured_under_its_name(method, name, unit):
    metric = getattr(ORDERS, method)()

    assert (metric.namespace, metric.name, metric.unit) == ("AWS/SQS", name, unit)
    assert dict(metric.dimensions) == {"QueueName": "orders-queue"}


def test_a_dead_letter_queue_cannot_be_watched_by_messages_sent_since_redrives_are_not_counted():
    with pytest.raises(DefinitionError, match="use messages_visible"):
        DEAD_LETTERS.messages_sent()


def test_a_dead_letter_queue_is_watched_by_what_waits_in_it():
    condition = DEAD_LETTERS.messages_visible().maximum() > 0

    assert condition.threshold == 0
