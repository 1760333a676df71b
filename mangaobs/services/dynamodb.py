"""Amazon DynamoDB: a table, its indexes and the account.

Source of what exists: the catalog's AWS.DynamoDB file, after the DynamoDB Developer Guide, "DynamoDB metrics and
dimensions".
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from mangaobs.model._check import fail
from mangaobs.model.metric import MINUTES, Math, Metric, Series, math
from mangaobs.model.value import Value
from mangaobs.services._resource import Resource, emitted

Access = Literal["Read", "Write"]
ACCESSES: tuple[Access, Access] = ("Read", "Write")
# The operations that write; PartiQL can do both, and is left to its statements.
WRITES = ("BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem")


class Capacity(msgspec.Struct, frozen=True):
    """Provisioned capacity units and, for auto scaling, their bounds and target utilization in percent."""

    minimum: int
    maximum: int
    target: float = 70


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """A global secondary index; capacity only where its table is provisioned."""

    key: str
    name: Value
    read: Capacity | None = None
    write: Capacity | None = None


class Table(Resource, frozen=True, kw_only=True):
    """A table, with what decides which of DynamoDB's metrics exist for it.

    Latencies are milliseconds, measured inside DynamoDB. Metrics of the table leave its indexes out: those have
    their own, under `index`.
    """

    namespace: ClassVar[str] = "AWS/DynamoDB"
    name: Value
    billing: Literal["on-demand", "provisioned"] = "on-demand"
    operations: tuple[str, ...] = ("GetItem", "PutItem", "Query", "UpdateItem")
    indexes: tuple[Index, ...] = ()
    read: Capacity | None = None
    write: Capacity | None = None
    max_read_request_units: int | None = None
    max_write_request_units: int | None = None
    auto_scaling: bool = True
    stream: bool = False

    @property
    def provisioned(self) -> bool:
        """Whether the table has provisioned capacity rather than paying per request."""
        return self.billing == "provisioned"

    def index(self, key: str) -> Index:
        """The index under `key`."""
        for index in self.indexes:
            if index.key == key:
                return index
        known = ", ".join(index.key for index in self.indexes) or "it has none"
        fail(f"table {self.key!r}", f"index {key!r}", "does not exist", known)

    def throttle_events(self, access: Access, index: Index | None = None) -> Metric:
        """Requests' items that were throttled, whatever the cause."""
        return self._of(f"{access}ThrottleEvents", index)

    def read_throttle_events(self, index: Index | None = None) -> Metric:
        """Reads that were throttled."""
        return self.throttle_events("Read", index)

    def write_throttle_events(self, index: Index | None = None) -> Metric:
        """Writes that were throttled."""
        return self.throttle_events("Write", index)

    def provisioned_throughput_throttle_events(self, access: Access, index: Index | None = None) -> Metric:
        """Throttled since the provisioned capacity was used up."""
        self._need_provisioned("provisioned_throughput_throttle_events")
        return self._of(f"{access}ProvisionedThroughputThrottleEvents", index)

    def max_on_demand_throttle_events(self, access: Access, index: Index | None = None) -> Metric:
        """Throttled since the maximum that was configured for the on-demand table was reached."""
        self._need_maximum(access)
        return self._of(f"{access}MaxOnDemandThroughputThrottleEvents", index)

    def key_range_throttle_events(self, access: Access, index: Index | None = None) -> Metric:
        """Throttled since one partition reached its own limit: DynamoDB's native sign of a hot key."""
        return self._of(f"{access}KeyRangeThroughputThrottleEvents", index)

    def account_limit_throttle_events(self, access: Access, index: Index | None = None) -> Metric:
        """Throttled since the account's quota was reached."""
        return self._of(f"{access}AccountLimitThrottleEvents", index)

    def consumed_capacity_units(self, access: Access, index: Index | None = None) -> Metric:
        """Capacity units consumed; the sum over a period divided by its seconds is the rate."""
        return self._of(f"Consumed{access}CapacityUnits", index)

    def provisioned_capacity_units(self, access: Access, index: Index | None = None) -> Metric:
        """Capacity units provisioned; published every five minutes, only for provisioned tables."""
        self._need_provisioned("provisioned_capacity_units")
        return self._of(f"Provisioned{access}CapacityUnits", index)

    def on_demand_max_request_units(self, access: Access, index: Index | None = None) -> Metric:
        """The configured maximum of an on-demand table; published every five minutes."""
        self._need_maximum(access)
        return self._of(f"OnDemandMax{access}RequestUnits", index)

    def capacity_utilization(self, access: Access, index: Index | None = None) -> Math:
        """Consumed capacity in percent of what there is, over five minutes.

        Against the provisioned units, the configured on-demand maximum or, without one, the account's quota for one
        table. Five minutes, since the limits are published no more often: at one minute four of five points would
        divide by nothing and be dropped.
        """
        limit = self._limit(access, index)
        used = self.consumed_capacity_units(access, index).sum(5 * MINUTES)
        return math(
            "100 * (used / PERIOD(used)) / available",
            used=used,
            available=limit,
            label=f"{access.lower()} capacity used, %",
        )

    def _limit(self, access: Access, index: Index | None) -> Series:
        if self.provisioned:
            return self.provisioned_capacity_units(access, index).average(5 * MINUTES)
        if self.maximum_request_units(access) is not None:
            return self.on_demand_max_request_units(access, index).average(5 * MINUTES)
        return AccountCapacity(key="account").max_table_level(access).maximum(5 * MINUTES)

    def maximum_request_units(self, access: Access) -> int | None:
        """The configured maximum request units a second of an on-demand table."""
        return self.max_read_request_units if access == "Read" else self.max_write_request_units

    def system_errors(self, operation: str) -> Metric:
        """HTTP 500s of one operation. (Not published for the table as a whole.)"""
        return self._operation("SystemErrors", operation)

    def throttled_requests(self, operation: str) -> Metric:
        """Requests of one operation with any throttled item. (Not published for the table as a whole.)"""
        return self._operation("ThrottledRequests", operation)

    def latency(self, operation: str) -> Metric:
        """SuccessfulRequestLatency of one operation, in milliseconds; retries and the network not included."""
        return self._operation("SuccessfulRequestLatency", operation)

    def returned_item_count(self, operation: Literal["Query", "Scan"]) -> Metric:
        """Items that a Query or Scan returned."""
        return self._operation("ReturnedItemCount", operation)

    def conditional_check_failed_requests(self) -> Metric:
        """Writes whose condition was false: expected where writes are idempotent. Not part of UserErrors."""
        return self.metric("ConditionalCheckFailedRequests", TableName=self.name)

    def transaction_conflict(self) -> Metric:
        """Requests rejected since another transaction worked on the same item."""
        return self.metric("TransactionConflict", TableName=self.name)

    def time_to_live_deleted_item_count(self) -> Metric:
        """Items that TTL deleted."""
        return self.metric("TimeToLiveDeletedItemCount", TableName=self.name)

    def _of(self, name: str, index: Index | None) -> Metric:
        if index is None:
            return emitted(self.namespace, name, (("TableName", self.name),), label=self.key)
        if index not in self.indexes:
            fail(f"table {self.key!r}", f"index {index.key!r}", "is another table's", "one of table.indexes")
        dimensions = (("TableName", self.name), ("GlobalSecondaryIndexName", index.name))
        return emitted(self.namespace, name, dimensions, label=f"{self.key}/{index.key}")

    def _operation(self, name: str, operation: str) -> Metric:
        if operation not in self.operations:
            fail(
                f"table {self.key!r}",
                f"operation {operation!r}",
                "is none that the configuration names",
                f"one of {', '.join(self.operations)}, or add it to tables.{self.key}.operations",
            )
        return emitted(self.namespace, name, (("TableName", self.name), ("Operation", operation)), label=operation)

    def _need_provisioned(self, what: str) -> None:
        if not self.provisioned:
            fail(f"table {self.key!r}", what, "does not exist: the table is on-demand", "ask table.provisioned first")

    def _need_maximum(self, access: Access) -> None:
        if self.provisioned or self.maximum_request_units(access) is None:
            fail(
                f"table {self.key!r}",
                f"maximum {access.lower()} request units",
                "do not exist: no on-demand maximum is configured",
                f"set tables.{self.key}.max_{access.lower()}_request_units",
            )


class AccountCapacity(Resource, frozen=True, kw_only=True):
    """DynamoDB's metrics of the account and region as a whole: no dimensions."""

    namespace: ClassVar[str] = "AWS/DynamoDB"

    def user_errors(self) -> Metric:
        """HTTP 400s over all tables.

        Failed conditions and throttling are not among them: those have metrics of their own.
        """
        return self.metric("UserErrors")

    def provisioned_capacity_utilization(self, access: Access) -> Metric:
        """Percent of the account's quota of provisioned capacity that is provisioned."""
        return self.metric(f"AccountProvisioned{access}CapacityUtilization")

    def max_provisioned_table_capacity_utilization(self, access: Access) -> Metric:
        """Percent of the quota for one table that the largest provisioned table has."""
        return self.metric(f"MaxProvisionedTable{access}CapacityUtilization")

    def max_table_level(self, access: Access) -> Metric:
        """The quota for one table, in capacity units a second."""
        return self.metric(f"AccountMaxTableLevel{access}s")
