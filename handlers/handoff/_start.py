"""The hand-off's task, put together at its first event."""

from __future__ import annotations

from collections.abc import Mapping

from mangaobs.functions import read

from .. import _clients
from .._assembly import hashing, now_ms, sessions
from .._entry import Work
from ._brief import Brief
from .settings import Settings


def started(environ: Mapping[str, str]) -> Work:
    """The hand-off's task as it runs in Lambda."""
    settings = read(Settings, environ)
    dynamodb = _clients.session().client("dynamodb", config=_clients.limits())
    hashed = hashing(settings.mangaobs_session_key)
    written = sessions(dynamodb, settings.session_table, hashed=hashed, days=settings.retention_days)
    return Brief(written, turns=settings.brief_turns, clock=now_ms)
