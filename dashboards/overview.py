"""The first look: is the chat up, and if not, which of its four layers is it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mangaobs.model.alarm import Alarm, CompositeAlarm, Severity
from mangaobs.model.dashboard import Dashboard, Row, Section, row, section
from mangaobs.model.metric import MINUTE, Series, signal_metric
from mangaobs.model.widget import AlarmStatus, Graph, TextWidget
from mangaobs.project.app import App

from ..handlers import signals

_SHOWN = 10  # lines that one graph can still be read with


def dashboards(app: App[object], alarms: Mapping[str, Alarm | CompositeAlarm]) -> Iterator[Dashboard]:
    yield Dashboard(
        name="overview",
        content=(
            TextWidget(
                width=24,
                height=3,
                markdown=f"# {app.application} ({app.environment})\n"
                "Is the chat up, and where does it hurt? From the customer inward: API, functions, table, what stands "
                "behind.\nRendered by mangaobs from `dashboards/overview.py`: a change made in the console is lost.",
            ),
            *_status(alarms),
            section("Now", _numbers(app)),
            *_api(app),
            *_functions(app),
            *_tables(app),
            *_downstream(app),
        ),
    )


def _status(alarms: Mapping[str, Alarm | CompositeAlarm]) -> list[Section]:
    critical = [alarm for alarm in alarms.values() if alarm.severity is Severity.CRITICAL]
    composites = [alarm for alarm in critical if isinstance(alarm, CompositeAlarm)]
    # The composites stand for their parts, and the tables' and functions' dashboards show the rest.
    others = [alarm for alarm in critical if isinstance(alarm, Alarm) and not alarm.through][:50]
    warnings = [alarm for alarm in alarms.values() if alarm.severity is Severity.WARNING][:50]
    rows = []
    if critical:
        rows.append(row(AlarmStatus(title="Pages", alarms=(*composites[:50], *others), height=3)))
    if warnings:
        rows.append(row(AlarmStatus(title="Tickets", alarms=tuple(warnings), states=("ALARM",), height=3)))
    return [section("Alarms", *rows)] if rows else []


def _numbers(app: App[object]) -> Row:
    graphs = []
    for key, api in list(app.apis.items())[:1]:
        graphs += [
            _number("Requests a minute", "the day's curve.", api.count().sum(MINUTE).named(key)),
            _number("Answers with 5xx, share", "0.", api.server_errors().average(MINUTE).named(key)),
            _number("Slowest percent, ms", "a few seconds.", api.latency().p99(MINUTE).named(key)),
        ]
    for key, table in list(app.tables.items())[:1]:
        reads, writes = table.read_throttle_events().sum(MINUTE), table.write_throttle_events().sum(MINUTE)
        graphs.append(_number("Throttled", "0.", reads.named(f"{key} reads"), writes.named(f"{key} writes")))
    return row(*graphs) if graphs else row(TextWidget(markdown="No API and no table is configured."))


def _number(title: str, normal: str, *series: Series) -> Graph:
    shows = "In the last minute."
    return Graph(title=title, left=series, shows=shows, normal=normal, view="singleValue", sparkline=True, height=4)


def _api(app: App[object]) -> list[Section]:
    rows = [
        row(
            Graph(
                title=f"{key}: requests",
                left=(api.count().sum(MINUTE).named("requests"),),
                shows="Requests a minute.",
                normal="the day's curve; zero by day means that nobody gets through.",
            ),
            Graph(
                title=f"{key}: errors",
                left=(
                    api.server_errors().average(MINUTE).named("5xx").colored("#d13212"),
                    api.client_errors().average(MINUTE).named("4xx").colored("#ff9900"),
                ),
                shows="Share of answers with an error, 0 to 1.",
                normal="5xx at 0; 4xx below the line.",
            ),
            Graph(
                title=f"{key}: latency",
                left=(api.latency().p50(MINUTE).named("p50"), api.latency().p99(MINUTE).named("p99")),
                shows="Milliseconds to the answer, the model's time included.",
                normal="p50 near a second, p99 below the line.",
            ),
        )
        for key, api in app.apis.items()
    ]
    effects = [
        signal_metric(signal, Environment=app.environment).sum(period)
        for signal, period in (
            (signals.FALLBACK_ANSWERS, MINUTE),
            (signals.RATE_LIMITED, MINUTE),
            (signals.DEFERRED_WRITES, MINUTE),
            (signals.DROPPED_WRITES, 5 * MINUTE),
        )
    ]
    rows.append(
        row(
            Graph(
                title="What customers saw",
                left=tuple(effects),
                shows="Answers without the model, messages refused, turns that wait; turns given up in five minutes.",
                normal="all at 0.",
            )
        )
    )
    return [section("1 API", *rows)]


def _functions(app: App[object]) -> list[Section]:
    functions = list(app.functions.values())[:_SHOWN]
    if not functions:
        return []
    return [
        section(
            _title("2 Functions", len(app.functions)),
            row(
                Graph(
                    title="Invocations",
                    left=tuple(function.invocations().sum(MINUTE) for function in functions),
                    shows="Invocations a minute of each function.",
                    normal="follows the requests.",
                ),
                Graph(
                    title="Errors",
                    left=tuple(function.errors().sum(MINUTE) for function in functions),
                    shows="Invocations that ended in an error, a minute.",
                    normal="0.",
                ),
                Graph(
                    title="Duration, p99",
                    left=tuple(function.duration().p99(5 * MINUTE) for function in functions),
                    shows="Milliseconds of the slowest percent.",
                    normal="well below each function's own line, 80 % of its timeout.",
                ),
            ),
        )
    ]


def _title(title: str, count: int) -> str:
    return title if count <= _SHOWN else f"{title} (the first {_SHOWN} of {count})"


def _tables(app: App[object]) -> list[Section]:
    tables = list(app.tables.values())[:_SHOWN]
    if not tables:
        return []
    throttles = [metric for table in tables for metric in (table.read_throttle_events(), table.write_throttle_events())]
    latencies = [
        table.latency("Query").p99(5 * MINUTE).named(table.key) for table in tables if "Query" in table.operations
    ]
    graphs = [
        Graph(
            title="Throttled",
            left=tuple(metric.sum(MINUTE).named(f"{metric.label} {metric.name}") for metric in throttles),
            shows="Reads and writes that were throttled, a minute.",
            normal="0.",
        )
    ]
    if latencies:
        graphs.append(
            Graph(
                title="Query, p99",
                left=tuple(latencies),
                shows="Milliseconds of the slowest percent of queries, inside DynamoDB.",
                normal="below 10; 10 to 25 is worth watching.",
            )
        )
    return [section(_title("3 DynamoDB", len(app.tables)), row(*graphs))]


def _downstream(app: App[object]) -> list[Section]:
    graphs = []
    if app.models:
        graphs.append(
            Graph(
                title="Bedrock, p99",
                left=tuple(model.latency().p99(5 * MINUTE) for model in app.models.values()),
                shows="Milliseconds of the slowest percent of model invocations.",
                normal="below the line.",
            )
        )
    if app.streams:
        graphs.append(
            Graph(
                title="Kinesis, lag",
                left=tuple(stream.iterator_age().maximum(MINUTE) for stream in app.streams.values()),
                shows="Milliseconds that the slowest reader is behind.",
                normal="below a second.",
            )
        )
    if app.queues:
        graphs.append(
            Graph(
                title="Queues",
                left=tuple(queue.messages_visible().maximum(MINUTE) for queue in app.queues.values()),
                shows="Messages that wait.",
                normal="0 in a dead-letter queue.",
            )
        )
    return [section("4 Behind", row(*graphs))] if graphs else []
