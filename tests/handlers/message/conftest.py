"""A message function on an embedded AWS, with a model over HTTP, whose clocks the test moves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws

from handlers._clients import limits
from handlers._deferred import PURPOSE
from handlers._model import Model, client_limits
from handlers._sealed import Seal
from handlers.message._deferral import Deferral
from handlers.message._message import WRITING_SECONDS, Message
from handlers.message._writes import Writes
from handlers.message.settings import Settings
from handlers.sessions import Sessions, Transactions
from mangaobs.runtime import configure, observe, session_hash

from ..bedrock_standin import BedrockStandIn
from ..conftest import TABLE, Context, create_table, items_of

KEY = b"a-key-of-the-tests"


@pytest.fixture
def model() -> Iterator[BedrockStandIn]:
    with BedrockStandIn() as standing_in:
        yield standing_in


@dataclass
class Chat:
    """The function under test, and what it works on."""

    model: BedrockStandIn
    dynamodb: Any
    sqs: Any
    kms: Any
    queue: str
    key: str
    lines_written: list[bytes] = field(default_factory=list)
    now: int = 1_700_000_000_000
    router: Any = None
    token_timeout_ms: int = 6_000
    slept: list[float] = field(default_factory=list)

    def function(self, **settings: Any) -> Message:
        """The function; with a setting or two of the test's own."""
        whole = Settings(
            session_table=TABLE,
            model_id="a.model-v1",
            failed_writes_queue_url=self.queue,
            failed_writes_key=self.key,
            mangaobs_session_key=KEY.decode(),
            **{"token_timeout_ms": self.token_timeout_ms, **settings},
        )
        sessions = self.sessions(whole.retention_days)
        bedrock = boto3.client(
            "bedrock-runtime",
            endpoint_url=self.model.url,
            config=client_limits(whole.token_timeout_ms / 1000),
        )
        from time import monotonic

        return Message(
            whole,
            sessions=sessions,
            writes=Writes(sessions, Deferral(self.sqs, self.queue, self.seal())),
            model=Model(
                bedrock,
                whole.model_id,
                max_tokens=whole.max_tokens,
                read_seconds=whole.token_timeout_ms / 1000,
                reserve=WRITING_SECONDS,
                monotonic=monotonic,
                sleep=self.slept.append,
                random=lambda: 0.5,
            ),
            router=self.router,
            clock=lambda: self.now,
            monotonic=monotonic,
            new_id=lambda: "handoff-1",
            hashed=lambda text: session_hash(text, KEY),
        )

    def sessions(self, days: int = 90) -> Sessions:
        return Sessions(
            self.dynamodb,
            TABLE,
            transactions=Transactions(self.dynamodb, sleep=self.slept.append, random=lambda: 0.5),
            customer_hash=lambda customer: session_hash(customer, KEY),
            days=days,
        )

    def seal(self) -> Seal:
        return Seal(self.kms, self.key, purpose=PURPOSE)

    def send(self, text: str = "Hello", message_id: str = "message-1", **more: Any) -> tuple[int, dict[str, Any]]:
        """Send a message; the status and the answer's content. A second passes."""
        answered = self.answer(event(text, message_id, **more))
        return answered["statusCode"], json.loads(answered["body"])

    def answer(self, sent: object, *, context: Context | None = None, **settings: Any) -> dict[str, Any]:
        configure(write=self.lines_written.append, tracer="off", session_key=KEY)
        handled = observe(self.function(**settings).__call__)(sent, context or Context())
        self.now += 1_000
        return handled

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        found = [json.loads(line) for line in b"".join(self.lines_written).splitlines()]
        return [line for line in found if event in ("", line["event"])]

    def metric(self, name: str) -> float:
        return sum(
            sum(line[name]) if isinstance(line[name], list) else line[name]
            for line in self.lines("metrics")
            if name in line
        )

    def turns(self, session_id: str = "session-1") -> list[tuple[str, str]]:
        """Role and text of the turns that stand, in order."""
        from handlers.sessions import turn_of

        items = [item for item in items_of(self.dynamodb, session_id) if item["SK"]["S"].startswith("TURN#")]
        return [(turn.role, turn.text) for turn in map(turn_of, items)]

    def queued(self) -> list[str]:
        """Bodies of the messages that wait in the queue."""
        found = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in found.get("Messages", [])]


def event(
    text: str = "Hello",
    message_id: str = "message-1",
    *,
    session: str = "session-1",
    customer: str = "alice",
    **more: Any,
) -> dict[str, Any]:
    """A proxy event as API Gateway passes it."""
    return {
        "httpMethod": "POST",
        "resource": "/messages",
        "body": json.dumps({"message_id": message_id, "text": text, **more}),
        "requestContext": {
            "requestId": "11111111-2222-4333-8444-555555555555",
            "authorizer": {"customer_id": customer, "session_id": session},
            "identity": {"sourceIp": "203.0.113.9"},
        },
    }


@pytest.fixture
def chat(model: BedrockStandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    monkeypatch.setenv("MANGAOBS_DIMENSIONS", "Environment=test")
    with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1.*"]}}}):
        fits = limits(connect=0.5, read=1, attempts=2)
        dynamodb, sqs, kms = (boto3.client(name, config=fits) for name in ("dynamodb", "sqs", "kms"))
        create_table(dynamodb)
        queue = sqs.create_queue(QueueName="failed-writes")["QueueUrl"]
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        yield Chat(model, dynamodb, sqs, kms, queue, key)
