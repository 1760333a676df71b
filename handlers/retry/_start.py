"""The retry function, put together at its first event."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import Final

from mangaobs.functions import read
from mangaobs.runtime import session_hash

from .. import _clients
from .._deferred import PURPOSE
from .._entry import Work
from .._sealed import Seal
from ..sessions import Sessions, Transactions
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
    key = settings.mangaobs_session_key.encode()
    sessions = Sessions(
        dynamodb,
        settings.session_table,
        transactions=Transactions(dynamodb, sleep=time.sleep, random=random.random),
        customer_hash=lambda customer: session_hash(customer, key),
        days=settings.retention_days,
    )
    seal = Seal(session.client("kms", config=limits), settings.failed_writes_key, purpose=PURPOSE)
    return Retry(sessions, seal, margin_ms=_MARGIN_MS)
