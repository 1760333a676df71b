"""DynamoDB tables as a template has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mangaobs.lint._values import inside, listed, text
from mangaobs.template import Unknown, holds_unknown

if TYPE_CHECKING:
    from mangaobs.template import Resource


def billing(table: Resource) -> Literal["provisioned", "on-demand"] | None:
    """The billing mode; None where it is not known."""
    if table.type == "AWS::Serverless::SimpleTable":
        return "provisioned" if "ProvisionedThroughput" in table.properties else "on-demand"
    mode = table.properties.get("BillingMode", "PROVISIONED")
    return {"PROVISIONED": "provisioned", "PAY_PER_REQUEST": "on-demand"}.get(text(mode) or "")  # type: ignore[return-value]


def has_maximum(table: Resource) -> bool:
    """Whether a maximum of on-demand capacity is set, or may be."""
    keys = ("OnDemandThroughput", "WriteOnDemandThroughputSettings", "ReadOnDemandThroughputSettings", "Replicas")
    return any(key in table.properties for key in keys)


def indexes(table: Resource) -> set[str] | None:
    """The names of the global secondary indexes; None where they are not known."""
    found = table.properties.get("GlobalSecondaryIndexes", [])
    if isinstance(found, Unknown):
        return None
    names = [inside(one).get("IndexName") for one in listed(found)]
    return None if holds_unknown(names) else {str(one) for one in names}


def replicas(table: Resource) -> int | None:
    """How many regions a global table is in; 1 for any other."""
    if table.type != "AWS::DynamoDB::GlobalTable":
        return 1
    found = table.properties.get("Replicas")
    return len(found) if isinstance(found, list) else None
