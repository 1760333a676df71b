"""A handler under Lambda's real runtime client, in both log formats: the lines that come out, and who can read them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from handlers.signals import SIGNALS

from ...queries.test_queries import ACCESS, LAMBDA, PLATFORM, QUERIES, groups, read
from .runtime_api import Function

pytestmark = pytest.mark.slow

ROOT_ID = "1-5759e988-bd862e3fe1be46a994272793"
TRACE = f"Root={ROOT_ID};Parent=53995c3f42cd8ad8;Sampled=1"

MODULE = """
import logging

from handlers.signals import HOT_KEYS, TIME_TO_FIRST_TOKEN
from mangaobs.runtime import (
    configure, count, log_debug, log_dynamodb_operation, log_error, log_info, log_step, log_warning, measure, observe,
    subsegment, take_over_logging,
)

configure(tracer="udp", dimensions={"Environment": "test"}, session_key=b"key")
logger = logging.getLogger("library")


@log_dynamodb_operation("Query:LoadTurns", table="turns", turn_count=lambda response: response["Count"])
def load_turns(event):
    if event.get("fail") == "table":
        raise LookupError("PRIVATE")
    return {
        "Count": 2,
        "ConsumedCapacity": {"TableName": "turns", "CapacityUnits": 1.5},
        "ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 1},
    }


@observe(session=lambda event: event["session"])
def handler(event, context):
    log_debug("request_rejected", reason="debugged")
    log_info("request_rejected", reason=event["text"], http_status=429)
    logger.warning("from logging: %s", event["text"])
    count(HOT_KEYS)
    measure(TIME_TO_FIRST_TOKEN, 12.5)
    with subsegment("LoadContext"):
        turns = load_turns(event)
    with log_step("Compose"):
        log_warning("write_deferred", reason="throttled")
    try:
        1 / 0
    except ZeroDivisionError as error:
        log_error("write_dropped", reason="erased", error=error)
    if event.get("fail") == "handler":
        raise KeyError("PRIVATE")
    return {"statusCode": event.get("status", 200), "turns": turns["Count"]}


@observe
def taken_over(event, context):
    take_over_logging("INFO")
    logger.info("from logging: %s", event["text"], extra={"order": 7})
    logging.getLogger("deeper.library").error("failed", exc_info=ValueError("PRIVATE"))
    return "done"


def configured_twice(event, context):
    return handler(event, context)
