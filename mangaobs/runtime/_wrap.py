"""Putting something around a call, whatever kind of function is called.

`Around.enter` runs before the call and `Around.leave` after it, with its result or its exception. Coroutines and
generators have a module of their own, since few functions are any.
"""

from __future__ import annotations

from functools import partial, wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol, TypeVar

    from mangaobs.runtime._context import Frame

    F = TypeVar("F", bound=Callable[..., Any])

    class Around(Protocol):
        """What happens before and after a call. Neither half raises anything of its own."""

        def enter(self, args: tuple[object, ...], kwargs: dict[str, object]) -> Frame | None:
            """Open a frame and make it the current one."""

        def leave(self, frame: Frame | None, result: object, error: BaseException | None) -> None:
            """Close the frame, and make its parent the current one."""


_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200  # code flags; `inspect` would cost a cold start


def wrapped(function: F, around: Around) -> F:
    """`function` with `around` around each call: the same signature, the same kind of function."""
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(wrapped(function.__func__, around))
    if not callable(function):
        raise TypeError(f"a decorator of functions was given {function!r}")
    flags = _flags(function)
    if flags & (_GENERATOR | _COROUTINE | _ASYNC_GENERATOR):
        from mangaobs.runtime import _wrap_suspending as kinds

        if flags & _COROUTINE:
            return kinds.coroutine(function, around)
        if flags & _GENERATOR:
            return kinds.generator(function, around)
        return kinds.async_generator(function, around)

    enter, leave = around.enter, around.leave

    @wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        frame = enter(args, kwargs)
        try:
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                leave(frame, None, error)
                raise
            leave(frame, result, None)
        except BaseException:
            # A signal handler may have raised in `leave` itself.
            from mangaobs.runtime._context import leave as end

            end(frame)
            raise
        return result

    return call  # type: ignore[return-value]


def _flags(function: object) -> int:
    """The flags of what is really called: within a partial, or an object's `__call__`."""
    while isinstance(function, partial):
        function = function.func
    code = getattr(function, "__code__", None) or getattr(getattr(type(function), "__call__", None), "__code__", None)  # noqa: B004
    flags: int = getattr(code, "co_flags", 0)
    return flags
