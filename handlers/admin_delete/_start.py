"""The delete function, put together at its first event."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from mangaobs.functions import read
from mangaobs.runtime import session_hash

from .. import _clients
from .._audit import Audit
from .._entry import Work
from ._delete import Delete
from .settings import Settings

_MARGIN_MS: Final = 15_000  # one more item, and the audit


def started(environ: Mapping[str, str]) -> Work:
    """The delete function as it runs in Lambda."""
    settings = read(Settings, environ)
    session = _clients.session()
    key = settings.mangaobs_session_key.encode()

    def clock() -> int:
        return time.time_ns() // 1_000_000

    audit = Audit(
        session.client("s3", config=_clients.limits(read=2, attempts=2)),
        settings.audit_bucket,
        prefix="admin/",
        clock=clock,
        hashed=lambda text: session_hash(text, key),
    )
    dynamodb = session.client("dynamodb", config=_clients.limits(connect=1, read=2, attempts=3))
    return Delete(dynamodb, settings.session_table, audit, clock=clock, margin_ms=_MARGIN_MS)
