"""Traces: what is in a document and what never is, who is whose parent, and that nothing of it hurts the function."""

from __future__ import annotations

import asyncio
import gc
import json
import math
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from threading import Thread

import pytest

from mangaobs.runtime import (
    ContextThreadPoolExecutor,
    bind,
    carry,
    configure,
    instrument,
    log_dynamodb_operation,
    log_error,
    log_step,
    observe,
    session_hash,
    subsegment,
)

from .conftest import (
    ROOT_ID,
    SAMPLED,
    SEGMENT,
    TRACERS,
    Context,
    answer,
    answered,
    client,
    failure,
    finished,
    invoke,
    named,
    parents,
)
from .daemon import Daemon
from .runtime_api import ROOT

LARGEST_DATAGRAM = 65_507
LARGEST_DOCUMENT = 64 * 1024


def check(documents) -> None:
    """Whether they are valid: X-Ray developer guide, "X-Ray segment documents"."""
    last = finished(documents)
    ids = {document["id"] for document in last}
    assert len(ids) == len(last)
    for document in last:
        assert re.fullmatch("[0-9a-f]{16}", document["id"])
        assert document["parent_id"] in ids | {SEGMENT}
        assert document["trace_id"] == ROOT_ID
        assert 1 <= len(document["name"]) <= 200
        assert abs(document["start_time"] - time.time()) < 86_400
        assert document["end_time"] >= document["start_time"]
        assert not document.get("in_progress")
        assert document.get("type", "subsegment") == "subsegment"


def problems(output) -> list[str]:
    return [f"{line['reason']} {line.get('detail', '')}" for line in output.lines("telemetry_problem")]


def business() -> str:
    """A bit of everything that traces."""
    with subsegment("Load", turn_count=3) as part:
        part.annotate(model="m")
        part.note(sizes=[1, 2])

        @log_step("Step", size=len)
        def step() -> str:
            return "done"

        return step()


class TestNothingIsSent:
    @pytest.mark.parametrize(
        "header",
        [
            "",
            SAMPLED.replace("Sampled=1", "Sampled=0"),
            SAMPLED.replace(";Sampled=1", ""),
            SAMPLED.replace("Sampled=1", "Sampled=?"),
            f"Root={ROOT_ID}",
            f"Root={ROOT_ID};Sampled=1",
            f"Root={ROOT_ID};Parent=;Sampled=1",
            f"Parent={SEGMENT};Sampled=1",
            f"Root=;Parent={SEGMENT};Sampled=1",
            f"Root=one two;Parent={SEGMENT};Sampled=1",
            f"Root={ROOT_ID};Parent=not hexadecimal;Sampled=1",
            "Sampled=1",
            "=;=;;Sampled=1",
            "Root=1-\u00e9;Parent=\u00e9;Sampled=1",
            'Root="};Parent={"a":1};Sampled=1',
            "x" * 100_000 + ";Sampled=1",
        ],
        ids=lambda header: header[:60] or "none",
    )
    def test_unsampled_or_with_a_header_that_means_nothing(self, traced, monkeypatch, header):
        monkeypatch.setenv("_X_AMZN_TRACE_ID", header)
        traced.configure()
        assert invoke(business) == "done"
        assert traced.documents() == []
        assert traced.output.line("step")["status"] == "success"

    def test_without_a_header_at_all(self, traced, monkeypatch):
        monkeypatch.delenv("_X_AMZN_TRACE_ID")
        traced.configure()
        assert invoke(business) == "done"
        assert traced.documents() == []
        assert "trace_id" not in traced.output.line("invocation")

    def test_with_tracing_off(self, traced):
        traced.configure(tracer="off")
        assert invoke(business) == "done"
        assert traced.documents() == []
        assert traced.output.line("invocation")["trace_id"] == ROOT_ID

    def test_outside_an_invocation(self, traced):
        traced.configure()
        assert business() == "done"
        assert traced.documents() == []


def test_a_header_without_a_root_gives_lines_no_trace_id(traced, monkeypatch):
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Parent={SEGMENT};Sampled=1")
    traced.configure()
    invoke(business)
    assert "trace_id" not in traced.output.line("invocation")


def closed_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


