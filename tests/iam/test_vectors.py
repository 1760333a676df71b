"""What IAM's pages say, case by case."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mangaobs.iam import Context, Names, Policies, Principal, Request, Where, decide, statements, text

CASES = yaml.safe_load(Path(__file__).with_name("vectors.yaml").read_text())["cases"]
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/chats"
WHO = Principal(text("arn:aws:iam::123456789012:role/r", wild=False, variables=False), "123456789012")


def ready(case, name):
    document = {"Version": case.get("version", "2012-10-17"), "Statement": case.get(name, [])}
    return tuple(statements(document, Where(name), Names()))


@pytest.mark.parametrize("case", CASES, ids=[one["says"].replace(" ", "-") for one in CASES])
def test_a_case(case):
    policies = Policies(
        principal=WHO,
        identity=ready(case, "identity"),
        boundary=ready(case, "boundary") if "boundary" in case else None,
        resource=ready(case, "resource_policy"),
    )
    context = Context(case.get("context", {}), complete=case.get("complete", False))
    resource = text(case.get("resource", TABLE), wild=False, variables=False)
    decision = decide(Request(case.get("action", "dynamodb:GetItem"), resource, context), policies)
    assert (decision.decision, decision.explicit) == (case["expect"], case.get("explicit", False))
    assert list(decision.unknown) == case.get("unknown", [])
    assert bool(decision.statements) is (decision.decision != "DENY" or decision.explicit)
