"""Each table: section 5's metrics, with its green, yellow and red bands drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mangaobs.model.alarm import Alarm, CompositeAlarm
from mangaobs.model.dashboard import Dashboard, Section, row, section
from mangaobs.model.metric import MINUTE, MINUTES
from mangaobs.model.value import Value
from mangaobs.model.widget import AlarmStatus, Graph, Line, TextWidget
from mangaobs.project.app import App
from mangaobs.services.dynamodb import ACCESSES, WRITES, Access, Index, Table

from ..alarms import Thresholds


def bands(limit: float) -> tuple[Line, ...]:
    """Green, yellow and red: healthy to two fifths of the alarm's limit, then watch, then alert (10 and 25 ms)."""
    watch = limit * 2 / 5
    return (
        Line(value=0, to=watch, label="healthy", color="#2ca02c"),
        Line(value=watch, to=limit, label="watch", color="#ffbf00"),
        Line(value=limit, label="alert", color="#d62728", fill="above"),
    )


def dashboards(app: App[Thresholds], alarms: Mapping[str, Alarm | CompositeAlarm]) -> Iterator[Dashboard]:
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
                *([_account(app)] if table.provisioned else []),
                _throttling(table),
                _latency(app, table),
                _errors(app, table),
                _capacity(table, None),
                *(_capacity(table, index) for index in table.indexes),
            ),
        )


def _account(app: App[Thresholds]) -> Section:
    return section(
        "The account's quotas",
        row(
            Graph(
                title="Provisioned of the account's quota",
                left=tuple(
                    app.dynamodb.provisioned_capacity_utilization(access)
                    .maximum(5 * MINUTES)
                    .named(f"{access.lower()}s")
                    for access in ACCESSES
                ),
                shows="Percent of the quota of provisioned capacity that the account's tables share.",
                normal="below the line.",
            ),
            Graph(
                title="The largest table, of the quota for one",
                left=tuple(
                    app.dynamodb.max_provisioned_table_capacity_utilization(access)
                    .maximum(5 * MINUTES)
                    .named(f"{access.lower()}s")
                    for access in ACCESSES
                ),
                shows="Percent of what one table may have that the largest one has.",
                normal="below the line.",
            ),
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


def _latency(app: App[Thresholds], table: Table) -> Section:
    writes = [operation for operation in table.operations if operation in WRITES]
    others = [operation for operation in table.operations if operation not in WRITES]
    graphs = []
    for title, operations, limit in (
        ("reads", others, app.thresholds.query_p99_ms),
        ("writes", writes, app.thresholds.write_p99_ms),
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
                    lines=bands(limit),
                    shows="Milliseconds inside DynamoDB, median and slowest percent.",
                    normal="p99 in the green band.",
                )
            )
    return section("Latency", row(*graphs))


def _errors(app: App[Thresholds], table: Table) -> Section:
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
