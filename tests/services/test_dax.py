"""What an engineer can, and cannot, ask of a DAX cluster and its nodes."""

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.services.dax import Cluster

CACHE = Cluster(key="cache", name="manga-cache")

METHODS = [
    ("cpu_utilization", "CPUUtilization", "Percent"),
    ("cache_memory_utilization", "CacheMemoryUtilization", "Percent"),
    ("error_request_count", "ErrorRequestCount", "Count"),
    ("fault_request_count", "FaultRequestCount", "Count"),
    ("throttled_request_count", "ThrottledRequestCount", "Count"),
    ("item_cache_hits", "ItemCacheHits", "Count"),
    ("item_cache_misses", "ItemCacheMisses", "Count"),
    ("query_cache_hits", "QueryCacheHits", "Count"),
    ("query_cache_misses", "QueryCacheMisses", "Count"),
]


@pytest.mark.parametrize(("method", "name", "unit"), METHODS)
def test_a_cluster_is_measured_under_its_name(method, name, unit):
    metric = getattr(CACHE, method)()

    assert (metric.namespace, metric.name, metric.unit) == ("AWS/DAX", name, unit)
    assert dict(metric.dimensions) == {"ClusterId": "manga-cache"}


@pytest.mark.parametrize(("method", "name", "unit"), METHODS)
def test_a_node_is_measured_under_its_cluster_and_its_id(method, name, unit):
    metric = getattr(CACHE, method)("manga-cache-a")

    assert (metric.name, metric.unit) == (name, unit)
    assert dict(metric.dimensions) == {"ClusterId": "manga-cache", "NodeId": "manga-cache-a"}


def test_the_lines_of_several_nodes_can_be_told_apart():
    assert CACHE.cpu_utilization("manga-cache-a").label != CACHE.cpu_utilization("manga-cache-b").label


def test_a_node_without_its_cluster_cannot_be_measured():
    with pytest.raises(DefinitionError, match="is no set that AWS/DAX emits"):
        CACHE.metric("CPUUtilization", NodeId="manga-cache-a")
