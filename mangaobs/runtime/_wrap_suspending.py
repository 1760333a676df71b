"""The kinds of functions that stop in the middle: coroutines and generators.

While a generator is suspended its caller runs, so what is open within the generator is current only while the
generator itself runs. What a generator returns, for the fields that are made from results, is how many items it gave.
"""

from __future__ import annotations

from functools import wraps

from mangaobs.runtime._context import CURRENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from typing import Any, TypeVar

    from mangaobs.runtime._context import Frame
    from mangaobs.runtime._wrap import Around, F

    T = TypeVar("T")


def coroutine(function: F, around: Around) -> F:
    """For `async def`."""

    @wraps(function)
    async def call(*args: object, **kwargs: object) -> object:
        frame = around.enter(args, kwargs)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            around.leave(frame, None, error)
            raise
        around.leave(frame, result, None)
        return result

    return call  # type: ignore[return-value]


def generator(function: F, around: Around) -> F:
    """For `def` with `yield`: measured from the first item that is asked for to the end."""

    @wraps(function)
    def call(*args: object, **kwargs: object) -> Generator[Any, Any, Any]:
        inner = function(*args, **kwargs)
        caller = CURRENT.get()
        frame = around.enter(args, kwargs)
        given = 0
        stopped: BaseException | None = None
        resume: Any = inner.__next__
        try:
            while True:
                item = resume()
                given += 1
                within = CURRENT.get()
                CURRENT.set(caller)
                try:
                    sent = yield item
                except BaseException as error:  # noqa: BLE001 - it belongs to the generator
                    caller = _resume(within)
                    stopped = error if isinstance(error, GeneratorExit) else None
                    resume = _throwing(inner.throw, error)
                else:
                    caller = _resume(within)
                    resume = inner.__next__ if sent is None else _sending(inner.send, sent)
        except StopIteration as stop:
            around.leave(frame, given, stopped)
            return stop.value
        except BaseException as error:
            around.leave(frame, None, error)
            raise
        finally:
            CURRENT.set(caller)

    return call  # type: ignore[return-value]


def async_generator(function: F, around: Around) -> F:
    """For `async def` with `yield`."""

    @wraps(function)
    async def call(*args: object, **kwargs: object) -> AsyncGenerator[Any, Any]:
        inner = function(*args, **kwargs)
        caller = CURRENT.get()
        frame = around.enter(args, kwargs)
        given = 0
        stopped: BaseException | None = None
        resume: Any = inner.__anext__
        try:
            while True:
                item = await resume()
                given += 1
                within = CURRENT.get()
                CURRENT.set(caller)
                try:
                    sent = yield item
                except BaseException as error:  # noqa: BLE001 - it belongs to the generator
                    caller = _resume(within)
                    stopped = error if isinstance(error, GeneratorExit) else None
                    resume = _throwing(inner.athrow, error)
                else:
                    caller = _resume(within)
                    resume = inner.__anext__ if sent is None else _sending(inner.asend, sent)
        except StopAsyncIteration:
            around.leave(frame, given, stopped)
        except BaseException as error:
            around.leave(frame, None, error)
            raise
        finally:
            CURRENT.set(caller)

    return call  # type: ignore[return-value]


def _resume(within: Frame | None) -> Frame | None:
    """Make current again what was when the generator stopped; the answer is whose turn it was."""
    caller = CURRENT.get()
    CURRENT.set(within)
    return caller


def _throwing(throw: Callable[[BaseException], T], error: BaseException) -> Callable[[], T]:
    return lambda: throw(error)


def _sending(send: Callable[[object], T], value: object) -> Callable[[], T]:
    return lambda: send(value)
