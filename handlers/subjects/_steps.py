"""What was done for a request, step by step: one object each in a bucket whose objects nobody can change.

The subject stands in them as its hash, with counts; there is nothing in them that would have to be erased. Keys are
made of the request, the attempt and the step: what is put twice stands once. A line of the log says the same.
Source: S3 User Guide, "Conditional writes", "Using Object Lock".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from mangaobs.runtime import log_event, log_publish_operation

from ..signals import DATA_REQUEST_STEP
from ._request import Request, subject_of

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from ._patience import Patience

LEDGER: Final = "erasure/ledger/"
DECISIONS: Final = "decisions/"
HOLD_BEGUN, HOLD_ENDED, DECLINED = "hold", "release", "reject"
LEDGER_DAYS: Final = 400  # how long tombstones and the ledger count, unless the functions are told otherwise


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object of the audit. `at` is in ISO 8601; counts are of the request so far."""

    step: str
    kind: str
    request_id: str
    subject: str
    attempt: int
    at: str
    sessions: int = 0
    items: int = 0
    versions: int = 0
    detail: str = ""
    version: int = 1


class Steps:
    """The audit of requests in `bucket`. `clock` is in epoch milliseconds."""

    def __init__(self, client: S3Client, bucket: str, *, patience: Patience, clock: Callable[[], int]) -> None:
        self._client = client
        self._bucket = bucket
        self._patience = patience
        self._clock = clock

    def record(self, request: Request, step: str, detail: str = "") -> None:
        """Record a step of a request, once. Raises what botocore does, or `OutOfTime`."""
        key = f"{request.kind}/{request.request_id}/{request.attempt:02d}-{step}.json"
        self._record(key, request, step, detail)

    def decide(self, request: Request, decision: str, reason: str = "") -> None:
        """Record what an officer decided, once, by the time that the table gave it: the latest counts."""
        key = f"{DECISIONS}{request.request_id}/{request.decided_at:013d}-{decision}.json"
        self._record(key, request, decision, reason)

    def enter(self, request: Request, when: str) -> None:
        """Enter the subject into the ledger, which is replayed after every restore, for as long as backups are kept.

        That time begins anew with each entry: `when` is `begun` or `done`.
        """
        subject = subject_of(request.request_id)
        key = f"{LEDGER}{subject}/{request.request_id}-{request.attempt:02d}-{when}.json"
        self._put(key, {"subject": subject, "request_id": request.request_id, "at": self._now()})

    def _record(self, key: str, request: Request, step: str, detail: str) -> None:
        done = Step(
            step=step,
            kind=request.kind,
            request_id=request.request_id,
            subject=subject_of(request.request_id),
            attempt=request.attempt,
            at=self._now(),
            sessions=request.sessions,
            items=request.items,
            versions=request.versions,
            detail=detail,
        )
        self._put(key, msgspec.to_builtins(done))
        log_event(
            DATA_REQUEST_STEP,
            data_request=request.request_id,
            kind=request.kind,
            step=step,
            detail=detail,
            session_count=request.sessions,
            item_count=request.items,
            version_count=request.versions,
        )

    def _now(self) -> str:
        now = datetime.fromtimestamp(self._clock() / 1000, UTC)
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _put(self, key: str, content: Mapping[str, object]) -> None:
        from botocore.exceptions import ClientError

        try:
            self._patience(lambda: self._put_object(key, msgspec.json.encode(content)))
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise

    def _put_object(self, key: str, body: bytes) -> None:
        with log_publish_operation("PutObject:Audit", destination=self._bucket):
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="application/json", IfNoneMatch="*"
            )
