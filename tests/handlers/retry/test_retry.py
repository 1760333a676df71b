"""What waits in the queue is written once, given up if it is too late, and stays there if it cannot be either."""

from __future__ import annotations

import json

import boto3
import pytest

from handlers._assembly import sessions, subject_hashing
from handlers._deferred import PURPOSE, Deferred, encode
from handlers._sealed import Seal
from handlers.retry._retry import Retry
from handlers.sessions import Turn, turn_of
from mangaobs.runtime import configure, observe

from ..conftest import TABLE, Context, items_of
from ..faults import Crash, Crashes, lose_answer, refuse
from ..personal import found_in

KEY = "a-key-of-the-tests"
AT = 1_700_000_000_000
USER = Turn(AT, "message-1", "user", "MARKER hello")
ANSWER = Turn(AT, "message-1", "assistant", "MARKER hi", "m", 1, 2)


class Queue:
    """A retry function, and what is given to it."""

    def __init__(self, dynamodb):
        self.dynamodb = dynamodb
        self.kms = boto3.client("kms")
        self.key = self.kms.create_key()["KeyMetadata"]["KeyId"]
        self.seal = Seal(self.kms, self.key, purpose=PURPOSE)
        self.sessions = sessions(dynamodb, TABLE, key=KEY)
        self.written = []

    def body(self, user=USER, assistant=ANSWER, *, new=True, session="session-1", customer="alice"):
        return self.seal.seal(encode(Deferred(session, customer, user, assistant, new=new)))

    def retry(self, *bodies, context=None):
        configure(write=self.written.append, tracer="off", dimensions={"Environment": "test"})
        records = [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]
        retry = Retry(self.sessions, self.seal, margin_ms=5_000)
        answer = observe(retry.__call__)({"Records": records}, context or Context())
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def turns(self):
        items = items_of(self.dynamodb, "session-1")
        return [(turn.at, turn.role, turn.text) for turn in map(turn_of, items_with_turns(items))]

    def dropped(self):
        lines = [json.loads(line) for line in b"".join(self.written).splitlines()]
        metrics = sum(line.get("DroppedWrites", 0) for line in lines)
        reasons = [line["reason"] for line in lines if line["event"] == "write_dropped"]
        assert metrics == len(reasons)
        return reasons


def items_with_turns(items):
    return [item for item in items if item["SK"]["S"].startswith("TURN#")]


WHOLE = [(AT, "user", USER.text), (AT, "assistant", ANSWER.text)]


@pytest.fixture
def queue(dynamodb):
    return Queue(dynamodb)


def test_what_could_not_be_written_is_written_in_its_place(queue):
    # given a later message that was stored meanwhile
    later = Turn(AT + 5000, "message-2", "user", "later")
    queue.sessions.begin("session-1", "alice", later, new=True)
    assert queue.retry(queue.body()) == []
    assert queue.turns() == [*WHOLE, (AT + 5000, "user", "later")]
    assert queue.dropped() == []


def test_it_is_written_once_however_often_it_comes(queue):
    body = queue.body()
    for _ in range(3):
        assert queue.retry(body, body) == []
    assert queue.turns() == WHOLE
    assert queue.dropped() == []


def test_the_answer_alone_and_the_question_alone(queue):
    queue.sessions.begin("session-1", "alice", USER, new=True)
    assert queue.retry(queue.body(user=None)) == []
    assert queue.turns() == WHOLE
    assert queue.retry(queue.body(Turn(AT + 1, "message-2", "user", "more"), None, new=False)) == []
    assert queue.turns()[-1] == (AT + 1, "user", "more")


@pytest.mark.parametrize("at", range(1, 11))
@pytest.mark.parametrize("new", [True, False])
def test_a_crash_anywhere_and_the_message_again_end_the_same(queue, at, new):
    if not new:
        queue.sessions.begin("session-1", "alice", Turn(AT - 1, "message-0", "user", "before"), new=True)
    body = queue.body(new=new)
    crashes = Crashes(queue.dynamodb, queue.kms)
    crashes.at = at
    try:
        queue.retry(body)
    except Crash:
        pass
    finally:
        crashes.close()
    assert queue.retry(body) == []
    assert queue.turns()[-2:] == WHOLE
    assert len(queue.turns()) == (2 if new else 3)
    assert queue.dropped() == []


