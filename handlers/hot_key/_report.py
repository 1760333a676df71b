"""Where the busiest keys are read from: Contributor Insights, or a file that holds the same answer.

A managed rule's name ends with the time at which it was made, so it is asked for. Its value is consumed capacity units,
not requests. Source: DynamoDB developer guide, "CloudWatch contributor insights for DynamoDB: how it works"; CloudWatch
API reference, GetInsightRuleReport.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_dynamodb import DynamoDBClient

_MOST: Final = 25
# By partition key, and by partition and sort key: the first tells what a session takes in all.
_BY_PARTITION_KEY: Final = "-PKC-"


class Datapoint(msgspec.Struct, frozen=True, rename="pascal"):
    """One minute of a contributor."""

    timestamp: datetime | float
    approximate_value: float


class Contributor(msgspec.Struct, frozen=True, rename="pascal"):
    """A key, and what it consumed."""

    keys: list[str]
    datapoints: list[Datapoint] = []


class Report(msgspec.Struct, frozen=True, rename="pascal"):
    """The answer of GetInsightRuleReport, as far as it is read."""

    contributors: list[Contributor] = []


class ReportSource(Protocol):
    """Where reports come from."""

    def reports(self, start: datetime, end: datetime) -> list[Report]:
        """The reports of the minutes from `start` to `end`. Raises `OSError`, `ValueError` or what botocore does."""


class CloudWatchReports:
    """Contributor Insights' own rules for a table."""

    def __init__(self, cloudwatch: CloudWatchClient, dynamodb: DynamoDBClient, table: str) -> None:
        self._cloudwatch = cloudwatch
        self._dynamodb = dynamodb
        self._table = table

    def reports(self, start: datetime, end: datetime) -> list[Report]:
        """The reports of the table's rules by partition key."""
        described = self._dynamodb.describe_contributor_insights(TableName=self._table)
        rules = [rule for rule in described.get("ContributorInsightsRuleList", []) if _BY_PARTITION_KEY in rule]
        return [
            _report(
                self._cloudwatch.get_insight_rule_report(
                    RuleName=rule, StartTime=start, EndTime=end, Period=60, MaxContributorCount=_MOST, OrderBy="Maximum"
                )
            )
            for rule in rules
        ]


class FileReports:
    """One report, from a file: for a laptop, where there is no CloudWatch."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def reports(self, _: datetime, __: datetime) -> list[Report]:
        """The report that the file holds."""
        return [_report(msgspec.json.decode(self._path.read_bytes()))]


def minutes_of(reports: list[Report]) -> dict[str, dict[int, float]]:
    """For each key, the units that it consumed in each minute since the epoch: the most that a report says."""
    found: dict[str, dict[int, float]] = {}
    for report in reports:
        for contributor in report.contributors:
            if not contributor.keys:
                continue
            minutes = found.setdefault(contributor.keys[0], {})
            for point in contributor.datapoints:
                minute = int(_seconds(point.timestamp) // 60)
                minutes[minute] = max(minutes.get(minute, 0.0), point.approximate_value)
    return found


def _report(answer: Any) -> Report:  # noqa: ANN401 - JSON, or what botocore made of it
    try:
        return msgspec.convert(answer, Report)
    except msgspec.ValidationError:
        raise ValueError("not a report of GetInsightRuleReport") from None


def _seconds(at: datetime | float) -> float:
    if isinstance(at, datetime):
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
    return at / 1000 if at > 10**11 else at
