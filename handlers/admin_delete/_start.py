"""The delete function, put together at its first event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mangaobs.functions import read

from .. import _clients
from .._assembly import audit, hashing, now_ms
from .._entry import Work
from ._delete import Delete
from .settings import Settings

_MARGIN_MS: Final = 15_000  # one more item, and the audit


def started(environ: Mapping[str, str]) -> Work:
    """The delete function as it runs in Lambda."""
    settings = read(Settings, environ)
    session = _clients.session()
    limits = _clients.limits(connect=1, read=2, attempts=2)
    hashed = hashing(settings.mangaobs_session_key)
    records = audit(session.client("s3", config=limits), settings.audit_bucket, hashed=hashed)
    dynamodb = session.client("dynamodb", config=limits)
    return Delete(dynamodb, settings.session_table, records, clock=now_ms, margin_ms=_MARGIN_MS)