"""

FORMATS = {
    "text": {},
    "json": {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"},
}
Run = Callable[..., Function]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Iterator[Run]:
    """Starts functions, once for each handler and environment; each is ended here."""
    folder = tmp_path_factory.mktemp("function")
    (folder / "module.py").write_text(MODULE)
    started: dict[str, Function] = {}

    def start(handler: str = "handler", **environment: str) -> Function:
        key = json.dumps([handler, environment])
        if key not in started:
            started[key] = Function(folder, f"module.{handler}", **environment)
        return started[key]

    yield start
    for function in started.values():
        function.__exit__()


def event(text: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "session": f"session of {text}", **more}


def new_lines(function: Function, *events: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """The lines that these invocations write."""
    before = len(function.lines())
    for one in events:
        function.invoke(one, **more)
    return function.lines()[before:]


def shape(line: dict[str, Any]) -> dict[str, Any]:
    """A line without what differs from run to run: its fields in their order, and what does not."""
    changing = {"timestamp", "duration_ms", "remaining_ms", "request_id", "stack", "_aws", "cold_start"}
    return {name: None if name in changing else value for name, value in line.items()}


def test_the_lines_are_the_same_in_text_and_in_json(run):
    by_format = {
        name: new_lines(run(**environment), event("first"), event("second"), trace=TRACE)
        for name, environment in FORMATS.items()
    }
    text, in_json = ([list(shape(line).items()) for line in lines] for lines in by_format.values())
    assert text == in_json
    assert [line["event"] for line in by_format["text"][:7]] == [
        "request_rejected",
        "dynamodb_operation",
        "write_deferred",
        "step",
        "write_dropped",
        "metrics",
        "invocation",
    ]


@pytest.mark.parametrize("name", FORMATS)
class TestInEitherFormat:
    def test_no_line_is_there_twice(self, run, name):
        lines = new_lines(run(**FORMATS[name]), event("once"), trace=TRACE)
        kinds = [line["event"] for line in lines]
        assert len(kinds) == len(set(kinds)) == 7

    def test_what_python_logs_is_there_once_and_as_lambda_writes_it(self, run, name):
        function = run(**FORMATS[name])
        function.invoke(event("logged-once"))
        (line,) = [line for line in function.output().splitlines() if "from logging: logged-once" in line]
        if name == "json":
            assert json.loads(line)["logger"] == "library"
        else:
            assert line.startswith("[WARNING]\t")

    def test_every_line_has_the_ids_of_its_invocation(self, run, name):
        function = run(**FORMATS[name])
        before = len(function.lines())
        invocations = [
            function.invoke(event("a"), trace=TRACE),
            function.invoke(event("b"), trace=TRACE.replace(ROOT_ID, ROOT_ID[:-1] + "9")),
        ]
        lines = function.lines()[before:]
        for invocation, own in zip(invocations, (lines[:7], lines[7:]), strict=True):
            assert {line["request_id"] for line in own} == {invocation.request_id}
            assert len({line["session"] for line in own}) == 1
        assert {line["trace_id"] for line in lines[:7]} == {ROOT_ID}
        assert {line["trace_id"] for line in lines[7:]} == {ROOT_ID[:-1] + "9"}
        assert lines[0]["session"] != lines[7]["session"]
        assert [line["reason"] for line in lines if line["event"] == "request_rejected"] == ["a", "b"]
        assert "session of" not in json.dumps(lines)

    def test_without_a_trace_header_the_trace_of_before_is_gone(self, run, name):
        function = run(**FORMATS[name])
        traced = new_lines(function, event("with"), trace=TRACE)
        plain = new_lines(function, event("without"))
        assert all("trace_id" in line for line in traced)
        assert len(plain) == 7
        assert not any("trace_id" in line for line in plain)

    def test_lambda_gets_the_failure_itself(self, run, name):
        # Given a handler that raises, when it is invoked, then Lambda is told just that, and our summary says so
        function = run(**FORMATS[name])
        before = len(function.lines())
        failed = function.invoke(event("x", fail="handler"))
        assert failed.error["errorType"] == "KeyError"
        assert failed.error["errorMessage"] == "'PRIVATE'"
        assert any("in handler" in place for place in failed.error["stackTrace"])
        lines = function.lines()[before:]
        (summary,) = [line for line in lines if line["event"] == "invocation"]
        assert (summary["outcome"], summary["error_type"], summary["level"]) == ("error", "KeyError", "ERROR")
        assert any(line["event"] == "metrics" for line in lines)
        assert "PRIVATE" not in json.dumps(lines)

    def test_an_operation_that_fails_says_so_and_the_invocation_too(self, run, name):
        lines = new_lines(run(**FORMATS[name]), event("x", fail="table"))
        (operation,) = [line for line in lines if line["event"] == "dynamodb_operation"]
        assert (operation["status"], operation["error_type"]) == ("error", "LookupError")
        assert "turn_count" not in operation
        assert lines[-1]["outcome"] == "error"

    def test_an_answer_of_500_is_an_error_of_ours_and_a_success_of_lambda(self, run, name):
        function = run(**FORMATS[name])
        before = len(function.lines())
        assert function.invoke(event("x", status=503)).result == {"statusCode": 503, "turns": 2}
        summary = function.lines()[before:][-1]
        assert (summary["outcome"], summary["http_status"]) == ("error", 503)

    def test_the_numbers_are_right(self, run, name):
        lines = {line["event"]: line for line in new_lines(run(**FORMATS[name]), event("x"))}
        operation = lines["dynamodb_operation"]
        assert operation["operation"] == "Query:LoadTurns"
        assert operation["table"] == "turns"
        assert (operation["turn_count"], operation["item_count"], operation["retries"]) == (2, 2, 1)
        assert (operation["consumed_capacity"], operation["http_status"]) == (1.5, 200)
        assert 0 < lines["invocation"]["remaining_ms"] <= 30_000
        assert lines["invocation"]["duration_ms"] >= operation["duration_ms"] >= 0
        assert (lines["metrics"]["HotKeys"], lines["metrics"]["TimeToFirstToken"]) == (1, [12.5])
        assert lines["write_dropped"]["error_type"] == "ZeroDivisionError"

    def test_every_field_is_declared(self, run, name):
        function = run(**FORMATS[name])
        lines = new_lines(function, event("x"), event("y", fail="table"), trace=TRACE)
        events = {one.name: one for one in SIGNALS.events}
        common = {field.name: field for field in SIGNALS.common}
        for line in lines:
            if "_aws" in line or "stack" in line:  # what `log_error` adds has its own test
                continue
            declared = {**common, **{field.name: field for field in events[line["event"]].fields}}
            assert set(line) <= set(declared), line["event"]
            for field in declared.values():
                if field.name in line:
                    kinds = {"string": str, "number": (int, float), "boolean": bool}[field.type]
                    assert isinstance(line[field.name], kinds)
                else:
                    assert field.optional, f"{field.name} is missing"

    def test_what_log_error_adds_of_an_exception_is_declared(self, run, name):
        (line,) = [one for one in new_lines(run(**FORMATS[name]), event("x")) if "stack" in one]
        declared = {field.name for field in (*SIGNALS.common, *one_event(line["event"]).fields)}
        assert set(line) <= declared

    @pytest.mark.parametrize("query_name", QUERIES)
    def test_the_saved_queries_find_what_they_read(self, run, name, query_name):
        # Given the lines of an invocation that works and of one that fails
        lines = new_lines(run(**FORMATS[name]), event("x"), event("y", fail="table"), trace=TRACE)
        query = read(QUERIES[query_name])
        asked = {value for subject, values in query.compared if subject == "event" for value in values}
        elsewhere = LAMBDA | PLATFORM
        if ACCESS in groups(QUERIES[query_name]):
            elsewhere |= {field.name for field in SIGNALS.access_log.fields}
        # When a query asks for an event, then each field that it reads is there, or declared as sometimes missing
        common = {field.name: field for field in SIGNALS.common}
        for line in lines:
            if line["event"] not in asked:
                continue
            declared = {**common, **{field.name: field for field in one_event(line["event"]).fields}}
            for field in query.reads - set(line):
                if field not in declared:
                    assert field in elsewhere or len(asked) > 1, f"no {line['event']} has {field}"
                else:
                    assert declared[field].optional, f"{field} is missing"


def one_event(name: str) -> Any:
    return {event.name: event for event in SIGNALS.events}[name]


def found_by(name: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines that a saved query's comparisons with texts let through."""
    compared = [(subject, values) for subject, values in read(QUERIES[name]).compared if subject in ("event", "status")]
    assert compared
    return [line for line in lines if all(line.get(subject) in values for subject, values in compared)]


