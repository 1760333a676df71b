"""A cache node and a serverless cache share names, not dimensions."""

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.services.elasticache import Node, ServerlessCache

NODE = Node(key="sessions", cluster_id="sessions-001")
SERVERLESS = ServerlessCache(key="sessions", name="sessions")


@pytest.mark.parametrize(
    ("method", "name", "unit"),
    [
        ("cpu_utilization", "CPUUtilization", "Percent"),
        ("engine_cpu_utilization", "EngineCPUUtilization", "Percent"),
        ("database_memory_usage_percentage", "DatabaseMemoryUsagePercentage", "Percent"),
        ("evictions", "Evictions", "Count"),
        ("curr_connections", "CurrConnections", "Count"),
        ("replication_lag", "ReplicationLag", "Seconds"),
        ("successful_read_request_latency", "SuccessfulReadRequestLatency", "Microseconds"),
        ("successful_write_request_latency", "SuccessfulWriteRequestLatency", "Microseconds"),
    ],
)
def test_a_node_is_measured_under_its_cluster_and_its_own_id(method, name, unit):
    metric = getattr(NODE, method)()

    assert (metric.namespace, metric.name, metric.unit) == ("AWS/ElastiCache", name, unit)
    assert dict(metric.dimensions) == {"CacheClusterId": "sessions-001", "CacheNodeId": "0001"}


def test_another_node_of_the_cluster_is_asked_for_by_its_id():
    node = Node(key="pages", cluster_id="pages", node_id="0002")

    assert dict(node.evictions().dimensions)["CacheNodeId"] == "0002"


@pytest.mark.parametrize(
    ("method", "name", "unit"),
    [
        ("bytes_used_for_cache", "BytesUsedForCache", "Bytes"),
        ("processing_units", "ElastiCacheProcessingUnits", "Count"),
        ("throttled_cmds", "ThrottledCmds", "Count"),
        ("evictions", "Evictions", "Count"),
        ("curr_connections", "CurrConnections", "Count"),
        ("successful_read_request_latency", "SuccessfulReadRequestLatency", "Microseconds"),
        ("successful_write_request_latency", "SuccessfulWriteRequestLatency", "Microseconds"),
    ],
)
def test_a_serverless_cache_is_measured_under_a_cluster_id_with_a_small_c(method, name, unit):
    metric = getattr(SERVERLESS, method)()

    assert (metric.namespace, metric.name, metric.unit) == ("AWS/ElastiCache", name, unit)
    assert dict(metric.dimensions) == {"clusterId": "sessions"}


def test_a_node_cannot_be_asked_for_throttled_commands():
    with pytest.raises(DefinitionError, match="clusterId"):
        NODE.metric("ThrottledCmds", CacheClusterId="sessions-001", CacheNodeId="0001")


def test_a_serverless_cache_has_no_engine_cpu():
    with pytest.raises(DefinitionError, match="is no set that AWS/ElastiCache emits"):
        SERVERLESS.metric("EngineCPUUtilization", clusterId="sessions")


def test_latency_of_requests_has_percentiles():
    assert NODE.successful_read_request_latency().p99().stat == "p99"
    assert SERVERLESS.successful_write_request_latency().p99().stat == "p99"
