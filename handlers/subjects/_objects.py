"""Objects of a bucket under a prefix, erased with every version and every delete marker.

In a versioned bucket deleting a key only puts a marker over it. What Object Lock keeps cannot be deleted by anybody.
Source: S3 User Guide, "Deleting object versions", "Object Lock"; API reference, DeleteObjects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from mangaobs.runtime import log_publish_operation

from ._patience import PASSING, Unprocessed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import (
        ListObjectVersionsOutputTypeDef,
        ListObjectVersionsRequestTypeDef,
        ObjectIdentifierTypeDef,
    )

    from ._patience import Patience

_DAY_MS: Final = 24 * 3600 * 1000
# A legal hold has no end: one looks again after this.
_LOOK_AGAIN_MS: Final = 30 * _DAY_MS


class NotDeleted(Exception):  # noqa: N818 - an answer of S3
    """S3 did not delete a version, and no lock is the reason. `code` is S3's."""

    def __init__(self, code: str) -> None:
        super().__init__(f"an object's version was not deleted: {code}")
        self.code = code


class LockedUntil(NamedTuple):
    """Versions that Object Lock keeps: how many, and until when (epoch milliseconds; 0 where there are none)."""

    versions: int = 0
    until: int = 0

    def joined(self, other: LockedUntil) -> LockedUntil:
        """What both are together."""
        return LockedUntil(self.versions + other.versions, max(self.until, other.until))


class Purged(NamedTuple):
    """What was erased, and what could not be."""

    versions: int
    locked: LockedUntil


class Objects:
    """The objects in `bucket`."""

    def __init__(self, client: S3Client, bucket: str, patience: Patience) -> None:
        self._client = client
        self._bucket = bucket
        self._patience = patience

    def purge(self, prefix: str, *, now: int) -> Purged:
        """Delete everything under `prefix`, until a walk over it finds nothing that can be deleted.

        At `now`, in epoch milliseconds, a lock has ended or has not; a legal hold, which has no end, is looked at again
        thirty days later.

        Raises `NotDeleted`, `OutOfTime`, or what botocore does.
        """
        total = 0
        while True:
            walked = self._walk(prefix, now)
            total += walked.versions
            if not walked.versions:
                return Purged(total, walked.locked)

    def _walk(self, prefix: str, now: int) -> Purged:
        deleted, locked = 0, LockedUntil()
        for page in self._pages(prefix):
            versions: list[ObjectIdentifierTypeDef] = [
                {"Key": one["Key"], "VersionId": one["VersionId"]}
                for one in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
            ]
            if not versions:
                continue
            refused = self._delete(versions)
            deleted += len(versions) - len(refused)
            for version, code in refused:
                end = self._lock(version, now)
                if end == 0:
                    raise NotDeleted(code)
                locked = locked.joined(LockedUntil(1, end))
        return Purged(deleted, locked)

    def _pages(self, prefix: str) -> Iterator[ListObjectVersionsOutputTypeDef]:
        request: ListObjectVersionsRequestTypeDef = {"Bucket": self._bucket, "Prefix": prefix}
        while True:
            page = self._patience(lambda: self._list(request))
            yield page
            if not page.get("IsTruncated"):
                return
            request["KeyMarker"] = page["NextKeyMarker"]
            request["VersionIdMarker"] = page["NextVersionIdMarker"]

    def _list(self, request: ListObjectVersionsRequestTypeDef) -> ListObjectVersionsOutputTypeDef:
        with log_publish_operation("ListObjectVersions:Copies", destination=self._bucket):
            return self._client.list_object_versions(**request)

    def _delete(self, versions: list[ObjectIdentifierTypeDef]) -> list[tuple[ObjectIdentifierTypeDef, str]]:
        """Delete at most a thousand versions; those that S3 refused for good, with its code."""
        refused: list[tuple[ObjectIdentifierTypeDef, str]] = []
        left = list(versions)

        def call() -> None:
            codes = self._errors(left)
            failed = [(one, codes[key]) for one in left if (key := (one["Key"], one.get("VersionId"))) in codes]
            refused.extend((one, code) for one, code in failed if code not in PASSING)
            left[:] = [one for one, code in failed if code in PASSING]
            if left:
                raise Unprocessed

        self._patience(call)
        return refused

    def _errors(self, versions: list[ObjectIdentifierTypeDef]) -> dict[tuple[str, str | None], str]:
        """S3's codes for those of `versions` that it did not delete, by key and version."""
        with log_publish_operation("DeleteObjects:Copies", destination=self._bucket):
            answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": versions, "Quiet": True})
        found: dict[tuple[str, str | None], str] = {}
        for error in answer.get("Errors", []):
            # An error without a version is of all that were asked for.
            named = [one.get("VersionId") for one in versions if one["Key"] == error.get("Key")]
            for version in [error["VersionId"]] if "VersionId" in error else named:
                found[error.get("Key", ""), version] = error.get("Code", "")
        return found

    def _lock(self, version: ObjectIdentifierTypeDef, now: int) -> int:
        """Until when a version is locked, in epoch milliseconds; 0 if it is not."""
        from botocore.exceptions import ClientError

        key, version_id = version["Key"], version.get("VersionId", "")
        until, held = 0, False
        try:
            retention = self._patience(
                lambda: self._client.get_object_retention(Bucket=self._bucket, Key=key, VersionId=version_id)
            )["Retention"]
            until = int(retention["RetainUntilDate"].timestamp() * 1000) if "RetainUntilDate" in retention else 0
        except ClientError as error:
            if error.response["Error"]["Code"] not in _UNLOCKED:
                raise
        try:
            hold = self._patience(
                lambda: self._client.get_object_legal_hold(Bucket=self._bucket, Key=key, VersionId=version_id)
            )["LegalHold"]
            held = hold.get("Status") == "ON"
        except ClientError as error:
            if error.response["Error"]["Code"] not in _UNLOCKED:
                raise
        return max(until, now + _LOOK_AGAIN_MS) if held else (until if until > now else 0)


# Neither the version nor its bucket has a lock.
_UNLOCKED: Final = frozenset(
    (
        "NoSuchObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError",
        "InvalidRequest",
        "MethodNotAllowed",
        "NoSuchKey",
        "NoSuchVersion",
    )
)
