"""A person's erasure, as one invocation goes on with it: whatever broke off before, the next one finds its place.

Begun: the audit's start, the ledger, the tombstone, after which no session begins. Then searches: every session that is
found is erased whole. When two searches in a row, some time apart, find nothing, the person is told, the account is
deleted, the request forgets whose it was, and the audit has its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mangaobs.runtime import count

from ..signals import ERASURES
from ..subjects import (
    ACCESS,
    DAY,
    DONE,
    PENDING_RETENTION,
    RUNNING,
    VERIFIED,
    VERIFYING,
    Answer,
    Discovery,
    Eraser,
    LockedUntil,
    Objects,
    Request,
    Requests,
    Steps,
    exports_of,
    subject_of,
)
from ._account import DELETED, NO_ACCOUNT, SENT, Accounts

if TYPE_CHECKING:
    from ..sessions import Check


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
    """Erases people: `Worker`'s work on one request."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def __call__(self, request: Request, me: str) -> Answer:
        """Go on with a request that `me` has leased.

        Raises `NotTheirs`, `NotDeleted`, `LeaseLost`, `Canceled`, `OutOfTime`, or what botocore does.
        """
        return _Run(self._parts, request, me).go_on()


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
            # Before the search: what is put while it looks is looked for again.
            exports_are_over = parts.clock() > self._request.exports_until
            found = self._search()
            answer = self._judge(found, exports_are_over=exports_are_over)
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
        requests = self._parts.requests
        while (export := requests.load(ACCESS, self._subject)) is not None:
            if export.lease_until > self._request.exports_until:
                self._move(exports_until=export.lease_until)
            if requests.delete(export):
                return  # else somebody has taken the lease meanwhile

    def _search(self) -> Found:
        parts, request = self._parts, self._request
        for session_ids in parts.discovery.unentered(self._subject, request.customer_id):
            parts.discovery.enter(self._subject, session_ids, now=parts.clock())
        sessions, locked = 0, LockedUntil()
        for session_id in parts.discovery.entered(self._subject):
            erased = parts.eraser.erase(session_id, self._subject, request.customer_id, self._counted)
            sessions += bool(erased.sessions or erased.items or erased.versions)
            locked = locked.joined(erased.locked)
        exports = parts.exports.purge(exports_of(self._subject), now=parts.clock())
        return Found(sessions, exports.versions, locked.joined(exports.locked))

    def _counted(self, items: int, sessions: int, versions: int) -> Check:
        return self._parts.requests.counted(
            self._request, me=self._me, items=items, sessions=sessions, versions=versions
        )

    def _judge(self, found: Found, *, exports_are_over: bool) -> Answer | None:
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
        if not exports_are_over:
            return self._wait(self._request.exports_until + 1)
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
        return Answer(self._request.request_id, self._request.state, min(max(seconds, 1), DAY))
