"""AWS Lambda: a function, its event source mapping and the account's concurrency.

Source of what exists: the catalog's AWS.Lambda file, after the Lambda Developer Guide, "Types of metrics for Lambda
functions".
"""

from __future__ import annotations

from typing import ClassVar, Literal

from mangaobs.model._check import fail
from mangaobs.model.metric import MINUTE, Math, Metric, math
from mangaobs.model.value import Value
from mangaobs.services._resource import Resource

EventSource = Literal["none", "api", "authorizer", "dynamodb-stream", "kinesis", "sqs", "schedule", "step-functions"]


class Function(Resource, frozen=True, kw_only=True):
    """A function; `timeout` in seconds, `event_source_mapping` the UUID where its metrics are switched on."""

    namespace: ClassVar[str] = "AWS/Lambda"
    name: Value
    timeout: int
    log_group: Value
    event_source: EventSource = "none"
    reads: str | None = None
    event_source_mapping: Value | None = None
    reserved_concurrency: int | None = None
    asynchronous: bool = False

    @property
    def timeout_ms(self) -> int:
        """The timeout in milliseconds, the unit of `duration`."""
        return self.timeout * 1000

    @property
    def reads_stream(self) -> bool:
        """Whether Lambda polls a stream for it."""
        return self.event_source in {"dynamodb-stream", "kinesis"}

    def invocations(self) -> Metric:
        """Times that the code ran, successes and errors."""
        return self._function("Invocations")

    def errors(self) -> Metric:
        """Invocations that ended in an error, timeouts included."""
        return self._function("Errors")

    def throttles(self) -> Metric:
        """Invocations that were refused for lack of concurrency."""
        return self._function("Throttles")

    def duration(self) -> Metric:
        """Milliseconds that the code ran, cold start not included."""
        return self._function("Duration")

    def concurrent_executions(self) -> Metric:
        """Invocations that run at the same time."""
        return self._function("ConcurrentExecutions")

    def error_rate(self, period: int = MINUTE) -> Math:
        """Errors in percent of invocations; a period without invocations has no value."""
        return math(
            "100 * errors / invocations",
            errors=self.errors().sum(period),
            invocations=self.invocations().sum(period),
            label=f"{self.key} error rate, %",
        )

    def iterator_age(self) -> Metric:
        """Milliseconds between a record's arrival in the stream and its reading: the lag of a stream consumer."""
        if not self.reads_stream:
            fail(
                f"function {self.key!r}",
                "iterator_age",
                "does not exist: it reads no stream",
                "its event_source decides",
            )
        return self._function("IteratorAge")

    def polled_event_count(self) -> Metric:
        """Records that Lambda's poller read; exists where the mapping's metrics are switched on."""
        if self.event_source_mapping is None:
            fail(
                f"function {self.key!r}",
                "polled_event_count",
                "does not exist: no event source mapping with metrics is configured",
                f"set functions.{self.key}.event_source_mapping",
            )
        return self.metric("PolledEventCount", EventSourceMappingUUID=self.event_source_mapping)

    def dead_letter_errors(self) -> Metric:
        """Failed events that Lambda could not put into the function's dead-letter queue."""
        self._need_asynchronous("dead_letter_errors")
        return self._function("DeadLetterErrors")

    def destination_delivery_failures(self) -> Metric:
        """Events that Lambda could not send to the function's destination."""
        return self._function("DestinationDeliveryFailures")

    def async_event_age(self) -> Metric:
        """Milliseconds that an asynchronous event waited."""
        self._need_asynchronous("async_event_age")
        return self._function("AsyncEventAge")

    def async_events_dropped(self) -> Metric:
        """Asynchronous events given up without a successful run."""
        self._need_asynchronous("async_events_dropped")
        return self._function("AsyncEventsDropped")

    def _function(self, name: str) -> Metric:
        return self.metric(name, FunctionName=self.name)

    def _need_asynchronous(self, what: str) -> None:
        if not self.asynchronous:
            fail(
                f"function {self.key!r}",
                what,
                "does not exist: it is not invoked asynchronously",
                "set asynchronous = true",
            )


class AccountConcurrency(Resource, frozen=True, kw_only=True):
    """The account's concurrency in the region: no dimensions."""

    namespace: ClassVar[str] = "AWS/Lambda"

    def claimed_account_concurrency(self) -> Metric:
        """Concurrency that is in use or reserved: when it meets the quota, other functions are throttled."""
        return self.metric("ClaimedAccountConcurrency")
