"""A condition on the VPC that every request through the endpoint meets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _policies
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import inside, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """aws:SourceVpc in the policy of an endpoint of that VPC."""
    for one in _policies.statements(app, "AWS::EC2::VPCEndpoint"):
        vpc = one.resource.properties.get("VpcId")
        condition = one.value.get("Condition")
        for operator, keys in (condition if isinstance(condition, dict) else {}).items():
            for key, value in inside(keys).items():
                if key.lower() != "aws:sourcevpc" or not one.allows or "not" in operator.lower():
                    continue
                if [str(each) for each in listed(value)] == [str(vpc)]:
                    what = (
                        "an endpoint is in one VPC, so that its every request comes from there: this restricts nothing"
                    )
                    right = "aws:PrincipalAccount and aws:ResourceAccount; the table's own policy for aws:SourceVpce"
                    yield Found(
                        "MO603", one.resource, what, right, Spot((*one.path, "Condition", operator, key), key=True)
                    )