@pytest.mark.parametrize("name", FORMATS)
def test_the_queries_on_operations_let_the_right_lines_through(run, name):
    lines = new_lines(run(**FORMATS[name]), event("x"), event("y", fail="table"))
    assert [line["status"] for line in found_by("slowest-operations", lines)] == ["success", "error"]
    assert [line["turn_count"] for line in found_by("latency-by-operation", lines)] == [2]
    assert [line["error_type"] for line in found_by("errors-by-type", lines)] == ["LookupError"]


class TestColdStarts:
    def test_the_first_invocation_is_cold_and_the_second_is_not(self, tmp_path):
        (tmp_path / "module.py").write_text(MODULE)
        with Function(tmp_path, "module.handler") as function:
            assert {line["cold_start"] for line in new_lines(function, event("a"))} == {True}
            assert {line["cold_start"] for line in new_lines(function, event("b"))} == {False}

    def test_with_provisioned_concurrency_nobody_waits_for_a_start(self, run):
        function = run(AWS_LAMBDA_INITIALIZATION_TYPE="provisioned-concurrency")
        assert {line["cold_start"] for line in new_lines(function, event("a"))} == {False}


class TestLevels:
    @pytest.mark.parametrize(
        ("level", "kinds"),
        [
            ("DEBUG", {"request_rejected", "dynamodb_operation", "write_deferred", "step", "write_dropped"}),
            ("WARN", {"write_deferred", "write_dropped", "metrics"}),
            ("ERROR", {"write_dropped", "metrics"}),
            ("FATAL", {"metrics"}),
        ],
    )
    def test_lambdas_level_decides(self, run, level, kinds):
        function = run(AWS_LAMBDA_LOG_FORMAT="JSON", AWS_LAMBDA_LOG_LEVEL=level)
        lines = new_lines(function, event("x"))
        if level == "DEBUG":
            kinds = kinds | {"metrics", "invocation"}
        assert {line["event"] for line in lines} == kinds
        order = ["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
        assert all(order.index(line["level"]) >= order.index(level) for line in lines)

    def test_in_text_it_decides_as_well(self, run):
        lines = new_lines(run(AWS_LAMBDA_LOG_LEVEL="ERROR"), event("x"))
        assert {line["event"] for line in lines} == {"write_dropped", "metrics"}

    def test_a_failing_invocation_is_summed_up_at_the_level_of_errors(self, run):
        function = run(AWS_LAMBDA_LOG_FORMAT="JSON", AWS_LAMBDA_LOG_LEVEL="ERROR")
        (summary,) = [one for one in new_lines(function, event("x", fail="handler")) if one["event"] == "invocation"]
        assert summary["outcome"] == "error"

    def test_debug_lines_come_when_code_asks_for_them_too(self, run):
        lines = new_lines(run(AWS_LAMBDA_LOG_LEVEL="DEBUG", MANGAOBS_LOG_LEVEL="DEBUG"), event("x"))
        assert [line["reason"] for line in lines if line["level"] == "DEBUG"] == ["debugged"]


@pytest.mark.parametrize("name", FORMATS)
class TestTakenOverLogging:
    def test_what_python_logs_is_a_line_like_the_others_and_there_once(self, run, name):
        function = run("taken_over", **FORMATS[name])
        before = len(function.output().splitlines())
        invocation = function.invoke(event("once"), trace=TRACE)
        written = [json.loads(line) for line in function.output().splitlines()[before:]]
        logged, failed, _ = written
        assert (logged["message"], logged["logger"], logged["order"]) == ("from logging: once", "library", 7)
        assert (failed["level"], failed["error_type"]) == ("ERROR", "ValueError")
        assert {line["request_id"] for line in written} == {invocation.request_id}
        assert {line["trace_id"] for line in written} == {ROOT_ID}
        assert "PRIVATE" not in json.dumps(written)


def test_nothing_is_written_to_standard_error(run):
    for environment in FORMATS.values():
        function = run(**environment)
        function.invoke(event("x"), trace=TRACE)
        function.invoke(event("x", fail="table"))
        assert function.errors() == ""
