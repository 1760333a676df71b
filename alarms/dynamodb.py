"""The tables: throttling and its causes, errors, latency, capacity.

Section 5 of the design, in the form that can fire.
"""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.alarm import Alarm, critical, info, warning
from mangaobs.model.metric import MINUTE, MINUTES
from mangaobs.model.scaling import TargetTracking
from mangaobs.project.app import App
from mangaobs.services.dynamodb import ACCESSES, WRITES, Access, Index, Table

from . import Thresholds

CAUSE = "chat-cause-dynamodb"  # the composite that pages for what brings the chat down; alarms/chat.py


def alarms(app: App[Thresholds]) -> Iterator[Alarm]:
    for table in app.tables.values():
        for index in (None, *table.indexes):
            for access in ACCESSES:
                yield from _throttling(table, index, access)
                yield from _capacity(app, table, index, access)
        yield from _errors(table)
        yield from _latency(app, table)
        yield from _conflicts(app, table)
    yield from _account(app)


def _name(table: Table, index: Index | None, rest: str) -> str:
    return f"dynamodb-{table.key}-{rest}" if index is None else f"dynamodb-{table.key}-{index.key}-{rest}"


def _where(table: Table, index: Index | None) -> str:
    return f"table {table.key}" if index is None else f"index {index.key} of table {table.key}"


def _throttling(table: Table, index: Index | None, access: Access) -> Iterator[Alarm]:
    # A1. ThrottledRequests exists only per operation; these exist for the table and for each index on its own.
    verb, where = access.lower(), _where(table, index)
    yield critical(
        _name(table, index, f"{verb}s-throttled"),
        table.throttle_events(access, index).sum(MINUTE) > 0,
        summary=f"DynamoDB is throttling {verb}s on {where}.",
        through=CAUSE,
        runbook="dynamodb-throttling",
        next_query="throttled-operations",
    )
    yield warning(
        _name(table, index, f"{verb}-hot-partition"),
        table.key_range_throttle_events(access, index).sum(MINUTE) > 0,
        summary=f"One partition of {where} takes more {verb}s than a partition can: a hot key.",
        runbook="hot-key",
        next_query="abnormal-sessions",
    )
    if table.provisioned:
        yield warning(
            _name(table, index, f"{verb}-capacity-exceeded"),
            table.provisioned_throughput_throttle_events(access, index).sum(MINUTE) > 0,
            for_=2,
            out_of=5,
            summary=f"The provisioned {verb} capacity of {where} is used up.",
            runbook="dynamodb-capacity",
            next_query="throttled-operations",
        )
    elif table.maximum_request_units(access) is not None:
        yield warning(
            _name(table, index, f"{verb}-maximum-exceeded"),
            table.max_on_demand_throttle_events(access, index).sum(MINUTE) > 0,
            for_=2,
            out_of=5,
            summary=f"The configured on-demand maximum for {verb}s on {where} is reached.",
            runbook="dynamodb-capacity",
            next_query="throttled-operations",
        )
    if index is None or access == "Read":  # DynamoDB publishes no WriteAccountLimitThrottleEvents for an index
        yield critical(
            _name(table, index, f"{verb}-account-limit"),
            table.account_limit_throttle_events(access, index).sum(MINUTE) > 0,
            summary=f"{access}s on {where} are throttled by the account's quota, which all tables share.",
            through=CAUSE,
            runbook="dynamodb-account-limit",
            next_query="throttled-operations",
        )


def _capacity(app: App[Thresholds], table: Table, index: Index | None, access: Access) -> Iterator[Alarm]:
    # A4. The limit is published every five minutes, so both sides of the ratio take five.
    if index is not None and not table.provisioned and table.maximum_request_units(access) is None:
        return  # without a maximum of its own an index shares the table's quota, which the table's alarm watches
    yield warning(
        _name(table, index, f"{access.lower()}-capacity-used"),
        table.capacity_utilization(access, index) > app.thresholds.capacity_used_percent,
        for_=2,
        summary=f"{_where(table, index).capitalize()} uses most of its {access.lower()} capacity; throttling is next.",
        runbook="dynamodb-capacity",
        next_query="slowest-operations",
    )


