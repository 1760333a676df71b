"""What CloudTrail shows of misuse: metric filters with their alarms, and pages at once through EventBridge.

Section 6 of the design has three patterns; as written one can never match (DynamoDB's denials are recorded as
`AccessDenied`) and two miss most of what they are for. A trail delivers to CloudWatch Logs after minutes, so what
destroys data pages by EventBridge, and the filters open the ticket.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from mangaobs.errors import Place
from mangaobs.model.alarm import Alarm, Severity
from mangaobs.model.metric import MINUTES
from mangaobs.model.pattern import Pattern, absent, all_of, any_of, equal, unequal
from mangaobs.model.place import written_at
from mangaobs.model.trail import EventRule, MetricFilter
from mangaobs.model.value import Value, arn, shown, text
from mangaobs.project.app import App

from . import Thresholds

NAMESPACE = "MangaAssist/Security"

_DYNAMODB = equal("$.eventSource", "dynamodb.amazonaws.com")
_SUCCEEDED = absent("$.errorCode")
# `!=` does not match where the field is absent, so its absence is asked for first.
_NOT_AUTO_SCALING = any_of(
    absent("$.userIdentity.invokedBy"),
    unequal("$.userIdentity.invokedBy", "dynamodb.application-autoscaling.amazonaws.com"),
)

TABLE_CHANGES = (
    "CreateTable",
    "DeleteTable",
    "UpdateTable",
    "UpdateTimeToLive",
    "CreateGlobalTable",
    "UpdateGlobalTable",
)
COPIES = (
    "CreateBackup",
    "ExportTableToPointInTime",
    "ImportTable",
    "RestoreTableFromBackup",
    "RestoreTableToPointInTime",
    "EnableKinesisStreamingDestination",
    "UpdateKinesisStreamingDestination",
    "DisableKinesisStreamingDestination",
)
TRAIL_CHANGES = ("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors", "PutInsightSelectors")
LOG_CHANGES = (
    "DeleteLogGroup",
    "DeleteLogStream",
    "DeleteMetricFilter",
    "DeleteSubscriptionFilter",
    "PutRetentionPolicy",
)
ALARM_CHANGES = ("DeleteAlarms", "DisableAlarmActions", "DisableInsightRules", "DeleteInsightRules")
KEY_CHANGES = ("DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy")
PARTIQL = ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction")


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to watch for in the trail: a filter and the alarm on its metric."""

    name: str
    metric: str
    pattern: Pattern
    severity: Severity
    summary: str
    runbook: str
    threshold: float = 0
    account_wide: bool = False
    place: Place = msgspec.field(default_factory=written_at)


