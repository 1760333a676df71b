"""The erasure function, put together at its first event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mangaobs.functions import read

from .. import _clients
from .._assembly import now_ms
from .._entry import Work
from ..subjects import ERASURE, Eraser, Objects, Worker, tools
from ._account import Accounts
from ._erasure import Erasure, Parts
from .settings import Settings

# What the last call takes at worst, and giving the lease back.
_MARGIN_SECONDS: Final = 15.0


def started(environ: Mapping[str, str]) -> Work:
    """The erasure function as it runs in Lambda."""
    settings = read(Settings, environ)
    session = _clients.session()
    table = settings.session_table
    own = tools(
        session,
        table=table,
        index=settings.customer_index,
        audit_bucket=settings.audit_bucket,
        margin=_MARGIN_SECONDS,
    )
    parts = Parts(
        requests=own.requests,
        discovery=own.discovery,
        eraser=Eraser(
            own.dynamodb,
            table,
            transactions=own.transactions,
            copies=Objects(own.s3, settings.backup_bucket, own.patience),
            patience=own.patience,
            clock=now_ms,
        ),
        exports=Objects(own.s3, settings.subject_export_bucket, own.patience),
        steps=own.steps,
        accounts=Accounts(
            session.client("cognito-idp", config=own.once) if settings.user_pool_id else None,
            session.client("sesv2", config=own.once) if settings.confirmation_sender else None,
            pool=settings.user_pool_id,
            sender=settings.confirmation_sender,
            patience=own.patience,
        ),
        clock=now_ms,
        rest=settings.rediscover_seconds,
        keep_seconds=settings.ledger_days * 24 * 3600,
    )
    return Worker(
        Erasure(parts),
        kinds=frozenset((ERASURE,)),
        requests=own.requests,
        steps=own.steps,
        deadline=own.deadline,
        clock=now_ms,
    )
