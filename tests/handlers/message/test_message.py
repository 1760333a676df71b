"""One message of a customer: answered, written, and what happens when something of it fails."""

from __future__ import annotations

import time

import pytest

from ..bedrock_standin import Behavior
from ..conftest import Context, items_of
from ..faults import lose_answer, refuse
from .conftest import event


def test_a_first_message_begins_the_session_and_is_answered(chat):
    # when a customer writes for the first time
    status, reply = chat.send("Which manga is new?")
    # then the model answers
    assert status == 200
    assert reply == {
        "message_id": "message-1",
        "answer": "answer to [Which manga is new?] after 0 messages",
        "stored": "now",
        "fallback": False,
        "truncated": False,
    }
    # and both turns stand, with META
    assert chat.turns() == [("user", "Which manga is new?"), ("assistant", reply["answer"])]
    (meta,) = [item for item in items_of(chat.dynamodb, "session-1") if item["SK"]["S"] == "META"]
    assert (meta["customer_id"]["S"], meta["state"]["S"], meta["turn_count"]["N"]) == ("alice", "ACTIVE", "2")


def test_the_model_gets_what_was_said_before_in_order(chat):
    chat.send("first", "message-1")
    chat.send("second", "message-2")
    chat.send("third", "message-3")
    (_, _, last) = chat.model.requests
    assert [(m["role"], m["content"][0]["text"]) for m in last["messages"]] == [
        ("user", "first"),
        ("assistant", "answer to [first] after 0 messages"),
        ("user", "second"),
        ("assistant", "answer to [second] after 2 messages"),
        ("user", "third"),
    ]


def test_only_the_newest_turns_are_given_and_the_first_is_the_customers(chat):
    for number in range(4):
        chat.answer(event(f"text {number}", f"message-{number}"), context_turns=3)
    assert [m["role"] for m in chat.model.requests[-1]["messages"]] == ["user", "assistant", "user"]


def test_what_a_summary_covers_is_given_as_the_summary(chat):
    from handlers.sessions import Summary

    chat.send("old", "message-1")
    chat.sessions().summarize("session-1", Summary(until=chat.now, text="They spoke of old things."), now=chat.now)
    chat.now += 1000
    chat.send("new", "message-2")
    request = chat.model.requests[-1]
    assert "They spoke of old things." in request["system"][0]["text"]
    assert [m["content"][0]["text"] for m in request["messages"]] == ["new"]


def test_the_same_message_again_is_answered_again_without_the_model_and_written_once(chat):
    first = chat.send("Hello")
    assert chat.send("Hello") == first
    assert len(chat.model.requests) == 1
    assert len(chat.turns()) == 2


def test_the_same_message_long_after_is_found_by_its_marker(chat):
    # given a message that is no longer among the newest turns
    first = chat.send("Hello", "message-0")
    for number in range(1, 4):
        chat.answer(event(f"text {number}", f"message-{number}"), context_turns=2)
    asked = len(chat.model.requests)
    # when it comes again, then its answer is found
    again = chat.answer(event("Hello", "message-0"), context_turns=2)
    assert first[1]["answer"] in again["body"]
    assert len(chat.model.requests) == asked


@pytest.mark.parametrize("turns", [2, 20])
def test_the_id_of_one_message_is_not_taken_for_another(chat, turns):
    chat.send("Hello", "message-0")
    for number in range(1, 3):
        chat.send(f"text {number}", f"message-{number}")
    refused = chat.answer(event("Something else", "message-0"), context_turns=turns)
    assert refused["statusCode"] == 409
    assert "message_id_reused" in refused["body"]


BAD = {
    "no JSON": ("{", 400, "invalid_body"),
    "no text": ('{"message_id":"message-1"}', 400, "invalid_body"),
    "an empty text": ('{"message_id":"message-1","text":""}', 400, "invalid_body"),
    "only spaces": ('{"message_id":"message-1","text":"  \\n "}', 400, "invalid_body"),
    "a number for a text": ('{"message_id":"message-1","text":7}', 400, "invalid_body"),
    "an id with a key's separator": ('{"message_id":"a#bcdefgh","text":"x"}', 400, "invalid_body"),
    "an id that ends its line": ('{"message_id":"abcdefgh\\n","text":"x"}', 400, "invalid_body"),
    "a session of the client's own": ('{"message_id":"message-1","text":"x","session_id":"s"}', 400, "invalid_body"),
    "a long text": ('{"message_id":"message-1","text":"%s"}' % ("x" * 8001), 413, "text_too_long"),
    "a huge body": ('{"message_id":"message-1","text":"%s"}' % ("x" * 120_000), 413, "body_too_large"),
}


