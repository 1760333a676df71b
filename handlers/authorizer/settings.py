"""The authorizer's variables."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the authorizer reads from its environment."""

    issuer: Annotated[
        str,
        Meta(pattern="^https?://", description="Issuer of the tokens: https://cognito-idp.REGION.amazonaws.com/POOL"),
    ]
    client_ids: Annotated[str, Meta(min_length=1, description="App clients whose tokens are taken, commas between")]
    mangaobs_session_key: Annotated[str, Meta(min_length=16, description="Secret that keys the hashes of ids")]
    jwks_url: Annotated[
        str, Meta(description="Where the issuer's keys are; empty: the issuer and /.well-known/jwks.json")
    ] = ""
    token_use: Annotated[Literal["access", "id"], Meta(description="The kind of token that is taken")] = "access"
    session_claim: Annotated[str, Meta(min_length=1, description="The claim with the session's id")] = "origin_jti"
    groups_claim: Annotated[str, Meta(min_length=1, description="The claim with the groups")] = "cognito:groups"
    keys_kept_seconds: Annotated[int, Meta(ge=60, description="How long keys are taken for current")] = 3_600
    keys_stale_seconds: Annotated[
        int, Meta(ge=60, description="How long they are used if the issuer cannot be asked for new ones")
    ] = 21_600
