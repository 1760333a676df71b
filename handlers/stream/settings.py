"""The stream router's variables."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the stream router reads from its environment."""

    session_table: Annotated[str, Meta(min_length=3, description="Name of the table of sessions")]
    event_stream: Annotated[str, Meta(min_length=1, description="Name of the Kinesis stream of analytics events")]
    event_bus: Annotated[str, Meta(min_length=1, description="Name or ARN of the EventBridge bus")]
    handoff_topic_arn: Annotated[str, Meta(pattern="^arn:", description="ARN of the topic of hand-offs to agents")]
    mangaobs_session_key: Annotated[str, Meta(min_length=16, description="Secret that keys the hashes of ids")]
    summary_model_id: Annotated[
        str, Meta(description="Bedrock model id, or id of an inference profile, for summaries; empty: no summaries")
    ] = ""
    summary_every: Annotated[int, Meta(ge=2, le=100, description="Turns that a summary takes up")] = 20
    summary_keep: Annotated[int, Meta(ge=0, le=50, description="Newest turns that no summary takes up yet")] = 4
    summary_tokens: Annotated[int, Meta(ge=1, le=4096, description="Most tokens of a summary")] = 512
    retention_days: Annotated[int, Meta(ge=1, le=3650, description="Days that summaries are kept")] = 90
