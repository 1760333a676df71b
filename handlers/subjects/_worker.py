"""A request, as one invocation goes on with it: leased, worked on for as long as there is time, answered.

The answer says to the state machine when to call again, so that whatever breaks off is gone on with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from mangaobs.runtime import count, measure

from .._clients import code_of
from ..sessions import Canceled
from ..signals import DATA_REQUEST_AGE, DATA_REQUEST_FAILURES
from ._patience import Deadline, OutOfTime
from ._request import DONE, FAILED, OVER, REQUESTED, Request, kind_of, subject_of
from ._requests import Changed, LeaseLost, Requests
from ._steps import Steps

if TYPE_CHECKING:
    from .._entry import Context

DAY: Final = 24 * 3600  # seconds; how old a request is has to be told each day
_LEASE_AFTER_MS: Final = 1000  # Lambda ends a function a little after its time
_WAITING: Final = (REQUESTED, FAILED)  # for a person to decide


class InvalidInput(Exception):  # noqa: N818 - the name that the state machine catches
    """The task's input is wrong, or there is no such request."""


class Broken(Exception):  # noqa: N818 - it was not this work that was wrong
    """What broke off the work, by its code alone: a message may quote a person, and Step Functions would keep it."""

    def __init__(self, error: Exception) -> None:
        code = code_of(error)
        super().__init__(code)
        self.response = {"Error": {"Code": code}}  # where lines of the log have `error_type` from


class Task(msgspec.Struct, frozen=True):
    """The input. `failed`: every call of the state machine for this `attempt` was in vain."""

    request_id: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[a-z0-9-]+\Z")]
    failed: bool = False
    attempt: int = 0


class Answer(msgspec.Struct, frozen=True):
    """The output: the request's state and attempt, and the seconds after which to go on."""

    request_id: str
    state: str
    attempt: int
    wait: int = 1


def answer(request: Request, *, wait: int = 1) -> Answer:
    """The answer about a request as it stands."""
    return Answer(request.request_id, request.shown, request.attempt, wait)


class Worker:
    """Works on requests whose kinds are `kinds`. `run` gets a request and the name under which it is leased.

    `clock` is in epoch milliseconds.
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
    ) -> None:
        self._run = run
        self._kinds = kinds
        self._requests = requests
        self._steps = steps
        self._deadline = deadline
        self._clock = clock

    def __call__(self, event: object, context: Context) -> dict[str, object]:
        """Go on with a request for as long as there is time.

        Raises `InvalidInput`, or `Broken`, which the state machine tries again.
        """
        try:
            task = msgspec.convert(event, Task)
            kind = kind_of(task.request_id)
        except (msgspec.ValidationError, ValueError):
            raise InvalidInput("request_id: the id of a request") from None
        if kind not in self._kinds:
            raise InvalidInput("the request is of another kind")
        self._deadline.begin(context)
        try:
            return msgspec.to_builtins(self._answered(task, context))  # type: ignore[no-any-return]
        except InvalidInput:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it says nothing of a person
            raise Broken(error) from None

    def _answered(self, task: Task, context: Context) -> Answer:
        request = self._standing(task.request_id)
        if request.state in OVER:
            return self._ended(request)
        measure(DATA_REQUEST_AGE, (self._clock() - request.requested_at) / 1000)
        return self._failed(request, task.attempt) if task.failed else self._worked(request, context)

    def _standing(self, request_id: str) -> Request:
        request = self._requests.load(kind_of(request_id), subject_of(request_id))
        if request is None or request.request_id != request_id:
            raise InvalidInput("no such request stands")
        return request

    def _worked(self, request: Request, context: Context) -> Answer:
        if request.held or request.state in _WAITING:
            return answer(request, wait=DAY)
        now = self._clock()
        me = context.aws_request_id
        until = now + context.get_remaining_time_in_millis() + _LEASE_AFTER_MS
        leased = self._requests.lease(request, me=me, now=now, until=until)
        if leased is None:
            return self._joined(request, now)
        try:
            done = self._run(leased, me)
        except OutOfTime:
            self._released(leased, me)
            return answer(leased)
        except (LeaseLost, Canceled):
            return self._joined(request, now)
        except Exception:
            self._released(leased, me)
            raise
        if done.state != DONE:
            self._released(leased, me)
        return done

    def _joined(self, request: Request, now: int) -> Answer:
        """Another one is at it, or a decision came between: what the state machine does meanwhile."""
        standing = self._standing(request.request_id)
        if standing.state in OVER:
            return self._ended(standing)
        if standing.held or standing.state in _WAITING:
            return answer(standing, wait=DAY)
        return answer(standing, wait=max(1, -(-(standing.lease_until - now) // 1000)))

    def _ended(self, request: Request) -> Answer:
        """The answer for what is over; what was cut off or whose answer was lost may lack the audit's end."""
        if request.state == DONE:
            self._steps.record(request, "finish")
        return answer(request)

    def _released(self, request: Request, me: str) -> None:
        """Give the lease back, if that can be: it ends by itself."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._requests.release(request, me=me)
        except (ClientError, BotoCoreError):
            return

    def _failed(self, request: Request, attempt: int) -> Answer:
        """Note that an attempt failed. One that somebody has begun since goes on."""
        if request.attempt == attempt:
            try:
                # Who was cut off still has it, for as long as that.
                request = self._requests.fail(request, now=self._clock() + 2 * _LEASE_AFTER_MS)
            except Changed:
                return self._joined(request, self._clock())
            self._steps.record(request, "failed")
            count(DATA_REQUEST_FAILURES)
        return answer(request, wait=DAY if request.state in _WAITING else 1)
