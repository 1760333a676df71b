"""What both workers on requests are put together from, on the machine's own clock and randomness."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, NamedTuple

from .. import _clients
from .._assembly import now_ms
from ..sessions import Transactions
from ._discovery import Discovery
from ._patience import Deadline, Patience
from ._requests import Requests
from ._steps import Steps

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client


class Tools(NamedTuple):
    """Clients that make one attempt (`once`), and what tries again by the time that is left."""

    once: Config
    deadline: Deadline
    patience: Patience
    dynamodb: DynamoDBClient
    s3: S3Client
    transactions: Transactions
    requests: Requests
    discovery: Discovery
    steps: Steps


def tools(session: boto3.Session, *, table: str, index: str, audit_bucket: str, margin: float) -> Tools:
    """The tools of a worker; with less than `margin` seconds left nothing more is begun."""
    once = _clients.limits(connect=1, read=5, attempts=1)
    deadline = Deadline()
    patience = Patience(sleep=time.sleep, random=random.random, remaining=deadline, margin=margin)
    dynamodb, s3 = session.client("dynamodb", config=once), session.client("s3", config=once)
    transactions = Transactions(dynamodb, sleep=time.sleep, random=random.random, attempts=1)
    return Tools(
        once=once,
        deadline=deadline,
        patience=patience,
        dynamodb=dynamodb,
        s3=s3,
        transactions=transactions,
        requests=Requests(dynamodb, table, transactions=transactions, patience=patience),
        discovery=Discovery(dynamodb, table, index, patience),
        steps=Steps(s3, audit_bucket, patience=patience, clock=now_ms),
    )
