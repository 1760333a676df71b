"""The caches, and the users' pool."""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.alarm import Alarm, warning
from mangaobs.model.metric import MINUTE, MINUTES
from mangaobs.project.app import App

from . import Thresholds


def alarms(app: App[Thresholds]) -> Iterator[Alarm]:
    limits = app.thresholds
    for key, node in app.cache_nodes.items():
        yield warning(
            f"cache-{key}-cpu",
            node.engine_cpu_utilization().average(MINUTE) > limits.cache_cpu_percent,
            for_=5,
            summary=f"The Redis engine of cache {key} has no CPU left: it is one thread.",
            runbook="cache-pressure",
            next_query="slowest-steps",
        )
        yield warning(
            f"cache-{key}-memory",
            node.database_memory_usage_percentage().average(MINUTE) > limits.cache_memory_percent,
            for_=5,
            summary=f"Cache {key} is almost full: it will evict, and with it routing flags and counters.",
            runbook="cache-pressure",
        )
        yield warning(
            f"cache-{key}-evictions",
            node.evictions().sum(5 * MINUTES) > 0,
            for_=3,
            summary=f"Cache {key} evicts keys to make room.",
            runbook="cache-pressure",
        )
    for key, cache in app.serverless_caches.items():
        yield warning(
            f"cache-{key}-throttled",
            cache.throttled_cmds().sum(MINUTE) > limits.cache_commands_throttled,
            for_=3,
            out_of=5,
            summary=f"Serverless cache {key} refuses commands over its limit.",
            runbook="cache-pressure",
            next_query="slowest-steps",
        )
    for key, cluster in app.dax.items():
        yield warning(
            f"dax-{key}-faults",
            cluster.fault_request_count().sum(MINUTE) > 0,
            for_=3,
            out_of=5,
            summary=f"DAX cluster {key} answers with errors of its own.",
            runbook="cache-pressure",
            next_query="errors-by-type",
        )
        for number, node in enumerate(cluster.nodes, 1):
            yield warning(
                f"dax-{key}-{number}-cpu",
                cluster.cpu_utilization(node).average(MINUTE) > limits.cache_cpu_percent,
                for_=5,
                summary=f"Node {number} of DAX cluster {key} has no CPU left.",
                runbook="cache-pressure",
                next_query="slowest-steps",
            )
        yield warning(
            f"dax-{key}-throttled",
            cluster.throttled_request_count().sum(MINUTE) > 0,
            for_=3,
            out_of=5,
            summary=f"DAX cluster {key} throttles requests.",
            runbook="cache-pressure",
            next_query="throttled-operations",
        )
    for key, client in app.user_pool_clients.items():
        yield warning(
            f"users-{key}-sign-in-throttles",
            client.sign_in_throttles().sum(MINUTE) > 0,
            for_=3,
            out_of=5,
            summary=f"Sign-ins through client {key} are throttled.",
            runbook="sign-in-throttles",
            next_query="rejected-requests",
        )
        yield warning(
            f"users-{key}-token-throttles",
            client.token_refresh_throttles().sum(MINUTE) > 0,
            for_=3,
            out_of=5,
            summary=f"Token refreshes through client {key} are throttled: customers are signed out.",
            runbook="sign-in-throttles",
            next_query="rejected-requests",
        )
