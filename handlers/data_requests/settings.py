"""The variables of the API of people's requests."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the function reads from its environment."""

    session_table: Annotated[str, Meta(min_length=3, description="Name of the table of sessions")]
    audit_bucket: Annotated[str, Meta(min_length=3, description="Bucket of the audit")]
    subject_export_bucket: Annotated[
        str, Meta(min_length=3, description="Bucket that exports are in, under `subjects/<hash>/`")
    ]
    data_request_machine_arn: Annotated[
        str, Meta(pattern="^arn:", description="ARN of the state machine that works on requests")
    ]
    link_seconds: Annotated[
        int, Meta(ge=30, le=300, description="Seconds that a link to a file of an export can be used")
    ] = 300
    most_links: Annotated[
        int, Meta(ge=1, le=1000, description="Links that are given for one export, or two a file if those are more")
    ] = 50
    again_after_hours: Annotated[
        int, Meta(ge=0, le=720, description="Hours after an export before another one is made for the same person")
    ] = 24
    mangaobs_session_key: Annotated[str, Meta(min_length=16, description="Secret that keys the hashes of ids")]