@pytest.mark.parametrize("which", [0, 1])
def test_a_write_whose_answer_was_lost_is_not_there_twice(queue, which):
    lose_answer(queue.dynamodb, "TransactWriteItems", after=which)
    body = queue.body()
    queue.retry(body)
    assert queue.retry(body) == []
    assert queue.turns() == WHOLE


def state(queue, to):
    queue.dynamodb.update_item(
        TableName=TABLE,
        Key={"PK": {"S": "SESSION#session-1"}, "SK": {"S": "META"}},
        UpdateExpression="SET #s = :e",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":e": {"S": to}},
    )


@pytest.mark.parametrize("to", ["ENDED", "ERASING", "HANDOFF"])
def test_a_session_that_takes_nothing_any_more_drops_it(queue, to):
    queue.sessions.begin("session-1", "alice", USER, new=True)
    state(queue, to)
    assert queue.retry(queue.body(user=None), queue.body()) == []
    assert queue.dropped() == ["not_active", "not_active"]
    assert len(queue.turns()) == 1


def test_what_belongs_to_nobody_or_another_is_dropped(queue):
    assert queue.retry(queue.body(new=False)) == []
    queue.sessions.begin("session-1", "alice", USER, new=True)
    assert queue.retry(queue.body(customer="mallory")) == []
    assert queue.dropped() == ["session_unknown", "not_owner"]


def test_an_erased_customers_first_message_is_dropped(queue):
    from handlers.sessions import tombstone_key

    queue.dynamodb.put_item(TableName=TABLE, Item=tombstone_key(subject_hashing(KEY)("alice")))
    assert queue.retry(queue.body()) == []
    assert queue.dropped() == ["erased"]
    assert items_of(queue.dynamodb, "session-1") == []


def test_what_is_older_than_what_stands_is_dropped(queue):
    # given a customer who repeated the message, and got another answer
    queue.sessions.begin("session-1", "alice", Turn(AT + 900, "message-1", "user", USER.text), new=True)
    other = Turn(AT + 900, "message-1", "assistant", "another answer")
    queue.sessions.finish("session-1", "alice", other)
    assert queue.retry(queue.body()) == []
    assert queue.dropped() == ["superseded"]
    assert [text for _, _, text in queue.turns()] == [USER.text, "another answer"]


def test_an_answer_finds_the_time_under_which_its_message_stands(queue):
    queue.sessions.begin("session-1", "alice", Turn(AT + 900, "message-1", "user", USER.text), new=True)
    assert queue.retry(queue.body()) == []
    assert [(at, role) for at, role, _ in queue.turns()] == [(AT + 900, "user"), (AT + 900, "assistant")]


def unreadable(queue):
    other = Seal(queue.kms, queue.key, purpose="something-else").seal(encode(Deferred("s", "c", USER, ANSWER)))
    body = json.loads(queue.body())
    changed = {**body, "sealed": body["sealed"][:-8] + "AAAAAAA="}
    return ["", "{}", "MARKER", other, json.dumps(changed), queue.seal.seal(b'{"session_id": 3}')]


def test_what_cannot_be_opened_stays_in_the_queue_alone(queue):
    bodies = unreadable(queue)
    assert queue.retry(*bodies, queue.body()) == [f"m{number}" for number in range(len(bodies))]
    assert queue.turns() == WHOLE


def test_a_table_or_a_key_that_fails_leaves_it_in_the_queue(queue):
    body = queue.body()
    for client, operation in ((queue.dynamodb, "TransactWriteItems"), (queue.kms, "Decrypt")):
        undo = refuse(client, operation, code="ThrottlingException")
        assert queue.retry(body) == ["m0"]
        undo()
    assert queue.retry(body) == []


def test_with_little_time_the_rest_goes_back(queue):
    class Short(Context):
        asked = 0

        def get_remaining_time_in_millis(self):
            self.asked += 1
            return 30_000 if self.asked < 4 else 1_000

    more = queue.body(Turn(AT + 1, "message-2", "user", "x"), None, new=False)
    failed = queue.retry(queue.body(), more, more, more, context=Short())
    assert failed
    assert failed == [f"m{number}" for number in range(4 - len(failed), 4)]


def test_nothing_personal_is_written(queue):
    queue.retry(queue.body(), *unreadable(queue))
    assert not found_in(b"".join(queue.written) + queue.body().encode(), ("MARKER", "alice", "session-1"))
