"""A request of a person, as it stands in the table: one of each kind at a time, under the person's hash.

Whoever asks again while one stands joins it. Its states:

    REQUESTED -> VERIFIED -> RUNNING -> VERIFYING -> DONE
                     ^        |  ^  ^       |
                     |        |  |  +-------+    something was found again
                     |        v  v
                     |   PENDING_RETENTION       until the lock ends
                     +-- FAILED                  from any of these but REQUESTED and DONE; resumed, it is VERIFIED
    REQUESTED -> REJECTED                        by an officer, with a reason that the person is told

A hold lies over the state, whichever it is: the request is shown as HOLD, nothing is done, and once the hold is ended
it goes on from the state that it had.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, UniversalAttributeValueTypeDef

    from ..sessions import Key

Kind: TypeAlias = Literal["erasure", "access", "portability"]
ERASURE: Final = "erasure"
ACCESS: Final = "access"
PORTABILITY: Final = "portability"

REQUESTED: Final = "REQUESTED"  # somebody asked
VERIFIED: Final = "VERIFIED"  # who asked is who they say, and a second person agreed
HOLD: Final = "HOLD"  # the law wants the data kept
RUNNING: Final = "RUNNING"
VERIFYING: Final = "VERIFYING"  # nothing was found once
DONE: Final = "DONE"
FAILED: Final = "FAILED"  # a person has to look
REJECTED: Final = "REJECTED"  # an officer declined it
PENDING_RETENTION: Final = "PENDING_RETENTION"  # versions are locked: they go when the lock ends

OVER: Final = frozenset((DONE, REJECTED))

# Where requests stand: the beginnings of their partition keys, erasure's first, and their sort key.
FAMILIES: Final = ("ERASURE#", "ACCESS#")
REQUEST: Final = "REQUEST"

_LETTERS: Final = {"e": ERASURE, "a": ACCESS, "p": PORTABILITY}
_SUBJECT_LENGTH: Final = 32


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request. Times are epoch milliseconds; `requested_by` and `verified_by` are keyed hashes.

    `customer_id` is there until the request is done, `held` is why the law wants the data kept, `attempt` counts what
    a person started, `passes` the searches, `empty_passes` those in a row that found nothing. `mail_refused` is the
    attempt in which the confirmation was refused for good.
    """

    request_id: str
    kind: str
    state: str
    requested_at: int
    requested_by: str
    customer_id: str = ""
    verified_by: str = ""
    held: str = ""
    attempt: int = 1
    passes: int = 0
    empty_passes: int = 0
    last_pass_at: int = 0
    sessions: int = 0
    items: int = 0
    versions: int = 0
    locked_until: int = 0
    confirmed: str = ""
    account: str = ""
    mail_refused: int = 0
    finished_at: int = 0
    lease_by: str = ""
    lease_until: int = 0
    cursor: str = ""
    files: int = 0
    made: str = ""  # the export's files so far, as JSON
    made_since: int = 0  # when the first of them was begun
    links: int = 0
    releases: int = 0  # how often a hold on it was ended
    decided_at: int = 0  # when somebody put it on hold, ended that, or declined it, last
    exports_until: int = 0  # until then one who makes an export may be at it
    expires_at: int = 0  # epoch seconds, as DynamoDB's TTL wants it

    @property
    def shown(self) -> str:
        """Its state as people see it: whatever it was at, a hold comes first."""
        return HOLD if self.held else self.state


def new_request_id(kind: Kind, subject: str, random: str) -> str:
    """An id that tells the kind and the subject: what is known of a request can be found by it alone."""
    return f"{subject}-{kind[0]}-{random}"


def subject_of(request_id: str) -> str:
    """The subject of a request. Raises `ValueError` if that is no request's id."""
    subject, _, rest = request_id.partition("-")
    if len(subject) != _SUBJECT_LENGTH or rest[:2] not in {f"{letter}-" for letter in _LETTERS}:
        raise ValueError("not the id of a request")
    return subject


def kind_of(request_id: str) -> str:
    """The kind of a request. Raises `ValueError` if that is no request's id."""
    return _LETTERS[request_id[len(subject_of(request_id)) + 1]]


def exports_of(subject: str) -> str:
    """Where a person's exports are: the prefix of their objects."""
    return f"subjects/{subject}/"


def export_of(request_id: str) -> str:
    """Where the files of one export are."""
    return f"{exports_of(subject_of(request_id))}{request_id.rpartition('-')[2]}/"


def request_key(kind: str, subject: str) -> Key:
    """Where the request of a person stands: erasure's beside the tombstone, what gives data out apart from it."""
    erasure, access = FAMILIES
    return {"PK": {"S": f"{erasure if kind == ERASURE else access}{subject}"}, "SK": {"S": REQUEST}}


def request_of(item: Mapping[str, AttributeValueTypeDef]) -> Request:
    """The request that an item holds."""
    values: dict[str, Any] = {}
    for name in Request.__struct_fields__:
        if name in item:
            value = item[name]
            values[name] = int(value["N"]) if "N" in value else value["S"]
    return Request(**values)


def attributes(values: Mapping[str, str | int]) -> dict[str, UniversalAttributeValueTypeDef]:
    """Texts and numbers as attribute values."""
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in values.items()}
