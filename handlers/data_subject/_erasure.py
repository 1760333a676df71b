"""A person's erasure, as one invocation goes on with it: whatever broke off before, the next one finds its place.

Begun: the audit's start, the ledger, the tombstone, after which no session begins. Then searches: every session that is
found is erased whole. When two searches in a row, some time apart, find nothing, the person is told, the account is
deleted, the request forgets whose it was, and the audit has its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from mangaobs.runtime import count, measure

from .._entry import Context
from ..sessions import Canceled
from ..signals import DATA_REQUEST_AGE, ERASURE_FAILURES, ERASURES
from ..subjects import (
    ACCESS,
    DONE,
    ERASURE,
    FAILED,
    PENDING_RETENTION,
    REQUESTED,
    RUNNING,
    VERIFIED,
    VERIFYING,
    Deadline,
    Discovery,
    Eraser,
    LeaseLost,
    LockedUntil,
    Objects,
    OutOfTime,
    Request,
    Requests,
    Steps,
    subject_of,
)
from ._account import DELETED, NO_ACCOUNT, SENT, Accounts

if TYPE_CHECKING:
    from ..sessions import Check

_DAY: Final = 24 * 3600  # seconds
_LONGEST_WAIT: Final = _DAY  # how old a request is has to be told each day
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


class Found(msgspec.Struct, frozen=True):
    """What a search came upon: how many sessions, how many versions of exports, and what is locked."""

    sessions: int
    exports: int
    locked: LockedUntil


class Parts(NamedTuple):
    """What an erasure is made of. `clock` is in epoch milliseconds.

    `rest` are the seconds between two searches that find nothing; `keep_seconds` is how long the tombstone and the
    request stay, which is longer than any backup.
    """

    requests: Requests
    discovery: Discovery
    eraser: Eraser
    exports: Objects
    steps: Steps
    accounts: Accounts
    clock: Callable[[], int]
    rest: int
    keep_seconds: int


class Erasure:
    """Erases people."""

    def __init__(self, parts: Parts, deadline: Deadline) -> None:
        self._parts = parts
        self._deadline = deadline

    def __call__(self, event: object, context: Context) -> dict[str, object]:
        """Go on with a request for as long as there is time.

        Raises `InvalidInput`, `NotTheirs`, `NotDeleted`, or what botocore does, which the state machine tries again.
        """
        try:
            task = msgspec.convert(event, Task)
            subject = subject_of(task.request_id)
        except (msgspec.ValidationError, ValueError):
            raise InvalidInput("request_id: the id of a request") from None
        self._deadline.begin(context)
        request = self._parts.requests.load(ERASURE, subject)
        if request is None or request.request_id != task.request_id:
            raise InvalidInput("no such request stands")
        if request.state != DONE:
            measure(DATA_REQUEST_AGE, (self._parts.clock() - request.requested_at) / 1000)
        answer = self._failed(request) if task.failed else self._answer(request, context)
        return {"request_id": answer.request_id, "state": answer.state, "wait": answer.wait}

    def _answer(self, request: Request, context: Context) -> Answer:
        if request.state == DONE:
            return self._ended(request)
        if request.held or request.state in (REQUESTED, FAILED):
            return Answer(request.request_id, request.shown, _DAY)
        now = self._parts.clock()
        me = context.aws_request_id
        until = now + context.get_remaining_time_in_millis() + _LEASE_AFTER_MS
        leased = self._parts.requests.lease(request, me=me, now=now, until=until)
        if leased is None:
            return self._joined(request, now)
        try:
            answer = _Run(self._parts, leased, me).go_on()
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
        standing = self._parts.requests.load(ERASURE, subject_of(request.request_id))
        if standing is None or standing.request_id != request.request_id:
            raise InvalidInput("no such request stands")
        if standing.state == DONE:
            return self._ended(standing)
        wait = _DAY if standing.held else max(1, -(-(standing.lease_until - now) // 1000))
        return Answer(request.request_id, standing.shown, wait)

    def _ended(self, request: Request) -> Answer:
        """The answer for what is done; what was cut off or whose answer was lost may lack the audit's end."""
        self._parts.steps.record(request, "finish")
        return Answer(request.request_id, DONE)

    def _released(self, request: Request, me: str) -> None:
        """Give the lease back, if that can be: it ends by itself."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._parts.requests.release(request, me=me)
        except (ClientError, BotoCoreError, OutOfTime):
            return

    def _failed(self, request: Request) -> Answer:
        if request.state == DONE:
            return self._ended(request)
        if request.state != FAILED:
            try:
                request = self._parts.requests.change(
                    request,
                    "#state <> :done",
                    {":done": DONE, ":failed": FAILED},
                    "SET #state = :failed REMOVE lease_by, lease_until",
                )
            except LeaseLost:
                return self._joined(request, self._parts.clock())
        self._parts.steps.record(request, "failed")
        count(ERASURE_FAILURES)
        return Answer(request.request_id, FAILED, _DAY)


class _Run:
    """One invocation's work on a request that is leased."""

    def __init__(self, parts: Parts, request: Request, me: str) -> None:
        self._parts = parts
        self._request = request
        self._me = me
        self._subject = subject_of(request.request_id)

    def go_on(self) -> Answer:
        if self._request.state == VERIFIED:
            self._begin()
        while True:
            parts, request = self._parts, self._request
            rested = request.last_pass_at + 1000 * parts.rest
            if request.state == VERIFYING and parts.clock() < rested:
                return self._wait(rested)
            self._stop_exports()
            found = self._search()
            answer = self._judge(found)
            if answer is not None:
                return answer

    def _begin(self) -> None:
        parts, request = self._parts, self._request
        parts.steps.record(request, "start")
        # Before anything is done: whatever follows, after a restore this person is erased again.
        parts.steps.enter(request)
        parts.requests.bury(request, expires_at=parts.clock() // 1000 + parts.keep_seconds)
        parts.accounts.close(request.customer_id)
        parts.steps.record(request, "closed")
        self._move(state=RUNNING)

    def _stop_exports(self) -> None:
        """Take away the request that gives the data out. Who makes an export may be at it until the lease ends."""
        parts = self._parts
        export = parts.requests.load(ACCESS, self._subject)
        if export is None:
            return
        if export.lease_until > self._request.exports_until:
            self._move(exports_until=export.lease_until)
        parts.requests.delete(ACCESS, self._subject)

    def _search(self) -> Found:
        parts, request = self._parts, self._request
        for session_ids in parts.discovery.unentered(self._subject, request.customer_id):
            parts.discovery.enter(self._subject, session_ids, now=parts.clock())
        sessions, locked = 0, LockedUntil()
        for session_id in parts.discovery.entered(self._subject):
            erased = parts.eraser.erase(session_id, self._subject, request.customer_id, self._counted)
            sessions += bool(erased.sessions or erased.items or erased.versions)
            locked = locked.joined(erased.locked)
        exports = parts.exports.purge(f"subjects/{self._subject}/", now=parts.clock())
        return Found(sessions, exports.versions, locked.joined(exports.locked))

    def _counted(self, items: int, sessions: int, versions: int) -> Check:
        return self._parts.requests.counted(
            self._request, me=self._me, items=items, sessions=sessions, versions=versions
        )

    def _judge(self, found: Found) -> Answer | None:
        """What follows from a search; None if another one is to follow at once."""
        parts, now = self._parts, self._parts.clock()
        passes = self._request.passes + 1
        if found.sessions or found.exports:
            self._move(state=RUNNING, passes=passes, empty_passes=0)
            detail = f"sessions {found.sessions} exports {found.exports}"
            parts.steps.record(self._request, f"search-{passes:03d}", detail)
            return None
        if found.locked.versions:
            self._move(state=PENDING_RETENTION, passes=passes, empty_passes=0, locked_until=found.locked.until)
            parts.steps.record(self._request, f"search-{passes:03d}", f"locked {found.locked.versions}")
            return self._wait(found.locked.until)
        empty = self._request.empty_passes + 1
        self._move(state=VERIFYING, passes=passes, empty_passes=empty, last_pass_at=now)
        parts.steps.record(self._request, f"search-{passes:03d}", "empty")
        if empty == 1:
            return self._wait(now + 1000 * parts.rest)
        if now <= self._request.exports_until:
            return self._wait(self._request.exports_until)
        return self._finish()

    def _finish(self) -> Answer:
        parts, request = self._parts, self._request
        parts.steps.record(request, "verified")
        if not request.confirmed:
            self._move(confirmed=parts.accounts.confirm(request.customer_id, request.request_id))
            parts.steps.record(self._request, "confirmed", self._request.confirmed)
        if not request.account:
            account = parts.accounts.delete(request.customer_id)
            if account == NO_ACCOUNT and self._request.confirmed == SENT:
                account = DELETED  # before, and its answer was lost
            self._move(account=account)
            parts.steps.record(self._request, "account", account)
        now = parts.clock()
        self._move(
            state=DONE,
            finished_at=now,
            expires_at=now // 1000 + parts.keep_seconds,
            remove=("customer_id", "lease_by", "lease_until"),
        )
        # Last: there is no end in the audit while anything of the person stands.
        parts.steps.record(self._request, "finish")
        count(ERASURES)
        return Answer(self._request.request_id, DONE)

    def _move(self, *, remove: tuple[str, ...] = (), **values: str | int) -> None:
        self._request = self._parts.requests.move(self._request, me=self._me, remove=remove, **values)

    def _wait(self, until: int) -> Answer:
        seconds = -(-(until - self._parts.clock()) // 1000)
        return Answer(self._request.request_id, self._request.state, min(max(seconds, 1), _LONGEST_WAIT))
