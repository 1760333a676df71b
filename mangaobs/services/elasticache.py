"""Amazon ElastiCache for Valkey and Redis OSS: a node of a cluster, or a serverless cache.

Source of what exists: the catalog's AWS.ElastiCache file, after the ElastiCache User Guide, "Metrics for Valkey and
Redis OSS" and "Serverless metrics".
"""

from __future__ import annotations

from typing import ClassVar

from mangaobs.model.metric import Metric
from mangaobs.model.value import Value
from mangaobs.services._resource import Resource


class Node(Resource, frozen=True, kw_only=True):
    """A cache node; a Valkey or Redis OSS cluster id has one node, and a replication group several cluster ids."""

    namespace: ClassVar[str] = "AWS/ElastiCache"
    cluster_id: Value
    node_id: Value = "0001"

    def cpu_utilization(self) -> Metric:
        """Percent of the host's CPU that is in use, over all its cores."""
        return self._node("CPUUtilization")

    def engine_cpu_utilization(self) -> Metric:
        """Percent of one core that the engine's single thread uses: what a node of four or more cores runs out of."""
        return self._node("EngineCPUUtilization")

    def database_memory_usage_percentage(self) -> Metric:
        """Percent of the node's `maxmemory` that is in use."""
        return self._node("DatabaseMemoryUsagePercentage")

    def evictions(self) -> Metric:
        """Keys that were evicted since memory was full."""
        return self._node("Evictions")

    def curr_connections(self) -> Metric:
        """Connections of clients, a few of ElastiCache's own among them."""
        return self._node("CurrConnections")

    def replication_lag(self) -> Metric:
        """Seconds that a replica is behind its primary; exists for a node only while it is a replica."""
        return self._node("ReplicationLag")

    def successful_read_request_latency(self) -> Metric:
        """Microseconds that successful reads took; needs Valkey 7.2 or later."""
        return self._node("SuccessfulReadRequestLatency")

    def successful_write_request_latency(self) -> Metric:
        """Microseconds that successful writes took; needs Valkey 7.2 or later."""
        return self._node("SuccessfulWriteRequestLatency")

    def _node(self, name: str) -> Metric:
        return self.metric(name, CacheClusterId=self.cluster_id, CacheNodeId=self.node_id)


class ServerlessCache(Resource, frozen=True, kw_only=True):
    """A serverless cache: measured as a whole, under `clusterId` with a small c."""

    namespace: ClassVar[str] = "AWS/ElastiCache"
    name: Value

    def bytes_used_for_cache(self) -> Metric:
        """Bytes that the data takes."""
        return self._cache("BytesUsedForCache")

    def processing_units(self) -> Metric:
        """ElastiCacheProcessingUnits (ECPUs) that the requests consumed."""
        return self._cache("ElastiCacheProcessingUnits")

    def throttled_cmds(self) -> Metric:
        """Commands that were throttled since the cache did not scale as fast as the load."""
        return self._cache("ThrottledCmds")

    def evictions(self) -> Metric:
        """Keys that were evicted since the cache's limit of storage was reached."""
        return self._cache("Evictions")

    def curr_connections(self) -> Metric:
        """Connections of clients."""
        return self._cache("CurrConnections")

    def successful_read_request_latency(self) -> Metric:
        """Microseconds that successful reads took."""
        return self._cache("SuccessfulReadRequestLatency")

    def successful_write_request_latency(self) -> Metric:
        """Microseconds that successful writes took."""
        return self._cache("SuccessfulWriteRequestLatency")

    def _cache(self, name: str) -> Metric:
        return self.metric(name, clusterId=self.name)
