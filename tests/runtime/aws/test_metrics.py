"""Metrics: documents that CloudWatch takes, nothing lost, nothing that hurts the code that counts."""

from __future__ import annotations

import math
import sys
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest

from mangaobs.errors import SignalError
from mangaobs.runtime import _metrics, carry, configure, count, flush_metrics, log_info, measure
from mangaobs.signals import UNITS, MetricSignal

from .conftest import Context, invoke

TURNS = MetricSignal("App", "Turns", "Count", ("Environment",))
WAIT = MetricSignal("App", "Wait", "Milliseconds", ("Environment",))
DIMENSIONS = {"Environment": "test"}


@pytest.fixture(autouse=True)
def configured(output, monkeypatch):
    for name in ("AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_LOG_LEVEL", "MANGAOBS_DIMENSIONS"):
        monkeypatch.delenv(name, raising=False)
    configure(write=output.append, tracer="off", dimensions=DIMENSIONS)


def valid(document: dict[str, Any]) -> dict[str, list[float]]:
    """The values of each metric of a document, if it keeps to the specification.

    Source: CloudWatch user guide, "Specification: Embedded metric format".
    """
    metadata = document["_aws"]
    assert type(metadata["Timestamp"]) is int
    assert metadata["Timestamp"] > 1_000_000_000_000, "milliseconds"
    values: dict[str, list[float]] = {}
    for directive in metadata["CloudWatchMetrics"]:
        assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
        assert 1 <= len(directive["Namespace"]) <= 1024
        for dimensions in directive["Dimensions"]:
            assert len(dimensions) <= 30
            for name in dimensions:
                assert isinstance(document[name], str)
                assert 1 <= len(document[name]) <= 1024
        assert 1 <= len(directive["Metrics"]) <= 100
        for metric in directive["Metrics"]:
            assert set(metric) <= {"Name", "Unit", "StorageResolution"}
            assert 1 <= len(metric["Name"]) <= 1024
            assert metric["Unit"] in UNITS
            assert metric["Name"] not in values, "twice in a document"
            told = document[metric["Name"]]
            told = told if isinstance(told, list) else [told]
            assert 1 <= len(told) <= 100
            for value in told:
                assert type(value) in (int, float)
                assert abs(value) <= 2**360
            values[metric["Name"]] = told
    return values


def told(output) -> dict[str, list[float]]:
    """The values of each metric, of all documents together."""
    values: dict[str, list[float]] = {}
    for document in output.lines("metrics"):
        for name, more in valid(document).items():
            values.setdefault(name, []).extend(more)
    return values


def problems(output) -> list[str]:
    return [f"{line['reason']} {line.get('detail', '')}" for line in output.lines("telemetry_problem")]


def test_an_invocation_writes_one_document_with_its_request_id_its_sums_and_its_values(output):
    def work():
        for milliseconds in (12.5, 7, 12.5):
            count(TURNS)
            measure(WAIT, milliseconds)
        count(TURNS, 4)

    invoke(work)
    document = output.line("metrics")
    assert valid(document) == {"Turns": [7], "Wait": [12.5, 7, 12.5]}
    assert document["request_id"] == Context().aws_request_id
    assert document["level"] == "INFO"
    assert document["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "App",
            "Dimensions": [["Environment"]],
            "Metrics": [{"Name": "Turns", "Unit": "Count"}, {"Name": "Wait", "Unit": "Milliseconds"}],
        }
    ]


def test_the_next_invocation_begins_at_zero(output):
    for number in (3, 5):
        invoke(lambda number=number: count(TURNS, number))
    assert told(output) == {"Turns": [3, 5]}


def test_an_invocation_that_counts_nothing_writes_no_document(output):
    invoke(lambda: None)
    assert output.lines("metrics") == []


def test_what_was_counted_is_written_when_the_handler_fails(output):
    def work():
        count(TURNS, 2)
        raise LookupError

    with pytest.raises(LookupError):
        invoke(work)
    assert told(output) == {"Turns": [2]}


def test_250_metrics_take_three_documents(output):
    metrics = [MetricSignal("App", f"Metric{number}", "Count", ("Environment",)) for number in range(250)]

    def work():
        for number, metric in enumerate(metrics):
            count(metric, number)

    invoke(work)
    assert len(output.lines("metrics")) == 3
    assert told(output) == {f"Metric{number}": [number] for number in range(250)}


def test_a_thousand_values_are_all_kept(output):
    invoke(lambda: [measure(WAIT, value / 4) for value in range(1000)])
    assert sorted(told(output)["Wait"]) == [value / 4 for value in range(1000)]


def test_more_samples_than_are_kept_are_summed_in_parts(output):
    invoke(lambda: [count(TURNS) for _ in range(12_345)])
    assert sum(told(output)["Turns"]) == 12_345


