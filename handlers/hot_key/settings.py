"""The hot-key responder's variables."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ..routing import RedisSettings


class Settings(RedisSettings, frozen=True, kw_only=True):
    """What the hot-key responder reads from its environment."""

    session_table: Annotated[str, Meta(min_length=3, description="Name of the table of sessions")]
    mangaobs_session_key: Annotated[str, Meta(min_length=16, description="Secret that keys the hashes of ids")]
    hot_key_mode: Annotated[
        Literal["dry-run", "act"], Meta(description="act: flags are set; dry-run: what would be done is only noted")
    ] = "dry-run"
    kill_switch_parameter: Annotated[
        str, Meta(description="SSM parameter that must say on for anything to be done; empty: nothing is")
    ] = ""
    report_file: Annotated[
        str, Meta(description="File with the answer of GetInsightRuleReport, read in place of CloudWatch")
    ] = ""
    hot_units: Annotated[
        float, Meta(gt=0, description="Capacity units a minute from which a session is hot; a partition has 180,000")
    ] = 30_000
    release_units: Annotated[
        float, Meta(gt=0, description="Capacity units a minute under which a hot session's flag is not renewed")
    ] = 15_000
    windows: Annotated[int, Meta(ge=2, le=5, description="Minutes in a row that a session must be hot")] = 2
    flag_seconds: Annotated[int, Meta(ge=60, le=300, description="How long a flag lasts")] = 300
    block_seconds: Annotated[int, Meta(ge=60, le=300, description="How long a block lasts")] = 120
    blocks_a_window: Annotated[int, Meta(ge=0, le=100, description="Most sessions that are blocked in a minute")] = 3
    limit_per_minute: Annotated[int, Meta(ge=1, le=600, description="Messages a minute of a limited session")] = 6
    abusive_per_minute: Annotated[
        int, Meta(ge=1, description="Messages a minute of a session that no person types")
    ] = 60
    abusive_addresses: Annotated[int, Meta(ge=2, description="Addresses in the last minutes that no person has")] = 8
    allow_list: Annotated[str, Meta(description="Keyed hashes of sessions that are never limited, commas between")] = ""
