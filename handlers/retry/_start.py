"""The retry function, put together at its first event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mangaobs.functions import read

from .. import _clients
from .._assembly import sessions
from .._deferred import PURPOSE
from .._entry import Work
from .._sealed import Seal
from ._retry import Retry
from .settings import Settings

# What one message takes at worst: the key, then three calls of the table. See the limits below.
_MARGIN_MS: Final = 15_000


def started(environ: Mapping[str, str]) -> Work:
    """The retry function as it runs in Lambda."""
    settings = read(Settings, environ)
    session = _clients.session()
    limits = _clients.limits(connect=0.5, read=1, attempts=2)
    dynamodb = session.client("dynamodb", config=limits)
    written = sessions(
        dynamodb, settings.session_table, key=settings.mangaobs_session_key, days=settings.retention_days
    )
    seal = Seal(session.client("kms", config=limits), settings.failed_writes_key, purpose=PURPOSE)
    return Retry(written, seal, margin_ms=_MARGIN_MS)
