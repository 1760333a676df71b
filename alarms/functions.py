"""The functions: errors, throttles, duration against their own timeout, lag and activity of stream readers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mangaobs.model.alarm import NOT_BREACHING, Alarm, Severity, critical, info, warning
from mangaobs.model.metric import MINUTE, MINUTES, Math, Metric, math
from mangaobs.project.app import App
from mangaobs.services.lambda_ import Function

from . import Thresholds


def alarms(app: App[Thresholds]) -> Iterator[Alarm]:
    for function in app.functions.values():
        yield from _every(app, function)
        if function.reads_stream:
            yield from _stream_reader(app, function)
        if function.asynchronous:
            yield from _asynchronous(function)
    if app.functions:
        yield warning(
            "lambda-account-concurrency",
            app.concurrency.claimed_account_concurrency().maximum(MINUTE) > app.thresholds.account_concurrency,
            for_=10,
            account_wide=True,
            summary="The account is close to its quota of concurrent executions, which all functions share.",
            runbook="function-throttles",
        )


def _every(app: App[Thresholds], function: Function) -> Iterator[Alarm]:
    # A customer waits for these; for the others Lambda tries again.
    waited_for = function.event_source in {"api", "authorizer"}
    severity = Severity.CRITICAL if waited_for else Severity.WARNING
    through = "chat-cause-functions" if waited_for else None
    yield Alarm(
        name=f"function-{function.key}-errors",
        condition=function.errors().sum(MINUTE) > 0,
        severity=severity,
        through=through,
        for_=2,
        out_of=3,
        summary=f"Function {function.key} ends in errors.",
        runbook="function-errors",
        next_query="errors-by-effect",
    )
    yield Alarm(
        name=f"function-{function.key}-throttles",
        condition=function.throttles().sum(MINUTE) > 0,
        severity=severity,
        through=through,
        summary=f"Function {function.key} is refused for lack of concurrency.",
        runbook="function-throttles",
        next_query="errors-by-effect",
    )
    if function.reserved_concurrency:
        yield warning(
            f"function-{function.key}-concurrency",
            function.concurrent_executions().maximum(MINUTE)
            > function.reserved_concurrency * app.thresholds.concurrency_percent / 100,
            for_=5,
            summary=f"Function {function.key} uses most of its {function.reserved_concurrency} reserved executions.",
            runbook="function-throttles",
            next_query="slowest-steps",
        )
    yield warning(
        f"function-{function.key}-duration",
        function.duration().p99(5 * MINUTES) > function.timeout_ms * app.thresholds.timeout_percent / 100,
        for_=3,
        summary=f"Function {function.key} comes close to its timeout of {function.timeout} s.",
        runbook="function-duration",
        next_query="near-timeouts",
    )


def _stream_reader(app: App[Thresholds], function: Function) -> Iterator[Alarm]:
    # A5. DynamoDB publishes no lag of a stream's readers: for a Lambda function it is Lambda's IteratorAge.
    age = function.iterator_age().maximum(MINUTE)
    yield info(
        f"function-{function.key}-iterator-age",
        age > app.thresholds.iterator_age_ms,
        for_=5,
        summary=f"Function {function.key} falls behind its stream.",
        runbook="stream-lag",
        next_query="errors-by-effect",
    )
    yield critical(
        f"function-{function.key}-far-behind",
        age > app.thresholds.far_behind_ms,
        for_=5,
        summary=f"Function {function.key} is so far behind its stream that records may expire unread.",
        runbook="stream-lag",
        next_query="errors-by-effect",
    )
    # IteratorAge is silent while nothing is read at all, so a reader that stopped needs an alarm of its own: something
    # was written, and nothing read.
    reading = reading_while_written(app, function)
    if reading is not None:
        yield critical(
            f"function-{function.key}-stopped",
            reading < 1,
            for_=3,
            out_of=4,
            missing=NOT_BREACHING,
            summary=f"Its stream is written to, but function {function.key} reads nothing.",
            runbook="stream-stopped",
            next_query="errors-by-effect",
        )


def reading_while_written(app: App[Any], function: Function) -> Math | None:
    """What a stream's reader reads in the periods in which its stream is written, 1 in the others."""
    written = _written(app, function) if function.reads_stream else None
    if written is None:
        return None
    read = function.invocations() if function.event_source_mapping is None else function.polled_event_count()
    return math(
        "IF(written > 0, read, 1)",
        written=written.sum(5 * MINUTES),
        read=read.sum(5 * MINUTES),
        label=f"{function.key} reads",
    )


def _written(app: App[Any], function: Function) -> Metric | None:
    if function.event_source == "dynamodb-stream":
        tables = {key: table for key, table in app.tables.items() if table.stream}
        table = tables.get(function.reads or next(iter(tables), ""))
        return None if table is None else table.consumed_capacity_units("Write")
    stream = app.streams.get(function.reads or next(iter(app.streams), ""))
    return None if stream is None else stream.incoming_records()


def _asynchronous(function: Function) -> Iterator[Alarm]:
    yield warning(
        f"function-{function.key}-events-dropped",
        function.async_events_dropped().sum(MINUTE) > 0,
        summary=f"Lambda gave up events for function {function.key}.",
        runbook="function-errors",
        next_query="errors-by-effect",
    )
    yield critical(
        f"function-{function.key}-dead-letter-errors",
        function.dead_letter_errors().sum(MINUTE) > 0,
        summary=f"Failed events of function {function.key} could not even be put into its dead-letter queue.",
        runbook="dead-letters",
        next_query="errors-by-effect",
    )
