"""The hand-off task's variables."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the hand-off's task reads from its environment."""

    session_table: Annotated[str, Meta(min_length=3, description="Name of the table of sessions")]
    mangaobs_session_key: Annotated[str, Meta(min_length=16, description="Secret that keys the hashes of ids")]
    brief_turns: Annotated[int, Meta(ge=1, le=100, description="Newest turns that the agent is given")] = 20
    retention_days: Annotated[int, Meta(ge=1, le=3650, description="Days that briefs are kept")] = 90
