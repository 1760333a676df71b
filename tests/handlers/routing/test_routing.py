"""Routing flags: what a message does under each, and that Redis is never needed."""

from __future__ import annotations

import socket
import time
from threading import Thread
from types import SimpleNamespace

import fakeredis
import pytest
import redis as redis_library
from fakeredis.commands_mixins import server_mixin
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from handlers.routing import Budget, Decision, Flag, Router, Unavailable, connect
from handlers.routing._flag import bucket_key, rate_key, route_key, summary_key
from mangaobs.runtime import configure

from .conftest import Clock, Routing, Secrets, settings

A, B = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"


def flag(routing, mode, *, seconds=60, **more):
    return Flag(mode, until=routing.clock.now + seconds * 1000, reason="test", **more)


def test_without_a_flag_a_message_passes(routing):
    assert routing.router.arrive(A, "address") == Decision("none", source="redis")


def test_a_blocked_session_is_blocked_until_the_end_and_others_pass(routing):
    routing.flags.set(A, flag(routing, "block", seconds=30))
    decision = routing.router.arrive(A, "address")
    assert (decision.mode, decision.allowed, decision.source) == ("block", False, "redis")
    assert 1 <= decision.retry_after <= 30
    assert routing.router.arrive(B, "address").allowed
    routing.clock.now += 30_001
    assert routing.router.arrive(A, "address").allowed


def test_a_limited_session_has_a_few_messages_at_once_and_then_waits(routing):
    routing.flags.set(A, flag(routing, "limit", per_minute=6))
    decisions = [routing.router.arrive(A, "address") for _ in range(5)]
    assert [decision.allowed for decision in decisions] == [True, True, True, False, False]
    # one token takes ten seconds
    assert all(9 <= decision.retry_after <= 10 for decision in decisions[3:])
    assert routing.router.arrive(B, "address").allowed


def test_a_hot_session_may_use_the_cache(routing):
    routing.flags.set(A, flag(routing, "cache"))
    assert routing.router.arrive(A, "address") == Decision("cache", source="redis")


def test_a_flag_ends_by_itself_in_redis(routing):
    routing.flags.set(A, flag(routing, "limit", seconds=60))
    assert 0 < routing.redis.pttl(route_key(A)) <= 60_000
    routing.router.arrive(A, "address")
    assert 0 < routing.redis.pttl(bucket_key(A)) <= 60_000


def test_setting_the_same_flag_twice_is_as_good_as_once(routing):
    one = flag(routing, "limit")
    routing.flags.set(A, one)
    routing.flags.set(A, one)
    assert routing.flags.get(A) == one
    assert routing.flags.get(B) is None


def test_messages_and_addresses_are_counted(routing):
    for number in range(5):
        routing.router.arrive(A, f"address {number % 2}")
    minute = routing.clock.now // 60_000
    assert routing.flags.activity(A, [minute, minute - 1]) == (5, 2)
    assert routing.flags.activity(B, [minute]) == (0, 0)
    assert 0 < routing.redis.ttl(rate_key(A, minute)) <= 300


def test_what_somebody_else_wrote_there_is_no_flag(routing):
    routing.redis.hset(route_key(A), mapping={"mode": "explode", "until": "tomorrow"})
    assert routing.router.arrive(A, "address").allowed
    assert routing.flags.get(A) is None


def test_a_summary_is_kept_for_a_minute(routing):
    loads = []

    def load():
        loads.append(1)
        return b"a summary"

    assert [routing.router.cached_summary(A, load) for _ in range(3)] == [b"a summary"] * 3
    assert len(loads) == 1
    assert 0 < routing.redis.ttl(summary_key(A)) <= 60


# --- the bucket, against a naive one ---


class NaiveBucket:
    """Three tokens at most; what a minute brings is spread over it."""

    def __init__(self, per_minute):
        self.rate, self.tokens, self.at = per_minute / 60_000, 3.0, None

    def take(self, now):
        if self.at is not None:
            self.tokens = min(3.0, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return True
        return False


@given(st.integers(1, 120), st.lists(st.integers(0, 20_000), min_size=1, max_size=30))
@hypothesis_settings(deadline=None, max_examples=60)
def test_the_bucket_in_lua_is_the_naive_bucket(per_minute, pauses):
    # given a Redis whose clock stands at the messages' times
    routing = Routing(fakeredis.FakeRedis())
    routing.flags.set(A, flag(routing, "limit", seconds=3_000, per_minute=per_minute))
    naive, now = NaiveBucket(per_minute), routing.clock.now
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_mixin, "time", SimpleNamespace(time=lambda: now / 1000))
        for pause in pauses:
            now += pause
            # then both let the same messages through
            assert routing.router.arrive(A, "").allowed == naive.take(now)


