"""Buckets. Object Lock stands where nothing is ever erased (audit, trail), and nowhere else.

Source: S3 User Guide, "Using S3 Object Lock", "Enforcing encryption in transit", "Using server-side encryption
with AWS KMS keys"; CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs.aws import Statement
from troposphere import Join, Ref, s3

from mangaobs.platform import _keys
from mangaobs.platform._policy import allow, deny, document, everyone, service
from mangaobs.platform._stack import ACCOUNT, Stack, attribute, here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mangaobs.platform._policy import Text

BACKUP, ANALYTICS, AUDIT, TRAIL, ACCESS = (
    "BackupBucket",
    "AnalyticsBucket",
    "AuditBucket",
    "TrailBucket",
    "AccessLogBucket",
)
MODEL_LOGS, EXPORTS = "ModelLogBucket", "SubjectExportBucket"
LINK_MILLISECONDS = 300_000  # how old a signed link may be
ATHENA_PREFIX = "athena-results/"


def build(stack: Stack) -> None:
    """The buckets; their policies follow once the roles are there."""
    settings = stack.settings
    _access_logs(stack)
    _bucket(
        stack,
        BACKUP,
        key=_keys.DATA,
        rules=[_expires("exports", settings.backup_days, "exports/"), *_kept(settings.backup_days)],
    )
    _bucket(
        stack,
        ANALYTICS,
        key=_keys.DATA,
        rules=[_expires("athena", 7, ATHENA_PREFIX), *_kept(settings.analytics_days)],
    )
    _bucket(stack, EXPORTS, key=_keys.DATA, rules=_kept(7))
    _bucket(stack, AUDIT, key=_keys.AUDIT, locked=settings.audit_days)
    _bucket(stack, TRAIL, key=_keys.AUDIT, locked=settings.trail_days)
    if settings.bedrock_logging:
        _bucket(stack, MODEL_LOGS, key=_keys.AUDIT, rules=_kept(30))


def build_policies(stack: Stack, erasers: Sequence[Text]) -> None:
    """Who may do what with the buckets. `erasers` are the ARNs of the roles that may delete backups."""
    _policy(stack, BACKUP, _keys.DATA, _deleted_by(BACKUP, erasers))
    _policy(stack, EXPORTS, _keys.DATA, [*_young_links(), *_deleted_by(EXPORTS, erasers)])
    _policy(stack, ANALYTICS, _keys.DATA)
    _policy(stack, AUDIT, _keys.AUDIT, [_never_bypassed(AUDIT)])
    trail = stack.arn("cloudtrail", "trail/", stack.named("trail"))
    _policy(
        stack,
        TRAIL,
        _keys.AUDIT,
        [
            allow(
                "TrailMayLook",
                ["s3:GetBucketAcl"],
                [attribute(TRAIL)],
                principal=service("cloudtrail"),
                conditions={"StringEquals": {"aws:SourceArn": trail}},
            ),
            allow(
                "TrailMayWrite",
                ["s3:PutObject"],
                [_objects(TRAIL, "AWSLogs/", ACCOUNT, "/*")],
                principal=service("cloudtrail"),
                conditions={"StringEquals": {"aws:SourceArn": trail, "s3:x-amz-acl": "bucket-owner-full-control"}},
            ),
            _never_bypassed(TRAIL),
        ],
        # Digest files are encrypted with keys of S3's. Source: CloudTrail User Guide, "Security best practices".
        others=["AES256"],
    )
    _policy(
        stack,
        ACCESS,
        None,
        [
            allow(
                "BucketsMayLog",
                ["s3:PutObject"],
                [_objects(ACCESS, "*")],
                principal=service("logging.s3"),
                conditions=here(),
            )
        ],
    )
    if stack.settings.bedrock_logging:
        bedrock = {**here(), "ArnLike": {"aws:SourceArn": stack.arn("bedrock", "*")}}
        written = allow(
            "ModelsMayLog",
            ["s3:PutObject"],
            [_objects(MODEL_LOGS, "AWSLogs/", ACCOUNT, "/BedrockModelInvocationLogs/*")],
            principal=service("bedrock"),
            conditions=bedrock,
        )
        _policy(stack, MODEL_LOGS, _keys.AUDIT, [written])


def objects(id: str, prefix: str) -> Text:
    """The ARN of a bucket's objects under a prefix, which may have wildcards."""
    return _objects(id, prefix)


def _bucket(stack: Stack, id: str, *, key: str, rules: list[s3.LifecycleRule] | None = None, locked: int = 0) -> None:
    options: dict[str, Any] = {}
    if locked:
        # From the day a bucket is made: later it takes a call to AWS's support.
        retention = s3.DefaultRetention(Mode="COMPLIANCE", Days=locked)
        rule = s3.ObjectLockRule(DefaultRetention=retention)
        options["ObjectLockEnabled"] = True
        options["ObjectLockConfiguration"] = s3.ObjectLockConfiguration(ObjectLockEnabled="Enabled", Rule=rule)
        rules = _kept(locked + 30)
    bucket = s3.Bucket(
        id,
        BucketEncryption=s3.BucketEncryption(
            ServerSideEncryptionConfiguration=[
                s3.ServerSideEncryptionRule(
                    BucketKeyEnabled=True,
                    ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(
                        SSEAlgorithm="aws:kms", KMSMasterKeyID=_keys.arn(key)
                    ),
                )
            ]
        ),
        LifecycleConfiguration=s3.LifecycleConfiguration(Rules=rules or []),
        LoggingConfiguration=s3.LoggingConfiguration(DestinationBucketName=Ref(ACCESS), LogFilePrefix=f"{id}/"),
        OwnershipControls=_owned(),
        PublicAccessBlockConfiguration=_private(),
        VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
        **options,
    )
    _retained(bucket)
    stack.add(bucket)


