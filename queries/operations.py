"""Operations on the table and beyond: the four queries of section 7, repaired, and their neighbors.

As the design has them they do not parse (Logs Insights' comments start with #) or read fields that nobody logs.
"""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.query import QueryParameter, SavedQuery, saved_queries
from mangaobs.project.app import App

from ._codes import THROTTLING


def queries(app: App[object]) -> Iterator[SavedQuery]:
    groups = app.function_log_groups
    yield from saved_queries(
        groups,
        name="slowest-operations",
        summary="The slowest DynamoDB operations.",
        text="""
# Which DynamoDB operations were slowest
filter event = "dynamodb_operation"
| fields @timestamp, operation, duration_ms, status, error_type, retries, table, request_id
| sort duration_ms desc
| limit 20
""",
    )
    yield from saved_queries(
        groups,
        name="errors-by-type",
        summary="Failed operations by error and operation, with how often the SDK tried again.",
        text="""
# What fails, and how
filter status = "error"
| stats count(*) as failures, sum(retries) as tries_again, max(duration_ms) as slowest_ms
    by event, error_type, operation
| sort failures desc
""",
    )
    yield from saved_queries(
        groups,
        name="latency-by-operation",
        summary="Latency of the DynamoDB operations that succeeded: mean, median and tail.",
        text="""
# How long DynamoDB operations take, those that succeeded
filter event = "dynamodb_operation" and status = "success"
| stats count(*) as calls, avg(duration_ms) as avg_ms, pct(duration_ms, 50) as p50_ms,
    pct(duration_ms, 95) as p95_ms, pct(duration_ms, 99) as p99_ms, max(duration_ms) as max_ms
    by operation
| sort p99_ms desc
""",
    )
    yield from saved_queries(
        groups,
        name="throttled-operations",
        summary="Operations that were throttled, or had to try again, minute by minute.",
        text=f"""
# What is throttled, and when. A call that the SDK saved by trying again has retries and no error_type
filter error_type in [{", ".join(f'"{code}"' for code in THROTTLING)}] or retries > 0
| stats count(*) as affected, sum(retries) as tries_again, max(consumed_capacity) as largest_units
    by bin(1m), event, operation, table, error_type
| sort affected desc
""",
    )
    yield from saved_queries(
        groups,
        name="slowest-steps",
        summary="Where the time goes: every timed step, the slowest first.",
        text="""
# Where the time goes. Every timed step has an operation; only model invocations have a first token
filter ispresent(operation)
| stats count(*) as calls, sum(duration_ms) as total_ms, pct(duration_ms, 50) as p50_ms,
    pct(duration_ms, 99) as p99_ms, pct(first_token_ms, 90) as first_token_p90_ms by event, operation
| sort total_ms desc
""",
    )
    yield from saved_queries(
        groups,
        name="busiest-sessions",
        summary="The sessions with the most requests, their busiest minute and their capacity: heavy use, or abuse.",
        text="""
# Who asks most. turn_count would not tell: it is capped by the limit of its query, so requests are counted
filter event in ["invocation", "dynamodb_operation"] and ispresent(session)
| stats sum(event = "invocation") as requests, sum(consumed_capacity) as spent by session, bin(1m) as minute
| stats sum(requests) as total_requests, max(requests) as requests_in_busiest_minute, sum(spent) as capacity_units
    by session
| sort total_requests desc
| limit 10
""",
    )
    yield from saved_queries(
        groups,
        name="abnormal-sessions",
        summary="Sessions with far more requests in a minute than others: more than a person types.",
        text="""
# Which sessions are faster than people are. Compare the peak with busiest-sessions before calling it abuse
filter event = "invocation" and ispresent(session)
| stats count(*) as requests by session, bin(1m) as minute
| filter requests > {{requests_a_minute}}
| stats max(requests) as peak_a_minute, sum(requests) as in_such_minutes, count(*) as such_minutes by session
| sort peak_a_minute desc
| limit 20
""",
        parameters=(
            QueryParameter("requests_a_minute", 20, "More messages a minute than this are not a person's.", "integer"),
        ),
    )
    yield from saved_queries(
        groups,
        name="hot-keys",
        summary="What the hot-key responder found and did.",
        text="""
# Which sessions were hot, what they were taken for, and what was done
filter event = "hot_key"
| stats count(*) as minutes, max(units) as peak_units, latest(action) as last_action, latest(dry_run) as only_noted
    by session, classification
| sort peak_units desc
""",
    )
