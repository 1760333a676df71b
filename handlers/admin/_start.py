"""The admin function, put together at its first event."""

from __future__ import annotations

import time
from collections.abc import Mapping

from mangaobs.functions import read
from mangaobs.runtime import session_hash

from .. import _clients
from .._audit import Audit
from .._entry import Work
from ._admin import Admin
from .settings import Settings


def started(environ: Mapping[str, str]) -> Work:
    """The admin function as it runs in Lambda."""
    settings = read(Settings, environ)
    session = _clients.session()
    key = settings.mangaobs_session_key.encode()
    audit = Audit(
        session.client("s3", config=_clients.limits()),
        settings.audit_bucket,
        prefix="admin/",
        clock=lambda: time.time_ns() // 1_000_000,
        hashed=lambda text: session_hash(text, key),
    )
    return Admin(session.client("dynamodb", config=_clients.limits()), settings, audit)