# --- Redis is away ---


def away(routing):
    """The router on a Redis that refuses connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    routing.router._redis = redis_library.Redis(port=port, socket_connect_timeout=0.2)
    routing.router._script = None


def test_without_redis_everything_passes_but_blocks_that_are_known(routing):
    written = []
    configure(write=written.append, dimensions={"Environment": "test"})
    routing.flags.set(A, flag(routing, "block", seconds=100))
    routing.router.arrive(A, "address")
    away(routing)
    assert routing.router.arrive(B, "address") == Decision("none")
    decision = routing.router.arrive(A, "address")
    assert (decision.mode, decision.allowed, decision.source) == ("block", False, "local")
    # the block ends when it was to end: no error makes it longer
    routing.clock.now += 100_000
    assert routing.router.arrive(A, "address").allowed


def test_without_redis_a_limit_is_kept_for_five_seconds_by_this_process_alone(routing):
    routing.flags.set(A, flag(routing, "limit", per_minute=6))
    routing.router.arrive(A, "address")
    away(routing)
    assert [routing.router.arrive(A, "address").allowed for _ in range(4)] == [True, True, True, False]
    routing.clock.now += 5_001
    assert routing.router.arrive(A, "address").allowed


def test_a_redis_that_never_answers_is_left_alone_for_a_moment():
    # given a Redis that takes connections and says nothing
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(16)
        connections = []
        Thread(target=lambda: _accept(silent, connections), daemon=True).start()
        redis = connect(
            settings(silent.getsockname()[1], redis_tls=False, redis_secret="", redis_budget_ms=50),
            secrets=Secrets,
            monotonic=float,
        )
        router = Router(redis, Budget(0.05, monotonic=time.monotonic, rest=60), clock=Clock())
        # when many messages come, then all pass, and one of them has tried it
        assert all(router.arrive(A, "address").allowed for _ in range(200))
        assert len(connections) <= 1


def _accept(silent, connections):
    try:
        while True:
            connections.append(silent.accept())
    except OSError:
        return


def test_after_a_rest_redis_is_tried_again():
    now = [0.0]
    budget = Budget(1, monotonic=lambda: now[0], rest=5)
    with pytest.raises(Unavailable):
        budget.run(lambda: 1 / 0)
    with pytest.raises(Unavailable, match="resting"):
        budget.run(lambda: "answer")
    now[0] = 5.1
    assert budget.run(lambda: "answer") == "answer"


def test_what_hangs_is_left_alone_and_nothing_piles_up():
    from threading import Event

    budget, end, started = Budget(0.01, monotonic=time.monotonic, rest=0), Event(), []

    def hang():
        started.append(1)
        end.wait(10)

    for _ in range(20):
        with pytest.raises(Unavailable):
            budget.run(hang)
    assert len(started) == 1
    end.set()


# --- TLS and AUTH ---


def test_the_password_comes_from_the_secret_when_it_is_needed(server):
    secrets = Secrets()
    redis = connect(settings(server.port, redis_ca_file=str(server.ca_file)), secrets=lambda: secrets, monotonic=float)
    assert secrets.asked == 0
    assert redis.ping()
    assert secrets.asked == 1


def test_a_wrong_password_or_another_authority_is_no_connection_and_no_failure(server, tmp_path):
    from ..redis_server import _certificates

    _certificates(tmp_path)
    for secrets, ca in ((lambda: Secrets("wrong"), server.ca_file), (Secrets, tmp_path / "ca.pem")):
        redis = connect(settings(server.port, redis_ca_file=str(ca)), secrets=secrets, monotonic=float)
        router = Router(redis, Budget(1, monotonic=time.monotonic), clock=Clock())
        assert router.arrive(A, "address") == Decision("none")


def test_nothing_shows_the_password(server):
    redis = connect(settings(server.port), secrets=Secrets, monotonic=float)
    assert "a-password" not in repr(redis) + repr(redis.connection_pool) + repr(settings(server.port))


def test_fakeredis_and_redis_are_what_they_say():
    assert isinstance(fakeredis.FakeRedis(), redis_library.Redis)
