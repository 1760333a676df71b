"""What CloudTrail delivers where: trails, their selectors and log groups; and what a pattern asks of a record.

Source: CloudTrail user guide, "Logging data events" and "Record contents"; DynamoDB guide, "Logging DynamoDB operations
by using AWS CloudTrail"; S3 and Lambda guides on CloudTrail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.languages import filter_pattern
from mangaobs.lint._values import inside, listed, text, truth
from mangaobs.template import Unknown, holds_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.languages.filter_pattern import Condition, Pattern
    from mangaobs.lint._app import App
    from mangaobs.template import Resource

TRAIL: Final = "AWS::CloudTrail::Trail"

# Data events by their service: they are delivered only by a selector. The resource type that selects them.
DATA: Final = {
    "dynamodb.amazonaws.com": (
        "AWS::DynamoDB::Table",
        frozenset(
            {
                "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
                "TransactGetItems", "TransactWriteItems", "ExecuteStatement", "BatchExecuteStatement",
                "ExecuteTransaction",
            }
        ),
    ),
    "s3.amazonaws.com": (
        "AWS::S3::Object",
        frozenset({"GetObject", "PutObject", "DeleteObject", "DeleteObjects", "CopyObject", "HeadObject"}),
    ),
    "lambda.amazonaws.com": ("AWS::Lambda::Function", frozenset({"Invoke"})),
}  # fmt: skip


def conditions(pattern: Pattern) -> Iterator[filter_pattern.Compare | filter_pattern.Is | filter_pattern.NotExists]:
    """The tests of a JSON pattern."""
    if isinstance(pattern, filter_pattern.Json):
        yield from leaves(pattern.condition)


def leaves(node: Condition) -> Iterator[filter_pattern.Compare | filter_pattern.Is | filter_pattern.NotExists]:
    """The tests in a condition."""
    if isinstance(node, (filter_pattern.And, filter_pattern.Or)):
        for part in node.parts:
            yield from leaves(part)
    else:
        yield node


def is_trail_pattern(pattern: Pattern) -> bool:
    """Whether a pattern asks for fields of CloudTrail's records."""
    names = {
        str(one.selector.steps[0]) for one in conditions(pattern) if one.selector is not None and one.selector.steps
    }
    return bool(names & {"eventName", "eventSource", "errorCode", "userIdentity"})


def asked(pattern: Pattern, field: str) -> list[filter_pattern.Compare]:
    """The equalities on a field at the top of the record."""
    return [
        one
        for one in conditions(pattern)
        if isinstance(one, filter_pattern.Compare)
        and one.selector is not None
        and one.selector.steps == (field,)
        and one.comparison is filter_pattern.Comparison.EQUAL
        and isinstance(one.value, filter_pattern.Literal)
    ]


def trails_to(app: App, group: object) -> tuple[list[Resource], bool]:
    """The trails that deliver to a log group; and whether one may, of which that is not known."""
    found: list[Resource] = []
    open_ended = False
    resource = app.find(group, "AWS::Logs::LogGroup")
    for trail in app.of(TRAIL):
        target = trail.properties.get("CloudWatchLogsLogGroupArn")
        if target is None:
            continue
        same = resource is not None and app.find(target, "AWS::Logs::LogGroup") is resource
        if same or (isinstance(group, str) and isinstance(target, str) and f":log-group:{group}:" in f"{target}:"):
            found.append(trail)
        elif isinstance(target, Unknown) or isinstance(group, Unknown):
            mentioned = resource is not None and f"${{{resource.id}" in str(target)
            if mentioned:
                found.append(trail)
            else:
                open_ended = True
    return found, open_ended


def selects(trail: Resource, type_: str) -> bool | None:
    """Whether a trail has data events of a type of resource; None where that is not known."""
    for name in ("AdvancedEventSelectors", "EventSelectors"):
        if holds_unknown(trail.properties.get(name)):
            return None
    for one in listed(trail.properties.get("AdvancedEventSelectors")):
        fields = [inside(each) for each in listed(inside(one).get("FieldSelectors"))]
        types = [
            value for each in fields if each.get("Field") == "resources.type" for value in listed(each.get("Equals"))
        ]
        if type_ in types:
            return True
    for one in listed(trail.properties.get("EventSelectors")):
        resources = [inside(each) for each in listed(inside(one).get("DataResources"))]
        if any(each.get("Type") == type_ for each in resources):
            return True
    return False


def manages(trail: Resource) -> bool:
    """Whether a trail has management events, or may."""
    advanced = trail.properties.get("AdvancedEventSelectors")
    if advanced is not None:
        return holds_unknown(advanced) or "Management" in str(advanced)
    selectors = trail.properties.get("EventSelectors")
    if selectors is None or holds_unknown(selectors):
        return True
    return any(truth(inside(one).get("IncludeManagementEvents", True)) is not False for one in listed(selectors))


def logging(trail: Resource) -> bool | None:
    """IsLogging."""
    return (
        truth(trail.properties.get("IsLogging"))
        if text(trail.properties.get("IsLogging")) or isinstance(trail.properties.get("IsLogging"), bool)
        else None
    )
