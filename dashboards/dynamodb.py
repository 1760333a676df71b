"""Each table: section 5's metrics, with its green, yellow and red bands drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mangaobs.model.alarm import Alarm, CompositeAlarm
from mangaobs.model.dashboard import Dashboard, Section, row, section
from mangaobs.model.metric import MINUTE, MINUTES
from mangaobs.model.value import Value
from mangaobs.model.widget import AlarmStatus, Graph, Line, TextWidget
from mangaobs.project.app import App
from mangaobs.services.dynamodb import ACCESSES, Access, Index, Table

# Section 5: healthy below 10 ms, watch to 25 ms, alert above.
BANDS = (
    Line(value=0, to=10, label="healthy", color="#2ca02c"),
    Line(value=10, to=25, label="watch", color="#ffbf00"),
    Line(value=25, label="alert", color="#d62728", fill="above"),
)


def dashboards(app: App[object], alarms: Mapping[str, Alarm | CompositeAlarm]) -> Iterator[Dashboard]:
    by_table: dict[Value, list[Alarm]] = {}
    for alarm in alarms.values():
        if isinstance(alarm, Alarm):
            first = alarm.condition.series.metric_stats()[0].metric
            for name, value in first.dimensions[:1]:
                if name == "TableName":
                    by_table.setdefault(value, []).append(alarm)
    for table in app.tables.values():
        own = by_table.get(table.name, [])[:100]
        yield Dashboard(
            name=f"dynamodb-{table.key}",
            content=(
                TextWidget(
                    width=24,
                    height=2,
                    markdown=f"# Table {table.key}\n{table.billing}; indexes: "
                    f"{', '.join(index.key for index in table.indexes) or 'none'}, measured apart from the table.",
                ),
                *([section("Alarms", row(AlarmStatus(title="Alarms", alarms=tuple(own), height=4)))] if own else []),
                _throttling(table),
                _latency(table),
                _errors(app, table),
                _capacity(table, None),
                *(_capacity(table, index) for index in table.indexes),
            ),
        )


def _throttling(table: Table) -> Section:
    return section(
        "Throttling: any is an alarm",
        row(*(_throttled(table, access, None) for access in ACCESSES)),
        *(row(*(_throttled(table, access, index) for access in ACCESSES)) for index in table.indexes),
    )


def _throttled(table: Table, access: Access, index: Index | None) -> Graph:
    causes = [table.key_range_throttle_events(access, index).sum(MINUTE).named("hot partition")]
    if table.provisioned:
        causes.append(
            table.provisioned_throughput_throttle_events(access, index).sum(MINUTE).named("provisioned capacity")
        )
    elif table.maximum_request_units(access) is not None:
        causes.append(table.max_on_demand_throttle_events(access, index).sum(MINUTE).named("on-demand maximum"))
    if index is None or access == "Read":
        causes.append(table.account_limit_throttle_events(access, index).sum(MINUTE).named("account limit"))
    where = f"index {index.key}" if index else "table"
    return Graph(
        title=f"{where}: {access.lower()}s throttled, by cause",
        left=(table.throttle_events(access, index).sum(MINUTE).named("all"), *causes),
        shows=f"{access}s that were throttled, a minute, and why.",
        normal="0.",
    )


def _latency(table: Table) -> Section:
    reads = [operation for operation in table.operations if operation in {"Query", "GetItem", "Scan", "BatchGetItem"}]
    graphs = []
    for title, operations in (
        ("reads", reads),
        ("writes", [operation for operation in table.operations if operation not in reads]),
    ):
        if operations:
            graphs.append(
                Graph(
                    title=f"Latency of {title}",
                    left=(
                        *(
                            table.latency(operation).p99(5 * MINUTES).named(f"{operation} p99")
                            for operation in operations
                        ),
                        *(
                            table.latency(operation).p50(5 * MINUTES).named(f"{operation} p50")
                            for operation in operations
                        ),
                    ),
                    lines=BANDS,
                    shows="Milliseconds inside DynamoDB, median and slowest percent.",
                    normal="p99 in the green band.",
                )
            )
    return section("Latency", row(*graphs))


def _errors(app: App[object], table: Table) -> Section:
    return section(
        "Errors",
        row(
            Graph(
                title="System errors (5xx)",
                left=tuple(table.system_errors(operation).sum(MINUTE) for operation in table.operations),
                shows="Calls that failed inside DynamoDB, a minute, by operation.",
                normal="0.",
            ),
            Graph(
                title="Conditions and transactions",
                left=(
                    table.conditional_check_failed_requests().sum(5 * MINUTES).named("condition failed"),
                    table.transaction_conflict().sum(MINUTE).named("transaction conflict"),
                ),
                shows="Writes whose condition was false, transactions that met another one.",
                normal="some: an idempotent write that was done before fails its condition.",
            ),
            Graph(
                title="User errors (4xx) of the account",
                left=(app.dynamodb.user_errors().sum(MINUTE).named("user errors"),),
                shows="Calls rejected as wrong, over all tables: there is no such metric per table.",
                normal="0; failed conditions and throttling are not among them.",
            ),
        ),
    )


def _capacity(table: Table, index: Index | None) -> Section:
    where = f"index {index.key}" if index else "table"
    own_limit = [access for access in ACCESSES if table.provisioned or table.maximum_request_units(access) is not None]
    graphs = []
    for access in ACCESSES:
        graphs.append(
            Graph(
                title=f"{where}: {access.lower()} units consumed",
                left=(table.consumed_capacity_units(access, index).sum(MINUTE).named("consumed a minute"),),
                shows="Capacity units consumed, a minute.",
                normal="the day's curve, without steps.",
            )
        )
        if index is None or access in own_limit:
            graphs.append(
                Graph(
                    title=f"{where}: {access.lower()} capacity used",
                    left=(table.capacity_utilization(access, index),),
                    shows="Percent of what there is: provisioned units, the on-demand maximum or the account's quota.",
                    normal="below the line; minutes hide bursts of seconds.",
                )
            )
    return section(f"Capacity of {where}", row(*graphs[:2]), *([row(*graphs[2:])] if graphs[2:] else []))
