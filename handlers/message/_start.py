"""The message function, put together at its first event."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping

from mangaobs.functions import read
from mangaobs.runtime import session_hash

from .. import _clients
from .._deferred import PURPOSE
from .._entry import Work
from .._model import Model, client_limits
from .._sealed import Seal
from ..routing import Budget, Router, connect
from ..sessions import Sessions, Transactions
from ._deferral import Deferral
from ._message import WRITING_SECONDS, Message
from ._writes import Writes
from .settings import Settings


def started(environ: Mapping[str, str]) -> Work:
    """The message function as it runs in Lambda."""
    settings = read(Settings, environ)
    session = _clients.session()
    writes = _clients.limits(connect=0.5, read=1, attempts=2)
    once = _clients.limits(connect=0.5, read=1, attempts=1)
    dynamodb = session.client("dynamodb", config=writes)
    bedrock = session.client("bedrock-runtime", config=client_limits(settings.token_timeout_ms / 1000))
    key = settings.mangaobs_session_key.encode()
    router = None
    if settings.redis_host:
        redis = connect(
            settings, secrets=lambda: session.client("secretsmanager", config=once), monotonic=time.monotonic
        )
        router = Router(redis, Budget(settings.redis_budget_ms / 1000, monotonic=time.monotonic), clock=_now_ms)
    sessions = Sessions(
        dynamodb,
        settings.session_table,
        transactions=Transactions(dynamodb, sleep=time.sleep, random=random.random),
        customer_hash=lambda customer: session_hash(customer, key),
        days=settings.retention_days,
    )
    seal = Seal(session.client("kms", config=once), settings.failed_writes_key, purpose=PURPOSE)
    return Message(
        settings,
        sessions=sessions,
        writes=Writes(sessions, Deferral(session.client("sqs", config=once), settings.failed_writes_queue_url, seal)),
        model=Model(
            bedrock,
            settings.model_id,
            max_tokens=settings.max_tokens,
            read_seconds=settings.token_timeout_ms / 1000,
            reserve=WRITING_SECONDS,
            monotonic=time.monotonic,
            sleep=time.sleep,
            random=random.random,
        ),
        router=router,
        clock=_now_ms,
        monotonic=time.monotonic,
        new_id=lambda: uuid.uuid4().hex,
        hashed=lambda text: session_hash(text, key),
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
