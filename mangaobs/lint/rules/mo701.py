"""A function that writes to the table whose stream calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.lint import _policies
from mangaobs.lint._app import FUNCTIONS, TABLES
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import inside, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.template import Resource


_WRITES: Final = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem")
_SAM: Final = ("DynamoDBCrudPolicy", "DynamoDBWritePolicy")


def check(app: App) -> Iterator[Found]:
    """Without a filter each write calls the function again."""
    for table, function, place, filtered in _streams(app):
        if filtered or not _writes(app, function, table):
            continue
        what = f"{function.id} reads the stream of {table.id} and may write to it: each write calls it again"
        yield Found("MO701", place[0], what, "FilterCriteria, so that its own writes do not call it", place[1])


def _streams(app: App) -> Iterator[tuple[Resource, Resource, tuple[Resource, Spot], bool]]:
    for one in app.of("AWS::Lambda::EventSourceMapping"):
        table = _table(app, one.properties.get("EventSourceArn"))
        function = app.find(one.properties.get("FunctionName"), *FUNCTIONS)
        if table is not None and function is not None:
            yield table, function, (one, Spot.of("EventSourceArn")), "FilterCriteria" in one.properties
    for function in app.of("AWS::Serverless::Function"):
        for name, event in inside(function.properties.get("Events")).items():
            given = inside(event, "Properties")
            if inside(event).get("Type") != "DynamoDB":
                continue
            table = _table(app, given.get("Stream"))
            if table is not None:
                spot = Spot.of("Events", name, "Properties", "Stream")
                yield table, function, (function, spot), "FilterCriteria" in given


def _table(app: App, value: object) -> Resource | None:
    meant = app.meant(value)
    return meant[0] if meant is not None and meant[0].type in TABLES else None


def _writes(app: App, function: Resource, table: Resource) -> bool:
    for policy in listed(function.properties.get("Policies")):
        for name, given in inside(policy).items():
            if name in _SAM and app.find(inside(given).get("TableName"), *TABLES) is table:
                return True
    role = app.find(function.properties.get("Role"), "AWS::IAM::Role")
    for one in _policies.statements(app, *_policies.IDENTITY):
        mine = (
            one.resource is function
            or one.resource is role
            or (role is not None and _attached(app, one.resource, role))
        )
        if mine and one.does(*_WRITES) and any(_is(app, each, table) for each in listed(one.value.get("Resource"))):
            return True
    return False


def _attached(app: App, policy: Resource, role: Resource) -> bool:
    given = [*listed(policy.properties.get("Roles")), policy.properties.get("RoleName")]
    return any(app.find(one, "AWS::IAM::Role") is role for one in given)


def _is(app: App, value: object, table: Resource) -> bool:
    return value == "*" or app.find(value, *TABLES) is table
