"""Debug lines: for a sample of the invocations, or held back until one fails."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaobs.runtime import bind, log_debug, log_info, observe
from mangaobs.runtime._held import HeldLines

from .conftest import LambdaContext, configured, parsed


def draw(share):
    """Randomness that gives this share of its range."""
    return lambda size: int(share * 256**size).to_bytes(size, "big")


def chatty(event, context):
    log_debug("debug", n=1)
    log_info("info", n=1)
    log_debug("debug", n=2)
    if isinstance(event, BaseException):
        raise event
    return event


# --- sampled ---


@pytest.mark.parametrize(
    ("share", "drawn", "written"), [(0.1, 0.05, 2), (0.5, 0.5, 0), (0.1, 0.9, 0), (1, 0.999, 2), (0, 0, 0)]
)
def test_an_invocation_writes_all_of_its_debug_lines_or_none(share, drawn, written):
    lines = configured(debug_sample=share, random=draw(drawn))
    observe(chatty)({}, None)
    assert len(lines.of("debug")) == written
    assert len(lines.of("info")) == 1


def test_it_is_drawn_once_an_invocation():
    draws = []
    lines = configured(
        debug_sample=0.5, random=lambda size: draws.append(size) or bytes([0 if len(draws) % 2 else 255]) * size
    )
    handler = observe(chatty)
    for _ in range(6):
        handler({}, LambdaContext())
    assert len(draws) == 6
    assert len(lines.of("debug")) == 6  # two lines of every other invocation


def test_the_share_is_kept_over_many_invocations():
    lines = configured(debug_sample=0.25)
    handler = observe(chatty)
    for _ in range(2000):
        handler({}, LambdaContext())
    assert 380 < len(lines.of("debug")) / 2 < 620


def test_without_sampling_nothing_is_drawn():
    def never(size):
        raise AssertionError("nothing to draw for")

    configured(random=never)
    observe(chatty)({}, None)


def test_debug_lines_outside_of_invocations_are_not_sampled():
    lines = configured(debug_sample=1)
    log_debug("debug", n=1)
    assert lines == []


def test_lambda_would_drop_them_which_is_said():
    lines = configured(debug_sample=1, environ={"AWS_LAMBDA_LOG_LEVEL": "INFO", "AWS_LAMBDA_LOG_FORMAT": "JSON"})
    observe(chatty)({}, None)
    assert lines.of("debug") == []
    assert "AWS_LAMBDA_LOG_LEVEL" in lines.of("telemetry_problem")[0]["detail"]


# --- held back ---


def fails_with(result):
    lines = configured(debug_hold_bytes=10_000)
    handler = observe(chatty)
    if isinstance(result, BaseException):
        with pytest.raises(type(result)):
            handler(result, LambdaContext())
    else:
        handler(result, LambdaContext())
    return lines


@pytest.mark.parametrize(
    "result", [None, {}, {"statusCode": 200}, {"statusCode": 404}, {"statusCode": 499}, "text"], ids=str
)
def test_they_are_dropped_if_all_goes_well(result):
    assert fails_with(result).of("debug") == []


@pytest.mark.parametrize(
    "result", [{"statusCode": 500}, {"statusCode": 503}, ValueError("v"), KeyboardInterrupt()], ids=repr
)
def test_they_are_written_if_the_invocation_fails(result):
    lines = fails_with(result)
    assert [line["n"] for line in lines.of("debug")] == [1, 2]
    assert {line["level"] for line in lines.of("debug")} == {"DEBUG"}
    assert {line["request_id"] for line in lines.of("debug")} == {LambdaContext().aws_request_id}
    assert lines.all[-1]["event"] == "invocation"


def test_they_are_written_when_the_deadline_is_near():
    lines = configured(debug_hold_bytes=10_000, deadline_margin_ms=100)
    started = time.monotonic()

    class Counting(LambdaContext):
        def get_remaining_time_in_millis(self):
            return 400 - (time.monotonic() - started) * 1000

    @observe
    def handler(event, context):
        log_debug("debug", n=1)
        while not lines.of("debug") and time.monotonic() - started < 3:
            time.sleep(0.01)
        log_debug("debug", n=2)

    handler({}, Counting())
    events = [line["event"] for line in lines.all]
    assert events.index("deadline_near") < events.index("debug")
    assert [line["n"] for line in lines.of("debug")] == [1, 2]  # what comes after is written at once


def test_none_of_an_invocation_is_written_with_the_next():
    lines = configured(debug_hold_bytes=10_000)
    handler = observe(chatty)
    handler({}, LambdaContext("one"))
    handler({"statusCode": 500}, LambdaContext("two"))
    assert {line["request_id"] for line in lines.of("debug")} == {"two"}


def test_a_change_after_the_call_changes_no_line():
    lines = configured(debug_hold_bytes=10_000)

    @observe
    def handler(event, context):
        turns = [{"n": 1}]
        bind(stage="one")
        log_debug("debug", turns=turns, raw=turns[0])
        turns[0]["n"] = 2
        turns.append("more")
        bind(stage="two")
        return {"statusCode": 500}

    handler({}, LambdaContext())
    line = lines.of("debug")[0]
    assert (line["turns"], line["raw"], line["stage"]) == ([{"n": 1}], {"n": 1}, "one")


def held_lines(limit, lengths):
    """The numbers and sizes of the debug lines that a failing invocation writes, and what is said of the others."""
    lines = configured(debug_hold_bytes=limit)

    @observe
    def handler(event, context):
        for number, length in enumerate(lengths):
            log_debug("debug", n=number, text="x" * length)
        return {"statusCode": 500}

    handler({}, LambdaContext())
    held = [line for line in b"".join(lines.raw).splitlines(keepends=True) if parsed(line)["event"] == "debug"]
    said = [line["detail"] for line in lines.of("telemetry_problem")]
    return [parsed(line)["n"] for line in held], [len(line) for line in held], said


@settings(deadline=None, max_examples=60)
@given(limit=st.integers(1, 3000), lengths=st.lists(st.integers(0, 800), min_size=1, max_size=25))
def test_the_newest_are_kept_up_to_the_bound_and_the_rest_is_counted(limit, lengths):
    # given how long the lines are
    _, sizes, _ = held_lines(10**6, lengths)
    # when they are held under a bound
    numbers, _, said = held_lines(limit, lengths)
    # then those are kept that fit: from the newest back, without what alone is too long
    expected, room = [], limit
    for number in reversed(range(len(lengths))):
        if sizes[number] > limit:
            continue
        room -= sizes[number]
        if room < 0:
            break
        expected.insert(0, number)
    assert numbers == expected
    dropped = len(lengths) - len(numbers)
    assert said == ([f"{dropped} debug lines"] if dropped else [])


def test_one_line_that_is_too_long_does_not_cost_all_the_others():
    lines = configured(debug_hold_bytes=2000)

    @observe
    def handler(event, context):
        log_debug("debug", n=1)
        log_debug("debug", n=2, text="x" * 5000)
        log_debug("debug", n=3)
        return {"statusCode": 500}

    handler({}, LambdaContext())
    assert [line["n"] for line in lines.of("debug")] == [1, 3]


def test_held_and_sampled_together_hold_for_the_sampled_alone():
    lines = configured(debug_hold_bytes=10_000, debug_sample=0.5, random=draw(0.7))
    handler = observe(chatty)
    handler({"statusCode": 500}, LambdaContext())
    assert lines.of("debug") == []

    lines = configured(debug_hold_bytes=10_000, debug_sample=0.5, random=draw(0.2))
    handler({"statusCode": 500}, LambdaContext())
    handler({"statusCode": 200}, LambdaContext())
    assert len(lines.of("debug")) == 2


def test_they_may_be_asked_for_by_the_environment():
    lines = configured(environ={"MANGAOBS_DEBUG_HOLD_BYTES": "5000"})
    observe(chatty)({"statusCode": 500}, LambdaContext())
    assert len(lines.of("debug")) == 2


class TakenMeanwhile(list):
    """Lines that another thread takes, once there are two, in the moment before the oldest is."""

    def pop(self, *at):
        self.clear()
        return super().pop(*at)


def test_lines_that_another_thread_takes_in_the_same_moment_do_not_disturb_the_caller():
    held = HeldLines(100)
    held.lines = TakenMeanwhile()
    held.add(b"x" * 60)
    held.add(b"y" * 60)
    held.add(b"z" * 60)
    assert held.lines == [b"z" * 60]
