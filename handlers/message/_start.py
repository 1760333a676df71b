"""The message function, put together at its first event."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping

from mangaobs.functions import read

from .. import _clients
from .._assembly import hashing, now_ms, redis, sessions
from .._deferred import PURPOSE
from .._entry import Work
from .._model import Model, client_limits
from .._sealed import Seal
from ..routing import Router
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
    hashed = hashing(settings.mangaobs_session_key)
    reached = redis(settings, lambda: session.client("secretsmanager", config=once))
    written = sessions(
        dynamodb, settings.session_table, key=settings.mangaobs_session_key, days=settings.retention_days
    )
    seal = Seal(session.client("kms", config=once), settings.failed_writes_key, purpose=PURPOSE)
    return Message(
        settings,
        sessions=written,
        writes=Writes(written, Deferral(session.client("sqs", config=once), settings.failed_writes_queue_url, seal)),
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
        router=Router(*reached, clock=now_ms) if reached is not None else None,
        clock=now_ms,
        monotonic=time.monotonic,
        new_id=lambda: uuid.uuid4().hex,
        hashed=hashed,
    )
