"""The hot-key responder, put together at its first event."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mangaobs.functions import read
from mangaobs.runtime import log_error, session_hash

from .. import _clients
from .._entry import Work
from ..routing import Budget, Flags, connect
from ..sessions import Sessions, Transactions
from ..signals import RESPONDER_FAILED
from ._decisions import Decisions
from ._report import CloudWatchReports, FileReports, ReportSource
from ._responder import Responder
from .settings import Settings

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient


def started(environ: Mapping[str, str]) -> Work:
    """The hot-key responder as it runs in Lambda."""
    settings = read(Settings, environ)
    session = _clients.session()
    limits = _clients.limits(connect=1, read=2, attempts=2)
    dynamodb = session.client("dynamodb", config=limits)
    key = settings.mangaobs_session_key.encode()

    def hashed(text: str) -> str:
        return session_hash(text, key)

    source: ReportSource
    if settings.report_file:
        source = FileReports(Path(settings.report_file))
    else:
        source = CloudWatchReports(session.client("cloudwatch", config=limits), dynamodb, settings.session_table)
    flags = None
    if settings.redis_host:
        redis = connect(
            settings, secrets=lambda: session.client("secretsmanager", config=limits), monotonic=time.monotonic
        )
        flags = Flags(redis, Budget(settings.redis_budget_ms / 1000, monotonic=time.monotonic))
    return Responder(
        settings,
        source=source,
        sessions=Sessions(
            dynamodb,
            settings.session_table,
            transactions=Transactions(dynamodb, sleep=time.sleep, random=random.random),
            customer_hash=hashed,
            days=1,  # it writes no turns
        ),
        decisions=Decisions(dynamodb, settings.session_table),
        flags=flags,
        switch=kill_switch(session.client("ssm", config=limits), settings.kill_switch_parameter),
        clock=lambda: time.time_ns() // 1_000_000,
        hashed=hashed,
    )


def kill_switch(client: SSMClient, parameter: str) -> Callable[[], bool]:
    """Whether anything may be done: only if the parameter can be read and says `on`."""

    def on() -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        if not parameter:
            return False
        try:
            return client.get_parameter(Name=parameter)["Parameter"]["Value"].strip().lower() == "on"
        except (ClientError, BotoCoreError) as error:
            log_error(RESPONDER_FAILED.name, error=error)
            return False

    return on
