"""The functions: cold starts, timeouts and what comes near them.

Lambda's own lines come in two shapes, by the function's log format: text, from which Logs Insights makes @type,
@initDuration and their like, and JSON (`type` "platform.report", a `record` with `metrics`). These queries read both.
"""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.query import QueryParameter, SavedQuery, saved_queries
from mangaobs.project.app import App


def queries(app: App[object]) -> Iterator[SavedQuery]:
    groups = app.function_log_groups
    yield from saved_queries(
        groups,
        name="cold-starts",
        summary="How many invocations start cold, and how long that takes, by function.",
        text="""
# How often and how long functions start cold, from Lambda's report in either log format
filter @type = "REPORT" or type = "platform.report"
| fields coalesce(@initDuration, record.metrics.initDurationMs) as init_ms
| stats count(*) as invocations, count(init_ms) as cold_starts, 100 * count(init_ms) / count(*) as cold_percent,
    avg(init_ms) as avg_ms, pct(init_ms, 99) as p99_ms by @log
| sort cold_starts desc
""",
    )
    yield from saved_queries(
        groups,
        name="timeouts",
        summary="Invocations that ran into their function's timeout.",
        text="""
# What timed out. In text format Lambda writes a line of its own and a status into its report; in JSON format the
# status stands in platform.runtimeDone and platform.report. One row an invocation, whichever of them were written
filter @message like /Task timed out after/ or (@type = "REPORT" and @message like /Status: timeout/)
    or (type in ["platform.runtimeDone", "platform.report"] and record.status = "timeout")
| fields coalesce(@requestId, record.requestId) as invocation, coalesce(@duration, record.metrics.durationMs) as lasted
| stats latest(@timestamp) as at, max(lasted) as lasted_ms by invocation, @log
| sort at desc
| limit 100
""",
    )
    yield from saved_queries(
        groups,
        name="near-timeouts",
        summary="Invocations that ended shortly before their timeout, or were about to run into it.",
        text="""
# What came close to its timeout: deadline_near was written while it still ran, invocation when it had ended
filter event = "deadline_near"
    or (event = "invocation" and 100 * duration_ms / (duration_ms + remaining_ms) > {{percent}})
| fields @timestamp, function, event, duration_ms, remaining_ms, open_operation, outcome, request_id
| sort remaining_ms asc
| limit 100
""",
        parameters=(QueryParameter("percent", 80, "Percent of the timeout that was used.", "number"),),
    )
