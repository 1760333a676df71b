"""The message function's variables."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ..routing import RedisSettings


class Settings(RedisSettings, frozen=True, kw_only=True):
    """What the message function reads from its environment."""

    session_table: Annotated[str, Meta(min_length=3, description="Name of the table of sessions")]
    model_id: Annotated[str, Meta(min_length=3, description="Bedrock model id, or id of an inference profile")]
    failed_writes_queue_url: Annotated[
        str, Meta(pattern="^https?://", description="URL of the queue of turns that could not be written")
    ]
    failed_writes_key: Annotated[str, Meta(min_length=1, description="KMS key that seals what goes to that queue")]
    mangaobs_session_key: Annotated[str, Meta(min_length=16, description="Secret that keys the hashes of ids")]
    context_turns: Annotated[int, Meta(ge=2, le=100, description="Newest turns that the model is given")] = 20
    max_tokens: Annotated[int, Meta(ge=1, le=8192, description="Most tokens of an answer")] = 1024
    retention_days: Annotated[int, Meta(ge=1, le=3650, description="Days that turns are kept")] = 90
    most_characters: Annotated[int, Meta(ge=1, le=50_000, description="Longest message, in characters")] = 8_000
    answer_within_ms: Annotated[
        int, Meta(ge=15_000, le=900_000, description="Milliseconds to the answer; API Gateway ends at 29,000")
    ] = 28_000
    token_timeout_ms: Annotated[
        int, Meta(ge=1_000, le=60_000, description="Longest silence of the model, in milliseconds")
    ] = 6_000
    system_prompt: Annotated[str, Meta(min_length=1, description="What the model is told to be")] = (
        "You are MangaAssist, the assistant of a manga store. Answer briefly and truthfully."
    )
    fallback_answer: Annotated[str, Meta(min_length=1, description="The answer where the model gives none")] = (
        "I cannot answer just now. Your message is kept; please try again in a moment."
    )
    agent_answer: Annotated[str, Meta(min_length=1, description="The answer where a human agent is asked for")] = (
        "An agent will join this chat shortly."
    )