@pytest.mark.parametrize("what", BAD)
def test_wrong_input_is_refused_with_its_reason_and_changes_nothing(chat, what):
    body, status, reason = BAD[what]
    answered = chat.answer({**event(), "body": body})
    assert answered["statusCode"] == status
    assert f'"reason":"{reason}"' in answered["body"]
    assert chat.model.requests == []
    assert items_of(chat.dynamodb, "session-1") == []
    (line,) = chat.lines("request_rejected")
    assert (line["reason"], line["http_status"]) == (reason, status)
    (summary,) = chat.lines("invocation")
    assert (summary["outcome"], summary["effect"]) == ("success", "rejected")


def test_nobody_writes_in_a_session_of_another(chat):
    chat.send("Hello", customer="alice")
    status, answer = chat.send("Let me in", "message-2", customer="mallory")
    assert (status, answer["error"]["reason"]) == (403, "not_owner")
    assert len(chat.model.requests) == 1
    assert len(chat.turns()) == 2


def test_whoever_is_not_signed_in_is_refused(chat):
    sent = event()
    del sent["requestContext"]["authorizer"]
    assert chat.answer(sent)["statusCode"] == 401


@pytest.mark.parametrize("state", ["ENDED", "ERASING", "HANDOFF"])
def test_a_session_that_is_not_active_takes_nothing(chat, state):
    chat.send("Hello")
    set_state(chat, state)
    status, answer = chat.send("More", "message-2")
    assert (status, answer["error"]["reason"]) == (409, "not_active")
    assert len(chat.turns()) == 2


def test_a_session_that_ends_while_the_model_thinks_gets_no_answer_written(chat):
    # given a session that is being erased while the model answers
    chat.send("Hello")
    chat.model.decide = lambda _: set_state(chat, "ERASING") or Behavior()
    # when a message is answered
    status, answer = chat.send("More", "message-2")
    # then the answer is not written, nor given
    assert (status, answer["error"]["reason"]) == (409, "not_active")
    assert [role for role, _ in chat.turns()] == ["user", "assistant", "user"]


def test_an_erased_customer_cannot_begin_a_session(chat):
    from handlers.sessions import tombstone_key
    from mangaobs.runtime import session_hash

    from .conftest import KEY

    chat.dynamodb.put_item(TableName="manga-assist-sessions", Item=tombstone_key(session_hash("alice", KEY)))
    status, answer = chat.send("Hello")
    assert (status, answer["error"]["reason"]) == (410, "erased")
    assert items_of(chat.dynamodb, "session-1") == []


def test_a_customer_who_asks_for_a_human_gets_one_and_no_model(chat):
    status, reply = chat.send("A human, please", agent=True)
    assert (status, reply["answer"]) == (200, "An agent will join this chat shortly.")
    assert chat.model.requests == []
    sorts = [item["SK"]["S"] for item in items_of(chat.dynamodb, "session-1")]
    assert "HANDOFF#handoff-1" in sorts
    # and asking again asks once
    assert chat.send("A human, please", agent=True) == (status, reply)
    assert len([sort for sort in sorts if sort.startswith("HANDOFF#")]) == 1


def test_the_order_of_turns_does_not_hang_on_the_clock(chat):
    # given a second machine whose clock is behind
    chat.send("first", "message-1")
    chat.now -= 60_000
    chat.send("second", "message-2")
    # then what came later stands later
    assert [text for role, text in chat.turns() if role == "user"] == ["first", "second"]


# --- the model fails ---


FAILURES = {
    "throttled for long": [Behavior(429, "ThrottlingException")] * 3,
    "wrong input": [Behavior(400, "ValidationException")],
    "no access": [Behavior(403, "AccessDeniedException")],
    "broken for long": [Behavior(500, "InternalServerException")] * 3,
    "fails in the middle": [Behavior(fail_after=1)],
    "cut in the middle": [Behavior(cut_after=1)],
    "says nothing": [Behavior(tokens=[])],
}


