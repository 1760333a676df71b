"""What every line of an invocation has, and that it is its own: threads, tasks, generators, nested handlers."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import hashlib
import hmac
import inspect
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaobs.runtime import (
    ContextThreadPoolExecutor,
    bind,
    carry,
    log_info,
    log_operation,
    log_step,
    observe,
    session_hash,
    summarize,
    summarize_operation,
)
from mangaobs.runtime._context import CURRENT

from .conftest import TRACE, LambdaContext, configured

# --- the ids of an invocation ---


def test_every_line_has_the_ids_of_its_invocation_and_none_has_them_afterwards(context):
    environ = {"_X_AMZN_TRACE_ID": TRACE.replace("Sampled=1", "Sampled=0")}
    lines = configured(environ=environ, session_key=b"key")

    @observe(session=lambda event: event["session"])
    def handler(event, context):
        bind(stage="one")
        log_info("within", a=1)

    log_info("before", a=1)
    handler({"session": "s-1", "requestContext": {"requestId": "api-1"}}, context)
    log_info("after", a=1)

    before, within, summary, after = lines.all
    for line in (within, summary):
        assert line["request_id"] == context.aws_request_id
        assert line["trace_id"] == "1-5759e988-bd862e3fe1be46a994272793"
        assert line["correlation_id"] == "api-1"
        assert line["cold_start"] is True
        assert line["stage"] == "one"
        assert line["session"] == hmac.new(b"key", b"s-1", hashlib.sha256).hexdigest()[:16]
    assert set(before) == set(after) == {"timestamp", "level", "event", "function", "a"}
    assert "s-1" not in lines.text


def test_the_ids_are_gone_after_a_failure_too(lines, context):
    @observe
    def handler(event, context):
        bind(stage="one")
        raise KeyError("k")

    with pytest.raises(KeyError, match="k"):
        handler({}, context)
    log_info("after", a=1)
    assert "request_id" not in lines.all[-1]
    assert "stage" not in lines.all[-1]
    assert CURRENT.get() is None


def test_only_the_first_invocation_is_a_cold_start(lines, context):
    handler = observe(lambda _event, _context: None)
    for _ in range(3):
        handler({}, context)
    assert [line["cold_start"] for line in lines.of("invocation")] == [True, False, False]


def test_with_provisioned_concurrency_no_start_is_cold(context):
    lines = configured(environ={"AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency"})
    observe(lambda _event, _context: None)({}, context)
    assert lines.only["cold_start"] is False


def test_the_trace_id_is_read_at_each_invocation(context):
    environ = {}
    lines = configured(environ=environ)
    handler = observe(lambda _event, _context: None)
    for root in ("1-00000000-000000000000000000000001", None, "1-00000000-000000000000000000000002"):
        environ.clear()
        if root:
            environ["_X_AMZN_TRACE_ID"] = f"Root={root};Parent=53995c3f42cd8ad8;Sampled=0"
        handler({}, context)
    assert [line.get("trace_id", "")[-1:] for line in lines.all] == ["1", "", "2"]


def test_the_summary_line_sums_up(context):
    moments = iter([0.0, 0.0, 0.1234, 9.0, 9.0])
    lines = configured(monotonic=lambda: next(moments, 9.0))

    @observe
    def handler(event, context):
        summarize(effect="degraded", turns=3)
        summarize(turns=4)
        return {"statusCode": 202}

    handler({}, context)
    line = lines.only
    assert line["duration_ms"] == pytest.approx(123.4)
    assert (line["outcome"], line["http_status"], line["remaining_ms"]) == ("success", 202, 30_000)
    assert (line["effect"], line["turns"], line["level"]) == ("degraded", 4, "INFO")


@pytest.mark.parametrize("same", [True, False])
def test_a_handler_that_calls_another_has_one_summary(lines, context, same):
    @observe
    def inner(event, context):
        log_info("inner", a=1)
        if event == "fail":
            raise KeyError
        return {"statusCode": 500}

    @observe
    def outer(event, context):
        with contextlib.suppress(KeyError):
            inner(event, context if same else LambdaContext("another"))
        log_info("outer", a=1)

    outer({}, context)
    outer("fail", context)
    assert len(lines.of("invocation")) == (2 if same else 4)
    assert {line["request_id"] for line in lines.of("outer")} == {context.aws_request_id}
    assert lines.of("invocation")[-1]["outcome"] == "success"


def test_a_handler_that_is_a_method_has_its_ids(lines, context):
    class Handlers:
        @observe
        def handle(self, event, _context):
            return event

    assert Handlers().handle({"a": 1}, context) == {"a": 1}
    assert lines.only["request_id"] == context.aws_request_id


def test_a_handler_that_gets_its_arguments_by_name_has_its_ids(lines, context):
    @observe
    def handler(event, context):
        return event

    handler(event={}, context=context)
    handler({}, context=context)
    assert [line.get("request_id") for line in lines.all] == [context.aws_request_id] * 2


def test_an_async_handler_is_observed_to_its_end(lines, context):
    @observe
    async def handler(event, context):
        await asyncio.sleep(0.02)
        log_info("within", a=1)
        return 7

    assert asyncio.run(handler({}, context)) == 7
    assert lines.of("within")[0]["request_id"] == context.aws_request_id
    assert lines.of("invocation")[0]["duration_ms"] > 15


# --- bind, summarize ---


def test_bind_adds_changes_and_takes_off(lines, context):
    @observe
    def handler(event, context):
        bind(stage="one", turn=1)
        log_info("x", a=1)
        bind(stage=None, turn=2)
        log_info("x", a=1)
        bind()
        bind(never=None)
        log_info("x", a=1)

    handler({}, context)
    assert [(line.get("stage"), line["turn"]) for line in lines.of("x")] == [("one", 1), (None, 2), (None, 2)]
    assert "stage" not in lines.of("invocation")[0]
    assert lines.of("invocation")[0]["turn"] == 2


def test_bind_outside_of_an_invocation_does_nothing(lines):
    bind(stage="one", session="s")
    summarize(a=1)
    summarize_operation(a=1)
    log_info("x", b=1)
    assert "stage" not in lines.only
    assert "a" not in lines.only


def test_bind_within_an_operation_is_for_the_invocation(lines, context):
    @log_step("Load")
    def load():
        bind(stage="one")

    @observe
    def handler(event, context):
        load()
        log_info("x", a=1)

    handler({}, context)
    assert lines.of("x")[0]["stage"] == "one"
    assert lines.of("step")[0]["stage"] == "one"


def test_bind_does_not_take_the_ids(lines, context):
    @observe
    def handler(event, context):
        bind(request_id="mine", level="FATAL", stage="one")
        bind(request_id=None, cold_start=None)
        log_info("x", a=1)

    handler({}, context)
    line = lines.of("x")[0]
    assert (line["request_id"], line["level"], line["stage"]) == (context.aws_request_id, "INFO", "one")
    assert "cold_start" in line


def test_summarize_operation_is_for_the_innermost(lines):
    @log_step("Inner")
    def inner():
        summarize_operation(n=1)

    @log_step("Outer")
    def outer():
        summarize_operation(m=1)
        inner()
        summarize_operation(m=2, l=3)

    outer()
    first, second = lines.all
    assert (first["operation"], first["n"], "m" in first) == ("Inner", 1, False)
    assert (second["operation"], second["m"], second["l"], "n" in second) == ("Outer", 2, 3, False)


# --- the session ---


def test_the_session_is_a_keyed_hash_and_never_the_id(context):
    lines = configured(session_key=b"key")
    handler = observe(session=lambda event: event["s"])(lambda _event, _context: log_info("x", a=1))
    for session in ("session-1", "session-1", "session-2", 17):
        handler({"s": session}, context)
    seen = [line["session"] for line in lines.of("x")]
    assert seen == [
        hmac.new(b"key", s, hashlib.sha256).hexdigest()[:16] for s in (b"session-1", b"session-1", b"session-2", b"17")
    ]
    assert session_hash("session-1") == seen[0]
    assert "session-1" not in lines.text


def test_without_a_key_the_session_is_left_out_and_that_is_said_once(lines, context):
    @observe(session=lambda _event: "session-1")
    def handler(event, context):
        bind(session="session-2")
        log_info("x", a=1)

    handler({}, context)
    handler({}, context)
    assert "session-" not in lines.text
    assert all("session" not in line for line in lines.of("x"))
    assert [line["reason"] for line in lines.of("telemetry_problem")] == ["session_key"]


def test_the_key_is_asked_for_once_and_only_when_it_is_needed(context):
    asked = []
    lines = configured(session_key=lambda: asked.append(1) or b"key")
    observe(lambda _event, _context: None)({}, context)
    assert asked == []
    handler = observe(session=lambda _event: "s")(lambda _event, _context: None)
    for _ in range(3):
        handler({}, context)
    assert asked == [1]
    assert len({line["session"] for line in lines.all if "session" in line}) == 1


def test_the_session_may_be_bound_later_and_replaced(context):
    lines = configured(session_key=b"key")

    @observe
    def handler(event, context):
        log_info("x", a=1)
        bind(session="s-1")
        log_info("x", a=1)
        bind(session="s-2")
        log_info("x", a=1)

    handler({}, context)
    assert [line.get("session") for line in lines.of("x")] == [None, session_hash("s-1"), session_hash("s-2")]


def test_the_raw_session_is_there_for_who_asks(context):
    lines = configured(session_key=b"key")
    observe(session=lambda _event: "s-1", raw_session=True)(lambda _event, _context: None)({}, context)

    @observe
    def handler(event, context):
        bind(session="s-2", raw_session=True)

    handler({}, context)
    assert [line["session"] for line in lines.all] == ["s-1", "s-2"]


# --- threads and tasks ---


def test_invocations_that_interleave_in_threads_never_mix():
    lines = configured(session_key=b"key", debug_hold_bytes=5000)
    start = threading.Barrier(8)

    @log_step("Load", who=lambda result: result)
    def load(who, pause):
        log_info("loading", who=who, nested=[who])
        time.sleep(pause)
        summarize_operation(told=who)
        return who

    @observe(session=lambda event: event["who"], correlation=lambda event: event["who"], raw_session=True)
    def handler(event, context):
        who = event["who"]
        bind(bound=who)
        for pause in event["pauses"]:
            load(who, pause)
            log_info("between", who=who)
        summarize(summed=who)
        if event["fails"]:
            raise ValueError(who)

    def work(number):
        randomness = random.Random(number)  # noqa: S311 - no secret
        start.wait()
        for turn in range(12):
            who = f"i-{number}-{turn}"
            event = {"who": who, "pauses": [randomness.random() / 300 for _ in range(3)], "fails": turn % 3 == 0}
            try:
                handler(event, LambdaContext(who))
            except ValueError as error:
                assert error.args == (who,)  # noqa: PT017 - its own error, not another's
        log_info("outside", who=None)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    within = [line for line in lines.all if line["event"] != "outside"]
    assert len(within) == 8 * 12 * (3 * 3 + 1)
    for line in within:
        ids = {line[name] for name in ("request_id", "session", "correlation_id", "bound") if name in line}
        ids |= {line[name] for name in ("who", "summed", "told") if name in line}
        assert ids == {line["request_id"]}, line
    assert all("request_id" not in line for line in lines.of("outside"))


def test_a_thread_has_the_invocation_only_if_it_is_carried(lines, context):
    @observe
    def handler(event, context):
        plain = threading.Thread(target=log_info, args=("plain",), kwargs={"a": 1})
        carried = threading.Thread(target=carry(log_info), args=("carried",), kwargs={"a": 1})
        for thread in (plain, carried):
            thread.start()
            thread.join()

    handler({}, context)
    assert "request_id" not in lines.of("plain")[0]
    assert lines.of("carried")[0]["request_id"] == context.aws_request_id


def test_a_carried_function_may_run_in_many_threads_at_once(lines, context):
    start = threading.Barrier(6)

    def work(number):
        start.wait()
        log_step("Part", number=number)(lambda: time.sleep(0.01))()
        return number

    @observe
    def handler(event, context):
        carried = carry(work)
        assert carried.__name__ == "work"
        with ThreadPoolExecutor(6) as pool:
            return sorted(pool.map(carried, range(6)))

    assert handler({}, context) == list(range(6))
    assert {line["request_id"] for line in lines.of("step")} == {context.aws_request_id}
    assert sorted(line["number"] for line in lines.of("step")) == list(range(6))


def test_the_pool_belongs_to_whoever_submits():
    lines = configured()

    def work(who):
        time.sleep(0.001)
        log_info("x", who=who)
        if who == "bad":
            raise KeyError(who)
        return who

    with ContextThreadPoolExecutor(2) as pool:

        @observe
        def handler(event, context):
            futures = [pool.submit(work, event) for _ in range(3)]
            return [future.result() for future in futures] + list(pool.map(work, [event, event]))

        for who in ("one", "two", "three"):
            assert handler(who, LambdaContext(who)) == [who] * 5
        assert isinstance(pool.submit(work, "bad").exception(), KeyError)
    assert all(line.get("request_id", "bad") == line["who"] for line in lines.of("x"))
    assert len(lines.of("x")) == 16


def test_tasks_keep_their_own():
    lines = configured()

    @log_step("Load", who=lambda result: result)
    async def load(who):
        await asyncio.sleep(random.random() / 200)  # noqa: S311 - no secret
        summarize_operation(told=who)
        log_info("x", who=who)
        return who

    @observe
    async def handler(event, context):
        bind(bound=event)
        return await asyncio.gather(*[load(event) for _ in range(3)])

    async def main():
        return await asyncio.gather(*[handler(f"t-{n}", LambdaContext(f"t-{n}")) for n in range(10)])

    assert asyncio.run(main()) == [[f"t-{n}"] * 3 for n in range(10)]
    for line in lines.all:
        assert {line["bound"], line["request_id"], line.get("who", line["bound"]), line.get("told", line["bound"])} == {
            line["bound"]
        }
    assert len(lines.of("step")) == 30


def test_operations_that_are_gathered_are_siblings(lines):
    async def main():
        seen = []

        @log_step("Part")
        async def part(number):
            await asyncio.sleep(0.001 * (3 - number))
            seen.append(CURRENT.get().parent.name)

        @log_step("Whole")
        async def whole():
            await asyncio.gather(part(0), part(1), part(2))

        await whole()
        return seen

    assert asyncio.run(main()) == ["Whole"] * 3


def test_a_task_that_is_canceled_is_canceled(lines):
    @log_step("Wait")
    async def wait():
        await asyncio.sleep(10)

    async def main():
        task = asyncio.create_task(wait())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert (lines.only["status"], lines.only["level"]) == ("canceled", "INFO")


# --- generators: decorated, they do what they did ---


class OwnError(Exception):
    pass


def resourceful(received, after):
    """A generator that takes what is sent, survives one error, and tidies up."""
    try:
        got = yield "first"
        received.append(got)
        try:
            got = yield ["second", got]
        except OwnError as error:
            received.append(error.args)
            got = yield "survived"
        received.append(got)
        yield from (1, 2)
    finally:
        received.append("tidy")
        if after == "raise":
            raise KeyError("tidying")
        if after == "yield":
            yield "stubborn"
    return "returned"


def swallowing(received, after):
    for number in range(5):
        try:
            received.append((yield number))
        except GeneratorExit:
            received.append("closed")
            if after == "yield":
                yield "stubborn"
            return "swallowed"
        except BaseException as error:
            received.append(type(error))
            if after == "raise":
                raise RuntimeError("instead") from error
    return "returned"


steps = st.one_of(
    st.tuples(st.just("next")),
    st.tuples(st.just("send"), st.none() | st.integers()),
    st.tuples(
        st.just("throw"), st.sampled_from([OwnError, KeyError, StopIteration, StopAsyncIteration, KeyboardInterrupt])
    ),
    st.tuples(st.just("close")),
)
programs = st.lists(steps, min_size=1, max_size=8)
kinds = st.sampled_from([resourceful, swallowing])
afters = st.sampled_from(["nothing", "raise"])


def outcome(call):
    try:
        return "gave", call()
    except BaseException as error:  # noqa: BLE001 - all kinds are compared
        return type(error), error.args, type(error.__cause__)


def play(generator, program):
    """What each step of the program gave, or raised."""
    happened = []
    for name, *arguments in program:
        if name == "throw":
            arguments = [arguments[0]("thrown")]  # noqa: PLW2901
        call = (
            functools.partial(next, generator)
            if name == "next"
            else functools.partial(getattr(generator, name), *arguments)
        )
        happened.append(outcome(call))
    happened.append(outcome(generator.close))
    return happened


@settings(deadline=None, max_examples=300)
@given(function=kinds, after=afters, program=programs)
def test_a_generator_does_what_it_did(function, after, program):
    configured()
    played = []
    for candidate in (function, log_step("Stream")(function)):
        received: list = []
        played.append((play(candidate(received, after), program), received))
        assert CURRENT.get() is None
    assert played[0] == played[1]


async def aplay(generator, program):
    names = {"next": "__anext__", "send": "asend", "throw": "athrow", "close": "aclose"}
    happened = []
    for name, *arguments in [*program, ("close",)]:
        if name == "throw":
            arguments = [arguments[0]("thrown")]  # noqa: PLW2901
        try:
            happened.append(("gave", await getattr(generator, names[name])(*arguments)))
        except (Exception, KeyboardInterrupt, GeneratorExit) as error:  # noqa: BLE001 - all kinds are compared
            happened.append((type(error), error.args, type(error.__cause__)))
    return happened


async def async_resourceful(received, after):
    try:
        got = yield "first"
        received.append(got)
        await asyncio.sleep(0)
        try:
            got = yield ["second", got]
        except OwnError as error:
            received.append(error.args)
            got = yield "survived"
        received.append(got)
    finally:
        received.append("tidy")
        if after == "raise":
            raise KeyError("tidying")
        if after == "yield":
            yield "stubborn"


@settings(deadline=None, max_examples=150)
@given(after=afters, program=programs)
def test_an_async_generator_does_what_it_did(after, program):
    configured()

    async def main():
        played = []
        for candidate in (async_resourceful, log_step("Stream")(async_resourceful)):
            received: list = []
            played.append((await aplay(candidate(received, after), program), received))
            assert CURRENT.get() is None
        return played

    undecorated, decorated = asyncio.run(main())
    assert undecorated == decorated


@pytest.mark.parametrize("function", [resourceful, swallowing])
def test_a_generator_that_will_not_close_says_so_as_it_did(function):
    configured()
    said = []
    for candidate in (function, log_step("Stream")(function)):
        generator = candidate([], "yield")
        next(generator)
        said.append(outcome(generator.close))
    assert said[0] == said[1]
    assert said[0][0] is RuntimeError


@pytest.mark.parametrize("after", ["nothing", "raise", "yield"])
def test_a_generator_that_is_told_to_exit_by_throw_does_what_it_did(after):
    # given a caller who throws GeneratorExit in place of closing
    configured()
    played = []
    for candidate in (swallowing, log_step("Stream")(swallowing)):
        generator = candidate([], after)
        next(generator)
        played.append(outcome(lambda generator=generator: generator.throw(GeneratorExit())))
    assert played[0] == played[1]


def plain(a, /, b, *, c=3):
    """Plain."""


async def coroutine(a, /, b, *, c=3):
    """Coroutine."""


def generator(a, /, b, *, c=3):
    """Generator."""
    yield


async def async_generator(a, /, b, *, c=3):
    """Async generator."""
    yield


KINDS = [plain, coroutine, generator, async_generator]


@pytest.mark.parametrize(
    "decorate",
    [log_step("Load"), observe, observe(session=len), log_operation("x", "Y")],
    ids=["step", "observe", "observe()", "operation"],
)
@pytest.mark.parametrize("function", KINDS)
def test_a_decorated_function_is_still_what_it_was(function, decorate):
    decorated = decorate(function)
    for ask in (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
        asyncio.iscoroutinefunction,
        inspect.isfunction,
        inspect.signature,
        inspect.getdoc,
        inspect.getsource,
        inspect.unwrap,
    ):
        assert ask(decorated) == ask(function), ask
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(decorated, name) == getattr(function, name)


@pytest.mark.parametrize("function", KINDS)
def test_wrong_arguments_are_refused(function):
    # given a mistake in a call: a coroutine or a generator, to be one, finds it only when it is started
    configured()

    def started(call):
        if inspect.iscoroutinefunction(call):
            return lambda *arguments, **keywords: asyncio.run(call(*arguments, **keywords))
        if inspect.isgeneratorfunction(call):
            return lambda *arguments, **keywords: next(call(*arguments, **keywords))
        if inspect.isasyncgenfunction(call):
            return lambda *arguments, **keywords: asyncio.run(anext(call(*arguments, **keywords)))
        return call

    decorated = log_step("Load")(function)
    for arguments, keywords in (((), {}), ((1, 2, 3), {}), ((1,), {"d": 1})):
        with pytest.raises(TypeError, match="argument"):
            started(function)(*arguments, **keywords)
        with pytest.raises(TypeError, match="argument"):
            started(decorated)(*arguments, **keywords)


def test_a_partial_or_an_object_with_call_can_be_decorated(lines):
    class Callable:
        def __call__(self, n):
            return n

    assert log_step("Load")(functools.partial(max, 3))(7) == 7
    assert log_step("Load")(Callable())(7) == 7
    assert len(lines) == 2


def test_methods_of_all_kinds(lines):
    class Turns:
        name = "turns"

        @log_step("method", size=len)
        def method(self, n):
            """A method."""
            return [self.name] * n

        @classmethod
        @log_step("classmethod")
        def made(cls):
            return cls.name

        @log_step("around classmethod")
        @classmethod
        def also_made(cls):
            return cls.name

        @staticmethod
        @log_step("staticmethod")
        def static(n):
            return n

        @log_step("around staticmethod")
        @staticmethod
        def also_static(n):
            return n

        @property
        @log_step("property")
        def shown(self):
            return self.name

        @log_step("async method")
        async def awaited(self):
            return self.name

        @log_step("generator method")
        def streamed(self):
            yield self.name

    turns = Turns()
    assert turns.method(2) == Turns.method(turns, 2) == ["turns"] * 2
    assert turns.made() == Turns.made() == turns.also_made() == Turns.also_made() == "turns"
    assert turns.static(1) == Turns.static(1) == turns.also_static(1) == Turns.also_static(1) == 1
    assert turns.shown == "turns"
    assert asyncio.run(turns.awaited()) == "turns"
    assert list(turns.streamed()) == ["turns"]
    assert inspect.ismethod(turns.method)
    assert turns.method.__doc__ == "A method."
    assert lines.all[0]["size"] == 2
    assert {line["operation"] for line in lines.all} >= {"method", "around classmethod", "around staticmethod"}
    assert len(lines) == 13


# --- generators and the context ---


def test_while_it_is_suspended_its_callers_turn_it_is(lines):
    @log_step("Stream")
    def stream():
        for n in range(3):
            summarize_operation(inside=n)
            yield n

    @log_step("Caller")
    def caller():
        frame = CURRENT.get()
        for n in stream():
            assert CURRENT.get() is frame
            summarize_operation(outside=n)
        assert CURRENT.get() is frame

    caller()
    first, second = lines.all
    assert (first["operation"], first["inside"], "outside" in first) == ("Stream", 2, False)
    assert (second["operation"], second["outside"], "inside" in second) == ("Caller", 2, False)


def test_the_same_for_async_generators(lines):
    @log_step("Stream")
    async def stream():
        for n in range(3):
            await asyncio.sleep(0)
            summarize_operation(inside=n)
            yield n

    @log_step("Caller")
    async def caller():
        frame = CURRENT.get()
        async for n in stream():
            assert CURRENT.get() is frame
            summarize_operation(outside=n)
        assert CURRENT.get() is frame

    asyncio.run(caller())
    first, second = lines.all
    assert (first["operation"], first["inside"], "outside" in first) == ("Stream", 2, False)
    assert (second["operation"], second["outside"], "inside" in second) == ("Caller", 2, False)


def test_generators_that_take_turns_do_not_nest(lines):
    @log_step("One")
    def one():
        summarize_operation(who="one")
        yield CURRENT.get().parent
        summarize_operation(again="one")
        yield CURRENT.get().parent

    @log_step("Two")
    def two():
        summarize_operation(who="two")
        yield CURRENT.get().parent
        summarize_operation(again="two")
        yield CURRENT.get().parent

    @log_step("Whole")
    def whole():
        frame = CURRENT.get()
        assert [set(pair) for pair in zip(one(), two(), strict=False)] == [{frame}, {frame}]

    whole()
    assert [(line["who"], line["again"]) for line in lines.all if "who" in line] == [("one",) * 2, ("two",) * 2]


@pytest.mark.parametrize("way", ["break", "close", "forget"])
def test_a_generator_that_is_left_early_is_canceled(lines, way):
    @log_step("Stream")
    def stream():
        yield from range(3)

    items = stream()
    assert next(items) == 0
    if way == "close":
        items.close()
    del items
    gc.collect()
    assert (lines.only["status"], lines.only["level"]) == ("canceled", "INFO")
    assert "error_type" not in lines.only


def test_an_async_generator_that_is_left_early_is_canceled(lines):
    @log_step("Stream")
    async def stream():
        for n in range(3):
            yield n

    async def main():
        items = stream()
        await items.__anext__()
        await items.aclose()
        async for _ in stream():
            break
        gc.collect()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert [line["status"] for line in lines.all] == ["canceled"] * 2


def test_a_generator_that_never_began_has_no_line(lines):
    @log_step("Stream")
    def stream():
        yield 1

    stream().close()
    assert lines == []


def test_a_generators_line_is_that_of_where_it_ran(lines, context):
    @log_step("Stream", items=lambda n: n)
    def stream():
        log_info("within", a=1)
        yield from "abc"

    @observe
    def handler(event, context):
        return list(stream())

    assert handler({}, context) == ["a", "b", "c"]
    assert lines.of("step")[0]["items"] == 3
    assert {line["request_id"] for line in lines.all} == {context.aws_request_id}


def test_a_generator_that_outlives_its_invocation_does_not_bring_it_back(lines, context):
    @log_step("Stream")
    def stream():
        yield 1
        yield 2

    @observe
    def handler(event, context):
        items = stream()
        next(items)
        return items

    items = handler({}, context)
    assert CURRENT.get() is None
    assert next(items) == 2
    assert CURRENT.get() is None
    log_info("between", a=1)
    items.close()
    assert "request_id" not in lines.of("between")[0]
    assert CURRENT.get() is None


def test_a_block_in_a_generator_ends_itself_and_no_other(lines):
    # given a plain generator with a block in it, which is closed while another operation is open
    def stream():
        with log_step("Block"):
            yield 1

    items = stream()
    next(items)
    with log_step("Other"):
        time.sleep(0.02)
        items.close()
        summarize_operation(who="other")
        time.sleep(0.02)
    block, other = lines.all
    assert (block["operation"], other["operation"], other.get("who")) == ("Block", "Other", "other")
    assert other["duration_ms"] > 35
    assert CURRENT.get() is None
