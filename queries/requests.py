"""One request from the customer inward, and what customers saw."""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.query import QueryParameter, SavedQuery, saved_queries
from mangaobs.project.app import App


def queries(app: App[object]) -> Iterator[SavedQuery]:
    functions = app.function_log_groups
    everywhere = (*app.access_log_groups, *functions)
    yield from saved_queries(
        everywhere,
        name="request",
        summary="One request across all services, by API Gateway's or Lambda's request id.",
        text="""
# What happened for one request. The access log has API Gateway's id, functions carry it as correlation_id; Lambda's id
# of one invocation finds what Lambda itself wrote, too, in text (@requestId) or in JSON (requestId, record.requestId)
filter request_id = {{request_id}} or correlation_id = {{request_id}} or @requestId = {{request_id}}
    or requestId = {{request_id}} or record.requestId = {{request_id}}
| fields @timestamp, @log, method, resource, latency_ms, function, event, operation, duration_ms, status, error_type,
    http_status, effect, @message
| sort @timestamp asc
| limit 500
""",
        parameters=(QueryParameter("request_id", "00000000-0000-0000-0000-000000000000", "The id, from either side."),),
    )
    yield from saved_queries(
        everywhere,
        name="trace",
        summary="One request across all services, by its X-Ray trace id.",
        text="""
# What happened in one trace. `like` is a search for the text: some lines have the id alone, some the whole header
filter trace_id like {{trace_id}} or @xrayTraceId like {{trace_id}} or record.tracing.value like {{trace_id}}
| fields @timestamp, @log, method, resource, latency_ms, function, event, operation, duration_ms, status, error_type,
    http_status, effect, @message
| sort @timestamp asc
| limit 500
""",
        parameters=(QueryParameter("trace_id", "1-00000000-000000000000000000000000", "The trace id."),),
    )
    yield from saved_queries(
        functions,
        name="errors-by-effect",
        summary="Failures by what the customer saw of them.",
        text="""
# What customers saw, and where it came from. An invocation that timed out has no such line: see timeouts
filter event = "invocation" and (outcome = "error" or effect in ["slow", "degraded", "limited", "rejected", "failed"])
| stats count(*) as requests, count_distinct(session) as sessions, max(duration_ms) as slowest_ms
    by effect, function, error_type
| sort requests desc
""",
    )
    yield from saved_queries(
        everywhere,
        name="rejected-requests",
        summary="Requests that were not carried out, by reason: as the functions say it, and as the access log does.",
        text="""
# Why requests are rejected. A function's rows have a reason; the access log's also count what never reached a function
filter event = "request_rejected" or (ispresent(resource) and status like /^4[0-9][0-9]$/)
| fields coalesce(reason, error) as why, coalesce(http_status, status) as answer, coalesce(function, resource) as place
| stats count(*) as requests, count_distinct(session) as sessions by why, answer, place
| sort requests desc
""",
    )
    if app.trail is not None:
        yield from saved_queries(
            (app.trail.log_group,),
            name="trail-activity",
            summary="Who did what to tables, keys, trails and alarms, as CloudTrail recorded it.",
            text="""
# Who did what: every change, every refusal, and reads of whole tables
filter eventSource in ["dynamodb.amazonaws.com", "kms.amazonaws.com", "cloudtrail.amazonaws.com",
    "logs.amazonaws.com", "monitoring.amazonaws.com", "backup.amazonaws.com"]
| filter (eventCategory = "Management" and readOnly = 0) or ispresent(errorCode)
    or eventName in ["Scan", "ExecuteStatement", "ExecuteTransaction", "BatchExecuteStatement"]
| stats count(*) as calls, latest(@timestamp) as last_seen
    by eventSource, eventName, errorCode, userIdentity.arn, sourceIPAddress
| sort calls desc
| limit 100
""",
        )