# Given an address where no daemon is, or that is none, then the function works, and its lines come.
@pytest.mark.parametrize(
    "address", ["127.0.0.1:{port}", "nonsense", "127.0.0.1:99999", "tcp:1 udp:2", ":", "[::1]:2000"]
)
def test_without_a_daemon_business_code_sees_no_difference(traced, monkeypatch, address):
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address.format(port=closed_port()))
    traced.configure()
    for _ in range(3):
        assert invoke(business) == "done"
    assert len(traced.output.lines("step")) == 3
    assert len(traced.output.lines("invocation")) == 3


def test_a_lost_datagram_costs_no_time(traced, monkeypatch):
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", f"127.0.0.1:{closed_port()}")
    traced.configure()
    invoke(business)
    started = time.perf_counter()
    for _ in range(100):
        invoke(business)
    assert time.perf_counter() - started < 2


def test_documents_are_valid_and_say_where_they_belong(traced):
    documents = traced.run(business)
    check(documents)
    assert parents(documents) == {"handler": "segment", "Load": "handler", "Step": "Load"}
    assert named(documents, "Load")["metadata"] == {"default": {"sizes": [1, 2]}}


def test_a_handler_says_which_request_it_is(traced):
    document = named(traced.run(business), "handler")
    assert document["annotations"]["request_id"] == Context().aws_request_id
    assert type(document["annotations"]["cold_start"]) is bool


class TestAnnotations:
    def test_texts_numbers_and_booleans_are_kept_as_they_are(self, traced):
        given = {"text": "x", "whole": 3, "broken": 0.5, "flag": True, "A_1": "", "negative": -(2**62)}
        documents = traced.run(lambda: subsegment("Part", **given).__enter__().__exit__(None, None, None))
        kept = named(documents, "Part")["annotations"]
        assert kept == given
        assert {name: type(value) for name, value in kept.items()} == {n: type(v) for n, v in given.items()}

    def test_a_decimal_is_a_number(self, traced):
        def work():
            with subsegment("Part", share=Decimal("0.25"), whole=Decimal(3)):
                pass

        assert named(traced.run(work), "Part")["annotations"] == {"share": 0.25, "whole": 3}

    # Given what X-Ray cannot index, then the rest is kept, and it is said once.
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("bad-key", "x"),
            ("bad key", "x"),
            ("", "x"),
            ("größe", 1),
            ("it", None),
            ("it", [1]),
            ("it", {"a": 1}),
            ("it", b"x"),
            ("it", math.nan),
            ("it", math.inf),
            ("it", Decimal("NaN")),
            ("it", 2**70),
            ("it", object()),
        ],
    )
    def test_what_cannot_be_indexed_is_left_out_and_said_once(self, traced, name, value):
        def work():
            for _ in range(3):
                with subsegment("Part", **{name: value}) as part:
                    part.annotate(**{name: value}, kept=True)

        documents = traced.run(work)
        check(documents)
        for document in finished(documents):
            if document["name"] == "Part":
                assert document["annotations"] == {"kept": True}
        (problem,) = problems(traced.output)
        assert problem.startswith("annotation ")

    def test_each_name_that_cannot_be_indexed_is_said(self, traced):
        def work():
            with subsegment("Part", first=None, second=[1]):
                pass

        traced.run(work)
        told = " ".join(problems(traced.output))
        assert "first" in told
        assert "second" in told

    def test_long_texts_are_cut(self, traced):
        def work():
            with subsegment("Part", long="x" * 5000, wide="é" * 5000):
                pass

        kept = named(traced.run(work), "Part")["annotations"]
        assert kept == {"long": "x" * 1000, "wide": "é" * 1000}

    def test_secrets_and_personal_data_are_redacted(self, traced):
        def work():
            with subsegment("Part", api_key="hunter2", text="mail ada@example.com", card="4111 1111 1111 1111") as part:
                part.annotate(password="hunter2", surrogate="\ud800")
                part.note(authorization="hunter2", deep={"email": "ada@example.com"})

        documents = traced.run(work)
        check(documents)
        whole = json.dumps(documents)
        for secret in ("hunter2", "ada@example.com", "4111"):
            assert secret not in whole

    # Given fields of an operation, which become annotations too, then the same holds for them.
    def test_fields_of_operations_are_redacted(self, traced):
        @log_step("Step", contact="ada@example.com", api_key="hunter2")
        def fixed() -> None:
            pass

        @log_dynamodb_operation("GetItem:Profile", email=lambda item: item["email"], who=lambda item: item["email"])
        def derived() -> dict[str, str]:
            return {"email": "grace@example.com"}

        whole = json.dumps(traced.run(lambda: (fixed(), derived())))
        for secret in ("ada@example.com", "grace@example.com", "hunter2"):
            assert secret not in whole

    @pytest.mark.parametrize("value", [math.nan, math.inf, 2**70])
    def test_numbers_of_operations_that_x_ray_cannot_index_are_left_out(self, traced, value):
        @log_step("Step", score=lambda _: value, kept=lambda _: 1)
        def step() -> None:
            pass

        documents = traced.run(step)
        assert named(documents, "Step")["annotations"] == {"kept": 1}

    def test_long_fields_of_operations_are_cut(self, traced):
        @log_step("Step", long=lambda _: "x" * 5000)
        def step() -> None:
            pass

        assert named(traced.run(step), "Step")["annotations"] == {"long": "x" * 1000}

    def test_names_of_fields_that_x_ray_cannot_index_are_left_out(self, traced):
        @log_step("Step", **{"bad-key": "x", "kept": 1})
        def step() -> None:
            pass

        assert named(traced.run(step), "Step")["annotations"] == {"kept": 1}

    def test_the_session_is_its_hash(self, traced):
        traced.configure(session_key=b"key")
        by_session = observe(session=lambda event: event["session"])
        by_session(lambda _event, _context: None)({"session": "s-raw-1"}, Context())
        invoke(lambda: bind(session="s-raw-2"))
        documents = finished(traced.documents())
        assert [document["annotations"]["session"] for document in documents] == [
            session_hash("s-raw-1", b"key"),
            session_hash("s-raw-2", b"key"),
        ]
        assert "s-raw" not in json.dumps(documents)

    def test_annotating_what_has_ended_hurts_nobody(self, traced):
        def work():
            with subsegment("Part") as part:
                pass
            part.annotate(late=1)
            part.note(late=1)
            return "done"

        traced.configure()
        assert invoke(work) == "done"