def _errors(table: Table) -> Iterator[Alarm]:
    # A2. SystemErrors exists only per operation.
    for operation in table.operations:
        yield critical(
            f"dynamodb-{table.key}-{operation.lower()}-system-errors",
            table.system_errors(operation).sum(MINUTE) > 0,
            summary=f"{operation} on table {table.key} fails with HTTP 500s inside DynamoDB.",
            through=CAUSE,
            runbook="dynamodb-system-errors",
            next_query="errors-by-type",
        )


def _latency(app: App[Thresholds], table: Table) -> Iterator[Alarm]:
    # A3. Below 1,000 calls in five minutes a p99 is one slow call: such periods are ignored.
    for operation in table.operations:
        if operation == "Query":
            limit = app.thresholds.query_p99_ms
        elif operation in WRITES:
            limit = app.thresholds.write_p99_ms
        else:
            continue
        yield warning(
            f"dynamodb-{table.key}-{operation.lower()}-latency-p99",
            table.latency(operation).p99(5 * MINUTES) > limit,
            for_=3,
            evaluate_low_samples=False,
            summary=f"{operation} on table {table.key} is slow inside DynamoDB.",
            runbook="dynamodb-latency",
            next_query="latency-by-operation",
        )


def _conflicts(app: App[Thresholds], table: Table) -> Iterator[Alarm]:
    # Neither is a user error: a failed condition is how an idempotent write says that it was done before.
    yield info(
        f"dynamodb-{table.key}-condition-failures",
        table.conditional_check_failed_requests().sum(5 * MINUTES).above_band(3),
        for_=3,
        summary=f"Conditions on table {table.key} fail more often than is usual at this time.",
        runbook="dynamodb-conflicts",
        next_query="errors-by-type",
    )
    yield warning(
        f"dynamodb-{table.key}-transaction-conflicts",
        table.transaction_conflict().sum(MINUTE) > app.thresholds.transaction_conflicts_a_minute,
        for_=3,
        out_of=5,
        summary=f"Transactions on table {table.key} get in each other's way.",
        runbook="dynamodb-conflicts",
        next_query="errors-by-type",
    )


def _account(app: App[Thresholds]) -> Iterator[Alarm]:
    if not app.tables:
        return
    yield warning(
        "dynamodb-user-errors",
        app.dynamodb.user_errors().sum(MINUTE) > app.thresholds.user_errors_a_minute,
        for_=10,
        account_wide=True,
        summary="DynamoDB calls of this account are rejected as wrong (HTTP 400).",
        runbook="dynamodb-user-errors",
        next_query="errors-by-type",
    )
    if not any(table.provisioned for table in app.tables.values()):
        return
    for access in ACCESSES:
        yield warning(
            f"dynamodb-account-{access.lower()}-capacity",
            app.dynamodb.provisioned_capacity_utilization(access).maximum(5 * MINUTES)
            > app.thresholds.account_capacity_percent,
            for_=2,
            account_wide=True,
            summary=f"Most of the account's quota of provisioned {access.lower()} capacity is provisioned.",
            runbook="dynamodb-account-limit",
        )
        yield warning(
            f"dynamodb-largest-table-{access.lower()}-capacity",
            app.dynamodb.max_provisioned_table_capacity_utilization(access).maximum(5 * MINUTES)
            > app.thresholds.account_capacity_percent,
            for_=2,
            account_wide=True,
            summary=f"The largest table has most of the {access.lower()} capacity that one table may have.",
            runbook="dynamodb-account-limit",
        )


def scaling(app: App[Thresholds]) -> Iterator[TargetTracking]:
    for table in app.tables.values():
        if not (table.provisioned and table.auto_scaling):
            continue
        for index in (None, *table.indexes):
            owner = table if index is None else index
            for access, capacity in (("Read", owner.read), ("Write", owner.write)):
                if capacity is not None:
                    yield TargetTracking(
                        name=_name(table, index, f"{access.lower()}-scaling"),
                        table=table.name,
                        index=None if index is None else index.name,
                        units=access,
                        minimum=capacity.minimum,
                        maximum=capacity.maximum,
                        target=capacity.target,
                    )
