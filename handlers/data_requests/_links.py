"""Links to files of an export: signed with the function's credentials, for minutes.

Whoever has a link reads the file, so it is in the answer and nowhere else: `quiet` keeps it from botocore's own lines.
Source: S3 User Guide, "Download and upload objects with presigned URLs".
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final

from ..subjects import Request, export_of

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_RECORDS: Final = re.compile(r"records-(\d{4,6})\.jsonl\.gz\Z")


def is_file(request: Request, name: str) -> bool:
    """Whether a finished export has a file of this name."""
    numbered = _RECORDS.match(name)
    return name in ("manifest.json", "schema.json") or (numbered is not None and 1 <= int(numbered[1]) <= request.files)


def quiet() -> None:
    """Let botocore print nothing of what it signs, which it does where the root logger is at DEBUG."""
    logging.getLogger("botocore").setLevel(logging.WARNING)


def most_links(request: Request, least: int) -> int:
    """How many links are given for an export: `least`, or two for each of its files if those are more."""
    return max(least, 2 * (request.files + 2))


class Links:
    """Signs links to objects of `bucket` that can be used for `seconds`. Signing calls nothing."""

    def __init__(self, client: S3Client, bucket: str, *, seconds: int) -> None:
        self._client = client
        self._bucket = bucket
        self.seconds = seconds

    def sign(self, request: Request, name: str) -> str:
        """A link to a file of the export."""
        key = export_of(request.request_id) + name
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": f'attachment; filename="{name}"',
                "ResponseCacheControl": "no-store",
            },
            ExpiresIn=self.seconds,
        )
