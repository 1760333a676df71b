"""Redis, in process and real: every test of the flags runs against both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fakeredis
import pytest

from handlers.routing import Budget, Flags, RedisSettings, Router, connect

from ..redis_server import PASSWORD, TESTS, USER, RedisServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


def settings(port: int, **more: Any) -> RedisSettings:
    usual = {"redis_username": USER, "redis_secret": "redis", "redis_budget_ms": 1000}
    return RedisSettings(redis_host="127.0.0.1", redis_port=port, **{**usual, **more})


class Secrets:
    """Secrets Manager, as far as a password is asked for."""

    def __init__(self, password: str = PASSWORD) -> None:
        self.password = password
        self.asked = 0

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - AWS's name
        self.asked += 1
        return {"SecretString": f'{{"password":"{self.password}"}}'}


class Clock:
    """Milliseconds since the epoch, moved by the test."""

    def __init__(self) -> None:
        import time

        self.now = time.time_ns() // 1_000_000

    def __call__(self) -> int:
        return self.now


class Routing:
    """A router and what sets its flags, on one Redis."""

    def __init__(self, redis: Any) -> None:
        import time

        self.redis = redis
        self.clock = Clock()
        # Far more than a call takes: what a budget does is tested apart, and this machine may be busy.
        self.router = Router(redis, Budget(20, monotonic=time.monotonic), clock=self.clock)
        self.flags = Flags(redis, Budget(20, monotonic=time.monotonic))


@pytest.fixture(params=["fakeredis", "redis-server"])
def routing(request: pytest.FixtureRequest) -> Iterator[Routing]:
    if request.param == "fakeredis":
        yield Routing(fakeredis.FakeRedis())
        return
    server = request.getfixturevalue("server")
    redis = connect(settings(server.port, redis_ca_file=str(server.ca_file)), secrets=Secrets, monotonic=float)
    every = settings(server.port, redis_ca_file=str(server.ca_file), redis_username=TESTS)
    connect(every, secrets=Secrets, monotonic=float).flushall()
    yield Routing(redis)
    redis.close()
