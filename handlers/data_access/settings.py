"""The export function's variables."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the export function reads from its environment."""

    session_table: Annotated[str, Meta(min_length=3, description="Name of the table of sessions")]
    customer_index: Annotated[str, Meta(min_length=3, description="Name of the index by customer")]
    audit_bucket: Annotated[str, Meta(min_length=3, description="Bucket of the audit")]
    backup_bucket: Annotated[str, Meta(min_length=3, description="Bucket of copies, under `sessions/<id>/`")]
    subject_export_bucket: Annotated[
        str, Meta(min_length=3, description="Bucket that exports go to, under `subjects/<hash>/`")
    ]
    user_pool_id: Annotated[str, Meta(description="User pool of the accounts; empty: people have none")] = ""
    file_megabytes: Annotated[
        int, Meta(ge=1, le=64, description="Compressed megabytes after which a file is closed; it is held in memory")
    ] = 8
    export_days: Annotated[
        int, Meta(ge=1, le=7, description="Days that an export can be fetched; the bucket deletes it then")
    ] = 7
