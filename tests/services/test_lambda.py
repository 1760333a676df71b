"""What an engineer can, and cannot, ask of a Lambda function."""

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.services.lambda_ import AccountConcurrency, Function


def function(**settings):
    return Function(key="chat", name="chat-handler", timeout=30, log_group="/aws/lambda/chat-handler", **settings)


@pytest.mark.parametrize("source", ["dynamodb-stream", "kinesis"])
def test_a_function_that_reads_a_stream_has_an_iterator_age(source):
    age = function(event_source=source).iterator_age()

    assert (age.namespace, age.name, age.unit) == ("AWS/Lambda", "IteratorAge", "Milliseconds")
    assert dict(age.dimensions) == {"FunctionName": "chat-handler"}


@pytest.mark.parametrize("source", ["none", "api", "authorizer", "sqs", "schedule", "step-functions"])
def test_a_function_that_reads_no_stream_has_no_iterator_age(source):
    with pytest.raises(DefinitionError, match="it reads no stream"):
        function(event_source=source).iterator_age()


def test_a_function_that_is_not_invoked_asynchronously_has_no_asynchronous_events():
    synchronous = function()

    for ask in (synchronous.async_event_age, synchronous.async_events_dropped, synchronous.dead_letter_errors):
        with pytest.raises(DefinitionError, match="not invoked asynchronously"):
            ask()


def test_polled_events_are_counted_for_the_mapping_and_not_for_the_function():
    polled = function(event_source="sqs", event_source_mapping="5f0c").polled_event_count()

    assert dict(polled.dimensions) == {"EventSourceMappingUUID": "5f0c"}


def test_polled_events_need_a_mapping_whose_metrics_are_switched_on():
    with pytest.raises(DefinitionError, match=r"functions\.chat\.event_source_mapping"):
        function(event_source="sqs").polled_event_count()


def test_the_error_rate_is_errors_in_percent_of_invocations_of_the_same_period():
    rate = function().error_rate(300)

    assert rate.expression == "100 * errors / invocations"
    assert [(s.metric.name, s.stat, s.period) for s in rate.metric_stats()] == [
        ("Errors", "Sum", 300),
        ("Invocations", "Sum", 300),
    ]


def test_the_timeout_is_compared_with_the_duration_in_milliseconds():
    assert function().timeout_ms == 30_000
    assert function().duration().unit == "Milliseconds"


def test_provisioned_concurrency_utilization_cannot_be_made_for_the_function_alone():
    with pytest.raises(DefinitionError, match="is no set that AWS/Lambda emits"):
        function().metric("ProvisionedConcurrencyUtilization", FunctionName="chat-handler")


def test_the_accounts_concurrency_carries_no_dimensions():
    assert AccountConcurrency(key="account").claimed_account_concurrency().dimensions == ()
