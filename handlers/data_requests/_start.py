"""The API of people's requests, put together at its first event."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping
from typing import Final

from mangaobs.functions import read

from .. import _clients
from .._assembly import audit, hashing, now_ms, subject_hashing
from .._entry import Work
from ..sessions import Transactions
from ..subjects import Deadline, Patience, Requests, Steps
from ._links import Links, quiet
from ._machine import Machine
from ._requests import DataRequests
from .settings import Settings

_MARGIN_SECONDS: Final = 8.0  # the machine, and the audit


def started(environ: Mapping[str, str]) -> Work:
    """The function as it runs in Lambda."""
    from botocore.config import Config

    settings = read(Settings, environ)
    session = _clients.session()
    limits, once = _clients.limits(connect=1, read=2, attempts=2), _clients.limits(connect=1, read=2, attempts=1)
    deadline = Deadline()
    patience = Patience(sleep=time.sleep, random=random.random, remaining=deadline, margin=_MARGIN_SECONDS, attempts=4)
    dynamodb, s3 = session.client("dynamodb", config=once), session.client("s3", config=limits)
    quiet()
    # The older signature, which boto3 signs with by default in some regions, cannot read what KMS encrypts; and unless
    # it is told so, boto3 signs for the global endpoint, which sends a bucket of another region elsewhere.
    regional = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    signing = session.client("s3", config=limits.merge(regional))
    hashed = hashing(settings.mangaobs_session_key)
    transactions = Transactions(dynamodb, sleep=time.sleep, random=random.random, attempts=1)
    return DataRequests(
        Requests(dynamodb, settings.session_table, transactions=transactions, patience=patience),
        machine=Machine(session.client("stepfunctions", config=limits), settings.data_request_machine_arn),
        links=Links(signing, settings.subject_export_bucket, seconds=settings.link_seconds),
        audit=audit(s3, settings.audit_bucket, hashed=hashed),
        steps=Steps(s3, settings.audit_bucket, patience=patience, clock=now_ms),
        subject=subject_hashing(settings.mangaobs_session_key),
        hashed=hashed,
        clock=now_ms,
        random=lambda: uuid.uuid4().hex,
        most_links=settings.most_links,
        again_after_hours=settings.again_after_hours,
        begin=deadline.begin,
    )
