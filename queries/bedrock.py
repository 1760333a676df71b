"""The model: tokens, what they cost, and failures."""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.query import QueryParameter, SavedQuery, saved_queries
from mangaobs.project.app import App


def queries(app: App[object]) -> Iterator[SavedQuery]:
    groups = app.function_log_groups
    yield from saved_queries(
        groups,
        name="bedrock-tokens",
        summary="Tokens and what they cost, by session, the dearest first.",
        text="""
# Which sessions cost most. Both prices are parameters: they differ by model and region, and change
filter event = "bedrock_invocation" and status = "success"
| stats count(*) as invocations, sum(input_tokens) as tokens_in, sum(output_tokens) as tokens_out,
    sum(input_tokens) / 1000 * {{dollars_per_1000_in}} + sum(output_tokens) / 1000 * {{dollars_per_1000_out}} as dollars
    by session, model
| sort dollars desc
| limit 50
""",
        parameters=(
            QueryParameter("dollars_per_1000_in", 0.003, "Price of 1,000 tokens sent, in dollars.", "number"),
            QueryParameter("dollars_per_1000_out", 0.015, "Price of 1,000 tokens answered, in dollars.", "number"),
        ),
    )
    yield from saved_queries(
        groups,
        name="bedrock-errors",
        summary="Failed model invocations by error, with their retries and waiting.",
        text="""
# Why the model does not answer
filter event = "bedrock_invocation" and status = "error"
| stats count(*) as failures, sum(retries) as tries_again, max(duration_ms) as longest_ms
    by error_type, http_status, model, bin(5m)
| sort failures desc
""",
    )