class TestSize:
    def test_over_64_kilobytes_a_document_is_trimmed_and_says_so(self, traced):
        def work():
            with subsegment("Large", kept=1) as part:
                for number in range(12):
                    part.note(**{f"note{number}": "x" * 15_000})

        documents = traced.run(work)
        check(documents)
        assert max(map(len, traced.daemon.datagrams)) <= LARGEST_DATAGRAM
        assert len(json.dumps(named(documents, "Large"))) <= LARGEST_DOCUMENT
        assert any("64 k" in problem or "trimmed" in problem for problem in problems(traced.output))

    def test_many_long_annotations_are_trimmed_too(self, traced):
        def work():
            with subsegment("Large", **{f"a{number}": "é" * 1000 for number in range(60)}):
                pass

        documents = traced.run(work)
        check(documents)
        assert named(documents, "Large")
        assert max(map(len, traced.daemon.datagrams)) <= LARGEST_DATAGRAM

    def test_a_note_of_a_megabyte_is_shortened_and_says_so(self, traced):
        def work():
            with subsegment("Large") as part:
                part.note(text="x" * 1_000_000, kept=1)

        documents = traced.run(work)
        assert max(map(len, traced.daemon.datagrams)) < 20_000
        assert named(documents, "Large")["metadata"]["default"]["kept"] == 1
        assert any(problem.startswith("trace_note") for problem in problems(traced.output))

    def test_the_children_of_a_trimmed_document_still_come(self, traced):
        def work():
            with subsegment("Large") as part:
                part.note(**{f"note{number}": "x" * 15_000 for number in range(12)})
                with subsegment("Small"):
                    pass

        assert parents(traced.run(work)) == {"handler": "segment", "Large": "handler", "Small": "Large"}

    def test_a_fault_stays_marked_when_its_document_is_trimmed(self, traced):
        def work():
            with suppress(LookupError), subsegment("Large") as part:
                part.note(**{f"note{number}": "x" * 15_000 for number in range(12)})
                raise LookupError

        assert named(traced.run(work), "Large")["fault"] is True


# Given a name that X-Ray does not take, then the part is there, under what is left of it.
@pytest.mark.parametrize(
    ("name", "shown"), [("a?b;c*", "abc"), ("n" * 500, "n" * 200), ("<>", "unnamed"), ("Größe 100%", "Größe 100%")]
)
def test_names_are_what_x_ray_takes(traced, name, shown):
    def work():
        with subsegment(name):
            pass

    documents = traced.run(work)
    check(documents)
    assert parents(documents)[shown] == "handler"


