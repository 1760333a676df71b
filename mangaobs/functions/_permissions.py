"""What a function may do, as `permissions.toml` says it; the platform makes the function's role of it.

[[allow]]
sid = "ReadSession"
actions = ["dynamodb:GetItem", "dynamodb:Query"]
resource = { table = "SESSION_TABLE" }
leading_keys = ["SESSION#*"]
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

# Kinds of resources that are named by a variable of the function; `source` is named as in mangaobs.toml, `any` is all.
KINDS: Final = (
    "table",
    "queue",
    "topic",
    "stream",
    "bus",
    "bucket",
    "key",
    "model",
    "secret",
    "parameter",
    "insight_rules",
    "user_pool",
    "sender",
    "machine",
)

# DynamoDB's actions that carry dynamodb:LeadingKeys. Source: Service Authorization Reference, Amazon DynamoDB.
LEADING_KEYS: Final = frozenset(
    f"dynamodb:{name}"
    for name in (
        "BatchGetItem",
        "BatchWriteItem",
        "ConditionCheckItem",
        "DeleteItem",
        "GetItem",
        "PartiQLDelete",
        "PartiQLInsert",
        "PartiQLSelect",
        "PartiQLUpdate",
        "PutItem",
        "Query",
        "UpdateItem",
    )
)

# S3's actions on a bucket itself; its others are on objects. Source: Service Authorization Reference, Amazon S3.
BUCKET_ACTIONS: Final = frozenset(
    f"s3:{name}"
    for name in (
        "CreateBucket", "CreateBucketMetadataTableConfiguration", "DeleteBucket",
        "DeleteBucketMetadataTableConfiguration", "DeleteBucketPolicy", "DeleteBucketWebsite",
        "GetAccelerateConfiguration", "GetAnalyticsConfiguration", "GetBucketAbac", "GetBucketAcl", "GetBucketCORS",
        "GetBucketLocation", "GetBucketLogging", "GetBucketMetadataTableConfiguration", "GetBucketNotification",
        "GetBucketObjectLockConfiguration", "GetBucketOwnershipControls", "GetBucketPolicy", "GetBucketPolicyStatus",
        "GetBucketPublicAccessBlock", "GetBucketRequestPayment", "GetBucketTagging", "GetBucketVersioning",
        "GetBucketWebsite", "GetEncryptionConfiguration", "GetIntelligentTieringConfiguration",
        "GetInventoryConfiguration", "GetLifecycleConfiguration", "GetMetricsConfiguration",
        "GetReplicationConfiguration", "ListBucket", "ListBucketMultipartUploads", "ListBucketVersions",
        "ListTagsForResource", "PauseReplication", "PutAccelerateConfiguration", "PutAnalyticsConfiguration",
        "PutBucketAbac", "PutBucketAcl", "PutBucketCORS", "PutBucketLogging", "PutBucketNotification",
        "PutBucketObjectLockConfiguration", "PutBucketOwnershipControls", "PutBucketPolicy",
        "PutBucketPublicAccessBlock", "PutBucketRequestPayment", "PutBucketTagging", "PutBucketVersioning",
        "PutBucketWebsite", "PutEncryptionConfiguration", "PutIntelligentTieringConfiguration",
        "PutInventoryConfiguration", "PutLifecycleConfiguration", "PutMetricsConfiguration",
        "PutReplicationConfiguration", "TagResource", "UntagResource",
        "UpdateBucketMetadataInventoryTableConfiguration", "UpdateBucketMetadataJournalTableConfiguration",
    )
)  # fmt: skip

# Those that carry s3:prefix. Source: the same page.
LISTING_ACTIONS: Final = frozenset(("s3:ListBucket", "s3:ListBucketVersions"))

_Name = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]*\Z")]
_Text = Annotated[str, Meta(min_length=1)]
_Action = Annotated[str, Meta(pattern=r"^[a-z0-9-]+:[A-Z][A-Za-z0-9]*\Z")]


class Resource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a permission is for: one of `KINDS` by the variable that names it, a `source` of events, or `any`.

    `index` and `export` are of a table, `prefix` is of a bucket; `sender` is an address that mail comes from.
    """

    table: _Name | None = None
    queue: _Name | None = None
    topic: _Name | None = None
    stream: _Name | None = None
    bus: _Name | None = None
    bucket: _Name | None = None
    key: _Name | None = None
    model: _Name | None = None
    secret: _Name | None = None
    parameter: _Name | None = None
    insight_rules: _Name | None = None
    user_pool: _Name | None = None
    sender: _Name | None = None
    machine: _Name | None = None
    source: _Text | None = None
    any: bool = False
    index: _Name | None = None
    export: _Text | None = None
    prefix: _Text | None = None

    def variables(self) -> tuple[str, ...]:
        """The variables that name it."""
        named = [getattr(self, kind) for kind in (*KINDS, "index")]
        return tuple(name for name in named if name is not None)

    def fault(self) -> str | None:
        """What is wrong with it, or None."""
        kinds = [kind for kind in (*KINDS, "source") if getattr(self, kind) is not None]
        if len(kinds) + self.any != 1:
            return f"exactly one of {', '.join(KINDS)}, source, any"
        if (self.index is not None or self.export is not None) and self.table is None:
            return "index and export are of a table"
        if self.prefix is not None and self.bucket is None:
            return "prefix is of a bucket"
        return None


class Permission(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Actions on a resource. `leading_keys` are the partition keys, `attributes` the attributes that it is for."""

    sid: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]+\Z")]
    actions: Annotated[list[_Action], Meta(min_length=1)]
    resource: Resource
    leading_keys: list[_Text] = []
    attributes: list[_Text] = []

    def fault(self) -> tuple[str, str] | None:
        """What is wrong: the field, and what would be right; or None."""
        if wrong := self.resource.fault():
            return "resource", wrong
        without = sorted(set(self.actions) - LEADING_KEYS)
        of_bucket = BUCKET_ACTIONS & set(self.actions)
        if of_bucket and of_bucket != set(self.actions):
            return "actions", f"{', '.join(sorted(of_bucket))} apart: of the bucket, not of its objects"
        if of_bucket and self.resource.prefix is not None and (unlisted := sorted(of_bucket - LISTING_ACTIONS)):
            return "resource", f"prefix is not for {', '.join(unlisted)}"
        if (self.leading_keys or self.attributes) and without:
            return "actions", f"leading_keys and attributes are not for {', '.join(without)}"
        return None


class Permissions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a function may do, beside its logs, its traces and its network interfaces."""

    allow: list[Permission]
