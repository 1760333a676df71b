"""The export function, put together at its first event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mangaobs.functions import read

from .. import _clients
from .._assembly import now_ms
from .._entry import Work
from ..subjects import ACCESS, PORTABILITY, Worker, tools
from ._export import Export, Parts
from ._sources import Sources
from .settings import Settings

_MARGIN_SECONDS: Final = 10.0


def started(environ: Mapping[str, str]) -> Work:
    """The export function as it runs in Lambda."""
    settings = read(Settings, environ)
    session = _clients.session()
    own = tools(
        session,
        table=settings.session_table,
        index=settings.customer_index,
        audit_bucket=settings.audit_bucket,
        margin=_MARGIN_SECONDS,
    )
    parts = Parts(
        requests=own.requests,
        sources=Sources(
            dynamodb=own.dynamodb,
            table=settings.session_table,
            requests=own.requests,
            discovery=own.discovery,
            s3=own.s3,
            backups=settings.backup_bucket,
            users=session.client("cognito-idp", config=own.once) if settings.user_pool_id else None,
            pool=settings.user_pool_id,
            patience=own.patience,
        ),
        steps=own.steps,
        s3=own.s3,
        bucket=settings.subject_export_bucket,
        patience=own.patience,
        deadline=own.deadline,
        clock=now_ms,
        most=settings.file_megabytes * 1_000_000,
        days=settings.export_days,
    )
    return Worker(
        Export(parts),
        kinds=frozenset((ACCESS, PORTABILITY)),
        requests=own.requests,
        steps=own.steps,
        deadline=own.deadline,
        clock=now_ms,
    )
