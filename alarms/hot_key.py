"""Hot keys. DynamoDB's own sign, key-range throttling, stands with the tables; here is what the responder reports."""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.alarm import Alarm, warning
from mangaobs.model.metric import MINUTE, MINUTES, signal_metric
from mangaobs.project.app import App

from ..handlers import signals
from . import Thresholds


def alarms(app: App[Thresholds]) -> Iterator[Alarm]:
    yield warning(
        "hot-keys",
        signal_metric(signals.HOT_KEYS, Environment=app.environment).maximum(MINUTE) > 0,
        for_=2,
        out_of=3,
        summary="The hot-key responder found sessions that take far more than their share of the table.",
        runbook="hot-key",
        next_query="hot-keys",
    )
    yield warning(
        "blocked-sessions",
        signal_metric(signals.BLOCKED_SESSIONS, Environment=app.environment).sum(5 * MINUTES) > 0,
        summary="The hot-key responder blocked sessions: look whether it was right.",
        runbook="hot-key",
        next_query="hot-keys",
    )
    yield warning(
        "routing-fallbacks",
        signal_metric(signals.ROUTING_FALLBACKS, Environment=app.environment).sum(5 * MINUTES) > 0,
        for_=3,
        summary="Messages go on without their routing flags: Redis does not answer the message function.",
        runbook="cache-pressure",
        next_query="slowest-steps",
    )
