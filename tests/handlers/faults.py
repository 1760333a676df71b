"""Faults at the edge of botocore: calls that AWS refuses, answers that are lost, a process that dies.

They are given to a client of the test; the product's code knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSResponse

Undo = Callable[[], None]


class Crash(BaseException):
    """The process dies here."""


def _named(client: Any, event: str, operation: str) -> str:
    return f"{event}.{client.meta.service_model.service_id.hyphenize()}.{operation}"


def refuse(
    client: Any,
    operation: str,
    *,
    code: str = "ProvisionedThroughputExceededException",
    after: int = 0,
    times: int | None = None,
) -> Undo:
    """AWS refuses calls of `operation` with `code`, after so many and so many times. Returns what ends it."""
    seen: list[str] = []

    def before_call(**_: Any) -> Any:
        seen.append(operation)
        if len(seen) <= after or (times is not None and len(seen) > after + times):
            return None
        answer = {"Error": {"Code": code, "Message": "as the test has it"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        return AWSResponse("http://test", 400, {}, None), answer

    event = _named(client, "before-call", operation)
    client.meta.events.register(event, before_call)
    return lambda: client.meta.events.unregister(event, before_call)


def lose_answer(client: Any, operation: str, *, after: int = 0, times: int = 1) -> Undo:
    """Calls of `operation` are done, but what came back says that AWS failed. Returns what ends it."""
    seen: list[str] = []

    def after_call(http_response: AWSResponse, parsed: dict[str, Any], **_: Any) -> None:
        seen.append(operation)
        if after < len(seen) <= after + times and http_response.status_code < 300:
            http_response.status_code = 500
            parsed["Error"] = {"Code": "InternalServerError", "Message": "as the test has it"}

    event = _named(client, "after-call", operation)
    client.meta.events.register(event, after_call)
    return lambda: client.meta.events.unregister(event, after_call)


class Crashes:
    """Counts the points before and after each call of some clients, and lets the process die at one of them."""

    def __init__(self, *clients: Any) -> None:
        self.points = 0
        self.at: int | None = None
        self.passed: list[str] = []
        self._clients = clients
        for client in clients:
            client.meta.events.register("before-call", self._before)
            client.meta.events.register("after-call", self._after)

    def _before(self, model: Any, **_: Any) -> None:
        self._pass(f"before {model.name}")

    def _after(self, model: Any, **_: Any) -> None:
        self._pass(f"after {model.name}")

    def _pass(self, point: str) -> None:
        self.points += 1
        self.passed.append(point)
        if self.points == self.at:
            raise Crash(point)

    def close(self) -> None:
        for client in self._clients:
            client.meta.events.unregister("before-call", self._before)
            client.meta.events.unregister("after-call", self._after)