@pytest.mark.parametrize("what", FAILURES)
def test_where_the_model_fails_the_customer_is_told_so_and_what_was_said_is_kept(chat, what):
    chat.model.behaviors.extend(FAILURES[what])
    status, reply = chat.send("Hello")
    assert (status, reply["fallback"], reply["stored"]) == (200, True, "now")
    assert chat.turns() == [("user", "Hello")]
    assert chat.metric("FallbackAnswers") == 1
    (summary,) = chat.lines("invocation")
    assert summary["effect"] == "degraded"
    (line,) = chat.lines("bedrock_invocation")
    assert line["status"] == "error"
    # and the same message again asks the model again, and stands once
    status, reply = chat.send("Hello")
    assert (status, reply["fallback"]) == (200, False)
    assert [role for role, _ in chat.turns()] == ["user", "assistant"]


PASSING = {
    "throttled once": [Behavior(429, "ThrottlingException")],
    "not ready, then broken": [Behavior(429, "ModelNotReadyException"), Behavior(503, "ServiceUnavailableException")],
}


@pytest.mark.parametrize("what", PASSING)
def test_what_passes_by_itself_is_tried_again_with_a_pause(chat, what):
    chat.model.behaviors.extend(PASSING[what])
    status, reply = chat.send("Hello")
    assert (status, reply["fallback"]) == (200, False)
    assert len(chat.slept) == len(PASSING[what])
    (line,) = chat.lines("bedrock_invocation")
    assert line["retries"] == len(PASSING[what])


def test_a_model_that_is_silent_is_not_waited_for_twice(chat):
    chat.token_timeout_ms = 1_000
    chat.model.behaviors.append(Behavior(hang_after=0))
    status, reply = chat.send("Hello")
    assert (status, reply["fallback"]) == (200, True)
    assert len(chat.model.requests) == 1
    (line,) = chat.lines("bedrock_invocation")
    assert line["error_type"] == "ReadTimeoutError"


def test_without_time_for_an_answer_the_model_is_not_asked(chat):
    answered = chat.answer(event(), context=Context(remaining_ms=13_000))
    assert '"fallback":true' in answered["body"]
    assert chat.model.requests == []


class Ticking(Context):
    """A context whose time passes."""

    def __init__(self, remaining_ms):
        super().__init__(remaining_ms=remaining_ms)
        self.end = time.monotonic() + remaining_ms / 1000

    def get_remaining_time_in_millis(self):
        return int((self.end - time.monotonic()) * 1000)


def test_an_answer_that_would_take_too_long_is_cut_and_said_to_be(chat):
    # given a function whose time runs out while the model speaks
    chat.token_timeout_ms = 3_000  # no stall of a busy machine is so long
    chat.model.behaviors.append(Behavior(tokens=["one", *[" more"] * 8], between=0.4))
    context = Ticking(11_500)
    answered = chat.answer(event(), context=context)
    # then the customer gets what was said so far, and it is written
    assert '"truncated":true' in answered["body"]
    assert chat.turns()[1][1].startswith("one more")
    # while there is still the time that writing may take
    assert context.get_remaining_time_in_millis() > 6_000


def test_an_answer_at_its_most_tokens_is_said_to_be_cut(chat):
    chat.model.behaviors.append(Behavior(stop="max_tokens"))
    assert chat.send("Hello")[1]["truncated"] is True


def test_tokens_and_the_first_tokens_time_are_measured(chat):
    chat.model.behaviors.append(Behavior(before_first=0.05, tokens=["Hel", "lo"]))
    chat.send("Hi there")
    (line,) = chat.lines("bedrock_invocation")
    assert (line["input_tokens"], line["output_tokens"], line["model"]) == (8, 5, "a.model-v1")
    assert 50 <= line["first_token_ms"] <= line["duration_ms"]
    assert (chat.metric("InputTokens"), chat.metric("OutputTokens")) == (8, 5)
    assert chat.metric("TimeToFirstToken") >= 50


# --- the table fails ---


