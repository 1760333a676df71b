"""What an engineer can, and cannot, ask of a DynamoDB table."""

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.model.metric import Math
from mangaobs.services.dynamodb import ACCESSES, AccountCapacity, Capacity, Index, Table

BY_USER = Index(key="by-user", name="user-index")
ON_DEMAND = Table(key="sessions", name="chat-sessions", indexes=(BY_USER,), operations=("GetItem", "Query"))
ON_DEMAND_WITH_MAXIMUM = Table(
    key="events", name="chat-events", max_read_request_units=4000, max_write_request_units=1000, indexes=(BY_USER,)
)
PROVISIONED = Table(
    key="orders", name="orders", billing="provisioned", read=Capacity(5, 50), write=Capacity(5, 50), indexes=(BY_USER,)
)


class TestBillingMode:
    @pytest.mark.parametrize("access", ACCESSES)
    def test_an_on_demand_table_cannot_be_asked_for_provisioned_capacity(self, access):
        with pytest.raises(DefinitionError, match="the table is on-demand"):
            ON_DEMAND.provisioned_capacity_units(access)

    @pytest.mark.parametrize("access", ACCESSES)
    def test_an_on_demand_table_cannot_be_asked_who_used_up_provisioned_throughput(self, access):
        with pytest.raises(DefinitionError, match="the table is on-demand"):
            ON_DEMAND.provisioned_throughput_throttle_events(access)

    @pytest.mark.parametrize("access", ACCESSES)
    @pytest.mark.parametrize("table", [ON_DEMAND, PROVISIONED], ids=["on-demand", "provisioned"])
    def test_a_table_without_an_on_demand_maximum_cannot_be_asked_for_it(self, table, access):
        with pytest.raises(DefinitionError, match=f"max_{access.lower()}_request_units"):
            table.on_demand_max_request_units(access)
        with pytest.raises(DefinitionError, match=f"max_{access.lower()}_request_units"):
            table.max_on_demand_throttle_events(access)

    def test_a_maximum_for_reads_says_nothing_of_writes(self):
        table = Table(key="events", name="chat-events", max_read_request_units=4000)

        assert table.on_demand_max_request_units("Read").name == "OnDemandMaxReadRequestUnits"
        with pytest.raises(DefinitionError, match="maximum write request units"):
            table.on_demand_max_request_units("Write")

    def test_a_provisioned_table_has_its_capacity_every_five_minutes_and_no_finer(self):
        capacity = PROVISIONED.provisioned_capacity_units("Write")

        assert (capacity.name, dict(capacity.dimensions)) == ("ProvisionedWriteCapacityUnits", {"TableName": "orders"})
        assert capacity.average(300).period == 300
        with pytest.raises(DefinitionError, match="finer than what AWS publishes"):
            capacity.average(60)


class TestIndexes:
    def test_an_index_is_measured_under_its_table_and_its_name(self):
        metric = ON_DEMAND.read_throttle_events(ON_DEMAND.index("by-user"))

        assert dict(metric.dimensions) == {"TableName": "chat-sessions", "GlobalSecondaryIndexName": "user-index"}

    def test_an_index_of_another_table_is_refused(self):
        with pytest.raises(DefinitionError, match="another table's"):
            ON_DEMAND.write_throttle_events(Index(key="by-order", name="order-index"))

    def test_an_unknown_index_is_refused_with_the_ones_there_are(self):
        with pytest.raises(DefinitionError, match="by-user"):
            ON_DEMAND.index("by-date")

    def test_a_table_without_indexes_says_so(self):
        with pytest.raises(DefinitionError, match="it has none"):
            Table(key="plain", name="plain").index("by-date")

    def test_writes_that_meet_the_accounts_limit_are_counted_for_tables_but_not_for_indexes(self):
        assert ON_DEMAND.account_limit_throttle_events("Write").name == "WriteAccountLimitThrottleEvents"
        with pytest.raises(DefinitionError, match="is no set that AWS/DynamoDB emits"):
            ON_DEMAND.account_limit_throttle_events("Write", BY_USER)


class TestOperations:
    def test_an_operation_that_the_configuration_does_not_name_is_refused(self):
        for ask in (ON_DEMAND.system_errors, ON_DEMAND.latency, ON_DEMAND.throttled_requests):
            with pytest.raises(DefinitionError, match=r"tables\.sessions\.operations"):
                ask("Scan")

    def test_system_errors_always_carry_the_operation(self):
        for operation in ON_DEMAND.operations:
            metric = ON_DEMAND.system_errors(operation)
            assert dict(metric.dimensions) == {"TableName": "chat-sessions", "Operation": operation}

    @pytest.mark.parametrize("name", ["SystemErrors", "ThrottledRequests", "SuccessfulRequestLatency"])
    def test_what_is_published_for_each_operation_cannot_be_made_for_the_table_alone(self, name):
        with pytest.raises(DefinitionError, match=r"Operation\+TableName"):
            ON_DEMAND.metric(name, TableName=ON_DEMAND.name)

    def test_latency_counts_milliseconds_and_has_percentiles(self):
        latency = ON_DEMAND.latency("Query")

        assert latency.unit == "Milliseconds"
        assert latency.p99().stat == "p99"


class TestAccount:
    def test_user_errors_carry_no_dimensions(self):
        assert AccountCapacity(key="account").user_errors().dimensions == ()

    def test_user_errors_cannot_be_made_for_a_table(self):
        with pytest.raises(DefinitionError, match="no dimensions"):
            ON_DEMAND.metric("UserErrors", TableName=ON_DEMAND.name)


class TestCapacityUtilization:
    @pytest.mark.parametrize("access", ACCESSES)
    @pytest.mark.parametrize(
        ("table", "limit"),
        [
            (PROVISIONED, "Provisioned{}CapacityUnits"),
            (ON_DEMAND_WITH_MAXIMUM, "OnDemandMax{}RequestUnits"),
            (ON_DEMAND, "AccountMaxTableLevel{}s"),
        ],
        ids=["provisioned", "on-demand with a maximum", "on-demand"],
    )
    def test_consumption_is_compared_with_the_limit_that_the_table_really_has(self, table, limit, access):
        used, available = table.capacity_utilization(access).metric_stats()

        assert (used.metric.name, used.stat) == (f"Consumed{access}CapacityUnits", "Sum")
        assert available.metric.name == limit.format(access)

    @pytest.mark.parametrize("table", [PROVISIONED, ON_DEMAND_WITH_MAXIMUM, ON_DEMAND])
    def test_utilization_uses_one_period_of_300_seconds(self, table):
        utilization = table.capacity_utilization("Read")

        assert isinstance(utilization, Math)
        assert utilization.period == 300
        assert {stat.period for stat in utilization.metric_stats()} == {300}

    def test_an_indexs_utilization_uses_the_indexs_own_numbers(self):
        for stat in PROVISIONED.capacity_utilization("Read", BY_USER).metric_stats():
            assert dict(stat.metric.dimensions)["GlobalSecondaryIndexName"] == "user-index"


class TestRefusals:
    def test_a_misspelled_metric_is_refused_with_the_nearest_name(self):
        with pytest.raises(DefinitionError, match="did you mean ReadThrottleEvents"):
            ON_DEMAND.metric("ReadThrottledEvents", TableName=ON_DEMAND.name)

    def test_a_refusal_points_at_the_line_of_the_definition(self):
        with pytest.raises(DefinitionError) as refusal:
            ON_DEMAND.provisioned_capacity_units("Read")

        assert refusal.value.place is not None
        assert refusal.value.place.file == __file__
