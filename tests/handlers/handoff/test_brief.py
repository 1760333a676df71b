"""What a human agent reads is written once, beside the conversation, and nothing of it into the execution history."""

from __future__ import annotations

import json

import pytest

from handlers._assembly import sessions
from handlers.handoff._brief import Brief, InvalidInput, SessionNotActive
from handlers.sessions import Summary, Turn, uncompressed
from mangaobs.runtime import configure, observe

from ..conftest import TABLE, Context, items_of
from ..personal import found_in

TASK = {"session_id": "session-1", "handoff_id": "h1"}


class Desk:
    def __init__(self, dynamodb):
        self.dynamodb = dynamodb
        self.sessions = sessions(dynamodb, TABLE, key="a-key-of-the-tests")
        self.written = []

    def say(self, text, number):
        at = 1_700_000_000_000 + number
        self.sessions.begin("session-1", "alice", Turn(at, f"message-{number}", "user", text), new=number == 0)
        self.sessions.finish("session-1", "alice", Turn(at, f"message-{number}", "assistant", f"re {text}"))

    def brief(self, task=TASK, *, turns=20):
        configure(write=self.written.append, tracer="off")
        return observe(Brief(self.sessions, turns=turns, clock=lambda: 1_700_000_000_000).__call__)(task, Context())

    def text(self):
        (item,) = [one for one in items_of(self.dynamodb, "session-1") if one["SK"]["S"] == "BRIEF#h1"]
        return uncompressed(item["content_compressed"]["B"])


@pytest.fixture
def desk(dynamodb):
    return Desk(dynamodb)


def test_a_brief_holds_the_summary_and_the_newest_turns_in_order(desk):
    desk.say("MARKER one", 0)
    desk.sessions.summarize("session-1", Summary(1, "MARKER before"), now=1)
    desk.say("two", 1)
    answer = desk.brief(turns=2)
    assert answer == {"brief": "BRIEF#h1", "turns": 2, "summarized": True}
    assert desk.text() == "Earlier: MARKER before\nuser: two\nassistant: re two"
    assert not found_in(json.dumps(answer).encode() + b"".join(desk.written), ("MARKER", "alice", "session-1"))


def test_once_written_it_stays_as_it_is(desk):
    desk.say("one", 0)
    desk.brief()
    before = desk.text()
    desk.say("two", 1)
    desk.brief()
    assert desk.text() == before


@pytest.mark.parametrize("state", ["HANDOFF", "ENDED", "ERASING"])
def test_a_session_that_is_not_active_gets_none(desk, state):
    desk.say("one", 0)
    desk.dynamodb.update_item(
        TableName=TABLE,
        Key={"PK": {"S": "SESSION#session-1"}, "SK": {"S": "META"}},
        UpdateExpression="SET #s = :e",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":e": {"S": state}},
    )
    with pytest.raises(SessionNotActive):
        desk.brief()


def test_an_unknown_session_gets_none(desk):
    with pytest.raises(SessionNotActive):
        desk.brief()


@pytest.mark.parametrize("task", [{}, None, {"session_id": "s#1", "handoff_id": "h"}, {"session_id": "MARKER"}])
def test_wrong_input_is_named_without_being_repeated(desk, task):
    with pytest.raises(InvalidInput) as caught:
        desk.brief(task)
    assert "MARKER" not in str(caught.value)
