"""Parts that several functions are put together from, on the machine's own clock and randomness."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from hmac import digest
from typing import TYPE_CHECKING

from mangaobs.runtime import session_hash

from ._audit import Audit
from .routing import Budget, RedisSettings, connect
from .sessions import Sessions, Transactions

if TYPE_CHECKING:
    from redis import Redis
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient


def now_ms() -> int:
    """The time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def hashing(key: str) -> Callable[[str], str]:
    """What makes an id's keyed hash."""
    secret = key.encode()
    return lambda text: session_hash(text, secret)


def subject_hashing(key: str) -> Callable[[str], str]:
    """What makes the keyed hash by which a person's entries, tombstone and requests are found: 32 hexadecimal digits.

    It is another one than that of log lines: it is longer, since two people under one would be erased together, and
    who reads logs cannot tell whose request is whose.
    """
    secret = key.encode()
    return lambda customer_id: digest(secret, f"data subject {customer_id}".encode(), "sha256")[:16].hex()


def sessions(client: DynamoDBClient, table: str, *, key: str, days: int = 90) -> Sessions:
    """The sessions of `table`. `key` keys the hashes of customers; `days` is how long what is written stays."""
    transactions = Transactions(client, sleep=time.sleep, random=random.random)
    return Sessions(client, table, transactions=transactions, customer_hash=subject_hashing(key), days=days)


def audit(client: S3Client, bucket: str, *, hashed: Callable[[str], str]) -> Audit:
    """The audit of what administrators do."""
    return Audit(client, bucket, prefix="admin/", clock=now_ms, hashed=hashed)


def redis(settings: RedisSettings, secrets: Callable[[], SecretsManagerClient]) -> tuple[Redis, Budget] | None:
    """Redis and the budget of time that its calls have; None where there is no Redis."""
    if not settings.redis_host:
        return None
    client = connect(settings, secrets=secrets, monotonic=time.monotonic)
    return client, Budget(settings.redis_budget_ms / 1000, monotonic=time.monotonic)