def test_nothing_that_a_person_wrote_is_in_a_trace(traced):
    # Given marks in the event, in an item, in messages of exceptions and in AWS's error
    marks = [f"MARK-{number}" for number in range(9)]
    table = instrument(client("dynamodb"))
    answered(
        table,
        answer(200, {"Item": {"text": {"S": marks[0]}}}),
        failure(400, "ConditionalCheckFailedException", marks[1]),
        answer(200, {"Count": 1, "Items": [{"text": {"S": marks[2]}}]}),
    )

    class TellingError(Exception):
        def __init__(self) -> None:
            super().__init__(marks[3])
            self.response = {"Error": {"Code": "Told", "Message": marks[4]}, "Item": marks[5]}

    @log_dynamodb_operation("PutItem:Turn", table="turns")
    def put() -> object:
        return table.put_item(TableName="turns", Item={"pk": {"S": marks[6]}})

    @observe
    def handler(event, context):
        table.get_item(TableName="turns", Key={"pk": {"S": marks[6]}})
        try:
            put()
        except table.exceptions.ConditionalCheckFailedException as error:
            log_error("failed", error=error)
        with log_step("Query"):
            table.query(
                TableName="turns",
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": marks[6]}},
            )
        with subsegment("Fails"):
            raise TellingError

    # When the handler fails, then no mark is in any document
    traced.configure()
    with pytest.raises(TellingError):
        handler({"text": marks[7], marks[8]: 1}, Context())
    documents = traced.documents()
    assert len(documents) == 7
    whole = b"".join(traced.daemon.datagrams).decode()
    assert [mark for mark in marks if mark in whole] == []
    assert named(documents, "Fails")["fault"] is True
    assert named(documents, "handler")["fault"] is True


def test_no_key_of_an_item_is_in_a_trace(traced):
    # Given answers that tell which items they are about
    dynamodb = instrument(client("dynamodb"))
    size = {"ItemCollectionKey": {"pk": {"S": "MARK-1"}}, "SizeEstimateRangeGB": [0, 1]}
    answered(
        dynamodb,
        answer(200, {"ItemCollectionMetrics": size}),
        answer(200, {"ItemCollectionMetrics": {"turns": [size]}, "UnprocessedItems": {}}),
        answer(200, {"Items": [], "Count": 0, "LastEvaluatedKey": {"pk": {"S": "MARK-2"}}}),
    )

    def work():
        item = {"pk": {"S": "MARK-1"}}
        dynamodb.put_item(TableName="turns", Item=item, ReturnItemCollectionMetrics="SIZE")
        dynamodb.batch_write_item(RequestItems={"turns": [{"PutRequest": {"Item": item}}]})
        dynamodb.scan(TableName="turns", ExclusiveStartKey={"pk": {"S": "MARK-2"}})

    traced.run(work)
    assert b"MARK" not in b"".join(traced.daemon.datagrams)


def test_an_exception_is_described_where_it_began_and_referred_to_above(traced):
    def work():
        with subsegment("Outer"), subsegment("Inner"):
            raise ZeroDivisionError("said by nobody")

    traced.configure()
    with pytest.raises(ZeroDivisionError):
        invoke(work)
    documents = traced.documents()
    (described,) = named(documents, "Inner")["cause"]["exceptions"]
    assert described["type"] == "ZeroDivisionError"
    assert described["stack"][-1]["label"] == "work"
    assert named(documents, "Outer")["cause"] == named(documents, "handler")["cause"] == described["id"]


def test_a_handler_that_answers_500_is_a_fault(traced):
    assert named(traced.run(lambda: {"statusCode": 502}), "handler")["fault"] is True
    assert "fault" not in named(traced.run(lambda: {"statusCode": 404})[1:], "handler")


# --- who is whose parent ---


def test_generators_hold_what_runs_in_them_and_not_what_runs_between(traced):
    @log_step("Generate")
    def generate():
        with subsegment("Within"):
            yield 1
        yield 2

    def work():
        for number in generate():
            with subsegment(f"Between{number}"):
                pass
        with subsegment("After"):
            pass

    documents = traced.run(work)
    check(documents)
    assert parents(documents) == {
        "handler": "segment",
        "Generate": "handler",
        "Within": "Generate",
        "Between1": "handler",
        "Between2": "handler",
        "After": "handler",
    }