def test_without_the_table_the_message_is_refused_for_now(chat):
    failing(chat, "GetItem")
    answered = chat.answer(event())
    assert answered["statusCode"] == 503
    assert answered["headers"]["Retry-After"] == "2"
    assert chat.model.requests == []


def test_an_answer_that_cannot_be_written_is_given_and_waits_sealed_in_the_queue(chat):
    chat.send("first", "message-1")
    failing(chat, "TransactWriteItems", after=1)
    status, reply = chat.send("MARKER of a person", "message-2")
    assert (status, reply["stored"]) == (200, "later")
    (body,) = chat.queued()
    assert_sealed(body, "MARKER", "alice", "session-1")
    deferred = opened(chat, body)
    assert (deferred.session_id, deferred.user, deferred.assistant.text) == ("session-1", None, reply["answer"])
    assert chat.metric("DeferredWrites") == 1
    (line,) = chat.lines("write_deferred")
    assert line["reason"] == "ProvisionedThroughputExceededException"


def test_a_message_of_which_nothing_can_be_written_waits_with_both_turns(chat):
    failing(chat, "TransactWriteItems")
    status, reply = chat.send("Hello")
    assert (status, reply["stored"]) == (200, "later")
    deferred = opened(chat, chat.queued()[0])
    assert (deferred.user.text, deferred.assistant.text, deferred.new) == ("Hello", reply["answer"], True)
    assert chat.turns() == []


def test_where_table_and_model_fail_what_was_said_waits(chat):
    failing(chat, "TransactWriteItems")
    chat.model.behaviors.append(Behavior(400, "ValidationException"))
    status, reply = chat.send("Hello")
    assert (status, reply["fallback"], reply["stored"]) == (200, True, "later")
    deferred = opened(chat, chat.queued()[0])
    assert (deferred.user.text, deferred.assistant) == ("Hello", None)


def test_a_turn_whose_first_write_failed_is_written_with_the_answer(chat):
    failing(chat, "TransactWriteItems", times=1)
    status, reply = chat.send("Hello")
    assert (status, reply["stored"]) == (200, "now")
    assert [role for role, _ in chat.turns()] == ["user", "assistant"]
    assert chat.queued() == []


@pytest.mark.parametrize("lost", [0, 1])
def test_a_write_whose_answer_was_lost_is_not_done_twice(chat, lost):
    # given a table that wrote, and whose answer never came
    lose_answer(chat.dynamodb, "TransactWriteItems", after=lost)
    status, reply = chat.send("Hello")
    # then the customer is answered, and nothing is lost or there twice
    assert status == 200
    assert chat.turns() == [("user", "Hello"), ("assistant", reply["answer"])]
    # and the same message again has the same answer
    assert chat.send("Hello")[1]["answer"] == reply["answer"]
    assert len(chat.turns()) == 2


@pytest.mark.parametrize("also", ["SendMessage", "GenerateDataKey"])
def test_where_neither_table_nor_queue_takes_it_the_customer_is_told_to_repeat(chat, also):
    chat.send("first", "message-1")
    undo = [failing(chat, "TransactWriteItems", after=1), failing(chat, also)]
    status, answer = chat.send("second", "message-2")
    assert (status, answer["error"]["reason"]) == (503, "not_stored")
    # and once all is well again, the same message is answered and stands once
    for one in undo:
        one()
    assert chat.send("second", "message-2")[0] == 200
    assert [role for role, _ in chat.turns()] == ["user", "assistant"] * 2


# --- what the tests above ask for ---


def set_state(chat, state):
    chat.dynamodb.update_item(
        TableName="manga-assist-sessions",
        Key={"PK": {"S": "SESSION#session-1"}, "SK": {"S": "META"}},
        UpdateExpression="SET #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": state}},
    )


def failing(chat, operation, **more):
    """Let AWS refuse calls of `operation`; what is returned ends it."""
    client = {"SendMessage": chat.sqs, "GenerateDataKey": chat.kms}.get(operation, chat.dynamodb)
    return refuse(client, operation, **more)


def opened(chat, body):
    from handlers._deferred import decode

    return decode(chat.seal().open(body))


def assert_sealed(body, *markers):
    """None of the markers is in `body`, however it is decoded."""
    from ..personal import found_in

    assert not found_in(body.encode(), markers)
