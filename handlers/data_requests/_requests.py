"""The routes of people's requests. Whoever asks for what is not theirs gets the answer of what there is not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta

from .._audit import Audit
from .._entry import Context
from .._http import (
    Identity,
    Refused,
    Request,
    answer,
    body_of,
    identity_of,
    path_id,
    refusal,
    request_of,
    require_group,
)
from ..subjects import (
    DONE,
    ERASURE,
    FAILED,
    REQUESTED,
    VERIFIED,
    Erased,
    LeaseLost,
    OutOfTime,
    Requests,
    kind_of,
    new_request_id,
    subject_of,
)
from ..subjects import Request as DataRequest
from ._links import Links, is_file
from ._machine import Machine

if TYPE_CHECKING:
    from .._audit import Record

_MOST_BYTES: Final = 1000
_OFFICER, _HOLDER = "privacy", "privacy-hold"
_HOUR_MS: Final = 3600 * 1000


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a request."""

    kind: Literal["erasure", "access", "portability"]


class Held(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a hold: why, as a code."""

    reason: Annotated[str, Meta(pattern=r"^[a-z][a-z_]{2,39}\Z")]


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a link: which file of the export."""

    file: Annotated[str, Meta(max_length=40)]


class Call(NamedTuple):
    """One call: the event, who makes it, and Lambda's id of it."""

    request: Request
    identity: Identity
    request_id: str


class DataRequests:
    """The API. `subject` and `hashed` make the two keyed hashes of an id; `clock` is in epoch milliseconds."""

    def __init__(
        self,
        requests: Requests,
        *,
        machine: Machine,
        links: Links,
        audit: Audit,
        subject: Callable[[str], str],
        hashed: Callable[[str], str],
        clock: Callable[[], int],
        random: Callable[[], str],
        most_links: int,
        again_after_hours: int,
        begin: Callable[[Context], None],
    ) -> None:
        self._requests = requests
        self._machine = machine
        self._links = links
        self._audit = audit
        self._subject = subject
        self._hashed = hashed
        self._clock = clock
        self._random = random
        self._most_links = most_links
        self._again_after_ms = again_after_hours * _HOUR_MS
        self._begin = begin
        one = "/privacy/requests/{request_id}"
        self._routes: dict[tuple[str, str], Callable[[Call], dict[str, Any]]] = {
            ("POST", "/privacy/requests"): self._ask,
            ("GET", one): self._show,
            ("POST", f"{one}/link"): self._link,
            ("POST", "/privacy/customers/{customer_id}/requests"): self._ask_for,
            ("POST", f"{one}/verify"): self._verify,
            ("POST", f"{one}/hold"): self._hold,
            ("POST", f"{one}/release"): self._release,
            ("POST", f"{one}/resume"): self._resume,
        }

    def __call__(self, event: object, context: Context) -> dict[str, Any]:
        """Answer one proxy event."""
        from botocore.exceptions import BotoCoreError, ClientError

        self._begin(context)
        try:
            request = request_of(event)
            work = self._routes.get((request.http_method, request.resource))
            if work is None:
                raise Refused(404, "unknown_route", "one of the routes in handlers/data_requests/README.md")
            return work(Call(request, identity_of(request), context.aws_request_id))
        except (ClientError, BotoCoreError, OutOfTime):
            unavailable = Refused(503, "unavailable", "repeat in a moment", effect="failed", retry_after=2)
            return refusal(unavailable)
        except Refused as refused:
            return refusal(refused)

    # The person's own

    def _ask(self, call: Call) -> dict[str, Any]:
        asked = body_of(call.request, Asked, most_bytes=_MOST_BYTES)
        # Signing in is proof enough for reading one's own; for erasing, a second person looks.
        state = REQUESTED if asked.kind == ERASURE else VERIFIED
        return self._opened(call, asked, call.identity.customer_id, state)

    def _show(self, call: Call) -> dict[str, Any]:
        standing = self._standing(call, officers=True)
        shown = {
            "request_id": standing.request_id,
            "kind": standing.kind,
            "state": standing.shown,
            "requested_at": standing.requested_at,
            "finished_at": standing.finished_at or None,
            "locked_until": standing.locked_until or None,
            "sessions": standing.sessions,
            "items": standing.items,
        }
        if standing.kind != ERASURE:
            shown["files"] = standing.files
        return answer(200, {name: value for name, value in shown.items() if value is not None})

    def _link(self, call: Call) -> dict[str, Any]:
        wanted = body_of(call.request, Wanted, most_bytes=_MOST_BYTES)
        standing = self._standing(call, officers=False)
        if standing.kind == ERASURE or standing.state != DONE or not is_file(standing, wanted.file):
            raise Refused(404, "file_unknown", "a file of an export that is done, as its manifest names it")
        if standing.expires_at * 1000 < self._clock():
            raise Refused(410, "expired", "ask for another export")
        with self._audited(call, "link_export"):
            self._count_link(standing)
            link = self._links.sign(standing, wanted.file)
        return answer(200, {"url": link, "expires_in": self._links.seconds})

    def _count_link(self, standing: DataRequest) -> None:
        try:
            self._requests.change(
                standing,
                "attribute_not_exists(links) OR links < :most",
                {":one": 1, ":most": self._most_links},
                "ADD links :one",
            )
        except LeaseLost:
            raise Refused(429, "too_many_links", "ask for another export", effect="limited") from None

    # The officers'

    def _ask_for(self, call: Call) -> dict[str, Any]:
        require_group(call.identity, _OFFICER)
        customer_id = path_id(call.request, "customer_id")
        asked = body_of(call.request, Asked, most_bytes=_MOST_BYTES)
        with self._audited(call, f"ask_{asked.kind}", customer_id):
            return self._opened(call, asked, customer_id, REQUESTED)

    def _verify(self, call: Call) -> dict[str, Any]:
        require_group(call.identity, _OFFICER)
        standing = self._standing(call, officers=True)
        me = self._hashed(call.identity.customer_id)
        if standing.requested_by == me or self._is_theirs(call, standing.request_id):
            raise Refused(409, "second_person_needed", "an officer who did not ask for it")
        with self._audited(call, "verify", standing.request_id):
            if standing.state == REQUESTED:
                standing = self._changed(
                    standing,
                    "#state = :requested",
                    {":requested": REQUESTED, ":verified": VERIFIED, ":me": me},
                    "SET #state = :verified, verified_by = :me",
                )
            self._machine.start(standing.request_id, "verified")
        return self._accepted(standing)

    def _hold(self, call: Call) -> dict[str, Any]:
        require_group(call.identity, _HOLDER)
        held = body_of(call.request, Held, most_bytes=_MOST_BYTES)
        standing = self._standing(call, officers=True)
        with self._audited(call, "hold", standing.request_id):
            standing = self._changed(
                standing, "#state <> :done", {":done": DONE, ":held": held.reason}, "SET held = :held"
            )
        return self._accepted(standing)

    def _release(self, call: Call) -> dict[str, Any]:
        require_group(call.identity, _HOLDER)
        standing = self._standing(call, officers=True)
        with self._audited(call, "release", standing.request_id):
            standing = self._changed(standing, "#state <> :done", {":done": DONE}, "REMOVE held")
            self._machine.start(standing.request_id, call.request_id[:8])
        return self._accepted(standing)

    def _resume(self, call: Call) -> dict[str, Any]:
        require_group(call.identity, _OFFICER)
        standing = self._standing(call, officers=True)
        with self._audited(call, "resume", standing.request_id):
            if standing.state == FAILED:
                standing = self._changed(
                    standing,
                    "#state = :failed",
                    {":failed": FAILED, ":verified": VERIFIED, ":one": 1},
                    "SET #state = :verified, attempt = attempt + :one",
                )
            self._machine.start(standing.request_id, call.request_id[:8])
        return self._accepted(standing)

    # What they share

    def _opened(self, call: Call, asked: Asked, customer_id: str, state: str) -> dict[str, Any]:
        subject = self._subject(customer_id)
        self._refuse_again(asked.kind, subject)
        fresh = DataRequest(
            request_id=new_request_id(asked.kind, subject, self._random()),
            kind=asked.kind,
            state=state,
            requested_at=self._clock(),
            requested_by=self._hashed(call.identity.customer_id),
            customer_id=customer_id,
        )
        try:
            standing = self._requests.open(fresh)
        except Erased:
            raise Refused(410, "erased", "nothing: this person's data was erased") from None
        # It tells how old the request is, until somebody verifies it. Asked again, it starts what a crash left.
        self._machine.start(standing.request_id, "asked")
        return self._accepted(standing, joined=standing.request_id != fresh.request_id)

    def _refuse_again(self, kind: str, subject: str) -> None:
        if kind == ERASURE:
            return
        before = self._requests.load(kind, subject)
        if before is None or before.state != DONE:
            return
        again = before.finished_at + self._again_after_ms - self._clock()
        if again > 0:
            right = "the export that there is"
            raise Refused(429, "exported_lately", right, effect="limited", retry_after=-(-again // 1000))

    def _standing(self, call: Call, *, officers: bool) -> DataRequest:
        """The request that the path names, for the person whose it is, and for officers if they may."""
        request_id = path_id(call.request, "request_id")
        unknown = Refused(404, "request_unknown", "the id of a request of your own")
        groups = call.identity.groups.split(",")
        if not (self._is_theirs(call, request_id) or (officers and (_OFFICER in groups or _HOLDER in groups))):
            raise unknown
        try:
            standing = self._requests.load(kind_of(request_id), subject_of(request_id))
        except ValueError:
            raise unknown from None
        if standing is None or standing.request_id != request_id:
            raise unknown
        return standing

    def _is_theirs(self, call: Call, request_id: str) -> bool:
        return request_id.partition("-")[0] == self._subject(call.identity.customer_id)

    def _changed(
        self, standing: DataRequest, condition: str, values: dict[str, str | int], expression: str
    ) -> DataRequest:
        try:
            return self._requests.change(standing, condition, values, expression)
        except LeaseLost:
            raise Refused(409, "changed_meanwhile", "look at the request, then decide again") from None

    def _audited(self, call: Call, action: str, subject: str = "") -> AbstractContextManager[Record]:
        return self._audit.call(
            action,
            actor=call.identity.customer_id,
            subject=subject or call.identity.customer_id,
            request_id=call.request_id,
        )

    def _accepted(self, standing: DataRequest, *, joined: bool = False) -> dict[str, Any]:
        return answer(202, {"request_id": standing.request_id, "state": standing.shown, "joined": joined})
