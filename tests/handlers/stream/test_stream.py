"""The stream router: what is told to whom, in order, once for all, and nothing personal."""

from __future__ import annotations

import base64
import json
import time

import boto3
import pytest
from moto import mock_aws

from handlers._assembly import hashing, sessions
from handlers._model import Model, client_limits
from handlers.sessions import Summary, Turn
from handlers.stream._route import NOTHING, routed
from handlers.stream._router import StreamRouter
from handlers.stream._send import Sender
from handlers.stream._summaries import Summaries
from mangaobs.runtime import configure, observe

from ..bedrock_standin import BedrockStandIn, Behavior
from ..conftest import TABLE, Context, create_table, items_of
from ..faults import refuse
from ..personal import found_in
from ..streams import matches, records_of

KEY = "a-key-of-the-tests"
MARKERS = ("MARKER", "alice", "session-1")


def hashed(text):
    return hashing(KEY)(text)


class Pipeline:
    """A router whose Kinesis, bus and topic are embedded and can be looked into."""

    def __init__(self, model):
        self.model = model
        clients = {name: boto3.client(name) for name in ("dynamodb", "kinesis", "events", "sns", "sqs")}
        self.dynamodb, self.kinesis, self.events, self.sns, self.sqs = clients.values()
        create_table(self.dynamodb)
        self.kinesis.create_stream(StreamName="analytics", ShardCount=1)
        self.topic = self.sns.create_topic(Name="handoffs")["TopicArn"]
        self.events.create_event_bus(Name="the-bus")
        self.agents, self.bus = self._queue("agents"), self._queue("bus")
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=self._arn(self.agents))
        self.events.put_rule(Name="all", EventBusName="the-bus", EventPattern='{"source":["manga-assist.sessions"]}')
        self.events.put_targets(Rule="all", EventBusName="the-bus", Targets=[{"Id": "1", "Arn": self._arn(self.bus)}])
        self.sessions = sessions(self.dynamodb, TABLE, key=KEY)
        self.slept, self.written = [], []
        self.now = 1_700_000_000_000

    def _queue(self, name):
        return self.sqs.create_queue(QueueName=name)["QueueUrl"]

    def _arn(self, url):
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def say(self, text, number, *, session="session-1", agent=False):
        at = self.now + number * 1000
        user = Turn(at, f"message-{number}", "user", text)
        self.sessions.begin(session, "alice", user, new=number == 0, handoff=f"h{number}" if agent else None)
        if not agent:
            self.sessions.finish(session, "alice", Turn(at, f"message-{number}", "assistant", f"re {text}", "m", 3, 5))

    def router(self, *, every=4, keep=2):
        sender = Sender(
            kinesis=self.kinesis,
            stream="analytics",
            events=self.events,
            bus="the-bus",
            sns=self.sns,
            topic=self.topic,
            sleep=self.slept.append,
            random=lambda: 0.5,
        )
        model = Model(
            boto3.client("bedrock-runtime", endpoint_url=self.model.url, config=client_limits(2)),
            "summary-model",
            max_tokens=100,
            read_seconds=2,
            reserve=2,
            monotonic=time.monotonic,
            sleep=self.slept.append,
            random=lambda: 0.5,
            operation="BedrockSummarize",
            first_token=None,
        )
        summaries = Summaries(self.sessions, model, every=every, keep=keep, clock=lambda: self.now)
        return StreamRouter(sender, summaries, hashed=hashed)

    def route(self, records, **more):
        configure(write=self.written.append, tracer="off")
        return observe(self.router(**more).__call__)({"Records": records}, Context())

    def analytics(self):
        shard = self.kinesis.list_shards(StreamName="analytics")["Shards"][0]["ShardId"]
        start = self.kinesis.get_shard_iterator(
            StreamName="analytics", ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return [json.loads(one["Data"]) for one in self.kinesis.get_records(ShardIterator=start)["Records"]]

    def received(self, url):
        found = []
        while batch := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(one["Body"]) for one in batch]
            for one in batch:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return found

    def summary(self):
        return self.sessions.summary("session-1")

    def lines(self, event):
        found = [json.loads(line) for line in b"".join(self.written).splitlines()]
        return [line for line in found if line["event"] == event]


@pytest.fixture
def pipeline():
    with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1.*"]}}}), BedrockStandIn() as model:
        yield Pipeline(model)