def _access_logs(stack: Stack) -> None:
    # S3 delivers access logs only to a bucket that encrypts with S3's own keys.
    default = s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
    bucket = s3.Bucket(
        ACCESS,
        BucketEncryption=s3.BucketEncryption(
            ServerSideEncryptionConfiguration=[s3.ServerSideEncryptionRule(ServerSideEncryptionByDefault=default)]
        ),
        LifecycleConfiguration=s3.LifecycleConfiguration(Rules=_kept(90)),
        OwnershipControls=_owned(),
        PublicAccessBlockConfiguration=_private(),
        VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
    )
    _retained(bucket)
    stack.add(bucket)


def _retained(bucket: s3.Bucket) -> None:
    bucket.DeletionPolicy = bucket.UpdateReplacePolicy = "Retain"


def _owned() -> s3.OwnershipControls:
    return s3.OwnershipControls(Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")])


def _private() -> s3.PublicAccessBlockConfiguration:
    return s3.PublicAccessBlockConfiguration(
        BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
    )


def _kept(days: int) -> list[s3.LifecycleRule]:
    return [
        s3.LifecycleRule(
            Id="expire",
            Status="Enabled",
            ExpirationInDays=days,
            NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=1),
            AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=1),
        )
    ]


def _expires(id: str, days: int, prefix: str) -> s3.LifecycleRule:
    return s3.LifecycleRule(Id=id, Status="Enabled", Prefix=prefix, ExpirationInDays=days)


def _objects(id: str, *prefix: Text) -> Text:
    return Join("", [attribute(id), "/", *prefix])


def _policy(
    stack: Stack, id: str, key: str | None, statements: Sequence[Statement] = (), others: Sequence[str] = ()
) -> None:
    tls = deny(
        "OnlyOverTls",
        ["s3:*"],
        [attribute(id), _objects(id, "*")],
        principal=everyone(),
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )
    keyed = _keyed(id, key, others) if key is not None else []
    stack.add(s3.BucketPolicy(f"{id}Policy", Bucket=Ref(id), PolicyDocument=document(tls, *keyed, *statements)))


def _keyed(id: str, key: str, others: Sequence[str]) -> list[Statement]:
    """Whatever asks for another encryption, or another key, is refused; what asks for none gets the bucket's."""
    return [
        deny(
            "OnlyEncryptedWithKms",
            ["s3:PutObject"],
            [_objects(id, "*")],
            principal=everyone(),
            conditions={
                "StringNotEqualsIfExists": {"s3:x-amz-server-side-encryption": ["aws:kms", *others]},
                "Null": {"s3:x-amz-server-side-encryption": "false"},
            },
        ),
        deny(
            "OnlyWithItsKey",
            ["s3:PutObject"],
            [_objects(id, "*")],
            principal=everyone(),
            conditions={
                "ArnNotEqualsIfExists": {"s3:x-amz-server-side-encryption-aws-kms-key-id": _keys.arn(key)},
                "Null": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "false"},
            },
        ),
    ]


def _deleted_by(id: str, erasers: Sequence[Text]) -> list[Statement]:
    if not erasers:
        return []
    # Lifecycle rules are S3's own, and no request.
    return [
        deny(
            "DeletedByErasureAlone",
            ["s3:DeleteObject", "s3:DeleteObjectVersion"],
            [_objects(id, "*")],
            principal=everyone(),
            conditions={"ArnNotEquals": {"aws:PrincipalArn": list(erasers)}},
        )
    ]


def _young_links() -> list[Statement]:
    """A signed link is of use for minutes, whatever time it was signed for.

    Source: S3 API reference, "Amazon S3 Signature Version 4 authentication specific policy keys".
    """
    refused: dict[str, dict[str, dict[str, Any]]] = {
        "LinksOfMinutesAlone": {
            "StringEquals": {"s3:authType": "REST-QUERY-STRING"},
            "NumericGreaterThan": {"s3:signatureAge": LINK_MILLISECONDS},
        },
        # Links of the older signature have no age.
        "NoLinksWithoutAge": {"StringEquals": {"s3:signatureversion": "AWS"}},
    }
    return [
        deny(sid, ["s3:GetObject"], [_objects(EXPORTS, "*")], principal=everyone(), conditions=conditions)
        for sid, conditions in refused.items()
    ]


def _never_bypassed(id: str) -> Statement:
    return deny(
        "LockIsNeverBypassed",
        [
            "s3:BypassGovernanceRetention",
            "s3:PutObjectLegalHold",
            "s3:PutObjectRetention",
            "s3:PutBucketObjectLockConfiguration",
        ],
        [attribute(id), _objects(id, "*")],
        principal=everyone(),
    )
