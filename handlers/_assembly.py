"""Parts that several functions are put together from, on the machine's own clock and randomness."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
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


def sessions(client: DynamoDBClient, table: str, *, hashed: Callable[[str], str], days: int = 90) -> Sessions:
    """The sessions of `table`; `days` is how long what is written stays."""
    transactions = Transactions(client, sleep=time.sleep, random=random.random)
    return Sessions(client, table, transactions=transactions, customer_hash=hashed, days=days)


def audit(client: S3Client, bucket: str, *, hashed: Callable[[str], str]) -> Audit:
    """The audit of what administrators do."""
    return Audit(client, bucket, prefix="admin/", clock=now_ms, hashed=hashed)


def redis(settings: RedisSettings, secrets: Callable[[], SecretsManagerClient]) -> tuple[Redis, Budget] | None:
    """Redis and the budget of time that its calls have; None where there is no Redis."""
    if not settings.redis_host:
        return None
    client = connect(settings, secrets=secrets, monotonic=time.monotonic)
    return client, Budget(settings.redis_budget_ms / 1000, monotonic=time.monotonic)
