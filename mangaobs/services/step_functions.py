"""AWS Step Functions: a state machine, standard or express.

Source of what exists: the catalog's AWS.States file, after the Step Functions Developer Guide, "Monitoring Step
Functions metrics using Amazon CloudWatch"; for the kinds, its quotas and the reference of StopExecution.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from mangaobs.model._check import fail
from mangaobs.model.metric import Metric
from mangaobs.model.value import Value
from mangaobs.services._resource import Resource


class StateMachine(Resource, frozen=True, kw_only=True):
    """A state machine, by its ARN; all its versions and aliases together."""

    namespace: ClassVar[str] = "AWS/States"
    arn: Value
    kind: Literal["standard", "express"]

    def executions_started(self) -> Metric:
        """Executions that started; the sum counts them, the sample count is twice as high."""
        return self._state_machine("ExecutionsStarted")

    def executions_succeeded(self) -> Metric:
        """Executions that succeeded."""
        return self._state_machine("ExecutionsSucceeded")

    def executions_failed(self) -> Metric:
        """Executions that failed; those that timed out or were aborted are not among them."""
        return self._state_machine("ExecutionsFailed")

    def executions_timed_out(self) -> Metric:
        """Executions that took longer than their timeout."""
        return self._state_machine("ExecutionsTimedOut")

    def executions_aborted(self) -> Metric:
        """Executions that were stopped; an express execution cannot be."""
        self._need("standard", "executions_aborted", "an express execution cannot be stopped")
        return self._state_machine("ExecutionsAborted")

    def execution_throttled(self) -> Metric:
        """State transitions that were throttled; published only then, and express workflows have no such quota."""
        self._need("standard", "execution_throttled", "state transitions of express workflows are not throttled")
        return self._state_machine("ExecutionThrottled")

    def execution_time(self) -> Metric:
        """Milliseconds between an execution's start and its end."""
        return self._state_machine("ExecutionTime")

    def express_execution_billed_duration(self) -> Metric:
        """Milliseconds that are billed for express executions."""
        self._need("express", "express_execution_billed_duration", "the state machine is standard")
        return self._state_machine("ExpressExecutionBilledDuration")

    def express_execution_billed_memory(self) -> Metric:
        """Bytes of memory that are billed for express executions."""
        self._need("express", "express_execution_billed_memory", "the state machine is standard")
        return self._state_machine("ExpressExecutionBilledMemory")

    def express_execution_memory(self) -> Metric:
        """Bytes of memory that express executions used."""
        self._need("express", "express_execution_memory", "the state machine is standard")
        return self._state_machine("ExpressExecutionMemory")

    def _state_machine(self, name: str) -> Metric:
        return self.metric(name, StateMachineArn=self.arn)

    def _need(self, kind: Literal["standard", "express"], what: str, why: str) -> None:
        if self.kind != kind:
            fail(f"state machine {self.key!r}", what, f"does not exist: {why}", f"ask for kind {kind!r} first")
