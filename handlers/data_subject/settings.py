"""The erasure function's variables."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from ..subjects import LEDGER_DAYS


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the erasure function reads from its environment."""

    session_table: Annotated[str, Meta(min_length=3, description="Name of the table of sessions")]
    customer_index: Annotated[str, Meta(min_length=3, description="Name of the index by customer")]
    audit_bucket: Annotated[str, Meta(min_length=3, description="Bucket of the audit and the ledger")]
    backup_bucket: Annotated[str, Meta(min_length=3, description="Bucket of copies, under `sessions/<id>/`")]
    subject_export_bucket: Annotated[
        str, Meta(min_length=3, description="Bucket of what was given out, under `subjects/<hash>/`")
    ]
    user_pool_id: Annotated[str, Meta(description="User pool of the accounts; empty: people have none")] = ""
    confirmation_sender: Annotated[
        str, Meta(description="Address, verified in SES, that confirmations come from; empty: none are sent")
    ] = ""
    rediscover_seconds: Annotated[
        int, Meta(ge=1, le=3600, description="Seconds between the two searches that have to find nothing")
    ] = 60
    ledger_days: Annotated[
        int, Meta(ge=36, le=3650, description="Days that tombstones are kept: longer than backups are")
    ] = LEDGER_DAYS
    mangaobs_session_key: Annotated[
        str, Meta(min_length=16, description="Secret that keys the hashes of ids; another one finds no tombstone")
    ]
