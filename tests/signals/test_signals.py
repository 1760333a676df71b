"""Signals: what a handler declares, and what a wrong declaration says."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mangaobs.errors import SignalError
from mangaobs.runtime import signals as runtime
from mangaobs.signals import UNITS, AccessLog, Field, LogEvent, MetricSignal, Signals


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MetricSignal("AWS/DynamoDB", "X", "Count"), "AWS/DynamoDB"),
        (lambda: MetricSignal("", "X", "Count"), "namespace"),
        (lambda: MetricSignal("Ours", "", "Count"), "characters"),
        (lambda: MetricSignal("Ours", "X", "count"), "unit 'count'"),
        (lambda: MetricSignal("Ours", "X", "Count", ("A", "A")), "each once"),
        (lambda: Field("detail-type", "string"), "quoting"),
        (lambda: Field("ok", "text"), "string, number, boolean"),
        (lambda: LogEvent("two words"), "not a name"),
        (lambda: LogEvent("e", Field("a", "string"), Field("a", "number")), "'a' is there twice"),
        (lambda: AccessLog({Field("ip", "string"): "identity.sourceIp"}), "$context"),
        (lambda: Signals(metrics=(MetricSignal("O", "X", "Count"),) * 2), "declared twice"),
        (lambda: Signals(events=(LogEvent("e"), LogEvent("e"))), "declared twice"),
        (lambda: Signals(common=(Field("a", "string"),), events=(LogEvent("e", Field("a", "string")),)), "twice"),
    ],
)
def test_a_wrong_declaration_says_what_is_wrong(make, words):
    with pytest.raises(SignalError) as raised:
        make()
    assert words in str(raised.value)


def test_a_declaration_cannot_be_changed_and_is_equal_by_value():
    signal = MetricSignal("Ours", "Latency", "Milliseconds", ("Environment",))
    assert signal == MetricSignal("Ours", "Latency", "Milliseconds", ("Environment",))
    assert hash(signal) == hash(MetricSignal("Ours", "Latency", "Milliseconds", ("Environment",)))
    assert signal != MetricSignal("Ours", "Latency", "Seconds", ("Environment",))
    with pytest.raises(AttributeError, match="frozen"):
        signal.unit = "Seconds"  # type: ignore[misc]


def test_the_access_log_format_stays_json_whatever_api_gateway_fills_in():
    # given a number that API Gateway has no value for, when it writes a hyphen in its place
    log = AccessLog(
        {Field("status", "number"): "$context.status", Field("wait", "number"): "$context.integrationLatency"}
    )
    line = log.format().replace("$context.status", "200").replace("$context.integrationLatency", "-")
    # then the line is still JSON
    assert json.loads(line) == {"status": "200", "wait": "-"}


def test_units_are_those_of_cloudwatch():
    import botocore.session

    model = botocore.session.get_session().get_service_model("cloudwatch")
    assert set(model.shape_for("StandardUnit").enum) == UNITS


def test_loading_signals_costs_a_cold_start_little():
    # dataclasses and typing would load inspect, ast and dis
    program = "import sys; before = set(sys.modules); import mangaobs.signals; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"dataclasses", "inspect", "ast", "asyncio", "msgspec"} & set(eval(done.stdout))  # noqa: S307


def test_a_project_has_every_event_of_the_runtime_and_its_own_in_the_place_of_those_of_the_same_name():
    longer = runtime.INVOCATION.with_fields(Field("effect", "string"))
    own = LogEvent("hot_key")
    signals = Signals(common=runtime.COMMON, events=runtime.events(longer, own))
    assert {event.name for event in signals.events} == {event.name for event in (*runtime.EVENTS, own)}
    assert longer in signals.events
    assert runtime.INVOCATION not in signals.events


def test_an_event_of_a_project_that_is_there_twice_is_refused_beside_the_runtimes_too():
    with pytest.raises(SignalError, match="declared twice"):
        Signals(events=runtime.events(LogEvent("hot_key"), LogEvent("hot_key")))
