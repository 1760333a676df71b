"""People whose data is asked for or erased: their requests, where their sessions are found, how one is erased.

A person is known here by a keyed hash, the subject. The id itself stands in the request alone, until it is done.
"""

from ._assembly import tools
from ._discovery import Discovery
from ._objects import LockedUntil, NotDeleted, Objects
from ._patience import Deadline, OutOfTime, Patience
from ._request import (
    ACCESS,
    DONE,
    ERASURE,
    FAILED,
    HOLD,
    OVER,
    PENDING_RETENTION,
    PORTABILITY,
    REJECTED,
    REQUESTED,
    RUNNING,
    VERIFIED,
    VERIFYING,
    Request,
    export_of,
    exports_of,
    kind_of,
    new_request_id,
    subject_of,
)
from ._requests import AlreadyErased, Changed, LeaseLost, Requests
from ._session import Eraser, NotTheirs
from ._steps import DECLINED, HOLD_BEGUN, HOLD_ENDED, LEDGER_DAYS, Steps
from ._worker import DAY, Answer, Broken, InvalidInput, Worker, answer

__all__ = [
    "ACCESS",
    "DAY",
    "DECLINED",
    "DONE",
    "ERASURE",
    "FAILED",
    "HOLD",
    "HOLD_BEGUN",
    "HOLD_ENDED",
    "LEDGER_DAYS",
    "OVER",
    "PENDING_RETENTION",
    "PORTABILITY",
    "REJECTED",
    "REQUESTED",
    "RUNNING",
    "VERIFIED",
    "VERIFYING",
    "AlreadyErased",
    "Answer",
    "Broken",
    "Changed",
    "Deadline",
    "Discovery",
    "Eraser",
    "InvalidInput",
    "LeaseLost",
    "LockedUntil",
    "NotDeleted",
    "NotTheirs",
    "Objects",
    "OutOfTime",
    "Patience",
    "Request",
    "Requests",
    "Steps",
    "Worker",
    "answer",
    "export_of",
    "exports_of",
    "kind_of",
    "new_request_id",
    "subject_of",
    "tools",
]