def test_a_conversation_is_told_in_order_without_what_was_said(pipeline):
    pipeline.say("MARKER one", 0)
    pipeline.say("A human please MARKER", 1, agent=True)
    assert pipeline.route(records_of(pipeline)) == {"batchItemFailures": []}
    told = pipeline.analytics()
    assert [(one["role"], one["session"]) for one in told] == [
        ("user", hashed("session-1")),
        ("assistant", hashed("session-1")),
        ("user", hashed("session-1")),
    ]
    assert (told[1]["input_tokens"], told[1]["output_tokens"], told[1]["model"]) == (3, 5, "m")
    assert len({one["event_id"] for one in told}) == 3
    events = pipeline.received(pipeline.bus)
    assert sorted(one["detail-type"] for one in events) == ["Hand-off Requested", "Session Started"]
    (handoff,) = [json.loads(one["Message"]) for one in pipeline.received(pipeline.agents)]
    assert (handoff["handoff_id"], handoff["session_id"], handoff["reason"]) == ("h1", "session-1", "customer_asked")
    # nothing of a person is in any of it, nor in the lines; the session's id is in the hand-off alone
    left = json.dumps([told, events]).encode() + b"".join(pipeline.written)
    assert not found_in(left, MARKERS)
    assert not found_in(json.dumps(handoff).encode(), ("MARKER", "alice"))


def test_the_end_of_a_session_is_told(pipeline):
    pipeline.say("one", 0)
    records_of(pipeline)
    pipeline.dynamodb.update_item(
        TableName=TABLE,
        Key={"PK": {"S": "SESSION#session-1"}, "SK": {"S": "META"}},
        UpdateExpression="SET #s = :e",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":e": {"S": "ENDED"}},
    )
    pipeline.route(records_of(pipeline)[-1:])
    (event,) = pipeline.received(pipeline.bus)
    assert (event["detail-type"], event["detail"]["turns"]) == ("Session Ended", 2)


def test_the_same_batch_again_says_the_same_with_the_same_ids(pipeline):
    pipeline.say("one", 0)
    records = records_of(pipeline)
    pipeline.route(records)
    pipeline.route(records)
    told = pipeline.analytics()
    assert told[:2] == told[2:]


# --- what is none of its affairs ---


def change(name, keys, image=None):
    return {
        "eventID": "e",
        "eventName": name,
        "dynamodb": {"Keys": keys, "SequenceNumber": "1", "NewImage": image or {}},
    }


def key(pk, sk):
    return {"PK": {"S": pk}, "SK": {"S": sk}}


PASSED_OVER = {
    "a summary": change("INSERT", key("SESSION#s", "SUMMARY#0000000000001")),
    "a brief": change("INSERT", key("SESSION#s", "BRIEF#h")),
    "a marker": change("INSERT", key("SESSION#s", "MESSAGE#m")),
    "a flag": change("INSERT", key("CONTROL#HOTKEY", "ROUTE#x")),
    "an erased customer": change("INSERT", key("ERASURE#x", "TOMBSTONE")),
    "a removal": change("REMOVE", key("SESSION#s", "TURN#0000000000001#m#1-user")),
    "a changed turn": change("MODIFY", key("SESSION#s", "TURN#0000000000001#m#1-user")),
    "a session that goes on": change("MODIFY", key("SESSION#s", "META"), {"state": {"S": "ACTIVE"}}),
    "a session of which nothing stands": change("MODIFY", key("SESSION#s", "META"), {"state": {"S": "ERASED"}}),
}


@pytest.mark.parametrize("what", PASSED_OVER)
def test_what_it_passes_over_the_filter_does_not_let_through(what):
    assert routed(PASSED_OVER[what], hashed) == NOTHING
    assert not matches(PASSED_OVER[what])


def test_what_it_acts_on_the_filter_lets_through(pipeline):
    pipeline.say("one", 0)
    pipeline.say("two", 1, agent=True)
    for record in records_of(pipeline):
        assert matches(record) == (routed(record, hashed) != NOTHING)


# --- failures ---


def test_a_record_that_nobody_can_read_fails_alone(pipeline):
    pipeline.say("one", 0)
    records = records_of(pipeline)
    poison = {
        "eventID": "x",
        "eventName": "INSERT",
        "dynamodb": {"Keys": {"PK": {"N": "MARKER"}}, "SequenceNumber": "77"},
    }
    at = next(place for place, one in enumerate(records) if "assistant" in one["dynamodb"]["Keys"]["SK"]["S"])
    answer = pipeline.route([*records[:at], poison, *records[at:]])
    # what is before it is told, it and what follows comes again
    assert answer == {"batchItemFailures": [{"itemIdentifier": "77"}]}
    assert [one["role"] for one in pipeline.analytics()] == ["user"]
    assert not found_in(b"".join(pipeline.written), MARKERS)
    assert pipeline.route([poison]) == answer


@pytest.mark.parametrize("which", ["kinesis", "events", "sns"])
def test_where_a_receiver_fails_the_first_record_for_it_comes_again(pipeline, which):
    pipeline.say("one", 0)
    pipeline.say("two", 1, agent=True)
    records = [one for one in records_of(pipeline) if matches(one)]
    operation, kind = {
        "kinesis": ("PutRecords", "TURN#"),
        "events": ("PutEvents", "META"),
        "sns": ("Publish", "HANDOFF#"),
    }[which]
    undo = refuse(getattr(pipeline, which), operation, code="InternalFailure")
    first = next(one for one in records if one["dynamodb"]["Keys"]["SK"]["S"].startswith(kind))
    expected = {"batchItemFailures": [{"itemIdentifier": first["dynamodb"]["SequenceNumber"]}]}
    assert pipeline.route(records) == expected
    assert pipeline.lines("record_failed")
    undo()
    assert pipeline.route(records) == {"batchItemFailures": []}


