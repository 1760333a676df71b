"""The functions: cold starts, timeouts and what comes near them.

Lambda's own lines come in two shapes, by the function's log format: text, from which Logs Insights makes @type,
@initDuration and their like, and JSON (`type` "platform.report", a `record` with `metrics`). These queries read both.
"""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.query import QueryParameter, SavedQuery
from mangaobs.project.app import App

from ._groups import in_groups


def queries(app: App[object]) -> Iterator[SavedQuery]:
    groups = app.function_log_groups
    yield from in_groups(
        groups,
        name="cold-starts",
        summary="How many invocations start cold, and how long that takes, by function.",
        text="""
# Cold starts, from Lambda's report in either log format
filter @type = "REPORT" or type = "platform.report"
| fields coalesce(@initDuration, record.metrics.initDurationMs) as init_ms
| stats count(*) as invocations, count(init_ms) as cold_starts, 100 * count(init_ms) / count(*) as cold_percent,
    avg(init_ms) as avg_ms, pct(init_ms, 99) as p99_ms by @log
| sort cold_starts desc
""",
    )
    yield from in_groups(
        groups,
        name="timeouts",
        summary="Invocations that ran into their function's timeout.",
        text="""
# Timeouts: in text format a line of its own, in JSON format the report's status
filter @message like /Task timed out after/ or (type = "platform.report" and record.status = "timeout")
| fields @timestamp, coalesce(@requestId, record.requestId) as invocation, @log, @message
| sort @timestamp desc
| limit 100
""",
    )
    yield from in_groups(
        groups,
        name="near-timeouts",
        summary="Invocations that ended shortly before their timeout would have ended them.",
        text="""
# Near-timeouts: little of the timeout was left
filter event = "invocation" and 100 * duration_ms / (duration_ms + remaining_ms) > {{percent}}
| fields @timestamp, function, duration_ms, remaining_ms, outcome, request_id
| sort remaining_ms asc
| limit 100
""",
        parameters=(QueryParameter("percent", 80, "Percent of the timeout that was used.", "number"),),
    )