def test_a_part_that_a_generator_holds_open_over_a_yield_keeps_its_children(traced):
    @log_step("Generate")
    def generate():
        with subsegment("Within"):
            yield 1
            with subsegment("Leaf"):
                pass
        yield 2

    documents = traced.run(lambda: list(generate()))
    check(documents)
    assert parents(documents)["Leaf"] == "Within"


def test_an_async_generator_does_the_same(traced):
    @log_step("Generate")
    async def generate():
        with subsegment("Within"):
            await asyncio.sleep(0)
            yield 1
            with subsegment("Leaf"):
                pass

    async def consume():
        async for _ in generate():
            with subsegment("Between"):
                await asyncio.sleep(0)

    documents = traced.run(lambda: asyncio.run(consume()))
    check(documents)
    expected = {"handler": "segment", "Generate": "handler", "Within": "Generate", "Between": "handler"}
    assert parents(documents) == {**expected, "Leaf": "Within"}


def test_a_generator_that_is_given_up_is_closed(traced):
    @log_step("Generate")
    def generate():
        yield 1
        yield 2

    def work():
        made = generate()
        next(made)
        made.close()
        with subsegment("After"):
            pass

    documents = traced.run(work)
    check(documents)
    assert parents(documents) == {"handler": "segment", "Generate": "handler", "After": "handler"}
    assert "fault" not in named(documents, "Generate")


def test_tasks_that_run_at_the_same_time_are_siblings(traced):
    @log_step("Task")
    async def task(number: int) -> None:
        with subsegment(f"Part{number}"):
            await asyncio.sleep(0.01 * (3 - number))
            with subsegment(f"Leaf{number}"):
                await asyncio.sleep(0.01 * number)

    async def gather() -> None:
        await asyncio.gather(*map(task, range(3)))

    documents = finished(traced.run(lambda: asyncio.run(gather())))
    check(documents)
    by_id = {document["id"]: document for document in documents}
    handler = named(documents, "handler")
    tasks = [document for document in documents if document["name"] == "Task"]
    assert [document["parent_id"] for document in tasks] == [handler["id"]] * 3
    for number in range(3):
        leaf = named(documents, f"Leaf{number}")
        part = by_id[leaf["parent_id"]]
        assert part["name"] == f"Part{number}"
        assert by_id[part["parent_id"]]["name"] == "Task"
    assert len({named(documents, f"Part{number}")["parent_id"] for number in range(3)}) == 3


def test_threads_that_carry_the_context_work_within_their_callers_part(traced):
    def load(number: int) -> None:
        with subsegment(f"Load{number}"), subsegment(f"Leaf{number}"):
            time.sleep(0.002)

    def work():
        with subsegment("Fan"):
            thread = Thread(target=carry(load), args=(9,))
            thread.start()
            with ContextThreadPoolExecutor(4) as pool:
                list(pool.map(load, range(8)))
            thread.join()
        with subsegment("After"):
            pass

    documents = traced.run(work)
    check(documents)
    found = parents(documents)
    assert len(found) == 21
    for number in range(10):
        if number != 8:
            assert found[f"Load{number}"] == "Fan"
            assert found[f"Leaf{number}"] == f"Load{number}"
    assert found["After"] == "handler"


def test_a_thread_without_the_context_traces_nothing(traced):
    def work():
        thread = Thread(target=business)
        thread.start()
        thread.join()

    assert parents(traced.run(work)) == {"handler": "segment"}


def test_work_that_outlives_its_part_hurts_nobody_and_has_a_parent(traced):
    def work():
        def late() -> None:
            time.sleep(0.05)
            with subsegment("Late"):
                pass

        with subsegment("Fan"):
            thread = Thread(target=carry(late))
            thread.start()
        thread.join()

    documents = traced.run(work)
    check(documents)
    assert "Late" in parents(documents)


def test_invocations_that_follow_each_other_do_not_mix(traced, monkeypatch):
    traced.configure()
    other = "1-5759e988-bd862e3fe1be46a994272794"
    invoke(business)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", SAMPLED.replace(ROOT_ID, other))
    invoke(business)
    documents = traced.documents()
    assert [document["trace_id"] for document in documents] == [ROOT_ID] * 3 + [other] * 3
    for some in (documents[:3], documents[3:]):
        assert parents(some) == {"handler": "segment", "Load": "handler", "Step": "Load"}


