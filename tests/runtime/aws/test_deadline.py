"""Near the timeout: what the kill would take is written before, and an invocation that ends in time says nothing."""

from __future__ import annotations

import threading
import time

import pytest

from mangaobs.runtime import _deadline, configure, count, log_debug, log_step
from mangaobs.signals import MetricSignal

from .conftest import SAMPLED, TRACERS, Context, invoke, parents
from .daemon import Daemon
from .runtime_api import Function

TURNS = MetricSignal("App", "Turns", "Count")

MODULE = """
import time
from mangaobs.runtime import count, log_debug, log_step, measure, observe, subsegment
from mangaobs.signals import MetricSignal

TURNS = MetricSignal("App", "Turns", "Count")
WAIT = MetricSignal("App", "Wait", "Milliseconds")


@observe
def handler(event, context):
    log_debug("looked", number=1)
    log_debug("looked", number=2)
    count(TURNS, 2)
    count(TURNS, 3)
    measure(WAIT, 1.5)
    with subsegment("Outer"), log_step("Model"):
        time.sleep(event["seconds"])
    return "done"
"""


@pytest.mark.slow
@pytest.mark.parametrize("tracer", TRACERS)
def test_what_a_timeout_would_take_is_written_before_the_kill(tmp_path, tracer):
    (tmp_path / "module.py").write_text(MODULE)
    environment = {"MANGAOBS_TRACER": tracer, "MANGAOBS_DEBUG_HOLD_BYTES": "10000"}
    with (
        Daemon() as daemon,
        Function(tmp_path, "module.handler", AWS_XRAY_DAEMON_ADDRESS=daemon.address, **environment) as function,
    ):
        # Given a warm function, which has written nothing of the kind
        assert function.invoke({"seconds": 0}, trace=SAMPLED).result == "done"
        assert not any(line["event"] == "deadline_near" for line in function.lines())
        before = len(function.lines())
        daemon.documents()
        daemon.datagrams.clear()
        # When an invocation sleeps over its deadline and is killed there
        invocation = function.start({"seconds": 30}, trace=SAMPLED, timeout_ms=1200)
        while not invocation.deadline_ms:
            time.sleep(0.005)
        time.sleep(max(0, invocation.deadline_ms / 1000 - time.time()))
        function.kill()
        # Then the line, the debug lines and the metrics are there, once, and the open parts have arrived
        lines = function.lines()[before:]
        documents = daemon.documents()
    assert [line["event"] for line in lines] == ["deadline_near", "looked", "looked", "metrics"]
    near, *debug, metrics = lines
    assert (near["level"], near["open_operation"]) == ("WARN", "Model")
    assert 0 < near["remaining_ms"] <= 305
    assert {line["request_id"] for line in lines} == {invocation.request_id}
    assert [line["number"] for line in debug] == [1, 2]
    assert (metrics["Turns"], metrics["Wait"]) == (5, [1.5])
    assert all(document["in_progress"] is True and "end_time" not in document for document in documents)
    assert parents(documents) == {"handler": "segment", "Outer": "handler", "Model": "Outer"}


@pytest.fixture
def guarded(output, monkeypatch):
    """A configuration with a new guard."""
    monkeypatch.setattr(_deadline, "_guard", None)
    configure(write=output.append, tracer="off", debug_hold_bytes=10_000)


def test_an_invocation_near_its_timeout_says_so_once(guarded, output):
    def work():
        log_debug("looked")
        count(TURNS)
        with log_step("Outer"), log_step("Inner"):
            time.sleep(0.3)
        return "done"

    assert invoke(work, Context(timeout_ms=150)) == "done"
    near = output.line("deadline_near")
    assert near["open_operation"] == "Inner"
    assert near["remaining_ms"] <= 45
    assert [line["event"] for line in output.lines()] == [
        "deadline_near",
        "looked",
        "metrics",
        "step",
        "step",
        "invocation",
    ]


def test_without_an_open_operation_the_line_names_none(guarded, output):
    invoke(lambda: time.sleep(0.2), Context(timeout_ms=100))
    assert "open_operation" not in output.line("deadline_near")


def test_an_invocation_that_ends_in_time_says_nothing(guarded, output):
    invoke(lambda: None, Context(timeout_ms=500))
    time.sleep(0.6)
    assert [line["event"] for line in output.lines()] == ["invocation"]


def test_only_the_invocation_that_is_late_says_so(guarded, output):
    invoke(lambda: None, Context("in-time", timeout_ms=100))
    invoke(lambda: time.sleep(0.25), Context("late", timeout_ms=150))
    assert output.line("deadline_near")["request_id"] == "late"


