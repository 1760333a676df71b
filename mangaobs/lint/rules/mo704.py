"""Functions in a VPC that has no endpoint for DynamoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._app import FUNCTIONS, TABLES
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import inside, listed
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The gateway endpoint costs nothing; without it, a NAT gateway or nothing leads there."""
    if not app.of(*TABLES) or not app.of("AWS::EC2::VPC"):
        return
    endpoints = [one.properties.get("ServiceName") for one in app.of("AWS::EC2::VPCEndpoint")]
    if any(
        isinstance(one, Unknown) and "dynamodb" not in one.expression and "." not in one.expression for one in endpoints
    ):
        return
    if any("dynamodb" in str(one) for one in endpoints):
        return
    for function in app.of(*FUNCTIONS):
        config = inside(function.properties, "VpcConfig")
        subnets = [app.find(one, "AWS::EC2::Subnet") for one in listed(config.get("SubnetIds"))]
        if any(subnets):
            what = f"{function.id} is in a VPC without an endpoint for DynamoDB"
            yield Found("MO704", function, what, "a gateway AWS::EC2::VPCEndpoint", Spot.of("VpcConfig"), absence=True)
