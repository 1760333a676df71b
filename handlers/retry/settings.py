"""The retry function's variables."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the retry function reads from its environment."""

    session_table: Annotated[str, Meta(min_length=3, description="Name of the table of sessions")]
    failed_writes_key: Annotated[str, Meta(min_length=1, description="KMS key that seals what is in the queue")]
    mangaobs_session_key: Annotated[str, Meta(min_length=16, description="Secret that keys the hashes of ids")]
    retention_days: Annotated[int, Meta(ge=1, le=3650, description="Days that turns are kept")] = 90