def test_a_shorter_timeout_than_that_of_the_invocation_before_is_noticed(guarded, output):
    invoke(lambda: None, Context("long", timeout_ms=60_000))
    invoke(lambda: time.sleep(0.25), Context("short", timeout_ms=100))
    assert output.line("deadline_near")["request_id"] == "short"


def test_invocations_of_two_threads_are_each_watched(guarded, output):
    threads = [
        threading.Thread(target=invoke, args=(lambda: time.sleep(0.3), Context(name, timeout_ms=ms)))
        for name, ms in (("one", 100), ("two", 200), ("three", 10_000))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line["request_id"] for line in output.lines("deadline_near")] == ["one", "two"]


def test_thousands_of_short_invocations_start_one_thread(guarded):
    before = set(threading.enumerate())
    for _ in range(3000):
        invoke(lambda: None)
    started = [thread for thread in threading.enumerate() if thread not in before]
    assert len(started) == 1
    assert started[0].daemon
    assert not _deadline._guard.watched


class Saying(Context):
    """A context that says what it is told to, and then the last of it."""

    def __init__(self, *remaining: float) -> None:
        super().__init__()
        self.remaining = list(remaining)
        self.asked = 0

    def get_remaining_time_in_millis(self):
        self.asked += 1
        return self.remaining.pop(0) if len(self.remaining) > 1 else self.remaining[0]


def test_a_context_that_says_there_is_time_is_believed(guarded, output):
    # Given a process that was frozen, or a clock that jumped: by ours the deadline is past, by Lambda's it is not
    context = Saying(40, 30_000)
    invoke(lambda: time.sleep(0.2), context)
    assert output.lines("deadline_near") == []
    assert context.asked >= 2


def test_and_it_is_asked_again_when_that_is_over(guarded, output):
    context = Saying(40, 110, 3)
    invoke(lambda: time.sleep(0.4), context)
    assert output.line("deadline_near")["remaining_ms"] == 3
    assert context.asked >= 3


@pytest.mark.parametrize(
    "context",
    [None, object(), Saying(None), Saying("soon"), Saying(0), Saying(-5)],
    ids=lambda context: type(context).__name__,
)
def test_a_context_of_another_kind_hurts_nobody(guarded, output, context):
    assert invoke(lambda: time.sleep(0.02) or "done", context) == "done"
    assert output.line("invocation")["outcome"] == "success"


def test_a_context_that_raises_near_the_timeout_hurts_nobody(guarded, output):
    class Raising(Context):
        asked = False

        def get_remaining_time_in_millis(self):
            if self.asked:
                raise OSError
            self.asked = True
            return 40

    assert invoke(lambda: time.sleep(0.1) or "done", Raising()) == "done"
    assert output.line("invocation")["outcome"] == "success"
    invoke(lambda: time.sleep(0.2), Context("late", timeout_ms=100))
    assert output.line("deadline_near")["request_id"] == "late"


def test_what_is_counted_before_and_after_the_warning_adds_up(guarded, output):
    def work():
        count(TURNS, 2)
        time.sleep(0.2)
        count(TURNS, 3)

    invoke(work, Context(timeout_ms=100))
    assert [document["Turns"] for document in output.lines("metrics")] == [2, 3]


def test_held_debug_lines_of_an_invocation_that_ends_after_the_warning_are_there_once(guarded, output):
    def work():
        log_debug("looked")
        time.sleep(0.2)
        log_debug("looked_again")
        raise LookupError

    with pytest.raises(LookupError):
        invoke(work, Context(timeout_ms=100))
    assert len(output.lines("looked")) == 1
    assert len(output.lines("looked_again")) == 1


def test_parts_that_end_after_the_warning_are_ended(traced, monkeypatch):
    # Given parts that were sent as open, when the invocation ends after all, then the same parts come as ended
    monkeypatch.setattr(_deadline, "_guard", None)
    traced.configure()

    def work():
        with log_step("Outer"), log_step("Inner"):
            time.sleep(0.2)

    invoke(work, Context(timeout_ms=100))
    documents = traced.documents()
    opened = [document for document in documents if document.get("in_progress")]
    ended = [document for document in documents if not document.get("in_progress")]
    assert {document["name"] for document in opened} == {"handler", "Outer", "Inner"}
    assert sorted(document["name"] for document in ended) == ["Inner", "Outer", "handler"]
    assert {document["id"] for document in opened} == {document["id"] for document in ended}
    assert parents(ended) == {"handler": "segment", "Outer": "handler", "Inner": "Outer"}


def test_with_a_margin_of_zero_nothing_is_watched(output, monkeypatch):
    monkeypatch.setattr(_deadline, "_guard", None)
    configure(write=output.append, tracer="off", deadline_margin_ms=0)
    invoke(lambda: time.sleep(0.05), Context(timeout_ms=20))
    assert output.lines("deadline_near") == []
    assert _deadline._guard is None
