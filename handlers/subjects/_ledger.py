"""Who was erased, and what was decided about it: what the audit knows that a restored table may not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ._request import ERASURE, kind_of, subject_of
from ._steps import DECISIONS, HOLD_BEGUN, HOLD_ENDED, LEDGER

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class Ledger:
    """Who was erased, as `bucket` has it now. Entries that are older than `days` at `now` do not count.

    `subjects` are the hashes of everybody whose erasure was begun. By ids of requests: `ended` are the erasures that
    the audit has an end of, `unfinished` those without one, `held` those that the law wants nothing deleted of,
    `released` those that it wanted that of, before. Raises what botocore does.
    """

    def __init__(self, client: S3Client, bucket: str, *, now: datetime, days: int) -> None:
        self._client = client
        self._bucket = bucket
        subjects: set[str] = set()
        worked: dict[str, datetime] = {}  # when each request was worked on last
        ends: dict[str, datetime] = {}
        for key, at in self._keys(f"{ERASURE}/"):
            if not key.startswith(LEDGER):
                _, request_id, step = key.split("/")
                worked[request_id] = max(at, worked.get(request_id, at))
                if step.endswith("-finish.json"):
                    ends[request_id] = at
            elif at > now - timedelta(days=days):
                subjects.add(key.removeprefix(LEDGER).partition("/")[0])
        self._over: dict[str, datetime] = {}  # when each person was erased last
        for request_id, at in ends.items():
            subject = subject_of(request_id)
            self._over[subject] = max(at, self._over.get(subject, at))
        self.subjects = frozenset(subjects)
        self.ended = frozenset(ends)
        self.unfinished = frozenset(
            request_id for request_id, at in worked.items() if request_id not in ends and self._stands(request_id, at)
        )
        decided = self._decided()
        self.held = frozenset(
            request_id
            for request_id, (decision, at) in decided.items()
            if decision == HOLD_BEGUN and request_id not in ends and self._stands(request_id, at)
        )
        self.released = frozenset(request_id for request_id, (decision, _) in decided.items() if decision == HOLD_ENDED)

    def _stands(self, request_id: str, at: datetime) -> bool:
        """Whether what was at a time still counts: what was lost, and asked for again, is over with the other."""
        over = self._over.get(subject_of(request_id))
        return over is None or at > over

    def _decided(self) -> dict[str, tuple[str, datetime]]:
        """The last decision about each erasure, and when it was recorded. Keys sort by the request and the time."""
        last: dict[str, tuple[str, datetime]] = {}
        for key, at in self._keys(DECISIONS):
            _, request_id, decision = key.split("/")
            if kind_of(request_id) == ERASURE:
                last[request_id] = decision.removesuffix(".json").partition("-")[2], at
        return last

    def _keys(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            for one in page.get("Contents", []):
                yield one["Key"], one["LastModified"]
