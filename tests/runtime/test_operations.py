"""The decorators' lines, kind by kind, and blocks."""

from __future__ import annotations

import asyncio
import functools
from http import HTTPStatus
from typing import Any

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.runtime import (
    ContextThreadPoolExecutor,
    bind,
    configure,
    count,
    log_bedrock_invocation,
    log_debug,
    log_dynamodb_operation,
    log_error,
    log_event,
    log_info,
    log_operation,
    log_publish_operation,
    log_redis_operation,
    log_step,
    observe,
    summarize,
    summarize_operation,
)
from mangaobs.runtime import signals as runtime
from mangaobs.runtime._context import CURRENT
from mangaobs.signals import LogEvent, MetricSignal

from .conftest import LambdaContext, configured


class Clock:
    """A monotonic clock that goes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


METADATA = {"HTTPStatusCode": 200, "RetryAttempts": 1, "RequestId": "r"}
KINDS = [
    (
        log_dynamodb_operation("Query:LoadTurns", table="turns", turn_count=lambda response: response["Count"]),
        {"Count": 3, "ConsumedCapacity": {"TableName": "turns", "CapacityUnits": 1.5}, "ResponseMetadata": METADATA},
        runtime.DYNAMODB_OPERATION,
        {
            "table": "turns",
            "turn_count": 3,
            "item_count": 3,
            "consumed_capacity": 1.5,
            "retries": 1,
            "http_status": 200,
        },
    ),
    (
        log_bedrock_invocation("Converse:Answer", model="a-model"),
        {"usage": {"inputTokens": 12, "outputTokens": 34}, "ResponseMetadata": METADATA},
        runtime.BEDROCK_INVOCATION,
        {"model": "a-model", "input_tokens": 12, "output_tokens": 34, "retries": 1, "http_status": 200},
    ),
    (
        log_bedrock_invocation("InvokeModel:Answer", model="a-model"),
        {"ResponseMetadata": {**METADATA, "HTTPHeaders": {"x-amzn-bedrock-input-token-count": "12"}}},
        runtime.BEDROCK_INVOCATION,
        {"model": "a-model", "input_tokens": 12, "retries": 1, "http_status": 200},
    ),
    (log_redis_operation("GET:Routing"), b"1", runtime.REDIS_OPERATION, {}),
    (
        log_publish_operation("Publish:Handoff", destination="handoffs"),
        {"MessageId": "m", "ResponseMetadata": METADATA},
        runtime.PUBLISH_OPERATION,
        {"destination": "handoffs", "retries": 1, "http_status": 200},
    ),
    (log_step("LoadContext"), None, runtime.STEP, {}),
    (log_operation(LogEvent("own_kind"), "Do:It", of="mine"), None, LogEvent("own_kind"), {"of": "mine"}),
]


@pytest.mark.parametrize(("decorate", "result", "event", "told"), KINDS, ids=lambda value: getattr(value, "name", None))
def test_each_kind_of_operation_says_what_its_answer_tells(decorate, result, event, told):
    lines = configured(monotonic=(clock := Clock()))

    def call() -> Any:
        clock.now += 0.0125
        return result

    # when it is called, then the result is passed on, and one line has what was measured and what was told
    assert decorate(call)() is result
    line = lines.only
    assert line["event"] == event.name
    assert (line["duration_ms"], line["status"]) == (12.5, "success")
    measured = {"timestamp", "level", "event", "function", "operation", "duration_ms", "status"}
    assert {name: value for name, value in line.items() if name not in measured} == told


@pytest.mark.parametrize(("decorate", "result", "event", "told"), KINDS, ids=lambda value: getattr(value, "name", None))
def test_each_kind_of_operation_says_what_failed(lines, decorate, result, event, told):
    class Throttled(Exception):  # noqa: N818
        response = {"Error": {"Code": "ThrottlingException", "Message": "x"}, "ResponseMetadata": METADATA}  # noqa: RUF012

    def call():
        raise Throttled

    with pytest.raises(Throttled):
        decorate(call)()
    line = lines.only
    assert (line["level"], line["status"]) == ("ERROR", "error")
    assert (line["error_type"], line["http_status"], line["retries"]) == ("ThrottlingException", 200, 1)


def test_an_answer_may_hold_anything(lines):
    class Hostile:
        def __float__(self):
            raise RuntimeError

        def __len__(self):
            raise SystemExit

        __class__ = property(lambda self: 1 / 0)

    operation = log_dynamodb_operation("Query:LoadTurns", x=lambda r: r)
    for result in (
        {"ConsumedCapacity": {"CapacityUnits": Hostile()}, "ResponseMetadata": METADATA},
        {"Responses": {"turns": Hostile()}},
        Hostile(),
    ):
        assert operation(lambda answer=result: answer)() is result
    assert [line["status"] for line in lines.of("dynamodb_operation")] == ["success"] * 3


def test_the_table_is_the_configured_one_unless_something_else_says(lines):
    configure(write=lines.append, environ={"SESSION_TABLE": "sessions"})
    answer = {"ConsumedCapacity": {"TableName": "other", "CapacityUnits": 1}}
    log_dynamodb_operation("Query:A")(lambda: None)()
    log_dynamodb_operation("Query:B")(lambda: answer)()
    log_step("Step")(lambda: None)()
    assert [line.get("table") for line in lines.all] == ["sessions", "other", None]


def test_blocks_that_overlap_end_each_for_themselves():
    # given a plain generator with a block in it, which is closed while another operation is open
    lines = configured(monotonic=(clock := Clock()))

    def stream():
        with log_step("Block"):
            yield 1

    items = stream()
    next(items)
    clock.now = 1
    with log_step("Other"):
        clock.now = 3
        items.close()
        summarize_operation(who="other")
        clock.now = 7
    block, other = lines.all
    assert (block["operation"], block["duration_ms"]) == ("Block", 3000)
    assert (other["operation"], other["duration_ms"], other["who"]) == ("Other", 6000, "other")
    assert CURRENT.get() is None


def test_a_block_that_ends_in_another_task_is_still_itself(lines):
    block = log_step("Block")

    async def begin():
        block.__enter__()

    async def end():
        with log_step("Around"):
            await asyncio.sleep(0)
            block.__exit__(None, None, None)

    async def main():
        await asyncio.create_task(begin())
        await asyncio.create_task(end())

    asyncio.run(main())
    assert [line["operation"] for line in lines.all] == ["Block", "Around"]


def test_names_that_are_taken_lose_no_value(lines):
    @observe
    def handler(event, context):
        summarize(duration_ms=1, duration_ms_=2, request_id="mine")

    log_step("Step", status=1, status_=2)(lambda: None)()
    handler({}, LambdaContext())
    step, summary = lines.all
    assert {1, 2} <= set(step.values())
    assert {1, 2, "mine"} <= set(summary.values())
    assert (step["status"], summary["request_id"]) == ("success", LambdaContext().aws_request_id)


def test_two_handlers_of_one_decorator_keep_their_names(lines):
    decorate = observe(session=lambda event: event["s"])
    first, second = decorate(lambda event, context: 1), decorate(lambda event, context: 2)
    assert (first({"s": "x"}, None), second({"s": "x"}, None)) == (1, 2)
    assert len(lines.of("invocation")) == 2


@pytest.mark.parametrize("event", ["a name", None, 5, LogEvent("kind", level="WARN")])
def test_log_event_fails_nobody(lines, event):
    log_event(event, a=1)
    assert lines.only["a"] == 1
    assert lines.only["level"] == ("WARN" if isinstance(event, LogEvent) else "INFO")


def test_what_is_summarized_without_an_operation_is_nobodys(lines):
    summarize_operation(a=1)
    summarize(a=1)
    assert lines == []


def test_what_is_bound_under_a_measured_name_gives_way():
    lines = configured(monotonic=(clock := Clock()))

    @observe
    def handler(event, context):
        bind(operation="checkout", status="open", duration_ms=-1, outcome="x")
        with log_step("Step"):
            clock.now = 1
        log_info("x", a=1)

    handler({}, LambdaContext())
    step, line, summary = lines.all
    assert (step["operation"], step["status"], step["duration_ms"]) == ("Step", "success", 1000)
    assert (summary["outcome"], summary["duration_ms"]) == ("success", 1000)
    assert (line["operation"], line["status"]) == ("checkout", "open")


def test_no_line_is_over_the_limit_whatever_is_bound_or_told(lines):
    @observe
    def handler(event, context):
        for number in range(1000):
            bind(**{f"field{number}": "v" * 500})
        with log_step("Step", note="y" * 200_000):
            summarize_operation(big="x" * 300_000)
        summarize(more="q" * 300_000)
        log_info("x", text="z" * 300_000)

    handler({}, LambdaContext())
    assert {line["event"] for line in lines.all} >= {"step", "x", "invocation", "telemetry_problem"}
    assert max(map(len, lines.raw)) <= 256 * 1024


@pytest.mark.parametrize("status", [502, HTTPStatus.BAD_GATEWAY, "502"])
def test_a_server_error_is_a_failure_however_it_is_written(status):
    lines = configured(debug_hold_bytes=10_000)

    @observe
    def handler(event, context):
        log_debug("held", a=1)
        return {"statusCode": status}

    assert handler({}, LambdaContext()) == {"statusCode": status}
    assert (lines.of("invocation")[0]["outcome"], lines.of("invocation")[0]["http_status"]) == ("error", 502)
    assert lines.of("held")


def test_partials_and_objects_that_are_coroutines_are_measured_to_their_end(lines):
    async def load(number):
        await asyncio.sleep(0)
        raise LookupError

    class Load:
        async def __call__(self, number):
            await load(number)

    for function in (functools.partial(load, 1), functools.partial(Load(), 1)):
        with pytest.raises(LookupError):
            asyncio.run(log_step("Load")(function)())
    assert [line["status"] for line in lines.of("step")] == ["error", "error"]


def test_threads_bind_without_losing_a_field(lines):
    @observe
    def handler(event, context):
        def work(number):
            bind(**{f"field{number}": number})

        with ContextThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(30)))

    handler({}, LambdaContext())
    assert {f"field{number}" for number in range(30)} <= set(lines.of("invocation")[0])


class Service:
    @observe
    def handle(self, event, context):
        log_info("x", length=len(event))

    @observe
    def with_more(self, event, context, more=None):
        log_info("x", length=len(event))


@pytest.mark.parametrize(
    "call",
    [
        lambda context: observe(lambda event, context: log_info("x", length=len(event)))([1], context),
        lambda context: observe(lambda event, context: log_info("x", length=len(event)))([1], context=context),
        lambda context: observe(lambda event, context: log_info("x", length=len(event)))(event=[1], context=context),
        lambda context: observe(lambda event, context, db: log_info("x", length=len(event)))([1], context, object()),
        lambda context: Service().handle([1], context),
        lambda context: Service().handle([1], context=context),
        lambda context: Service().with_more([1], context, object()),
    ],
)
def test_a_handler_may_be_called_in_any_way(lines, call):
    call(LambdaContext())
    line, summary = lines.all
    assert line["request_id"] == summary["request_id"] == LambdaContext().aws_request_id
    assert summary["remaining_ms"] == 30_000


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: observe(session="session_id"), "no function"),
        (lambda: log_step(lambda: None), "named by a text"),
        (lambda: log_operation(5, "x"), "no kind of line"),
    ],
)
def test_a_decorator_that_is_used_wrongly_says_what_would_be_right(wrong, words):
    with pytest.raises(DefinitionError, match=words) as caught:
        wrong()
    assert caught.value.right


def test_an_exception_may_be_given_in_place_of_fields(lines):
    log_error("failed", ValueError("someone@example.com"))
    assert lines.only["error_type"] == "ValueError"
    assert "someone" not in lines.text


@pytest.mark.parametrize("metric", ["Turns", None, 5])
def test_what_is_no_metric_is_said_and_costs_no_other(lines, metric):
    turns = MetricSignal("Chat", "Turns", "Count")

    @observe
    def handler(event, context):
        count(metric)
        count(metric, "x")
        count(turns)

    handler({}, LambdaContext())
    assert lines.of("metrics")[0]["Turns"] == 1
    assert lines.of("telemetry_problem")
