"""The admin function's variables."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the admin function reads from its environment."""

    session_table: Annotated[str, Meta(min_length=3, description="Name of the table of sessions")]
    session_table_arn: Annotated[str, Meta(pattern="^arn:", description="ARN of that table, for exports")]
    customer_index: Annotated[str, Meta(min_length=3, description="Name of the index by customer")]
    audit_bucket: Annotated[str, Meta(min_length=3, description="Bucket of the audit")]
    backup_bucket: Annotated[str, Meta(min_length=3, description="Bucket that exports go to")]
    mangaobs_session_key: Annotated[str, Meta(min_length=16, description="Secret that keys the hashes of ids")]
