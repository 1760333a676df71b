"""An export, as one invocation goes on with it: read page by page, written file by file, the manifest last.

Each time before a file is put the lease is looked at, and after it the cursor moved: whoever dies between leaves a file
that the next one writes again under the same name. Erasure takes the request away; then nothing can be moved, and so
nothing more is put and nothing deleted. A put that was under way then ends before the lease does, since the lease
outlasts the invocation, and erasure waits for its end before it is done.

Files expire by themselves. An export that is not done after half a day, since it failed or was on hold, is made from
the beginning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from mangaobs.runtime import log_publish_operation

from ..subjects import (
    DAY,
    DONE,
    RUNNING,
    VERIFIED,
    Answer,
    Deadline,
    OutOfTime,
    Patience,
    Request,
    Requests,
    Steps,
    answer,
    export_of,
    subject_of,
)
from ._files import Lines, Made
from ._records import schema, types
from ._sources import Cursor, Page, Sources

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_FLUSH_SECONDS: Final = 20.0  # what closing and putting a file takes at worst
_LONGEST_MS: Final = 1000 * DAY // 2


class Parts(NamedTuple):
    """What an export is made of. `clock` is in epoch milliseconds, `most` are the compressed bytes of a file.

    `days` is how long the bucket keeps a file.
    """

    requests: Requests
    sources: Sources
    steps: Steps
    s3: S3Client
    bucket: str
    patience: Patience
    deadline: Deadline
    clock: Callable[[], int]
    most: int
    days: int


class Export:
    """Makes exports: `Worker`'s work on one request."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def __call__(self, request: Request, me: str) -> Answer:
        """Go on with a request that `me` has leased.

        Raises `LeaseLost`, `OutOfTime`, `ValueError` if an item cannot be read, or what botocore does.
        """
        return _Run(self._parts, request, me).go_on()


class _End(Enum):
    """Why reading ended."""

    FILE = "the file is full"
    PAGES = "everything was read"
    TIME = "another invocation goes on"


class _Read(NamedTuple):
    """What was read for a file, and how far."""

    lines: Lines
    reached: Cursor | None
    end: _End


class _Run:
    def __init__(self, parts: Parts, request: Request, me: str) -> None:
        self._parts = parts
        self._request = request
        self._me = me

    def go_on(self) -> Answer:
        parts = self._parts
        if self._request.state == VERIFIED:
            parts.steps.record(self._request, "start")
            self._move(state=RUNNING)
        if self._request.made_since + _LONGEST_MS < parts.clock():
            self._move(made_since=parts.clock(), remove=("cursor", "files", "made"))
        pages = parts.sources.pages(
            subject_of(self._request.request_id), self._request.customer_id, types(self._request.kind), self._cursor()
        )
        while True:
            read = self._read(pages)
            if read.reached is not None:
                self._keep(read.lines, read.reached)
            if read.end is _End.PAGES:
                return self._finish()
            if read.end is _End.TIME:
                raise OutOfTime

    def _read(self, pages: Iterator[Page]) -> _Read:
        """Read until a file is full, there are no more pages, or there is just time to put it."""
        lines, reached = Lines(self._parts.most), None
        try:
            for page in pages:
                for record in page.records:
                    lines.add(record)
                reached = page.cursor
                if self._parts.deadline() < _FLUSH_SECONDS:
                    return _Read(lines, reached, _End.TIME)
                if lines.full:
                    return _Read(lines, reached, _End.FILE)
        except OutOfTime:
            # A call took long: perhaps there is time yet for what was read.
            return _Read(lines, reached, _End.TIME)
        return _Read(lines, reached, _End.PAGES)

    def _keep(self, lines: Lines, reached: Cursor) -> None:
        cursor = msgspec.json.encode(reached).decode()
        if lines.empty:  # of what was read nothing comes out
            self._move(cursor=cursor)
            return
        name = f"records-{self._request.files + 1:04d}.jsonl.gz"
        body, made = lines.close(name)
        self._put(name, body, "application/gzip")
        files = [*self._files(), made]
        self._move(cursor=cursor, files=len(files), made=msgspec.json.encode(files).decode())

    def _cursor(self) -> Cursor | None:
        return msgspec.json.decode(self._request.cursor, type=Cursor) if self._request.cursor else None

    def _files(self) -> list[Made]:
        return msgspec.json.decode(self._request.made, type=list[Made]) if self._request.made else []

    def _finish(self) -> Answer:
        parts, request, now = self._parts, self._request, self._parts.clock()
        records: Counter[str] = Counter()
        for file in self._files():
            records.update(file.records)
        self._put("schema.json", schema(), "application/schema+json")
        manifest = {
            "version": 1,
            "request_id": request.request_id,
            "kind": request.kind,
            "made_at": datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "schema": "schema.json",
            "records": dict(sorted(records.items())),
            "files": self._files(),
        }
        self._put("manifest.json", msgspec.json.encode(manifest), "application/json")
        self._move(
            state=DONE,
            finished_at=now,
            sessions=records["session"],
            items=sum(records.values()),
            expires_at=request.made_since // 1000 + parts.days * DAY,
            remove=("customer_id", "lease_by", "lease_until"),
        )
        parts.steps.record(self._request, "finish")
        return answer(self._request)

    def _put(self, name: str, body: bytes, kind: str) -> None:
        key = export_of(self._request.request_id) + name

        def call() -> None:
            # If the lease is lost, nothing is put.
            self._parts.requests.fence(self._request, me=self._me)
            self._put_object(key, body, kind)

        self._parts.patience(call)

    def _put_object(self, key: str, body: bytes, kind: str) -> None:
        with log_publish_operation("PutObject:Export", destination=self._parts.bucket):
            self._parts.s3.put_object(Bucket=self._parts.bucket, Key=key, Body=body, ContentType=kind)

    def _move(self, *, remove: tuple[str, ...] = (), **values: str | int) -> None:
        self._request = self._parts.requests.move(self._request, me=self._me, remove=remove, **values)