def test_metrics_can_be_written_in_between(output):
    def work():
        count(TURNS, 1)
        flush_metrics()
        count(TURNS, 2)

    invoke(work)
    assert told(output) == {"Turns": [1, 2]}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, "many", None, [1], 2.0**400, Decimal("NaN"), object()])
def test_what_is_no_number_for_cloudwatch_is_left_out_and_said_once(output, bad):
    def work():
        for _ in range(3):
            count(TURNS, bad)
        measure(WAIT, 1)

    invoke(work)
    assert told(output) == {"Wait": [1]}
    assert problems(output) == ["metric_value Turns"]


def test_measuring_what_is_no_number_is_the_same(output):
    invoke(lambda: (measure(WAIT, math.nan), measure(WAIT, 1)))
    assert told(output) == {"Wait": [1]}
    assert problems(output) == ["metric_value Wait"]


@pytest.mark.parametrize("huge", [10**400, -(10**400), Decimal(10) ** 400], ids=["positive", "negative", "decimal"])
def test_a_number_beyond_every_bound_does_not_hurt_the_code_that_counts(output, huge):
    invoke(lambda: count(TURNS, huge))
    assert told(output) == {}
    assert problems(output) == ["metric_value Turns"]


@pytest.mark.parametrize(("given", "value"), [(True, 1), (Decimal("2.5"), 2.5), (10**18, 10**18), (1e-9, 1e-9), (0, 0)])
def test_any_kind_of_number_is_taken(output, given, value):
    invoke(lambda: measure(WAIT, given))
    assert told(output) == {"Wait": [value]}


def test_sums_stay_within_what_cloudwatch_takes(output):
    invoke(lambda: [count(TURNS, 2.0**359) for _ in range(5)])
    told(output)


def test_a_dimension_without_a_value_is_said_once_and_the_metric_left_out(output):
    configure(write=output.append, tracer="off")
    for _ in range(3):
        invoke(lambda: (count(TURNS), count(MetricSignal("App", "Plain", "Count"))))
    assert set(told(output)) == {"Plain"}
    (problem,) = problems(output)
    assert problem.startswith("metric_dimension Turns: Environment")


def test_a_dimension_is_given_with_the_value_and_makes_its_own_series(output):
    by_model = MetricSignal("App", "Tokens", "Count", ("Environment", "Model"))

    def work():
        count(by_model, 1, Model="small")
        count(by_model, 2, Model="large")
        count(by_model, 4, Model="small")

    invoke(work)
    documents = output.lines("metrics")
    assert {document["Model"]: document["Tokens"] for document in documents} == {"small": 5, "large": 2}
    assert all(valid(document) and document["Environment"] == "test" for document in documents)


def test_a_given_value_goes_before_the_configured_one(output):
    invoke(lambda: count(TURNS, 1, Environment="blue"))
    assert output.line("metrics")["Environment"] == "blue"


def test_an_undeclared_dimension_is_said_and_does_not_make_another_metric(output):
    invoke(lambda: count(TURNS, 1, Session="s1"))
    document = output.line("metrics")
    assert valid(document) == {"Turns": [1]}
    assert "Session" not in document
    assert problems(output) == ["metric_dimension Turns: Session is not declared"]


@pytest.mark.parametrize("value", ["", "  ", 7, None])
def test_a_dimension_that_is_no_text_is_no_value(output, value):
    configure(write=output.append, tracer="off")
    invoke(lambda: count(TURNS, 1, Environment=value))
    assert output.lines("metrics") == []
    assert len(problems(output)) == 1


def test_long_values_of_dimensions_are_cut(output):
    invoke(lambda: count(TURNS, 1, Environment="é" * 5000))
    assert valid(output.line("metrics")) == {"Turns": [1]}


