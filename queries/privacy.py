"""What was done for people who asked for their data, or for its end."""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.query import QueryParameter, SavedQuery, saved_queries
from mangaobs.project.app import App


def queries(app: App[object]) -> Iterator[SavedQuery]:
    groups = app.function_log_groups
    yield from saved_queries(
        groups,
        name="data-request-steps",
        summary="What was done for people's requests, step by step: of one request, of one person, or of all.",
        # A parameter cannot be left out, and every id has a hyphen: with that alone all are found.
        text="""
# What was done for a person's request, the newest step first. Counts are of the request so far
filter event = "data_request_step" and data_request like {{data_request}}
| fields @timestamp, data_request, kind, step, detail, session_count, item_count, version_count
| sort @timestamp desc
| limit 1000
""",
        parameters=(
            QueryParameter("data_request", "-", "The request's id, the hash that it begins with, or - for all."),
        ),
    )
    yield from saved_queries(
        groups,
        name="open-data-requests",
        summary="People's requests that were begun and have no finish, the oldest first, with the last step.",
        text="""
# Which requests have no end, the oldest first. The range has to begin before they did: choose more than a month.
# Age is that of the first step; what nobody has verified yet has no step. An export that an erasure took away has no
# finish: the end of the erasure is its end
filter event = "data_request_step"
| fields (now() - toMillis(@timestamp) / 1000) / 86400 as days
| stats max(days) as age_days, latest(step) as last_step, latest(@timestamp) as last_seen,
    max(session_count) as sessions, max(item_count) as items, sum(step = "finish") as finishes by data_request, kind
| filter finishes = 0
| sort age_days desc
""",
    )
