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
    answer,
    exports_of,
    subject_of,
)
from ._account import DELETED, NO_ACCOUNT, REFUSED, SENT, Accounts, MailRefused

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

        Raises `NotTheirs`, `NotDeleted`, `MailRefused`, `LeaseLost`, `Canceled`, `OutOfTime`, or what botocore does.
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
            judged = self._judge(found, exports_are_over=exports_are_over)
            if judged is not None:
                return judged

    def _begin(self) -> None:
        parts, request = self._parts, self._request
        parts.steps.record(request, "start")
        # Before anything is done: whatever follows, after a restore this person is erased again.
        parts.steps.enter(request, "begun")
        self._fence()
        parts.requests.bury(request, expires_at=self._expiry())
        self._fence()
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
        # Its number is its own whatever becomes of it: what a search came to is never taken for another's.
        self._move(passes=self._request.passes + 1)
        parts, request = self._parts, self._request
        for session_ids in parts.discovery.unentered(self._subject, request.customer_id):
            parts.discovery.enter(self._subject, session_ids, now=parts.clock())
        sessions, locked = 0, LockedUntil()
        for session_id in parts.discovery.entered(self._subject):
            erased = parts.eraser.erase(session_id, self._subject, request.customer_id, self._counted)
            sessions += bool(erased.items or erased.versions)
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
        if found.sessions or found.exports:
            self._searched(f"sessions {found.sessions} exports {found.exports}")
            self._move(state=RUNNING, empty_passes=0)
            return None
        if found.locked.versions:
            self._searched(f"locked {found.locked.versions}")
            self._move(state=PENDING_RETENTION, empty_passes=0, locked_until=found.locked.until)
            return self._wait(found.locked.until)
        self._searched("empty")
        empty = self._request.empty_passes + 1
        self._move(state=VERIFYING, empty_passes=empty, last_pass_at=now)
        if empty == 1:
            return self._wait(now + 1000 * parts.rest)
        if not exports_are_over:
            return self._wait(self._request.exports_until + 1)
        return self._finish()

    def _searched(self, outcome: str) -> None:
        self._parts.steps.record(self._request, f"search-{self._request.passes:03d}", outcome)

    def _finish(self) -> Answer:
        parts, steps = self._parts, self._parts.steps
        steps.record(self._request, "verified")
        if not self._request.confirmed:
            self._move(confirmed=self._confirm())
        steps.record(self._request, "confirmed", self._request.confirmed)
        if not self._request.account:
            self._move(account=self._delete_account())
        steps.record(self._request, "account", self._request.account)
        # From here on, and not from the beginning, they are kept: a hold or a lock may have lasted for years.
        steps.enter(self._request, "done")
        self._fence()
        parts.requests.bury(self._request, expires_at=self._expiry())
        self._move(
            state=DONE,
            finished_at=parts.clock(),
            expires_at=self._expiry(),
            remove=("customer_id", "lease_by", "lease_until"),
        )
        # Last: there is no end in the audit while anything of the person stands.
        steps.record(self._request, "finish")
        count(ERASURES)
        return answer(self._request)

    def _confirm(self) -> str:
        request = self._request
        self._fence()
        try:
            return self._parts.accounts.confirm(request.customer_id, request.request_id)
        except MailRefused:
            # A person looks at it, and begins again; what is refused then, too, is not worth the person's data.
            if 0 < request.mail_refused < request.attempt:
                return REFUSED
            self._move(mail_refused=request.attempt)
            raise

    def _delete_account(self) -> str:
        self._fence()
        account = self._parts.accounts.delete(self._request.customer_id)
        # Deleted before, and its answer was lost.
        return DELETED if account == NO_ACCOUNT and self._request.confirmed in (SENT, REFUSED) else account

    def _fence(self) -> None:
        """Before what no transaction holds together with the request: go on only if nobody has stopped it."""
        self._parts.requests.fence(self._request, me=self._me)

    def _expiry(self) -> int:
        return self._parts.clock() // 1000 + self._parts.keep_seconds

    def _move(self, *, remove: tuple[str, ...] = (), **values: str | int) -> None:
        self._request = self._parts.requests.move(self._request, me=self._me, remove=remove, **values)

    def _wait(self, until: int) -> Answer:
        seconds = -(-(until - self._parts.clock()) // 1000)
        return answer(self._request, wait=min(max(seconds, 1), DAY))
