"""What the responder does with flags: sets them, and reads how busy a session is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mangaobs.runtime import log_redis_operation

from ._budget import Budget
from ._flag import FIELDS, Flag, addresses_key, rate_key, route_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis import Redis


class Activity(NamedTuple):
    """How busy a session was: most messages in one of the minutes, distinct addresses in all of them (about)."""

    messages_a_minute: int
    addresses: int


class Flags:
    """Flags in Redis. Every method raises `Unavailable` if Redis does not answer within the budget."""

    def __init__(self, redis: Redis, budget: Budget) -> None:
        self._redis = redis
        self._budget = budget

    @log_redis_operation("Transaction:SetFlag")
    def set(self, session: str, flag: Flag) -> None:
        """Set a flag, in place of any other; it ends by itself. The same flag twice is as good as once."""
        values: dict[Any, Any] = {name: str(value) for name, value in msgspec.structs.asdict(flag).items()}
        key = route_key(session)

        def work() -> None:
            # One transaction: a flag without its end would stay for ever.
            with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.delete(key)
                pipeline.hset(key, mapping=values)
                pipeline.pexpireat(key, flag.until)
                pipeline.execute()

        self._budget.run(work)

    @log_redis_operation("HMGET:Flag")
    def get(self, session: str) -> Flag | None:
        """The flag of a session, or None."""
        values = self._budget.run(lambda: self._redis.hmget(route_key(session), list(FIELDS)))
        texts = {name: value.decode() for name, value in zip(FIELDS, values, strict=True) if isinstance(value, bytes)}
        try:
            return msgspec.convert(texts, Flag, strict=False) if texts else None
        except msgspec.ValidationError:
            return None

    @log_redis_operation("Pipeline:Activity")
    def activity(self, session: str, minutes: Sequence[int]) -> Activity:
        """How busy `session` was in these minutes since the epoch."""

        def work() -> list[object]:
            with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.mget([rate_key(session, minute) for minute in minutes])
                pipeline.pfcount(*[addresses_key(session, minute) for minute in minutes])
                return pipeline.execute()

        counts, addresses = self._budget.run(work)
        assert isinstance(counts, list)  # noqa: S101 - what MGET answers
        return Activity(max((int(count or 0) for count in counts), default=0), int(str(addresses)))
