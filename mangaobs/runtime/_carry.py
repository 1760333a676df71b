"""Threads: carrying the invocation into them. Tasks of asyncio need nothing of this."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")


def carry(function: Callable[P, R]) -> Callable[P, R]:
    """`function` as it would run here and now, wherever it runs: `Thread(target=carry(load))`."""
    context = copy_context()

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        # A context can be entered once at a time, and a function may be given to several threads.
        return context.copy().run(function, *args, **kwargs)

    return call


class ContextThreadPoolExecutor(ThreadPoolExecutor):
    """A thread pool whose work belongs to the invocation that submits it, `map` included."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """As `ThreadPoolExecutor.submit`."""
        return super().submit(carry(fn), *args, **kwargs)
