"""Time to live as the only way to erase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.lint import _policies
from mangaobs.lint._app import TABLES
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import inside, listed, truth
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.template import Resource


_DELETES: Final = ("dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:PartiQLDelete")
_SAM: Final = ("DynamoDBCrudPolicy", "DynamoDBWritePolicy")


def check(app: App) -> Iterator[Found]:
    """A table with a time to live, of which nobody may delete an item, while somebody may write."""
    statements = list(_policies.statements(app, *_policies.IDENTITY))
    named = [
        (policy, function)
        for function in app.of("AWS::Serverless::Function")
        for policy in listed(function.properties.get("Policies"))
    ]
    for table in app.of("AWS::DynamoDB::Table"):
        if truth(inside(table.properties, "TimeToLiveSpecification").get("Enabled")) is not True:
            continue
        mine = [
            one for one in statements if any(_about(app, each, table) for each in listed(one.value.get("Resource")))
        ]
        writes = any(one.does("dynamodb:PutItem", "dynamodb:UpdateItem") for one in mine)
        deletes = any(one.does(*_DELETES) for one in mine)
        if any(set(inside(policy)) & set(_SAM) for policy, _ in named) or any(
            isinstance(one, (str, Unknown)) for one, _ in named
        ):
            continue  # managed policies are not read
        if writes and not deletes:
            what = f"items of {table.id} only go by time to live: days late, unlogged, and not when a person asks"
            yield Found(
                "MO708", table, what, "a role that may delete", Spot.of("TimeToLiveSpecification"), absence=True
            )


def _about(app: App, value: object, table: Resource) -> bool:
    expression = value.expression if isinstance(value, Unknown) else str(value)
    return value == "*" or app.find(value, *TABLES) is table or f"${{{table.id}" in expression