def test_invocations_of_several_threads_at_the_same_time_do_not_mix(traced):
    traced.configure()

    def run(number: int) -> None:
        def work():
            for part in range(5):
                with log_step(f"Outer{number}-{part}"), subsegment(f"Inner{number}-{part}"):
                    time.sleep(0.001)

        invoke(work, Context(f"request-{number}"))

    threads = [Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    documents = finished(traced.documents())
    check(documents)
    by_id = {document["id"]: document for document in documents}
    assert len(by_id) == 8 * 11
    for document in documents:
        number = document["name"][5:].partition("-")[0]
        above = by_id.get(document["parent_id"])
        if document["name"].startswith("Outer"):
            assert above["annotations"]["request_id"] == f"request-{number}"
        elif document["name"].startswith("Inner"):
            assert above["name"] == document["name"].replace("Inner", "Outer")


def test_a_busy_function_keeps_nothing_of_its_traces(traced):
    traced.configure()
    for _ in range(20):
        invoke(business)
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(200):
        invoke(business)
    gc.collect()
    assert len(gc.get_objects()) - before < 200


def test_what_code_traces_with_the_sdk_itself_lies_within_and_around(daemon, output, lambda_environment, monkeypatch):
    from aws_xray_sdk.core import xray_recorder

    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", daemon.address)
    configure(tracer="xray-sdk", write=output.append)

    def work():
        with subsegment("Ours"), xray_recorder.in_subsegment("Theirs"), subsegment("Inner"):
            pass
        with subsegment("After"):
            pass

    invoke(work)
    documents = daemon.documents()
    check(documents)
    assert parents(documents) == {
        "handler": "segment",
        "Ours": "handler",
        "Theirs": "Ours",
        "Inner": "Theirs",
        "After": "handler",
    }


def test_code_that_ends_one_part_too_many_with_the_sdk_is_not_failed(daemon, output, lambda_environment, monkeypatch):
    from aws_xray_sdk.core import xray_recorder

    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", daemon.address)
    configure(tracer="xray-sdk", write=output.append)

    def work():
        with subsegment("Ours"):
            xray_recorder.begin_subsegment("Theirs")
            xray_recorder.end_subsegment()
            xray_recorder.end_subsegment()
        with log_step("Step"):
            xray_recorder.end_subsegment()
        return "done"

    assert invoke(work) == "done"
    assert output.line("step")["status"] == "success"


# --- clocks and ids ---


def test_a_clock_that_steps_back_gives_no_negative_duration(traced):
    real = time.time
    asked = iter(range(10_000))
    traced.run(business, clock=lambda: real() - 3600 * (next(asked) // 2))
    check(traced.documents())


def test_a_clock_that_steps_forward_does_not_stretch_a_part(traced):
    real = time.time
    asked = iter(range(10_000))
    documents = traced.run(business, clock=lambda: real() + 600 * next(asked))
    for document in finished(documents):
        assert document["end_time"] - document["start_time"] < 5


def test_times_are_when_it_happened(traced):
    before = time.time()

    def work():
        with subsegment("Sleep"):
            time.sleep(0.05)

    document = named(traced.run(work), "Sleep")
    assert before <= document["start_time"] <= document["end_time"] <= time.time()
    assert 0.045 <= document["end_time"] - document["start_time"] < 0.5


def test_ids_are_unique_within_a_trace(traced):
    def work():
        for _ in range(500):
            with subsegment("Part"):
                pass

    documents = traced.run(work)
    check(documents)
    assert len(finished(documents)) == 501


def test_retries_of_an_invocation_within_one_trace_have_their_own_ids(traced):
    # Given the same trace header and the same moment, as after a restored snapshot
    moment = time.time()
    ids = []
    for segment in ("53995c3f42cd8ad8", "53995c3f42cd8ad9"):
        os.environ["_X_AMZN_TRACE_ID"] = SAMPLED.replace(SEGMENT, segment)
        traced.configure(clock=lambda: moment)
        invoke(business)
    ids = [document["id"] for document in traced.documents()]
    assert len(set(ids)) == len(ids) == 6


FORKED = """
import os, sys
from mangaobs.runtime import configure, observe, subsegment

configure(tracer=sys.argv[1], write=lambda line: None)

@observe
def handler(event, context):
    with subsegment("Before"):
        pass
    with subsegment("Around"):
        children = []
        for number in range(2):
            child = os.fork()
            if child == 0:
                for part in range(5):
                    with subsegment(f"Child{number}-{part}"):
                        pass
                os._exit(0)
            children.append(child)
        for part in range(5):
            with subsegment(f"Parent-{part}"):
                pass
        for child in children:
            os.waitpid(child, 0)

handler({}, None)
"""


@pytest.mark.slow
@pytest.mark.parametrize("tracer", TRACERS)
def test_processes_that_fork_in_the_middle_share_no_ids(tmp_path, tracer):
    with Daemon() as daemon:
        run(tmp_path, FORKED, tracer, _X_AMZN_TRACE_ID=SAMPLED, AWS_XRAY_DAEMON_ADDRESS=daemon.address)
        documents = daemon.documents()
    names = sorted({document["name"] for document in documents})
    assert len(names) == 18
    ids = {(document["id"], document["name"]) for document in documents}
    assert len({id for id, _ in ids}) == len(ids), "two parts have one id"
    around = named(documents, "Around")["id"]
    assert {document["parent_id"] for document in documents if "-" in document["name"]} == {around}


def run(folder, program: str, *arguments: str, **environment: str) -> str:
    """Run a program in Lambda's environment; its standard output."""
    file = folder / "program.py"
    file.write_text(program)
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LAMBDA_TASK_ROOT": str(folder), **environment}
    done = subprocess.run(
        [sys.executable, file, *arguments], env=variables, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_lean_tracer_loads_neither_the_sdk_nor_what_it_needs(tmp_path):
    program = """
import sys
from mangaobs.runtime import configure, observe, subsegment
configure(tracer="udp", write=lambda line: None)
@observe
def handler(event, context):
    with subsegment("Part"):
        pass
handler({}, None)
print(sorted({"aws_xray_sdk", "wrapt", "asyncio", "botocore", "typing", "inspect"}.intersection(sys.modules)))
"""
    assert run(tmp_path, program, _X_AMZN_TRACE_ID=SAMPLED) == "[]\n"


@pytest.mark.slow
def test_the_sdks_own_switch_turns_its_tracer_off(tmp_path):
    program = """
from mangaobs.runtime import observe, subsegment
@observe
def handler(event, context):
    with subsegment("Part"):
        pass
handler({}, None)
"""
    with Daemon() as daemon:
        more = {"AWS_XRAY_SDK_ENABLED": "false", "AWS_XRAY_DAEMON_ADDRESS": daemon.address}
        run(tmp_path, program, _X_AMZN_TRACE_ID=SAMPLED, **more)
        assert daemon.documents() == []


@pytest.mark.slow
def test_without_the_sdk_the_lean_tracer_takes_over_and_says_so(tmp_path):
    program = """
import sys
sys.modules["aws_xray_sdk"] = None
from mangaobs.runtime import observe, subsegment
@observe
def handler(event, context):
    with subsegment("Part"):
        pass
handler({}, None)
"""
    with Daemon() as daemon:
        written = run(tmp_path, program, _X_AMZN_TRACE_ID=SAMPLED, AWS_XRAY_DAEMON_ADDRESS=daemon.address)
        assert parents(daemon.documents()) == {"handler": "segment", "Part": "handler"}
    assert [line["reason"] for line in map(json.loads, written.splitlines()) if "reason" in line] == ["tracer"]


def test_the_line_and_the_part_tell_the_same_duration(traced):
    with_step = log_step("Step")(lambda: time.sleep(0.02))
    document = named(traced.run(with_step), "Step")
    line = traced.output.line("step")
    assert abs((document["end_time"] - document["start_time"]) * 1000 - line["duration_ms"]) < 1
    written = datetime.fromisoformat(line["timestamp"])
    assert abs((written - datetime.fromtimestamp(document["end_time"], UTC)).total_seconds()) < 0.1


def test_names_of_parts_are_redacted_as_lines_are(traced):
    def work():
        with subsegment("User someone@example.com"):
            pass

    names = {document["name"] for document in traced.run(work)}
    assert not any("someone" in name for name in names)
