"""A budget of time for what must not hold a message up: resolving, connecting, TLS, AUTH and the call, all together.

Socket timeouts bound each step by itself and the resolver not at all, so the work is done by a thread of its own and
waited for so long. A thread that hangs is left alone; while it does, and a moment after a failure, nothing is tried.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as OutOfTime
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


class Unavailable(Exception):  # noqa: N818 - an answer, which callers go on from
    """There is no answer within the budget."""


class Budget:
    """Runs work within `seconds`; after a failure it rests for `rest` seconds. `monotonic` is a clock in seconds."""

    def __init__(self, seconds: float, *, monotonic: Callable[[], float], rest: float = 1.0) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._rest = rest
        self._until = float("-inf")
        self._thread: ThreadPoolExecutor | None = None
        self._running: Future[object] | None = None
        self._lock = Lock()

    def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises `Unavailable` if it fails, takes too long, or something did so a moment ago."""
        with self._lock:
            if self._monotonic() < self._until:
                raise Unavailable("resting after a failure")
            if self._running is not None and not self._running.done():
                raise Unavailable("an earlier call hangs")
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, thread_name_prefix="routing")
            future = self._thread.submit(work)
            self._running = future  # type: ignore[assignment]
            try:
                return future.result(self._seconds)
            except OutOfTime:
                problem = "no answer within the budget"
            except Exception as error:  # noqa: BLE001 - whatever Redis, TLS or the secret's store raise
                problem = type(error).__name__
            self._until = self._monotonic() + self._rest
        raise Unavailable(problem)
