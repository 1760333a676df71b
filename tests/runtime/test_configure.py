"""Settings that cannot be, and tracers of one's own."""

from __future__ import annotations

import sys

import pytest

from mangaobs.errors import ConfigurationError, SignalError
from mangaobs.runtime import bind, configure, log_info, log_step, observe, subsegment
from mangaobs.signals import LogEvent, MetricSignal

from .conftest import TRACE, LambdaContext, configured


@pytest.mark.parametrize(
    "arguments",
    [
        {"write": 5},
        {"clock": 5},
        {"signals": 5},
        {"redact_keys": 5},
        {"redact_keys": [1]},
        {"tracer": 5},
        {"tracer": "zipkin"},
        {"dimensions": {"Environment": 5}},
        {"dimensions": "Environment=prod"},
    ],
)
def test_what_cannot_be_is_refused_with_what_could(arguments):
    with pytest.raises(ConfigurationError) as caught:
        configure(environ={}, **arguments)
    assert caught.value.right
    assert next(iter(arguments)) in str(caught.value)


def test_keys_and_dimensions_may_come_in_any_collection(lines):
    from types import MappingProxyType

    lines = configured(redact_keys={"shoe_size"}, dimensions=MappingProxyType({"Environment": "prod"}))
    log_info("x", shoe_size=44)
    assert lines.only["shoe_size"] == "[REDACTED]"


def test_orjson_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "orjson", None)
    lines = configured(json="orjson")
    log_info("x", a=1)
    problem, line = lines.all
    assert "orjson" in problem["detail"]
    assert line["a"] == 1


def test_a_level_of_an_event_that_does_not_exist_is_refused_where_it_is_declared():
    with pytest.raises(SignalError, match="WARNING"):
        LogEvent("x", level="WARNING")


@pytest.mark.parametrize("name", ["_aws", "timestamp", "level", "event", "Environment"])
def test_a_metric_whose_document_would_have_a_name_twice_is_refused(name):
    with pytest.raises(SignalError, match=name):
        MetricSignal("Chat", name, "Count", ("Environment",))


class Recorder:
    """A tracer of one's own, as OpenTelemetry's would be."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.ended: list[tuple[str, str, dict[str, object]]] = []

    def begin(self, header):
        if self.fails == "begin":
            raise OSError
        return Span(self, "segment", "")

    def open(self, parent, name, started, namespace="local"):
        if self.fails == "open":
            raise OSError
        return Span(self, name, parent.name)


class Span:
    header = "Root=1"

    def __init__(self, tracer: Recorder, name: str, parent: str) -> None:
        self.tracer, self.name, self.parent = tracer, name, parent
        self.annotations: dict[str, object] = {}

    def annotate(self, name, value):
        if self.tracer.fails == "annotate":
            raise OSError
        self.annotations[name] = value

    def note(self, name, value):
        pass

    def aws(self, fields, status):
        pass

    def fault(self):
        pass

    def progress(self):
        pass

    def close(self, ended, error, *, remote=False):
        if self.tracer.fails == "close":
            raise OSError
        self.tracer.ended.append((self.name, self.parent, self.annotations))


def chat(event, context):
    bind(session="s-1")
    with subsegment("LoadContext", turns=3), log_step("Query"):
        return "answer"


def test_a_tracer_of_ones_own_gets_it_all():
    tracer = Recorder()
    configured(tracer=tracer, session_key=b"key", environ={"_X_AMZN_TRACE_ID": TRACE})
    assert observe(chat)({}, LambdaContext()) == "answer"
    assert [(name, parent) for name, parent, _ in tracer.ended] == [
        ("Query", "LoadContext"),
        ("LoadContext", "chat"),
        ("chat", "segment"),
    ]
    assert tracer.ended[1][2] == {"turns": 3}


@pytest.mark.parametrize("fails", ["begin", "open", "annotate", "close"])
def test_a_tracer_that_fails_costs_its_traces_alone(fails):
    lines = configured(tracer=Recorder(fails), session_key=b"key", environ={"_X_AMZN_TRACE_ID": TRACE})
    handler = observe(chat)
    assert [handler({}, LambdaContext()) for _ in range(2)] == ["answer"] * 2
    # then every line is there, with its ids, and it is said once
    assert len(lines.of("step")) == len(lines.of("invocation")) == 2
    assert all("session" in line and "trace_id" in line for line in lines.of("step"))
    assert [line["detail"] for line in lines.of("telemetry_problem")] == ["OSError"]
