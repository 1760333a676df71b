"""Amazon DynamoDB Accelerator (DAX): a cluster and its nodes.

Source of what exists: the catalog's AWS.DAX file, after the DynamoDB Developer Guide, "DAX metrics and dimensions".
"""

from __future__ import annotations

from typing import ClassVar

from mangaobs.model.metric import Metric
from mangaobs.model.value import Value, shown
from mangaobs.services._resource import Resource, emitted


class Cluster(Resource, frozen=True, kw_only=True):
    """A cluster, by its name; with `node` (a node's id) a metric is of that node alone.

    DAX publishes a metric only while it is not zero: silence means zero.
    """

    namespace: ClassVar[str] = "AWS/DAX"
    name: Value
    nodes: tuple[Value, ...] = ()

    def cpu_utilization(self, node: Value | None = None) -> Metric:
        """Percent of the CPU that is in use."""
        return self._of("CPUUtilization", node)

    def cache_memory_utilization(self, node: Value | None = None) -> Metric:
        """Percent of the cache memory that the item cache and the query cache use."""
        return self._of("CacheMemoryUtilization", node)

    def error_request_count(self, node: Value | None = None) -> Metric:
        """Requests that ended in an error of the caller's."""
        return self._of("ErrorRequestCount", node)

    def fault_request_count(self, node: Value | None = None) -> Metric:
        """Requests that ended in an internal error."""
        return self._of("FaultRequestCount", node)

    def throttled_request_count(self, node: Value | None = None) -> Metric:
        """Requests that DAX throttled; those that DynamoDB throttled are not among them."""
        return self._of("ThrottledRequestCount", node)

    def item_cache_hits(self, node: Value | None = None) -> Metric:
        """Items that the item cache returned."""
        return self._of("ItemCacheHits", node)

    def item_cache_misses(self, node: Value | None = None) -> Metric:
        """Items that were not in the item cache."""
        return self._of("ItemCacheMisses", node)

    def query_cache_hits(self, node: Value | None = None) -> Metric:
        """Queries that the query cache answered."""
        return self._of("QueryCacheHits", node)

    def query_cache_misses(self, node: Value | None = None) -> Metric:
        """Queries that were not in the query cache."""
        return self._of("QueryCacheMisses", node)

    def _of(self, name: str, node: Value | None) -> Metric:
        cluster = ("ClusterId", self.name)
        if node is None:
            return emitted(self.namespace, name, (cluster,), label=self.key)
        return emitted(self.namespace, name, (cluster, ("NodeId", node)), label=f"{self.key}/{shown(node)}")
