"""What stands behind the chat: streams, deliveries, topics, queues, workflows, caches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from mangaobs.model.alarm import Alarm, CompositeAlarm
from mangaobs.model.dashboard import Dashboard, Section, row, section
from mangaobs.model.metric import MINUTE, MINUTES
from mangaobs.model.widget import Axis, Graph, TextWidget
from mangaobs.project.app import App

_PERCENT = Axis(min=0, max=100)
_A_DASHBOARD = 200  # graphs; with their notes 400 widgets, a dashboard takes 500


def dashboards(app: App[object], _: Mapping[str, Alarm | CompositeAlarm]) -> Iterator[Dashboard]:
    graphs = [
        *(("Kinesis", graph) for key in app.streams for graph in _stream(app, key)),
        *(("Firehose", graph) for key in app.delivery_streams for graph in _delivery(app, key)),
        *(("SNS", _topic(app, key)) for key in app.topics),
        *(("SQS", graph) for key in app.queues for graph in _queue(app, key)),
        *(("Step Functions", _workflow(app, key)) for key in app.state_machines),
        *(("EventBridge", _rule(app, key)) for key in app.rules),
        *(("Caches", graph) for graph in _caches(app)),
    ]
    for number, start in enumerate(range(0, len(graphs), _A_DASHBOARD), 1):
        heading = TextWidget(
            width=24, height=2, markdown="# Behind the chat\nWhat the chat hands on, and what it keeps."
        )
        titled = groupby(graphs[start : start + _A_DASHBOARD], key=lambda one: one[0])
        sections = [_section(title, [graph for _, graph in some]) for title, some in titled]
        yield Dashboard(name="pipeline" if number == 1 else f"pipeline-{number}", content=(heading, *sections))


def _section(title: str, graphs: Sequence[Graph]) -> Section:
    return section(title, *(row(*graphs[start : start + 3]) for start in range(0, len(graphs), 3)))


def _stream(app: App[object], key: str) -> list[Graph]:
    stream = app.streams[key]
    return [
        Graph(
            title=f"{key}: refused",
            left=(
                stream.write_provisioned_throughput_exceeded().sum(MINUTE).named("writes throttled"),
                stream.read_provisioned_throughput_exceeded().sum(MINUTE).named("reads throttled"),
                stream.put_records_failed_records().sum(MINUTE).named("records failed"),
            ),
            shows="Records and reads that the stream refused, a minute.",
            normal="0.",
        ),
        Graph(
            title=f"{key}: lag",
            left=(stream.iterator_age().maximum(MINUTE).named("slowest reader"),),
            shows="Milliseconds that the slowest reader is behind.",
            normal="below a second.",
        ),
        Graph(
            title=f"{key}: records",
            left=(stream.incoming_records().sum(MINUTE).named("records"),),
            shows="Records written, a minute.",
            normal="follows the chat.",
        ),
    ]


def _delivery(app: App[object], key: str) -> list[Graph]:
    delivery = app.delivery_streams[key]
    return [
        Graph(
            title=f"{key}: freshness",
            left=(delivery.delivery_data_freshness().maximum(5 * MINUTES).named("oldest record"),),
            shows="Seconds that the oldest record waits for delivery.",
            normal="a little over the buffering interval.",
        ),
        Graph(
            title=f"{key}: refused",
            left=(delivery.throttled_records().sum(MINUTE).named("throttled"),),
            shows="Records over the stream's limit, a minute.",
            normal="0.",
        ),
    ]


def _topic(app: App[object], key: str) -> Graph:
    topic = app.topics[key]
    return Graph(
        title=f"{key}: messages",
        left=(
            topic.messages_published().sum(MINUTE).named("published"),
            topic.notifications_delivered().sum(MINUTE).named("delivered"),
            topic.notifications_failed().sum(MINUTE).named("failed").colored("#d13212"),
            topic.notifications_failed_to_redrive_to_dlq().sum(MINUTE).named("lost").colored("#7f0000"),
        ),
        shows="Messages and deliveries, a minute.",
        normal="none failed, none lost.",
    )


def _queue(app: App[object], key: str) -> list[Graph]:
    queue = app.queues[key]
    return [
        Graph(
            title=f"{key}: waiting",
            left=(queue.messages_visible().maximum(MINUTE).named("visible"),),
            shows="Messages that wait.",
            normal="0." if queue.dead_letter else "near 0: the reader keeps up.",
        ),
        Graph(
            title=f"{key}: age",
            left=(queue.age_of_oldest_message().maximum(MINUTE).named("oldest message"),),
            shows="Seconds that the oldest message waits.",
            normal="below the line.",
        ),
    ]


def _workflow(app: App[object], key: str) -> Graph:
    machine = app.state_machines[key]
    series = [
        machine.executions_started().sum(MINUTE).named("started"),
        machine.executions_failed().sum(MINUTE).named("failed").colored("#d13212"),
        machine.executions_timed_out().sum(MINUTE).named("timed out").colored("#ff9900"),
    ]
    if machine.kind == "standard":
        series.append(machine.execution_throttled().sum(MINUTE).named("throttled"))
    return Graph(
        title=f"{key}: executions",
        left=tuple(series),
        shows="Executions started and ended badly, a minute.",
        normal="none failed.",
    )


def _rule(app: App[object], key: str) -> Graph:
    rule = app.rules[key]
    return Graph(
        title=f"{key}: invocations",
        left=(
            rule.invocations().sum(MINUTE).named("invocations"),
            rule.failed_invocations().sum(MINUTE).named("failed").colored("#d13212"),
        ),
        shows="Invocations of the rule's targets, a minute.",
        normal="none failed.",
    )


def _caches(app: App[object]) -> list[Graph]:
    graphs = []
    for key, node in app.cache_nodes.items():
        graphs += [
            Graph(
                title=f"{key}: pressure",
                left=(
                    node.engine_cpu_utilization().average(MINUTE).named("engine CPU"),
                    node.database_memory_usage_percentage().average(MINUTE).named("memory"),
                ),
                left_axis=_PERCENT,
                shows="Percent of the engine's one thread and of the memory.",
                normal="below the lines.",
            ),
            Graph(
                title=f"{key}: evictions",
                left=(node.evictions().sum(5 * MINUTES).named("evictions"),),
                shows="Keys thrown out to make room, in five minutes.",
                normal="0.",
            ),
        ]
    graphs += [
        Graph(
            title=f"{key}: refused",
            left=(cache.throttled_cmds().sum(MINUTE).named("throttled"),),
            shows="Commands over the cache's limit, a minute.",
            normal="0.",
        )
        for key, cache in app.serverless_caches.items()
    ]
    for key, cluster in app.dax.items():
        graphs.append(
            Graph(
                title=f"{key}: requests that failed",
                left=(
                    cluster.fault_request_count().sum(MINUTE).named("faults"),
                    cluster.throttled_request_count().sum(MINUTE).named("throttled"),
                ),
                shows="Requests that DAX itself failed or throttled, a minute.",
                normal="0.",
            )
        )
        if cluster.nodes:
            graphs.append(
                Graph(
                    title=f"{key}: CPU",
                    left=tuple(
                        cluster.cpu_utilization(node).average(MINUTE).named(f"node {number}")
                        for number, node in enumerate(cluster.nodes, 1)
                    ),
                    left_axis=_PERCENT,
                    shows="Percent of the CPU of each node.",
                    normal="below the line.",
                )
            )
    return graphs
