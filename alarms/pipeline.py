"""What stands behind the chat: streams, delivery, topics, queues, workflows, rules."""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.alarm import BREACHING, Alarm, critical, warning
from mangaobs.model.metric import MINUTE, MINUTES, signal_metric
from mangaobs.project.app import App

from ..handlers import signals
from . import Thresholds


def alarms(app: App[Thresholds]) -> Iterator[Alarm]:
    yield from _streams(app)
    yield from _deliveries(app)
    yield from _messages(app)
    yield from _workflows(app)


def _streams(app: App[Thresholds]) -> Iterator[Alarm]:
    for key, stream in app.streams.items():
        yield warning(
            f"stream-{key}-write-throttled",
            stream.write_provisioned_throughput_exceeded().sum(MINUTE) > 0,
            for_=3,
            out_of=5,
            summary=f"Kinesis stream {key} refuses records: a shard takes no more.",
            runbook="stream-throttled",
            next_query="errors-by-type",
        )
        yield warning(
            f"stream-{key}-read-throttled",
            stream.read_provisioned_throughput_exceeded().sum(MINUTE) > 0,
            for_=3,
            out_of=5,
            summary=f"The readers of Kinesis stream {key} together read more than its shards give.",
            runbook="stream-throttled",
            next_query="errors-by-type",
        )
        yield warning(
            f"stream-{key}-put-failures",
            stream.put_records_failed_records().sum(MINUTE) > 0,
            for_=3,
            out_of=5,
            summary=f"Records for Kinesis stream {key} fail inside a PutRecords call that succeeds.",
            runbook="stream-throttled",
            next_query="errors-by-type",
        )
        yield warning(
            f"stream-{key}-iterator-age",
            stream.iterator_age().maximum(MINUTE) > app.thresholds.iterator_age_ms,
            for_=15,
            missing=BREACHING,  # silence means that nobody reads
            summary=f"The slowest reader of Kinesis stream {key} falls behind, or reads no more.",
            runbook="stream-lag",
            next_query="errors-by-effect",
        )


def _deliveries(app: App[Thresholds]) -> Iterator[Alarm]:
    for key, delivery in app.delivery_streams.items():
        yield warning(
            f"delivery-{key}-freshness",
            delivery.delivery_data_freshness().maximum(5 * MINUTES) > app.thresholds.delivery_freshness_seconds,
            for_=3,
            summary=f"Firehose {key} does not deliver: its oldest record waits too long.",
            runbook="delivery-failures",
        )
        yield warning(
            f"delivery-{key}-throttled",
            delivery.throttled_records().sum(MINUTE) > 0,
            for_=3,
            out_of=5,
            summary=f"Firehose {key} refuses records over its limit.",
            runbook="delivery-failures",
        )


def _messages(app: App[Thresholds]) -> Iterator[Alarm]:
    for key, topic in app.topics.items():
        yield critical(
            f"topic-{key}-failed",
            topic.notifications_failed().sum(MINUTE) > 0,
            for_=2,
            out_of=5,
            summary=f"Messages of topic {key} do not reach a subscriber: customers wait for a human agent.",
            runbook="topic-failures",
            next_query="errors-by-effect",
        )
        yield critical(
            f"topic-{key}-lost",
            topic.notifications_failed_to_redrive_to_dlq().sum(MINUTE) > 0,
            summary=f"Messages of topic {key} are lost: not even its dead-letter queue took them.",
            runbook="topic-failures",
            next_query="errors-by-effect",
        )
    for key, queue in app.queues.items():
        if queue.dead_letter:
            # Not NumberOfMessagesSent: it does not count what a redrive policy moves here.
            yield warning(
                f"queue-{key}-not-empty",
                queue.messages_visible().maximum(MINUTE) > 0,
                for_=3,
                summary=f"Dead-letter queue {key} holds messages that were given up.",
                runbook="dead-letters",
                next_query="errors-by-type",
            )
            limit = app.thresholds.dead_letter_age_seconds
            summary = f"A message in dead-letter queue {key} is about to expire unseen."
        else:
            limit = app.thresholds.queue_age_seconds
            summary = f"Messages wait too long in queue {key}."
        yield warning(
            f"queue-{key}-age",
            queue.age_of_oldest_message().maximum(MINUTE) > limit,
            for_=5,
            summary=summary,
            runbook="dead-letters" if queue.dead_letter else "queue-age",
            next_query="errors-by-type",
        )
    yield warning(
        "chat-dropped-writes",
        signal_metric(signals.DROPPED_WRITES, Environment=app.environment).sum(5 * MINUTES) > 0,
        summary="Turns of conversations were given up for good.",
        runbook="deferred-writes",
        next_query="errors-by-type",
    )


def _workflows(app: App[Thresholds]) -> Iterator[Alarm]:
    for key, machine in app.state_machines.items():
        yield critical(
            f"workflow-{key}-failed",
            machine.executions_failed().sum(MINUTE) > 0,
            summary=f"Executions of state machine {key} fail.",
            runbook="workflow-failures",
            next_query="errors-by-effect",
        )
        yield warning(
            f"workflow-{key}-timed-out",
            machine.executions_timed_out().sum(MINUTE) > 0,
            summary=f"Executions of state machine {key} time out.",
            runbook="workflow-failures",
            next_query="errors-by-effect",
        )
        if machine.kind == "standard":
            yield warning(
                f"workflow-{key}-throttled",
                machine.execution_throttled().sum(MINUTE) > 0,
                for_=3,
                out_of=5,
                summary=f"State transitions of state machine {key} are throttled.",
                runbook="workflow-failures",
            )
    for key, rule in app.rules.items():
        yield warning(
            f"rule-{key}-failed",
            rule.failed_invocations().sum(MINUTE) > 0,
            summary=f"EventBridge rule {key} cannot invoke a target: permission, or the target is gone.",
            runbook="rule-failures",
        )
