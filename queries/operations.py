"""Operations on the table and beyond: the four queries of section 7, repaired, and their neighbors.

As the design has them they do not parse (Logs Insights' comments start with #) or read fields that nobody logs.
"""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.query import QueryParameter, SavedQuery
from mangaobs.project.app import App

from ._groups import in_groups

_OPERATIONS = '["dynamodb_operation", "bedrock_invocation", "redis_operation", "publish_operation", "step"]'


def queries(app: App[object]) -> Iterator[SavedQuery]:
    groups = app.function_log_groups
    yield from in_groups(
        groups,
        name="slowest-operations",
        summary="The slowest DynamoDB operations.",
        text="""
# The slowest DynamoDB operations
filter event = "dynamodb_operation"
| fields @timestamp, operation, duration_ms, status, error_type, retries, table, request_id
| sort duration_ms desc
| limit 20
""",
    )
    yield from in_groups(
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
    yield from in_groups(
        groups,
        name="latency-by-operation",
        summary="Latency of the DynamoDB operations that succeeded: mean, median and tail.",
        text="""
# Latency by operation, of calls that succeeded
filter event = "dynamodb_operation" and status = "success"
| stats count(*) as calls, avg(duration_ms) as avg_ms, pct(duration_ms, 50) as p50_ms,
    pct(duration_ms, 95) as p95_ms, pct(duration_ms, 99) as p99_ms, max(duration_ms) as max_ms
    by operation
| sort p99_ms desc
""",
    )
    yield from in_groups(
        groups,
        name="throttled-operations",
        summary="Operations that DynamoDB throttled, minute by minute.",
        text="""
# Which operations are throttled, and when
filter event = "dynamodb_operation"
| filter error_type in ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"]
    or retries > 0
| stats count(*) as affected, sum(retries) as tries_again, max(consumed_capacity) as largest_units
    by bin(1m), table, operation, error_type
| sort affected desc
""",
    )
    yield from in_groups(
        groups,
        name="slowest-steps",
        summary="Where the time goes: every timed step, the slowest first.",
        text=f"""
# Where the time goes
filter event in {_OPERATIONS}
| stats count(*) as calls, sum(duration_ms) as total_ms, pct(duration_ms, 50) as p50_ms,
    pct(duration_ms, 99) as p99_ms by event, operation
| sort total_ms desc
""",
    )
    yield from in_groups(
        groups,
        name="busiest-sessions",
        summary="The sessions with the most messages and turns: heavy use, or abuse.",
        text="""
# Who talks most. The number of turns that LoadTurns returns is capped by its limit, so requests are counted
filter event = "dynamodb_operation" and operation = "Query:LoadTurns" and ispresent(session)
| stats count(*) as loads, max(turn_count) as most_turns, sum(consumed_capacity) as units by session
| sort loads desc
| limit 10
""",
    )
    yield from in_groups(
        groups,
        name="abnormal-sessions",
        summary="Sessions with more messages in a minute than a person types.",
        text="""
# Sessions that are faster than a person
filter event = "invocation" and ispresent(session)
| stats count(*) as requests by session, bin(1m) as minute
| filter requests > {{requests_a_minute}}
| stats max(requests) as peak, sum(requests) as in_such_minutes, count(*) as minutes by session
| sort peak desc
| limit 20
""",
        parameters=(
            QueryParameter("requests_a_minute", 20, "More messages a minute than this are not a person's.", "integer"),
        ),
    )
    yield from in_groups(
        groups,
        name="hot-keys",
        summary="What the hot-key responder found and did.",
        text="""
# Hot sessions: what they were taken for, and what was done
filter event = "hot_key"
| stats count(*) as minutes, max(units) as peak_units, latest(action) as last_action, latest(dry_run) as only_noted
    by session, classification
| sort peak_units desc
""",
    )
