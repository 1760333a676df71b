"""The erasure function, put together at its first event."""

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
from ..signals import ERASURE_FAILURES
from ..subjects import ERASURE, Deadline, Discovery, Eraser, Objects, Patience, Requests, Steps, Worker
from ._account import Accounts
from ._erasure import Erasure, Parts
from .settings import Settings

# What the last call takes at worst, and giving the lease back.
_MARGIN_SECONDS: Final = 15.0


def started(environ: Mapping[str, str]) -> Work:
    """The erasure function as it runs in Lambda."""
    settings = read(Settings, environ)
    session = _clients.session()
    once = _clients.limits(connect=1, read=5, attempts=1)
    deadline = Deadline()
    patience = Patience(sleep=time.sleep, random=random.random, remaining=deadline, margin=_MARGIN_SECONDS)
    dynamodb, s3 = session.client("dynamodb", config=once), session.client("s3", config=once)
    transactions = Transactions(dynamodb, sleep=time.sleep, random=random.random, attempts=1)
    table = settings.session_table
    accounts = Accounts(
        session.client("cognito-idp", config=once) if settings.user_pool_id else None,
        session.client("sesv2", config=once) if settings.confirmation_sender else None,
        pool=settings.user_pool_id,
        sender=settings.confirmation_sender,
        patience=patience,
    )
    copies = Objects(s3, settings.backup_bucket, patience)
    parts = Parts(
        requests=Requests(dynamodb, table, transactions=transactions, patience=patience),
        discovery=Discovery(dynamodb, table, settings.customer_index, patience),
        eraser=Eraser(dynamodb, table, transactions=transactions, copies=copies, patience=patience, clock=now_ms),
        exports=Objects(s3, settings.subject_export_bucket, patience),
        steps=Steps(s3, settings.audit_bucket, patience=patience, clock=now_ms),
        accounts=accounts,
        clock=now_ms,
        rest=settings.rediscover_seconds,
        keep_seconds=settings.ledger_days * 24 * 3600,
    )
    return Worker(
        Erasure(parts),
        kinds=frozenset((ERASURE,)),
        requests=parts.requests,
        steps=parts.steps,
        deadline=deadline,
        clock=now_ms,
        failures=ERASURE_FAILURES,
    )
