"""A request, as one invocation goes on with it: leased, worked on for as long as there is time, answered.

The answer says to the state machine when to call again, so that whatever breaks off is gone on with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from mangaobs.runtime import count, measure

from ..sessions import Canceled
from ..signals import DATA_REQUEST_AGE
from ._patience import Deadline, OutOfTime
from ._request import DONE, FAILED, REQUESTED, RUNNING, Request, kind_of, subject_of
from ._requests import LeaseLost, Requests
from ._steps import Steps

if TYPE_CHECKING:
    from mangaobs.signals import MetricSignal

    from .._entry import Context

DAY: Final = 24 * 3600  # seconds; how old a request is has to be told each day
_LEASE_AFTER_MS: Final = 1000  # Lambda ends a function a little after its time


class InvalidInput(Exception):  # noqa: N818 - the name that the state machine catches
    """The task's input is wrong, or there is no such request."""


class Task(msgspec.Struct, frozen=True):
    """The input. `failed`: every attempt of the state machine was in vain."""

    request_id: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[a-z0-9-]+\Z")]
    failed: bool = False


class Answer(msgspec.Struct, frozen=True):
    """The output: the request's state, and the seconds after which to go on."""

    request_id: str
    state: str
    wait: int = 1


class Worker:
    """Works on requests whose kinds are `kinds`. `run` gets a request and the name under which it is leased.

    `failures` counts those that every attempt failed at; `clock` is in epoch milliseconds.
    """

    def __init__(
        self,
        run: Callable[[Request, str], Answer],
        *,
        kinds: frozenset[str],
        requests: Requests,
        steps: Steps,
        deadline: Deadline,
        clock: Callable[[], int],
        failures: MetricSignal | None = None,
    ) -> None:
        self._run = run
        self._kinds = kinds
        self._requests = requests
        self._steps = steps
        self._deadline = deadline
        self._clock = clock
        self._failures = failures

    def __call__(self, event: object, context: Context) -> dict[str, object]:
        """Go on with a request for as long as there is time.

        Raises `InvalidInput`, or what `run` or botocore does, which the state machine tries again.
        """
        try:
            task = msgspec.convert(event, Task)
            kind = kind_of(task.request_id)
        except (msgspec.ValidationError, ValueError):
            raise InvalidInput("request_id: the id of a request") from None
        if kind not in self._kinds:
            raise InvalidInput("the request is of another kind")
        self._deadline.begin(context)
        request = self._standing(task.request_id)
        if request.state != DONE:
            measure(DATA_REQUEST_AGE, (self._clock() - request.requested_at) / 1000)
        answer = self._failed(request) if task.failed else self._answer(request, context)
        return {"request_id": answer.request_id, "state": answer.state, "wait": answer.wait}

    def _standing(self, request_id: str) -> Request:
        request = self._requests.load(kind_of(request_id), subject_of(request_id))
        if request is None or request.request_id != request_id:
            raise InvalidInput("no such request stands")
        return request

    def _answer(self, request: Request, context: Context) -> Answer:
        if request.state == DONE:
            return self._ended(request)
        if request.held or request.state in (REQUESTED, FAILED):
            return Answer(request.request_id, request.shown, DAY)
        now = self._clock()
        me = context.aws_request_id
        until = now + context.get_remaining_time_in_millis() + _LEASE_AFTER_MS
        leased = self._requests.lease(request, me=me, now=now, until=until)
        if leased is None:
            return self._joined(request, now)
        try:
            answer = self._run(leased, me)
        except OutOfTime:
            self._released(leased, me)
            return Answer(request.request_id, RUNNING)
        except (LeaseLost, Canceled):
            return self._joined(request, now)
        except Exception:
            self._released(leased, me)
            raise
        if answer.state != DONE:
            self._released(leased, me)
        return answer

    def _joined(self, request: Request, now: int) -> Answer:
        """Another one is at it, or a hold came between: what the state machine does meanwhile."""
        standing = self._standing(request.request_id)
        if standing.state == DONE:
            return self._ended(standing)
        wait = DAY if standing.held else max(1, -(-(standing.lease_until - now) // 1000))
        return Answer(request.request_id, standing.shown, wait)

    def _ended(self, request: Request) -> Answer:
        """The answer for what is done; what was cut off or whose answer was lost may lack the audit's end."""
        self._steps.record(request, "finish")
        return Answer(request.request_id, DONE)

    def _released(self, request: Request, me: str) -> None:
        """Give the lease back, if that can be: it ends by itself."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._requests.release(request, me=me)
        except (ClientError, BotoCoreError):
            return

    def _failed(self, request: Request) -> Answer:
        if request.state == DONE:
            return self._ended(request)
        if request.state != FAILED:
            try:
                request = self._requests.change(
                    request,
                    "#state <> :done",
                    {":done": DONE, ":failed": FAILED},
                    "SET #state = :failed REMOVE lease_by, lease_until",
                )
            except LeaseLost:
                return self._joined(request, self._clock())
        self._steps.record(request, "failed")
        if self._failures is not None:
            count(self._failures)
        return Answer(request.request_id, FAILED, DAY)
