"""The audit: one object for the start and one for the end of every call, in a bucket whose objects nobody can change.

Ids stand in it as keyed hashes, so that nothing in it has to be erased. Objects are put where none stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from mangaobs.runtime import log_error, log_event, log_publish_operation

from ._http import Refused
from .signals import ADMIN_ACTION, AUDIT_FAILED

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class AuditEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object of the audit. `actor` and `subject` are keyed hashes; `at` is in ISO 8601."""

    phase: str
    action: str
    actor: str
    subject: str
    request_id: str
    at: str
    outcome: str | None = None
    item_count: int | None = None
    version: int = 1


class Record:
    """What the caller tells of a call that is being audited."""

    item_count = 0


class Audit:
    """The audit in `bucket`, under `prefix`. `clock` is in epoch milliseconds, `hashed` makes an id's keyed hash."""

    def __init__(
        self, client: S3Client, bucket: str, *, prefix: str, clock: Callable[[], int], hashed: Callable[[str], str]
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._clock = clock
        self._hashed = hashed

    @contextmanager
    def call(self, action: str, *, actor: str, subject: str, request_id: str) -> Iterator[Record]:
        """Around a call of `action` by `actor` (an id) on `subject` (an id or a name).

        Raises `Refused` if it cannot be audited: before the call, which is then not made, or after it, and then its
        answer is not given.
        """
        base = AuditEntry("start", action, self._hashed(actor), self._hashed(subject), request_id, "")
        record = Record()
        self._put(base)
        outcome = "error"
        try:
            yield record
            outcome = "success"
        except Refused:
            outcome = "rejected"
            raise
        finally:
            end = msgspec.structs.replace(base, phase="finish", outcome=outcome, item_count=record.item_count)
            status = "success" if outcome == "success" else "error"
            log_event(ADMIN_ACTION, action=action, actor=base.actor, item_count=record.item_count, status=status)
            self._put(end)

    def _put(self, entry: AuditEntry) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        now = datetime.fromtimestamp(self._clock() / 1000, UTC)
        entry = msgspec.structs.replace(entry, at=now.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        key = f"{self._prefix}{now:%Y/%m/%d}/{entry.request_id}-{entry.action}-{entry.phase}.json"
        try:
            with log_publish_operation("PutObject:Audit", destination=self._bucket):
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=msgspec.json.encode(entry),
                    ContentType="application/json",
                    IfNoneMatch="*",
                )
        except ClientError as error:
            if error.response["Error"]["Code"] == "PreconditionFailed":
                return  # the same phase of the same call, put before an answer was lost
            raise _not_audited(error) from None
        except BotoCoreError as error:
            raise _not_audited(error) from None


def _not_audited(error: Exception) -> Refused:
    log_error(AUDIT_FAILED.name, error=error)
    return Refused(503, "not_audited", "repeat in a moment", effect="failed", retry_after=5)