def test_what_kinesis_takes_in_part_is_sent_again(pipeline):
    pipeline.say("one", 0)
    seen = []

    def in_part(parsed, **_):
        seen.append(len(parsed["Records"]))
        if len(seen) == 1:
            parsed["Records"][1] = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "x"}
            parsed["FailedRecordCount"] = 1

    pipeline.kinesis.meta.events.register("after-call.kinesis.PutRecords", in_part)
    assert pipeline.route(records_of(pipeline)) == {"batchItemFailures": []}
    assert seen == [2, 1]
    assert len(pipeline.slept) == 1


@pytest.mark.parametrize("event", [{}, [], {"Records": [{"eventID": "x"}]}])
def test_another_event_fails_as_a_whole(pipeline, event):
    with pytest.raises(Exception):  # noqa: B017, PT011 - whichever: Lambda gives the batch again
        pipeline.router()(event, Context())


# --- summaries ---


def conversation(pipeline, count, start=0):
    for number in range(start, start + count):
        pipeline.say(f"text {number}", number)


def test_when_enough_was_said_it_is_summarized_but_for_the_newest(pipeline):
    pipeline.model.answer = lambda _: "They spoke."
    conversation(pipeline, 2)
    pipeline.route(records_of(pipeline))
    assert pipeline.summary() is None
    conversation(pipeline, 1, start=2)
    pipeline.route(records_of(pipeline))
    assert pipeline.summary() == Summary(until=pipeline.now + 1000, text="They spoke.")
    (request,) = pipeline.model.requests
    assert "user: text 0\nassistant: re text 0\nuser: text 1\nassistant: re text 1" in str(
        request["messages"][0]["content"][0]["text"]
    )
    # what it wrote comes back to it, and nothing comes of that
    records = records_of(pipeline)
    assert any(one["dynamodb"]["Keys"]["SK"]["S"].startswith("SUMMARY#") for one in records)
    pipeline.route(records)
    assert len(pipeline.model.requests) == 1
    assert not found_in(b"".join(pipeline.written), ("text 0", "They spoke"))


def test_the_next_summary_takes_the_last_one_up(pipeline):
    conversation(pipeline, 3)
    pipeline.model.answer = lambda _: "FIRST"
    pipeline.route(records_of(pipeline))
    conversation(pipeline, 2, start=3)
    pipeline.model.answer = lambda _: "SECOND"
    pipeline.route(records_of(pipeline))
    assert pipeline.summary().text == "SECOND"
    asked = pipeline.model.requests[-1]["messages"][0]["content"][0]["text"]
    assert asked.startswith("Summary of what was before: FIRST")
    assert "text 1" not in asked


def test_an_odd_number_never_parts_the_turns_of_a_message(pipeline):
    pipeline.model.answer = lambda _: "x"
    conversation(pipeline, 4)
    pipeline.route(records_of(pipeline), every=3, keep=2)
    assert pipeline.summary().until == pipeline.now


@pytest.mark.parametrize("behavior", [Behavior(400, "ValidationException"), Behavior(cut_after=1), Behavior(tokens=[])])
def test_a_model_that_fails_blocks_nothing_and_the_next_turn_tries_again(pipeline, behavior):
    conversation(pipeline, 3)
    pipeline.model.behaviors.append(behavior)
    assert pipeline.route(records_of(pipeline)) == {"batchItemFailures": []}
    assert pipeline.summary() is None
    assert len(pipeline.lines("summary_failed")) == 1
    conversation(pipeline, 1, start=3)
    pipeline.route(records_of(pipeline)[-4:])
    assert pipeline.summary() is not None


def test_a_session_that_ends_meanwhile_gets_no_summary(pipeline):
    conversation(pipeline, 3)

    def end(_):
        pipeline.dynamodb.update_item(
            TableName=TABLE,
            Key={"PK": {"S": "SESSION#session-1"}, "SK": {"S": "META"}},
            UpdateExpression="SET #s = :e",
            ExpressionAttributeNames={"#s": "state"},
            ExpressionAttributeValues={":e": {"S": "ERASING"}},
        )
        return "too late"

    pipeline.model.answer = end
    pipeline.route(records_of(pipeline))
    assert not [one for one in items_of(pipeline.dynamodb, "session-1") if one["SK"]["S"].startswith("SUMMARY#")]
    (line,) = pipeline.lines("summary_failed")
    assert line["reason"] == "not_active"


def test_bytes_come_as_lambda_gives_them(pipeline):
    pipeline.say("one", 0)
    turn = next(one for one in records_of(pipeline) if one["dynamodb"]["Keys"]["SK"]["S"].startswith("TURN#"))
    assert base64.b64decode(turn["dynamodb"]["NewImage"]["content_compressed"]["B"])