def test_eight_threads_at_once_lose_nothing(output):
    each = 20_000

    def add():
        for _ in range(each):
            count(TURNS)

    def work():
        threads = [Thread(target=carry(add)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        invoke(work)
    finally:
        sys.setswitchinterval(before)
    assert sum(told(output)["Turns"]) == 8 * each


def test_two_threads_that_write_at_the_same_moment_write_each_sample_once(output):
    # Given samples, and a second flush that begins between the first one's reading and its clearing of them
    class Samples(list):
        def __getitem__(self, index):
            taken = super().__getitem__(index)
            if not self.raced:
                self.raced = True
                other = Thread(target=carry(flush_metrics))
                other.start()
                other.join(0.5)
            return taken

        raced = False

    def work():
        from mangaobs.runtime._context import CURRENT

        CURRENT.get().samples = Samples()
        for _ in range(10):
            count(TURNS)
        flush_metrics()

    invoke(work)
    assert sum(told(output)["Turns"]) == 10


def test_outside_an_invocation_each_value_is_written_at_once(output):
    count(TURNS, 2)
    measure(WAIT, 3)
    assert told(output) == {"Turns": [2], "Wait": [3]}
    assert all("request_id" not in document for document in output.lines("metrics"))


def test_work_that_outlives_its_invocation_still_counts_with_its_request_id(output):
    late = []
    invoke(lambda: late.append(carry(lambda: count(TURNS, 5))))
    assert output.lines("metrics") == []
    late[0]()
    document = output.line("metrics")
    assert valid(document) == {"Turns": [5]}
    assert document["request_id"] == Context().aws_request_id


def test_one_name_in_two_namespaces_is_two_metrics(output):
    other = MetricSignal("Other", "Turns", "Count", ("Environment",))
    invoke(lambda: (count(TURNS, 1), count(other, 2)))
    by_namespace = {}
    for document in output.lines("metrics"):
        for directive in document["_aws"]["CloudWatchMetrics"]:
            by_namespace[directive["Namespace"]] = valid(document)
    assert by_namespace == {"App": {"Turns": [1]}, "Other": {"Turns": [2]}}


def test_one_name_with_two_units_does_not_share_a_document(output):
    other = MetricSignal("App", "Turns", "Milliseconds", ("Environment",))
    invoke(lambda: (count(TURNS, 1), count(other, 2)))
    assert told(output) == {"Turns": [1, 2]}


# Given a metric, or a dimension, that is named as a field of every line, then its document has the name once.
@pytest.mark.parametrize(
    "name", ["request_id", "function", "cold_start", "trace_id", "session", "message", "duration_ms"]
)
def test_a_metric_named_as_a_field_of_every_line(output, name):
    metric = MetricSignal("App", name, "Count", ("Environment",))
    invoke(lambda: count(metric, 3))
    assert valid(output.line("metrics")) == {name: [3]}


@pytest.mark.parametrize("name", ["function", "function_version", "request_id"])
def test_a_dimension_named_as_a_field_of_every_line(output, name):
    metric = MetricSignal("App", "Turns", "Count", (name,))
    invoke(lambda: count(metric, 3, **{name: "blue"}))
    document = output.line("metrics")
    assert valid(document) == {"Turns": [3]}
    assert document[name] == "blue"


@pytest.mark.parametrize("name", ["timestamp", "level", "event", "_aws"])
def test_what_a_document_needs_itself_is_refused_as_a_name_where_it_is_declared(name):
    with pytest.raises(SignalError, match=name):
        MetricSignal("App", name, "Count")
    with pytest.raises(SignalError, match=name):
        MetricSignal("App", "Turns", "Count", (name,))


@pytest.mark.parametrize("name", ["100%", "%b%d%s", "%", 'quoted"\\', "Größe", "a\nb"])
def test_any_character_in_a_name_and_in_a_value(output, name):
    metric = MetricSignal("App", name, "Percent", ("Environment",))
    invoke(lambda: (count(metric, 1, Environment=name), measure(metric, 2.5, Environment=name)))
    assert told(output) == {name: [1, 2.5]}
    assert output.lines("metrics")[0]["Environment"] == name


def test_metrics_declared_on_the_fly_keep_their_names(output):
    # Given metrics that nobody keeps, so that a later one may lie where an earlier one lay
    for number in range(50):
        invoke(lambda number=number: count(MetricSignal("App", f"Metric{number}", "Count"), number))
    assert told(output) == {f"Metric{number}": [number] for number in range(50)}


@pytest.mark.parametrize("level", ["INFO", "WARN", "ERROR", "FATAL"])
def test_with_a_level_filter_the_document_has_a_level_that_passes(output, level):
    environ = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": level, "AWS_LAMBDA_FUNCTION_NAME": "chat"}
    configure(write=output.append, environ=environ, dimensions=DIMENSIONS)
    invoke(lambda: (log_info("unwanted"), count(TURNS)))
    document = output.line("metrics")
    assert document["level"] == level
    assert document["timestamp"].endswith("Z")
    assert valid(document) == {"Turns": [1]}
    assert len(output.lines("unwanted")) == (level == "INFO")


def test_values_and_dimensions_may_come_from_the_environment(output):
    configure(write=output.append, environ={"MANGAOBS_DIMENSIONS": "Environment=prod, Team = chat"})
    invoke(lambda: count(TURNS))
    assert output.line("metrics")["Environment"] == "prod"


def test_a_writer_that_fails_does_not_hurt_the_code_that_counts():
    def broken(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    configure(write=broken, dimensions=DIMENSIONS)
    count(TURNS)
    assert invoke(lambda: count(TURNS) or "done") == "done"


def test_documents_stay_within_256_kilobytes(output):
    long = [MetricSignal("App", f"{number:03d}" + "x" * 250, "Count", ("Environment",)) for number in range(100)]
    invoke(lambda: [measure(metric, 1 / 3 + value) for metric in long for value in range(99)])
    assert max(map(len, b"".join(output).splitlines())) <= 256 * 1024
    assert sum(map(len, told(output).values())) == 9900


def test_the_bounds_are_those_of_the_specification():
    assert (_metrics._MOST_METRICS, _metrics._MOST_VALUES) == (100, 100)
