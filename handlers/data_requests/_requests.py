"""The routes of people's requests. Whoever asks for what is not theirs gets the answer of what there is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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
    DAY,
    DECLINED,
    DONE,
    ERASURE,
    FAILED,
    HOLD_BEGUN,
    HOLD_ENDED,
    OVER,
    REJECTED,
    REQUESTED,
    VERIFIED,
    AlreadyErased,
    Changed,
    OutOfTime,
    Requests,
    Steps,
    kind_of,
    new_request_id,
    subject_of,
)
from ..subjects import Request as DataRequest
from ._links import Links, is_file, most_links
from ._machine import Machine

if TYPE_CHECKING:
    from .._audit import Record

_MOST_BYTES: Final = 1000
_OFFICER, _HOLDER = "privacy", "privacy-hold"
_HOUR_MS: Final = 3600 * 1000
_KEEP_SECONDS: Final = 90 * DAY  # that a request was declined can be seen


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a request."""

    kind: Literal["erasure", "access", "portability"]


class Because(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a hold, or of a rejection: why, as a code."""

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
        steps: Steps,
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
        self._steps = steps
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
            ("POST", f"{one}/reject"): self._reject,
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
        standing, joined = self._opened(call, asked, call.identity.customer_id, state)
        me = self._hashed(call.identity.customer_id)
        if state == VERIFIED and standing.requested_by != me:
            # An officer asked for them before: now they do themself.
            standing = self._verified(standing, me)
        return _accepted(standing, joined=joined)

    def _show(self, call: Call) -> dict[str, Any]:
        if self._is_theirs(call):
            return _shown(self._standing(call))
        if _OFFICER not in call.identity.groups.split(","):
            raise _unknown()
        with self._officers(call, "show") as standing:
            return _shown(standing)

    def _link(self, call: Call) -> dict[str, Any]:
        wanted = body_of(call.request, Wanted, most_bytes=_MOST_BYTES)
        if not self._is_theirs(call):
            raise _unknown()
        standing = self._standing(call)
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
            self._requests.count_link(standing, most=most_links(standing, self._most_links))
        except Changed:
            raise Refused(429, "too_many_links", "ask for another export", effect="limited") from None

    # The officers'

    def _ask_for(self, call: Call) -> dict[str, Any]:
        require_group(call.identity, _OFFICER)
        customer_id = path_id(call.request, "customer_id")
        asked = body_of(call.request, Asked, most_bytes=_MOST_BYTES)
        with self._audited(call, f"ask_{asked.kind}", customer_id):
            standing, joined = self._opened(call, asked, customer_id, REQUESTED)
        return _accepted(standing, joined=joined)

    def _verify(self, call: Call) -> dict[str, Any]:
        require_group(call.identity, _OFFICER)
        me = self._hashed(call.identity.customer_id)
        with self._officers(call, "verify") as named:
            if named.requested_by == me:
                raise Refused(409, "second_person_needed", "an officer who did not ask for it")
            self._refuse_theirs(call)
            if named.state == REJECTED:
                raise Refused(409, "rejected", "another request")
            standing = self._verified(named, me)
        return _accepted(standing)

    def _reject(self, call: Call) -> dict[str, Any]:
        require_group(call.identity, _OFFICER)
        because = body_of(call.request, Because, most_bytes=_MOST_BYTES)
        with self._officers(call, "reject") as named, _meanwhile():
            self._refuse_theirs(call)
            if named.held:
                raise Refused(409, "on_hold", "who may end the hold ends it first")
            standing = named
            if named.state != REJECTED:
                standing = self._requests.reject(named, now=self._clock(), keep_seconds=_KEEP_SECONDS)
            self._steps.decide(standing, DECLINED, because.reason)
        return _accepted(standing)

    def _hold(self, call: Call) -> dict[str, Any]:
        require_group(call.identity, _HOLDER)
        because = body_of(call.request, Because, most_bytes=_MOST_BYTES)
        with self._officers(call, "hold") as named, _meanwhile():
            self._refuse_theirs(call)
            standing = named
            if named.held != because.reason:
                standing = self._requests.hold(named, reason=because.reason, now=self._clock())
            # The table may be restored to a day before it.
            self._steps.decide(standing, HOLD_BEGUN, because.reason)
        return _accepted(standing)

    def _release(self, call: Call) -> dict[str, Any]:
        require_group(call.identity, _HOLDER)
        with self._officers(call, "release") as named, _meanwhile():
            self._refuse_theirs(call)
            standing = self._requests.end_hold(named, now=self._clock()) if named.held else named
            # Released before, it records and starts what a crash left.
            if standing.releases and standing.state not in OVER:
                self._steps.decide(standing, HOLD_ENDED)
                self._start(standing, f"release{standing.releases}")
        return _accepted(standing)

    def _resume(self, call: Call) -> dict[str, Any]:
        require_group(call.identity, _OFFICER)
        with self._officers(call, "resume") as named, _meanwhile():
            self._refuse_theirs(call)
            standing = self._requests.begin_again(named) if named.state == FAILED else named
            # One that is done may lack the audit's end.
            if standing.state != REJECTED:
                self._machine.go_on(standing)
        return _accepted(standing)

    # What they share

    def _opened(self, call: Call, asked: Asked, customer_id: str, state: str) -> tuple[DataRequest, bool]:
        """The request that stands now, and whether it stood before."""
        subject = self._subject(customer_id)
        self._refuse_again(asked.kind, subject)
        me = self._hashed(call.identity.customer_id)
        fresh = DataRequest(
            request_id=new_request_id(asked.kind, subject, self._random()),
            kind=asked.kind,
            state=state,
            requested_at=self._clock(),
            requested_by=me,
            customer_id=customer_id,
            verified_by=me if state == VERIFIED else "",
        )
        try:
            # An officer may have somebody erased again: a restore may have brought back what was theirs.
            standing = self._requests.open(fresh, unless_erased=customer_id == call.identity.customer_id)
        except AlreadyErased:
            raise Refused(410, "erased", "nothing: this person's data was erased") from None
        if standing.kind != asked.kind:
            right = f"to wait until {standing.request_id} is done: one export is made at a time"
            raise Refused(409, "other_under_way", right)
        # It tells how old the request is, until somebody verifies it. Asked again, it starts what a crash left.
        self._start(standing, "asked")
        return standing, standing.request_id != fresh.request_id

    def _refuse_again(self, kind: str, subject: str) -> None:
        if kind == ERASURE:
            return
        before = self._requests.load(kind, subject)
        if before is None or before.state != DONE:
            return
        again = before.finished_at + self._again_after_ms - self._clock()
        if again > 0:
            # Whoever did not get the answer to their first call finds here what it was.
            right = f"the export that there is: {before.request_id}"
            raise Refused(429, "exported_lately", right, effect="limited", retry_after=-(-again // 1000))

    def _verified(self, standing: DataRequest, by: str) -> DataRequest:
        """The request, verified, and the machine started for it."""
        if standing.state == REQUESTED:
            with _meanwhile():
                standing = self._requests.verify(standing, by=by)
        self._start(standing, "verified")
        return standing

    def _start(self, standing: DataRequest, why: str) -> None:
        """Start the machine, once for each `why`; where that has ended and this is not over, another execution."""
        if not self._machine.start(standing, why) and standing.state not in OVER:
            self._machine.go_on(standing)

    def _refuse_theirs(self, call: Call) -> None:
        """An officer decides nothing about a request that is about them."""
        if self._is_theirs(call):
            raise Refused(409, "second_person_needed", "an officer whom it is not about")

    @contextmanager
    def _officers(self, call: Call, action: str) -> Iterator[DataRequest]:
        """Around what an officer does with the request that the path names: audited, whatever comes of it."""
        with self._audited(call, action, path_id(call.request, "request_id")):
            yield self._standing(call)

    def _standing(self, call: Call) -> DataRequest:
        """The request that the path names. Raises `Refused` if there is none."""
        request_id = path_id(call.request, "request_id")
        try:
            standing = self._requests.load(kind_of(request_id), subject_of(request_id))
        except ValueError:
            raise _unknown() from None
        if standing is None or standing.request_id != request_id:
            raise _unknown()
        return standing

    def _is_theirs(self, call: Call) -> bool:
        """Whether the path names a request about whoever calls."""
        subject = path_id(call.request, "request_id").partition("-")[0]
        return subject == self._subject(call.identity.customer_id)

    def _audited(self, call: Call, action: str, subject: str = "") -> AbstractContextManager[Record]:
        return self._audit.call(
            action,
            actor=call.identity.customer_id,
            subject=subject or call.identity.customer_id,
            request_id=call.request_id,
        )


@contextmanager
def _meanwhile() -> Iterator[None]:
    """Around a decision about a request that may be another one, or in another state, by now."""
    try:
        yield
    except Changed:
        raise Refused(409, "changed_meanwhile", "look at the request, then decide again") from None


def _shown(standing: DataRequest) -> dict[str, Any]:
    shown = {
        "request_id": standing.request_id,
        "kind": standing.kind,
        "state": standing.shown,
        "requested_at": standing.requested_at,
        "finished_at": standing.finished_at or None,
        "locked_until": standing.locked_until or None,
        "sessions": standing.sessions,
        "items": standing.items,
        "files": None if standing.kind == ERASURE else standing.files,
    }
    return answer(200, {name: value for name, value in shown.items() if value is not None})


def _accepted(standing: DataRequest, *, joined: bool = False) -> dict[str, Any]:
    return answer(202, {"request_id": standing.request_id, "state": standing.shown, "joined": joined})


def _unknown() -> Refused:
    """Other people's requests, and none, are answered alike."""
    return Refused(404, "request_unknown", "the id of a request of your own")