def watches(app: App[Thresholds]) -> Iterator[Watch]:
    if app.trail is None:
        return
    if app.trail.data_events:
        yield from _data_access(app)
    yield Watch(
        name="trail-table-changes",
        metric="TableChanges",
        pattern=all_of(_DYNAMODB, equal("$.eventName", *TABLE_CHANGES), _SUCCEEDED, _NOT_AUTO_SCALING),
        severity=Severity.WARNING,
        summary="A DynamoDB table was created, changed or deleted, or its TTL was.",
        runbook="table-changes",
        account_wide=True,
    )
    yield Watch(
        name="trail-table-copies",
        metric="TableCopies",
        pattern=all_of(_DYNAMODB, equal("$.eventName", *COPIES), _SUCCEEDED),
        severity=Severity.WARNING,
        summary="A DynamoDB table was backed up, restored, exported, imported or streamed elsewhere.",
        runbook="data-access",
        account_wide=True,
    )
    yield Watch(
        name="trail-access-denied",
        metric="DynamoDBAccessDenied",
        pattern=all_of(_DYNAMODB, equal("$.errorCode", "AccessDenied*", "*UnauthorizedOperation", "VpceAccessDenied")),
        severity=Severity.WARNING,
        threshold=app.thresholds.denials,
        summary="DynamoDB calls are denied: a wrong policy, or somebody who tries credentials.",
        runbook="access-denied",
        account_wide=True,
    )
    yield Watch(
        name="trail-backup-deleted",
        metric="BackupDeleted",
        pattern=any_of(
            all_of(_DYNAMODB, equal("$.eventName", "DeleteBackup"), _SUCCEEDED),
            all_of(
                equal("$.eventSource", "backup.amazonaws.com"), equal("$.eventName", "DeleteRecoveryPoint"), _SUCCEEDED
            ),
        ),
        severity=Severity.WARNING,
        summary="A backup was deleted.",
        runbook="backup-protection",
        account_wide=True,
    )
    yield Watch(
        name="trail-continuous-backups-changed",
        metric="ContinuousBackupsChanged",
        # Both directions: records name the setting in different places, and a change either way is worth a look.
        pattern=all_of(_DYNAMODB, equal("$.eventName", "UpdateContinuousBackups"), _SUCCEEDED),
        severity=Severity.WARNING,
        summary="Point-in-time recovery of a table was switched off, on, or shortened.",
        runbook="backup-protection",
        account_wide=True,
    )
    yield Watch(
        name="trail-resource-policy",
        metric="ResourcePolicyChanged",
        pattern=all_of(_DYNAMODB, equal("$.eventName", "PutResourcePolicy", "DeleteResourcePolicy"), _SUCCEEDED),
        severity=Severity.WARNING,
        summary="Who may use a table was changed by a resource policy.",
        runbook="table-changes",
        account_wide=True,
    )
    yield Watch(
        name="trail-tampering",
        metric="TrailTampering",
        pattern=all_of(
            equal("$.eventSource", "cloudtrail.amazonaws.com"), equal("$.eventName", *TRAIL_CHANGES), _SUCCEEDED
        ),
        severity=Severity.WARNING,
        summary="CloudTrail was stopped, deleted or told to record less.",
        runbook="trail-tampering",
        account_wide=True,
    )
    yield Watch(
        name="trail-monitoring-tampering",
        metric="MonitoringTampering",
        pattern=any_of(
            all_of(equal("$.eventSource", "logs.amazonaws.com"), equal("$.eventName", *LOG_CHANGES), _SUCCEEDED),
            all_of(
                equal("$.eventSource", "monitoring.amazonaws.com"), equal("$.eventName", *ALARM_CHANGES), _SUCCEEDED
            ),
        ),
        severity=Severity.WARNING,
        summary="Log groups, filters or alarms were deleted or switched off.",
        runbook="trail-tampering",
        account_wide=True,
    )
    yield Watch(
        name="trail-key-disabled",
        metric="KeyDisabled",
        pattern=all_of(equal("$.eventSource", "kms.amazonaws.com"), equal("$.eventName", *KEY_CHANGES), _SUCCEEDED),
        severity=Severity.WARNING,
        summary="A KMS key was disabled, is to be deleted, or got another policy: data may become unreadable.",
        runbook="key-disabled",
        account_wide=True,
    )


def _data_access(app: App[Thresholds]) -> Iterator[Watch]:
    """Reads that no handler makes. A pattern may hold three wildcard selectors, so a filter watches three tables."""
    tables = list(app.tables.values())
    for number, start in enumerate(range(0, len(tables), 3), 1):
        some = tables[start : start + 3]
        suffix = "" if number == 1 else f"-{number}"
        keys = ", ".join(table.key for table in some)
        # The table's ARN under resources holds for a name and for an ARN in the request, and for PartiQL.
        theirs = equal("$.resources[*].ARN", *(arn("dynamodb", text("table/", table.name)) for table in some))
        yield Watch(
            name=f"trail-scan{suffix}",
            metric=f"Scan{suffix}",
            pattern=all_of(_DYNAMODB, equal("$.eventName", "Scan"), theirs),
            severity=Severity.WARNING,
            threshold=app.thresholds.scans,
            summary=f"Somebody scans table {keys}, which no handler does."[:300],
            runbook="data-access",
        )
        yield Watch(
            name=f"trail-partiql{suffix}",
            metric=f"PartiQL{suffix}",
            pattern=all_of(_DYNAMODB, equal("$.eventName", *PARTIQL), theirs),
            severity=Severity.WARNING,
            summary=f"Somebody reads or writes table {keys} with PartiQL, which no handler does."[:300],
            runbook="data-access",
        )


def filters(app: App[Thresholds]) -> Iterator[MetricFilter]:
    if app.trail is not None:
        for watch in watches(app):
            yield _filter(app, watch, app.trail.log_group)


