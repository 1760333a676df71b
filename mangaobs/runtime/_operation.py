"""Decorators that time a call, write its line and its subsegment, and re-raise what it raises.

    @log_dynamodb_operation("Query:LoadTurns", turn_count=lambda response: response["Count"])
    def load_turns(session_id): ...

Here is only what an import needs; what happens at a call is in `_running`.
"""

from __future__ import annotations

from mangaobs.runtime._wrap import wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from mangaobs.runtime._context import Frame
    from mangaobs.runtime._running import Running
    from mangaobs.runtime._wrap import F
    from mangaobs.signals import LogEvent

    class Decorator(Protocol):
        """Takes a function and gives one of the same type."""

        def __call__(self, function: F, /) -> F:
            """`function`, observed."""

    class Around(Decorator, Protocol):
        """The same, or goes around a block: `with log_step("LoadContext"):`, by one thread at a time."""

        def __enter__(self) -> None:
            """Begin the operation."""

        def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
            """End it."""


class Operation:
    """An operation as it is declared: `event` is the kind of its line, `fields` what the line has beside the measured.

    A field that is callable is called with the result; if it raises, the line goes without it.
    """

    __slots__ = ("blocks", "derived", "event", "name", "reads", "running", "static")

    def __init__(self, event: str, name: str, reads: str, fields: dict[str, object]) -> None:
        if not isinstance(name, str) or not name:
            from mangaobs.errors import DefinitionError

            raise DefinitionError(
                f"an operation is named by a text, not by {name!r}", right='for example @log_step("LoadContext")'
            )
        self.event = event
        self.name = name
        self.reads = reads
        self.static: dict[str, object] = {}
        self.derived: dict[str, Callable[..., object]] = {}
        for key, value in fields.items():
            if callable(value):
                self.derived[key] = value
            elif value is not None:
                self.static[key] = value
        self.running: Running | None = None
        self.blocks: list[Frame | None] = []  # the blocks that it is around, the innermost last

    def enter(self, _: tuple[object, ...], __: dict[str, object]) -> Frame | None:
        return (self.running or self._start()).enter()

    def leave(self, frame: Frame | None, result: object, error: BaseException | None) -> None:
        (self.running or self._start()).leave(frame, result, error)

    def _start(self) -> Running:
        from mangaobs.runtime._running import Running

        self.running = Running(self)
        return self.running

    def __call__(self, function: F, /) -> F:
        return wrapped(function, self)

    def __enter__(self) -> None:
        frame = self.enter((), {})
        if frame is not None:
            frame.block = True
        self.blocks.append(frame)

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self.leave(self.blocks.pop(), None, error)


def log_dynamodb_operation(
    operation: str, *, table: str | Callable[..., object] | None = None, **fields: object
) -> Around:
    """A DynamoDB call: `operation` is the call and its purpose, such as `Query:LoadTurns`.

    The line has `duration_ms`, `status` (success, error or canceled), `table`, and as far as the response or an
    instrumented client tells: `retries`, `http_status`, `consumed_capacity`, `item_count`; on failure `error_type`, the
    AWS error code. `table` is taken from the response or the variable SESSION_TABLE if it is not given.
    """
    return Operation("dynamodb_operation", operation, "dynamodb_facts", {"table": table, **fields})


def log_bedrock_invocation(operation: str, *, model: str | Callable[..., object], **fields: object) -> Around:
    """A model invocation: as the others, with `model`, and the answer's `input_tokens` and `output_tokens`.

    What only the function knows, such as `first_token_ms` of a stream, it adds with `summarize_operation`.
    """
    return Operation("bedrock_invocation", operation, "bedrock_facts", {"model": model, **fields})


def log_redis_operation(operation: str, **fields: object) -> Around:
    """A Redis call."""
    return Operation("redis_operation", operation, "", fields)


def log_publish_operation(operation: str, *, destination: str | Callable[..., object], **fields: object) -> Around:
    """Something handed to SNS, Kinesis, EventBridge or SQS; `destination` is the topic, stream, bus or queue."""
    return Operation("publish_operation", operation, "response_facts", {"destination": destination, **fields})


def log_step(operation: str, **fields: object) -> Around:
    """A named step of a handler, such as `LoadContext`."""
    return Operation("step", operation, "response_facts", fields)


def log_operation(event: LogEvent | str, operation: str, **fields: object) -> Around:
    """An operation of a kind of your own: `event` is its declaration or its name."""
    name = event if isinstance(event, str) else getattr(event, "name", None)
    if not isinstance(name, str):
        from mangaobs.errors import DefinitionError

        raise DefinitionError(f"{event!r} is no kind of line", right="a LogEvent, or the name of one")
    return Operation(name, operation, "response_facts", fields)
