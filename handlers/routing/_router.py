"""What is done with a message of a session, by its flag."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import msgspec

from mangaobs.runtime import count, log_redis_operation

from ..signals import ROUTING_FALLBACKS
from ._budget import Budget, Unavailable
from ._flag import Flag, addresses_key, bucket_key, rate_key, route_key, summary_key

if TYPE_CHECKING:
    from redis import Redis
    from redis.commands.core import Script

COUNTS_KEPT: Final = 300  # seconds
MOST_TOKENS: Final = 3  # messages at once
_LOCAL_MS = 5_000  # how long a flag is believed that cannot be read again; a block is until its end
_MOST_LOCAL = 1_000
_SUMMARY_SECONDS = 60
_SCRIPT = Path(__file__).with_name("arrive.lua")


class Decision(msgspec.Struct, frozen=True):
    """What is done with a message: whether it may pass, seconds to wait if not, and where that was known from."""

    mode: Literal["none", "cache", "limit", "block"]
    allowed: bool = True
    retry_after: int = 0
    source: Literal["redis", "local", "none"] = "none"


PASSES: Final = Decision("none")


class Router:
    """Reads the flags. `clock` is in epoch milliseconds."""

    def __init__(self, redis: Redis, budget: Budget, *, clock: Callable[[], int]) -> None:
        self._redis = redis
        self._budget = budget
        self._clock = clock
        self._script: Script | None = None
        # Flags as they were last read, with when; the tokens of those that are limited while Redis is away.
        self._local: OrderedDict[str, tuple[Flag, int]] = OrderedDict()
        self._tokens: dict[str, tuple[float, int]] = {}

    def arrive(self, session: str, address: str) -> Decision:
        """Count a message of `session` from `address` (keyed hashes both) and say what is done with it.

        Never raises: if Redis cannot be asked, only what this process knows counts.
        """
        now = self._clock()
        try:
            found = self._arrived(session, address, now // 60_000)
        except Unavailable:
            count(ROUTING_FALLBACKS)
            return self._locally(session, now)
        if not found:
            self._local.pop(session, None)
            return Decision("none", source="redis")
        *values, allowed, wait = found
        flag = _flag(values)
        if flag is None or flag.until <= now:
            return Decision("none", source="redis")
        self._remember(session, flag, now)
        return Decision(flag.mode, bool(allowed), _seconds(flag, wait, now), "redis")

    def cached_summary(self, session: str, load: Callable[[], bytes]) -> bytes:
        """The summary of a hot session, at most a minute old; what `load` gives if none is kept."""
        key = summary_key(session)
        try:
            kept = self._budget.run(lambda: self._redis.get(key))
        except Unavailable:
            return load()
        if isinstance(kept, bytes):
            return kept
        content = load()
        try:
            self._budget.run(lambda: self._redis.set(key, content, ex=_SUMMARY_SECONDS))
        except Unavailable:
            count(ROUTING_FALLBACKS)
        return content

    @log_redis_operation("Script:Arrive")
    def _arrived(self, session: str, address: str, minute: int) -> list[Any]:
        keys = [
            route_key(session),
            rate_key(session, minute),
            addresses_key(session, minute),
            bucket_key(session),
        ]
        return self._budget.run(lambda: self._run(keys, [address, COUNTS_KEPT, MOST_TOKENS]))

    def _run(self, keys: list[str], arguments: list[str | int]) -> list[Any]:
        if self._script is None:
            self._script = self._redis.register_script(_SCRIPT.read_bytes())
        return cast("list[Any]", self._script(keys=keys, args=arguments))

    def _remember(self, session: str, flag: Flag, now: int) -> None:
        self._local[session] = (flag, now)
        self._local.move_to_end(session)
        while len(self._local) > _MOST_LOCAL:
            gone, _ = self._local.popitem(last=False)
            self._tokens.pop(gone, None)

    def _locally(self, session: str, now: int) -> Decision:
        flag, read = self._local.get(session, (None, 0))
        if flag is None or flag.until <= now:
            self._local.pop(session, None)
            self._tokens.pop(session, None)
            return PASSES
        if flag.mode == "block":
            return Decision("block", allowed=False, retry_after=_seconds(flag, 0, now), source="local")
        if now - read > _LOCAL_MS:
            return PASSES
        if flag.mode == "cache":
            return Decision("none", source="local")  # the cache is where the flag was
        rate = flag.per_minute / 60_000
        tokens, at = self._tokens.get(session, (float(MOST_TOKENS), now))
        tokens = min(MOST_TOKENS, tokens + (now - at) * rate)
        allowed = tokens >= 1
        self._tokens[session] = (tokens - allowed, now)
        wait = 0 if allowed else (1 - tokens) / rate
        return Decision("limit", allowed, _seconds(flag, wait, now), "local")


def _seconds(flag: Flag, wait: float, now: int) -> int:
    """Whole seconds to wait, one at least where there is anything to wait for; no longer than the flag lasts."""
    if flag.mode == "block":
        wait = flag.until - now
    return int(-(-min(wait, flag.until - now) // 1000)) if wait > 0 else 0


def _flag(values: list[Any]) -> Flag | None:
    """The flag that the script read; None if somebody wrote something else there."""
    mode, until, per_minute, reason, rule, source, version = values
    texts = {
        "mode": mode,
        "until": until,
        "per_minute": per_minute,
        "reason": reason,
        "rule": rule,
        "source": source,
        "version": version,
    }
    try:
        return msgspec.convert(
            {name: text.decode() for name, text in texts.items() if text is not None}, Flag, strict=False
        )
    except (msgspec.ValidationError, UnicodeDecodeError, AttributeError):
        return None