def alarms(app: App[Thresholds]) -> Iterator[Alarm]:
    if app.trail is not None:
        for watch in watches(app):
            yield Alarm(
                name=watch.name,
                condition=_filter(app, watch, app.trail.log_group).metric().sum(5 * MINUTES) > watch.threshold,
                severity=watch.severity,
                summary=watch.summary,
                runbook=watch.runbook,
                next_query="trail-activity",
                account_wide=watch.account_wide,
                place=watch.place,
            )


def events(app: App[Thresholds]) -> Iterator[EventRule]:
    """Pages within seconds; CloudTrail's management events reach EventBridge without a trail's delivery."""
    for number, names in enumerate(_fitting([table.name for table in app.tables.values()]), 1):
        deleted = _detail("dynamodb.amazonaws.com", ["DeleteTable"]) | {
            "requestParameters": {"tableName": _named(names)}
        }
        yield EventRule(
            name="table-deleted" if number == 1 else f"table-deleted-{number}",
            severity=Severity.CRITICAL,
            summary="A table of the application is being deleted.",
            runbook="table-changes",
            pattern=_call("aws.dynamodb", "dynamodb.amazonaws.com", ["DeleteTable"]) | {"detail": deleted},
        )
    yield EventRule(
        name="data-protection-off",
        severity=Severity.CRITICAL,
        summary="A backup is deleted, or a table's recovery, TTL or resource policy is changed.",
        runbook="backup-protection",
        account_wide=True,
        pattern=_call(
            "aws.dynamodb",
            "dynamodb.amazonaws.com",
            [
                "DeleteBackup",
                "UpdateContinuousBackups",
                "UpdateTimeToLive",
                "PutResourcePolicy",
                "DeleteResourcePolicy",
            ],
        ),
    )
    yield EventRule(
        name="recovery-point-deleted",
        severity=Severity.CRITICAL,
        summary="A recovery point of AWS Backup is deleted.",
        runbook="backup-protection",
        account_wide=True,
        pattern=_call("aws.backup", "backup.amazonaws.com", ["DeleteRecoveryPoint"]),
    )
    yield EventRule(
        name="trail-stopped",
        severity=Severity.CRITICAL,
        summary="CloudTrail is stopped, deleted or told to record less.",
        runbook="trail-tampering",
        account_wide=True,
        pattern=_call("aws.cloudtrail", "cloudtrail.amazonaws.com", list(TRAIL_CHANGES)),
    )
    yield EventRule(
        name="key-disabled",
        severity=Severity.CRITICAL,
        summary="A KMS key is disabled or is to be deleted.",
        runbook="key-disabled",
        account_wide=True,
        pattern=_call("aws.kms", "kms.amazonaws.com", ["DisableKey", "ScheduleKeyDeletion"]),
    )


def _filter(app: App[Thresholds], watch: Watch, log_group: Value) -> MetricFilter:
    return MetricFilter(
        name=watch.name,
        summary=watch.summary,
        log_group=log_group,
        pattern=watch.pattern,
        # Several environments of an account read one trail: each counts what is its own apart.
        namespace=NAMESPACE if watch.account_wide else f"{NAMESPACE}/{app.environment}",
        metric_name=watch.metric,
        account_wide=watch.account_wide,
        place=watch.place,
    )


def _fitting(names: list[Value]) -> Iterator[list[Value]]:
    """The names in lots of which each fits into an event pattern: 2,048 characters, of which the frame takes some."""
    lot: list[Value] = []
    length = 0
    for name in names:
        longer = 2 * len(shown(name)) + 30  # by name and by ARN, with what JSON puts around
        if lot and length + longer > 1_600:
            yield lot
            lot, length = [], 0
        lot.append(name)
        length += longer
    if lot:
        yield lot


def _call(source: str, event_source: str, names: list[str]) -> dict[str, object]:
    return {
        "source": [source],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": _detail(event_source, names),
    }


def _detail(event_source: str, names: list[str]) -> dict[str, object]:
    # A failed call has an errorCode and changed nothing.
    return {"eventSource": [event_source], "eventName": names, "errorCode": [{"exists": False}]}


def _named(names: list[Value]) -> list[object]:
    """The tables by name, or by ARN: the API takes both."""
    return [match for name in names for match in (name, {"suffix": text(":table/", name)})]
