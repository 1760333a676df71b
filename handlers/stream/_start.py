"""The stream router, put together at its first event."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import Final

from mangaobs.functions import read

from .. import _clients
from .._assembly import hashing, now_ms, sessions
from .._entry import Work
from .._model import Model, client_limits
from ._router import StreamRouter
from ._send import Sender
from ._summaries import Summaries
from .settings import Settings

_SILENCE_SECONDS: Final = 10.0
_RESERVE_SECONDS: Final = 5.0  # writing the summary


def started(environ: Mapping[str, str]) -> Work:
    """The stream router as it runs in Lambda."""
    settings = read(Settings, environ)
    session = _clients.session()
    limits = _clients.limits(connect=1, read=2, attempts=3)
    hashed = hashing(settings.mangaobs_session_key)
    sender = Sender(
        kinesis=session.client("kinesis", config=limits),
        stream=settings.event_stream,
        events=session.client("events", config=limits),
        bus=settings.event_bus,
        sns=session.client("sns", config=limits),
        topic=settings.handoff_topic_arn,
        sleep=time.sleep,
        random=random.random,
    )
    if not settings.summary_model_id:
        return StreamRouter(sender, None, hashed=hashed)
    dynamodb = session.client("dynamodb", config=limits)
    written = sessions(
        dynamodb, settings.session_table, key=settings.mangaobs_session_key, days=settings.retention_days
    )
    model = Model(
        session.client("bedrock-runtime", config=client_limits(_SILENCE_SECONDS)),
        settings.summary_model_id,
        max_tokens=settings.summary_tokens,
        read_seconds=_SILENCE_SECONDS,
        reserve=_RESERVE_SECONDS,
        operation="BedrockSummarize",
        first_token=None,
        monotonic=time.monotonic,
        sleep=time.sleep,
        random=random.random,
    )
    summaries = Summaries(written, model, every=settings.summary_every, keep=settings.summary_keep, clock=now_ms)
    return StreamRouter(sender, summaries, hashed=hashed)
