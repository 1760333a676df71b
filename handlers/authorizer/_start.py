"""The authorizer, put together at its first event."""

from __future__ import annotations

import time
from collections.abc import Mapping

from mangaobs.errors import ConfigurationError
from mangaobs.functions import read

from .._assembly import hashing
from .._entry import Work
from ._authorizer import Authorizer, routes
from ._keys import Keys, fetch_from
from ._token import Verifier
from .settings import Settings


def started(environ: Mapping[str, str]) -> Work:
    """The authorizer as it runs in Lambda."""
    settings = read(Settings, environ)
    issuer = settings.issuer.rstrip("/")
    try:
        fetch = fetch_from(settings.jwks_url or f"{issuer}/.well-known/jwks.json")
    except ValueError as error:
        raise ConfigurationError(f"JWKS_URL is wrong: {error}", right="an https URL") from None
    keys = Keys(fetch, monotonic=time.monotonic, kept=settings.keys_kept_seconds, stale=settings.keys_stale_seconds)
    verifier = Verifier(
        keys,
        issuer=issuer,
        client_ids=frozenset(client.strip() for client in settings.client_ids.split(",")),
        token_use=settings.token_use,
        session_claim=settings.session_claim,
        groups_claim=settings.groups_claim,
    )
    return Authorizer(verifier, routes(), hashed=hashing(settings.mangaobs_session_key))
