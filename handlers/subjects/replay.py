"""The ledger of erasures, for whoever restores the table: replayed before functions use it. See docs/erasure.md.

For operators, with their own credentials: no function's role may read the whole table.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .._assembly import subject_hashing
from ..sessions import Transactions
from ._ledger import Ledger
from ._patience import Patience
from ._replay import Replay, Replayed
from ._session import Eraser
from ._steps import LEDGER_DAYS

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

__all__ = ["Replay", "Replayed", "replay"]


def replay(
    dynamodb: DynamoDBClient, s3: S3Client, table: str, *, audit_bucket: str, secret: str, days: int = LEDGER_DAYS
) -> Replay:
    """The ledger as it is now, to be replayed onto `table` by `run()`.

    `secret` is the value of the secret that keys the hashes of ids, `days` the functions' setting `LEDGER_DAYS`. Raises
    what botocore does.
    """
    patience = Patience(sleep=time.sleep, random=random.random, remaining=lambda: 3600.0, margin=0.0)
    transactions = Transactions(dynamodb, sleep=time.sleep, random=random.random, attempts=1)
    now = datetime.now(UTC)
    return Replay(
        dynamodb,
        table,
        Ledger(s3, audit_bucket, now=now, days=days),
        eraser=Eraser(dynamodb, table, transactions=transactions, copies=None, patience=patience, clock=_never),
        subject_of=subject_hashing(secret),
        keep_until=int(now.timestamp()) + days * 24 * 3600,
    )


def _never() -> int:
    raise AssertionError("there are no copies, whose locks would be held against a clock")
