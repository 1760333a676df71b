"""The hand-off's task, put together at its first event."""

from __future__ import annotations

from collections.abc import Mapping

from mangaobs.functions import read

from .. import _clients
from .._assembly import now_ms, sessions
from .._entry import Work
from ._brief import Brief
from .settings import Settings


def started(environ: Mapping[str, str]) -> Work:
    """The hand-off's task as it runs in Lambda."""
    settings = read(Settings, environ)
    dynamodb = _clients.session().client("dynamodb", config=_clients.limits())
    written = sessions(
        dynamodb, settings.session_table, key=settings.mangaobs_session_key, days=settings.retention_days
    )
    return Brief(written, turns=settings.brief_turns, clock=now_ms)
