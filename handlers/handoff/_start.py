"""The hand-off's task, put together at its first event."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping

from mangaobs.functions import read
from mangaobs.runtime import session_hash

from .. import _clients
from .._entry import Work
from ..sessions import Sessions, Transactions
from ._brief import Brief
from .settings import Settings


def started(environ: Mapping[str, str]) -> Work:
    """The hand-off's task as it runs in Lambda."""
    settings = read(Settings, environ)
    dynamodb = _clients.session().client("dynamodb", config=_clients.limits())
    key = settings.mangaobs_session_key.encode()
    sessions = Sessions(
        dynamodb,
        settings.session_table,
        transactions=Transactions(dynamodb, sleep=time.sleep, random=random.random),
        customer_hash=lambda customer: session_hash(customer, key),
        days=settings.retention_days,
    )
    return Brief(sessions, turns=settings.brief_turns, clock=lambda: time.time_ns() // 1_000_000)
