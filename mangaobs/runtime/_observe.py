"""`observe`: what a handler is decorated with.

Here is only what an import needs; what happens at an invocation is in `_invocation`.
"""

from __future__ import annotations

from mangaobs.runtime._wrap import wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, overload

    from mangaobs.runtime._context import Frame
    from mangaobs.runtime._invocation import Invocations
    from mangaobs.runtime._operation import Decorator
    from mangaobs.runtime._wrap import F

    @overload
    def observe(handler: F, /) -> F: ...

    @overload
    def observe(
        *,
        session: Callable[[Any], object] | None = None,
        correlation: Callable[[Any], object] | None = None,
        raw_session: bool = False,
    ) -> Decorator: ...

    def observe(
        handler: Any = None,
        /,
        *,
        session: Callable[[Any], object] | None = None,
        correlation: Callable[[Any], object] | None = None,
        raw_session: bool = False,
    ) -> Any: ...


class Observation:
    """How handlers are observed. `session` and `correlation` get the event; what they raise is passed over."""

    __slots__ = ("correlation", "raw_session", "session")

    def __init__(
        self,
        session: Callable[[Any], object] | None,
        correlation: Callable[[Any], object] | None,
        raw_session: bool,  # noqa: FBT001 - private
    ) -> None:
        for name, find in (("session", session), ("correlation", correlation)):
            if find is not None and not callable(find):
                from mangaobs.errors import DefinitionError

                raise DefinitionError(
                    f"observe({name}={find!r}) is no function", right=f'for example {name}=lambda event: event["id"]'
                )
        self.session = session
        self.correlation = correlation
        self.raw_session = raw_session

    def __call__(self, handler: F, /) -> F:
        return wrapped(handler, Observed(self, getattr(handler, "__name__", "handler")))


class Observed:
    """One handler that is observed."""

    __slots__ = ("name", "observation", "running")

    def __init__(self, observation: Observation, name: str) -> None:
        self.observation = observation
        self.name = name
        self.running: Invocations | None = None

    def enter(self, args: tuple[object, ...], kwargs: dict[str, object]) -> Frame | None:
        return (self.running or self._start()).enter(args, kwargs)

    def leave(self, frame: Frame | None, result: object, error: BaseException | None) -> None:
        (self.running or self._start()).leave(frame, result, error)

    def _start(self) -> Invocations:
        from mangaobs.runtime._invocation import Invocations

        self.running = Invocations(self.observation, self.name)
        return self.running


if not TYPE_CHECKING:

    def observe(handler=None, /, *, session=None, correlation=None, raw_session=False):  # noqa: ANN001, ANN202 - above
        """A decorator for Lambda handlers, bare or with arguments.

        Every line of the invocation has its ids; when it ends they are gone, its metrics are written, its subsegment is
        closed and one `invocation` line sums it up: `duration_ms`, `outcome`, `remaining_ms`, `error_type`,
        `http_status`. Shortly before the timeout a `deadline_near` line says what is still open, and what would be lost
        is written. What the handler raises is raised on, untouched.

        `session` finds the session id in the event; lines carry its keyed hash, or itself with `raw_session`.
        `correlation` finds the caller's request id; API Gateway's is found without it.
        """
        observation = Observation(session, correlation, raw_session)
        return observation if handler is None else observation(handler)
