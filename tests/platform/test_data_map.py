"""Every store of the platform has a row in the data map, and what the rows say is so."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest

from handlers.subjects.data_map import stores, table
from mangaobs.platform import render_platform

from ..proof.configurations import ROOT

# Types that hold nothing that anybody wrote. A type that is neither here nor in a row fails.
NO_STORES = {
    "AWS::ApiGateway::*", "AWS::CloudFormation::CustomResource", "AWS::DAX::SubnetGroup", "AWS::EC2::*",
    "AWS::ElastiCache::SubnetGroup", "AWS::ElastiCache::User", "AWS::ElastiCache::UserGroup", "AWS::Events::Rule",
    "AWS::IAM::*", "AWS::KMS::*", "AWS::Lambda::*", "AWS::Logs::LogStream", "AWS::Logs::ResourcePolicy",
    "AWS::Pipes::Pipe", "AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy", "AWS::SSM::Parameter", "AWS::SecretsManager::Secret",
}  # fmt: skip


@pytest.fixture(scope="module")
def template():
    """The platform with everything that can be switched on."""
    return render_platform(ROOT, None, ["platform.dax=true", "platform.bedrock_logging=true"])["Resources"]


def rows_of(id: str) -> list[str]:
    return [one.name for one in stores() if any(fnmatchcase(id, pattern) for pattern in one.resources)]


def unmapped(template) -> dict[str, list[str]]:
    """The stores of a template that have no row, or several."""
    held = {id for id, one in template.items() if not any(fnmatchcase(one["Type"], kind) for kind in NO_STORES)}
    return {id: rows_of(id) for id in held if len(rows_of(id)) != 1}


def test_every_store_of_the_template_has_one_row(template):
    assert unmapped(template) == {}


@pytest.mark.parametrize(
    "type", ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::RDS::DBInstance", "AWS::Some::Thing"]
)
def test_a_store_that_is_new_has_none_of_whatever_type_it_is(template, type):
    assert unmapped({**template, "Another": {"Type": type}}) == {"Another": []}


def test_no_row_is_of_what_there_is_not(template):
    for one in stores():
        for pattern in one.resources:
            assert any(fnmatchcase(id, pattern) for id in template), f"{one.name}: {pattern}"


def test_what_expires_does_so_within_its_days(template):
    # The template's own numbers, against the map's.
    by_name = {pattern: one for one in stores() for pattern in one.resources}
    for id, one in template.items():
        properties = one["Properties"]
        row = next((row for pattern, row in by_name.items() if fnmatchcase(id, pattern)), None)
        if row is None or row.days is None:
            continue
        if one["Type"] == "AWS::SQS::Queue":
            assert properties["MessageRetentionPeriod"] <= row.days * 86_400, id
        if one["Type"] == "AWS::Logs::LogGroup":
            assert properties["RetentionInDays"] <= row.days, id
        if one["Type"] == "AWS::Events::Archive":
            assert properties["RetentionDays"] <= row.days, id
        if one["Type"] == "AWS::S3::Bucket" and row.happens != "kept":
            # A version that has expired is still there, under a marker, until it is no more.
            for rule in properties["LifecycleConfiguration"]["Rules"]:
                superseded = rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays", 0)
                assert rule["ExpirationInDays"] + superseded <= row.days, id
    recovery = template["SessionsTableResource"]["Properties"]["PointInTimeRecoverySpecification"]
    (backups,) = [one for one in stores() if one.name == "Point-in-time recovery"]
    assert recovery["RecoveryPeriodInDays"] <= backups.days


def test_the_ledger_is_kept_longer_than_any_backup(template):
    (audit,) = [one for one in stores() if one.resources == ("AuditBucket",)]
    rule = template["AuditBucket"]["Properties"]["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert rule == {"Mode": "COMPLIANCE", "Days": audit.days}
    assert audit.days > max(one.days or 0 for one in stores() if one.happens == "expires")


def test_nothing_erasable_is_under_a_lock(template):
    for id, one in template.items():
        rows = [row for row in stores() if any(fnmatchcase(id, pattern) for pattern in row.resources)]
        if one["Type"] == "AWS::S3::Bucket" and rows and rows[0].happens == "erased":
            assert "ObjectLockConfiguration" not in one["Properties"], id


def test_the_page_has_the_map():
    page = (ROOT / "docs" / "erasure.md").read_text(encoding="utf-8")
    missing = [row for row in table().splitlines() if row not in page]
    assert missing == [], "python -m handlers.subjects.data_map"
    assert not [row for row in re.findall(r"^\| .* \| \*\*\w+\*\* \|.*$", page, re.MULTILINE) if row not in table()]
