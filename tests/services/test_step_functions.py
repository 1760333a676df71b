"""A standard and an express state machine do not measure the same things."""

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.services.step_functions import StateMachine

ARN = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders"
STANDARD = StateMachine(key="orders", arn=ARN, kind="standard")
EXPRESS = StateMachine(key="orders", arn=ARN, kind="express")


@pytest.mark.parametrize("state_machine", [STANDARD, EXPRESS], ids=["standard", "express"])
@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("executions_started", "ExecutionsStarted"),
        ("executions_succeeded", "ExecutionsSucceeded"),
        ("executions_failed", "ExecutionsFailed"),
        ("executions_timed_out", "ExecutionsTimedOut"),
        ("execution_time", "ExecutionTime"),
    ],
)
def test_executions_of_either_kind_are_measured_under_the_arn(state_machine, method, name):
    metric = getattr(state_machine, method)()

    assert (metric.namespace, metric.name) == ("AWS/States", name)
    assert dict(metric.dimensions) == {"StateMachineArn": ARN}


def test_a_standard_execution_can_be_aborted_and_throttled():
    assert STANDARD.executions_aborted().name == "ExecutionsAborted"
    assert STANDARD.execution_throttled().name == "ExecutionThrottled"


def test_an_express_execution_cannot_be_aborted():
    with pytest.raises(DefinitionError, match="cannot be stopped"):
        EXPRESS.executions_aborted()


def test_an_express_execution_cannot_be_throttled():
    with pytest.raises(DefinitionError, match="not throttled"):
        EXPRESS.execution_throttled()


@pytest.mark.parametrize(
    ("method", "name", "unit"),
    [
        ("express_execution_billed_duration", "ExpressExecutionBilledDuration", "Milliseconds"),
        ("express_execution_billed_memory", "ExpressExecutionBilledMemory", "Bytes"),
        ("express_execution_memory", "ExpressExecutionMemory", "Bytes"),
    ],
)
def test_what_an_express_execution_is_billed_for_exists_for_express_only(method, name, unit):
    metric = getattr(EXPRESS, method)()

    assert (metric.name, metric.unit) == (name, unit)
    with pytest.raises(DefinitionError, match="the state machine is standard"):
        getattr(STANDARD, method)()


def test_a_name_that_does_not_exist_is_refused_with_the_right_one():
    with pytest.raises(DefinitionError, match="did you mean ExecutionsFailed"):
        STANDARD.metric("ExecutionsFailedCount", StateMachineArn=ARN)
