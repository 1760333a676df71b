"""The admin function, put together at its first event."""

from __future__ import annotations

from collections.abc import Mapping

from mangaobs.functions import read

from .. import _clients
from .._assembly import audit, hashing
from .._entry import Work
from ._admin import Admin
from .settings import Settings


def started(environ: Mapping[str, str]) -> Work:
    """The admin function as it runs in Lambda."""
    settings = read(Settings, environ)
    session = _clients.session()
    hashed = hashing(settings.mangaobs_session_key)
    records = audit(session.client("s3", config=_clients.limits()), settings.audit_bucket, hashed=hashed)
    return Admin(session.client("dynamodb", config=_clients.limits()), settings, records)
