"""The process dies at any call of a message, and the client repeats it: nothing is lost, doubled or out of order."""

from __future__ import annotations

import pytest

from ..faults import Crash, Crashes, refuse


def script(chat):
    """Three messages of one customer, as a client sends them: again and again until there is an answer."""
    for number in range(3):
        for _ in range(6):
            try:
                status, _ = chat.send(f"text {number}", f"message-{number}")
            except Crash:
                continue
            if status == 200:
                break
        else:
            raise AssertionError("no answer")


def held(chat):
    turns = chat.turns()
    assert [role for role, _ in turns] == ["user", "assistant"] * 3
    assert [text for role, text in turns if role == "user"] == ["text 0", "text 1", "text 2"]
    for (_, said), (_, answered) in zip(turns[::2], turns[1::2], strict=True):
        assert f"{said}]" in answered


def points(chat, prepare=lambda: None):
    prepare()
    crashes = Crashes(chat.dynamodb, chat.sqs, chat.kms)
    script(chat)
    crashes.close()
    return crashes.points


# Each message makes five calls, with two points each; the bound is checked below.
@pytest.mark.parametrize("at", range(1, 31))
def test_a_crash_at_any_point_and_the_clients_repetition_leave_each_turn_once(chat, at):
    crashes = Crashes(chat.dynamodb, chat.sqs, chat.kms)
    crashes.at = at
    script(chat)
    crashes.close()
    held(chat)


def test_those_were_all_the_points(chat):
    assert points(chat) <= 30


@pytest.mark.parametrize("at", range(1, 40))
def test_a_crash_while_writes_are_deferred_loses_nothing_that_was_answered(chat, at):
    # given a table that takes no answers, so that they go to the queue
    undo = refuse(chat.dynamodb, "TransactWriteItems", after=1)
    crashes = Crashes(chat.dynamodb, chat.sqs, chat.kms)
    crashes.at = at
    script(chat)
    crashes.close()
    undo()
    # when the retry function has written what waits there
    retried(chat)
    held(chat)


def retried(chat):
    """What the retry function does with the queue."""
    from handlers.retry._retry import Retry

    retry = Retry(chat.sessions(), chat.seal(), margin_ms=1_000)
    while found := chat.sqs.receive_message(QueueUrl=chat.queue, MaxNumberOfMessages=10).get("Messages"):
        records = [{"messageId": message["MessageId"], "body": message["Body"]} for message in found]
        from ..conftest import Context

        assert retry({"Records": records}, Context()) == {"batchItemFailures": []}
        for message in found:
            chat.sqs.delete_message(QueueUrl=chat.queue, ReceiptHandle=message["ReceiptHandle"])
