"""The hot-key responder, put together at its first event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mangaobs.functions import read
from mangaobs.runtime import log_error

from .. import _clients
from .._assembly import hashing, now_ms, redis, sessions
from .._entry import Work
from ..routing import Flags
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
    hashed = hashing(settings.mangaobs_session_key)
    source: ReportSource
    if settings.report_file:
        source = FileReports(Path(settings.report_file))
    else:
        source = CloudWatchReports(session.client("cloudwatch", config=limits), dynamodb, settings.session_table)
    reached = redis(settings, lambda: session.client("secretsmanager", config=limits))
    return Responder(
        settings,
        source=source,
        sessions=sessions(dynamodb, settings.session_table, key=settings.mangaobs_session_key),
        decisions=Decisions(dynamodb, settings.session_table),
        flags=Flags(*reached) if reached is not None else None,
        switch=kill_switch(session.client("ssm", config=limits), settings.kill_switch_parameter),
        clock=now_ms,
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
