"""The export function, put together at its first event."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import Final

from mangaobs.functions import read

from .. import _clients
from .._assembly import now_ms
from .._entry import Work
from ..sessions import Transactions
from ..subjects import ACCESS, PORTABILITY, Deadline, Discovery, Patience, Requests, Steps, Worker
from ._export import Export, Parts
from ._sources import Sources
from .settings import Settings

_MARGIN_SECONDS: Final = 10.0


def started(environ: Mapping[str, str]) -> Work:
    """The export function as it runs in Lambda."""
    settings = read(Settings, environ)
    session = _clients.session()
    once = _clients.limits(connect=1, read=5, attempts=1)
    deadline = Deadline()
    patience = Patience(sleep=time.sleep, random=random.random, remaining=deadline, margin=_MARGIN_SECONDS)
    dynamodb, s3 = session.client("dynamodb", config=once), session.client("s3", config=once)
    transactions = Transactions(dynamodb, sleep=time.sleep, random=random.random, attempts=1)
    table = settings.session_table
    requests = Requests(dynamodb, table, transactions=transactions, patience=patience)
    parts = Parts(
        requests=requests,
        sources=Sources(
            dynamodb=dynamodb,
            table=table,
            requests=requests,
            discovery=Discovery(dynamodb, table, settings.customer_index, patience),
            s3=s3,
            backups=settings.backup_bucket,
            users=session.client("cognito-idp", config=once) if settings.user_pool_id else None,
            pool=settings.user_pool_id,
            patience=patience,
        ),
        steps=Steps(s3, settings.audit_bucket, patience=patience, clock=now_ms),
        s3=s3,
        bucket=settings.subject_export_bucket,
        patience=patience,
        deadline=deadline,
        clock=now_ms,
        most=settings.file_megabytes * 1_000_000,
        days=settings.export_days,
    )
    return Worker(
        Export(parts),
        kinds=frozenset((ACCESS, PORTABILITY)),
        requests=parts.requests,
        steps=parts.steps,
        deadline=deadline,
        clock=now_ms,
    )
