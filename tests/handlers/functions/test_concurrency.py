"""Many sessions at once and several writers of one: no turn lost, doubled or out of order, no session mixed up."""

from __future__ import annotations

import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from botocore.config import Config

from handlers import _clients
from handlers.message import session_of, start
from handlers.sessions import turn_of
from handlers.signals import SIGNALS
from mangaobs.runtime import configure, observe

from ..conftest import Context, items_of
from ..moto_server import Fault
from .system import hashed, message_event

pytestmark = pytest.mark.slow


def _patient():
    return Config(connect_timeout=30, read_timeout=60, retries={"total_max_attempts": 1}, max_pool_connections=60)


class Chat:
    """The message function in this process, called by many threads at once."""

    def __init__(self, system, monkeypatch):
        # Fifty environments of Lambda have more than the two processors that all of this shares here.
        monkeypatch.setattr(_clients, "limits", lambda **_: _patient())
        patient = {
            "TOKEN_TIMEOUT_MS": "60000",
            "ANSWER_WITHIN_MS": "600000",
            "REDIS_HOST": "",
            "MANGAOBS_TRACER": "off",
        }
        environment = {**system.environment("message"), **patient}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        self.system = system
        self.written = []
        configure(
            signals=SIGNALS,
            redaction="allow-list",
            environ=environment,
            write=self.written.append,
        )
        self.handler = observe(session=session_of)(start(environment))
        system.model.answer = lambda request: f"[{request['messages'][-1]['content'][0]['text'].splitlines()[-1]}]"

    def send(self, text, message_id, request_id, **more):
        """Send until there is an answer that is kept, as a client does."""
        for attempt in range(20):
            answered = self.handler(
                message_event(text, message_id, **more), Context(f"{request_id}-{attempt}", 600_000)
            )
            body = json.loads(answered["body"])
            if answered["statusCode"] == 200 and not body["fallback"]:
                return body
            assert answered["statusCode"] in (200, 503), body
        raise AssertionError("no answer")

    def turns(self, session):
        items = items_of(self.system.dynamodb, session)
        return [turn_of(item) for item in items if item["SK"]["S"].startswith("TURN#")]

    def lines(self):
        return [json.loads(line) for line in b"".join(self.written).splitlines()]

    def count(self, session):
        (meta,) = [item for item in items_of(self.system.dynamodb, session) if item["SK"]["S"] == "META"]
        return int(meta["turn_count"]["N"])


@pytest.fixture
def chat(system, monkeypatch):
    yield Chat(system, monkeypatch)
    system.aws.before = None
    system.model.requests.clear()


def conflicts(system, seed, share):
    """Let a share of the transactions meet another's, or find the table short of capacity."""
    chance = random.Random(seed)  # noqa: S311 - a test's
    reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}, {"Code": "None"}]

    def before(call):
        if call.action == "dynamodb:TransactWriteItems" and chance.random() < share:
            raise Fault("TransactionCanceledException", CancellationReasons=reasons)

    system.aws.before = before


def test_fifty_sessions_at_once_are_each_its_own(chat):
    sessions = [f"at-once-{number}" for number in range(50)]

    def talk(session):
        for number in range(3):
            chat.send(
                f"{session} says {number}",
                f"{session}-m{number}",
                f"{session}_{number}",
                session=session,
                customer=f"c-{session}",
            )

    with ThreadPoolExecutor(50) as threads:
        list(threads.map(talk, sessions))
    for session in sessions:
        said = [(turn.role, turn.text) for turn in chat.turns(session)]
        expected = [
            one
            for number in range(3)
            for one in (("user", f"{session} says {number}"), ("assistant", f"[{session} says {number}]"))
        ]
        assert said == expected
        assert chat.count(session) == 6
    # the model was given no session's words in another's
    for request in chat.system.model.requests:
        words = json.dumps([request["messages"], request["system"]])
        assert len(set(re.findall(r"at-once-\d+", words))) == 1
    # and no line has another's session
    for line in chat.lines():
        session = line["request_id"].partition("_")[0]
        assert line.get("session") == hashed(session)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_two_writers_of_one_session_lose_double_and_mix_up_nothing(chat, share):
    session = f"two-writers-{share}".replace(".", "-")
    conflicts(chat.system, 7, share)

    def write(writer):
        for number in range(10):
            text = f"{writer} says {number}"
            answer = chat.send(text, f"{writer}-message-{number}", f"{writer}{number}", session=session)
            assert answer["answer"] == f"[{text}]"

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(write, ["one", "two"]))
    turns = chat.turns(session)
    assert len(turns) == 40
    assert chat.count(session) == 40
    # both turns of a message stand beside each other, the question first
    for question, answer in zip(turns[::2], turns[1::2], strict=True):
        assert (question.role, answer.role, question.message_id) == ("user", "assistant", answer.message_id)
        assert answer.text == f"[{question.text}]"
    # and each writer's in the order in which they were sent
    for writer in ("one", "two"):
        order = [turn.text for turn in turns if turn.role == "user" and turn.text.startswith(writer)]
        assert order == [f"{writer} says {number}" for number in range(10)]


def test_one_message_that_comes_many_times_at_once_stands_once_and_has_one_answer(chat):
    session, numbers = "repeated", count()
    chat.system.model.answer = lambda request: f"answer {next(numbers)}"
    with ThreadPoolExecutor(8) as threads:
        sends = [threads.submit(chat.send, "Hello", "message-1", f"r{n}", session=session) for n in range(8)]
        answers = {one.result()["answer"] for one in sends}
    (question, answer) = chat.turns(session)
    assert question.text == "Hello"
    assert answers == {answer.text}
    assert chat.count(session) == 2
