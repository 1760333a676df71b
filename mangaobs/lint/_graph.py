"""How the parts of alarms and widgets hang together: expressions, ids, who looks at an alarm, what a dimension means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mangaobs.errors import LanguageError
from mangaobs.languages import alarm_rule, metric_math
from mangaobs.lint import _tables
from mangaobs.lint._app import ALARM, COMPOSITE, TABLES
from mangaobs.lint._values import inside
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mangaobs.languages.metric_math import Binary, Call, Expression, Kind
    from mangaobs.lint._alarms import Alarm
    from mangaobs.lint._app import App
    from mangaobs.lint._bodies import Body
    from mangaobs.lint._found import Spot
    from mangaobs.lint._reads import Dimension, Read


def walk(node: Expression) -> Iterator[Expression]:
    """A node and everything in it."""
    yield node
    match node:
        case metric_math.Unary():
            yield from walk(node.operand)
        case metric_math.Binary():
            yield from walk(node.left)
            yield from walk(node.right)
        case metric_math.Call():
            for part in node.arguments:
                yield from walk(part)
        case metric_math.Array():
            for part in node.parts:
                yield from walk(part)


def calls(node: Expression) -> Iterator[Call]:
    """The calls of functions in an expression."""
    return (one for one in walk(node) if isinstance(one, metric_math.Call))


def divisions(node: Expression) -> Iterator[Binary]:
    """The divisions in an expression."""
    return (one for one in walk(node) if isinstance(one, metric_math.Binary) and one.operator == "/")


def kinds_of_alarm(alarm: Alarm) -> dict[str, Kind]:
    """What each id of an alarm's Metrics stands for."""
    kinds: dict[str, Kind] = {}
    for query in alarm.queries or ():
        if query.id is not None:
            kinds[query.id] = "T" if query.read is not None else "*"
    for query in alarm.queries or ():
        if query.id is not None and query.tree is not None and not isinstance(query.expression, Unknown):
            kinds[query.id] = metric_math.check(query.tree, kinds, str(query.expression)).kind
    return kinds


class Row(NamedTuple):
    """A widget's row with an expression."""

    widget: int
    number: int
    id: str | None
    expression: str
    spot: Spot
    tree: Expression | None
    error: LanguageError | None


def rows(body: Body) -> Iterator[Row]:
    """The expressions of a dashboard's widgets, Metrics Insights queries left out."""
    for widget, given in body.widgets:
        listed_ = inside(given, "properties").get("metrics")
        for number, row in enumerate(listed_ if isinstance(listed_, list) else []):
            options = row[-1] if isinstance(row, list) and row and isinstance(row[-1], dict) else None
            expression = options.get("expression") if options is not None and len(row) == 1 else None
            if not isinstance(expression, str) or re.match(r"\s*SELECT\b", expression, re.IGNORECASE):
                continue
            spot = body.at("widgets", widget, "properties", "metrics", number, 0, "expression")
            tree, error = None, None
            try:
                tree = metric_math.parse(expression)
            except LanguageError as problem:
                error = None if body.is_unknown(expression) or not expression.strip() else problem
            id_ = options.get("id") if options is not None else None
            yield Row(widget, number, id_ if isinstance(id_, str) else None, expression, spot, tree, error)


def kinds_of_widget(body: Body, widget: int, found: Sequence[Row]) -> dict[str, Kind]:
    """What each id of a widget stands for."""
    properties = dict(body.widgets)[widget].get("properties")
    kinds: dict[str, Kind] = {}
    for row in inside(properties).get("metrics") or ():  # type: ignore[attr-defined]
        options: Any = row[-1] if isinstance(row, list) and row and isinstance(row[-1], dict) else {}
        if isinstance(options.get("id"), str):
            kinds[options["id"]] = "*" if "expression" in options else "T"
    for one in found:
        if one.id is not None and one.tree is not None:
            kinds[one.id] = metric_math.check(one.tree, kinds, one.expression).kind
    return kinds


def watched(app: App) -> set[tuple[str, str]]:
    """The alarms at which something looks: a composite alarm, a rule, a deployment; by file and logical id."""
    found: set[tuple[str, str]] = set()
    every = app.of(ALARM, COMPOSITE)
    for one in app.composites:
        source = one.rule.expression if isinstance(one.rule, Unknown) else str(one.rule)
        names = set(alarm_rule.children(one.tree)) if one.tree is not None else set()
        for alarm in every:
            if str(alarm.name) in names or f"${{{alarm.id}}}" in source or f"${{{alarm.id}." in source:
                found.add((alarm.place.file, alarm.id))
    rules = [one for one in app.of("AWS::Events::Rule") if "aws.cloudwatch" in str(one.properties.get("EventPattern"))]
    if rules or app.of("AWS::CloudWatch::AlarmMuteRule"):
        return {(one.place.file, one.id) for one in every}
    for number, texts in app.references.items():
        resource = app.template.resources[number]
        if resource.type == ALARM:
            continue
        joined = "\n".join(texts)
        for alarm in every:
            if alarm is resource:
                continue
            named = isinstance(alarm.name, str) and alarm.name != alarm.id and alarm.name in joined
            if named or f"${{{alarm.id}" in joined or f":alarm:{alarm.name}" in joined or alarm.id in texts:
                found.add((alarm.place.file, alarm.id))
    outputs = str(app.template.outputs)
    for alarm in every:
        if f"${{{alarm.id}" in outputs or (isinstance(alarm.name, str) and alarm.name in outputs):
            found.add((alarm.place.file, alarm.id))
    return found


# What a dimension is to hold: the type, and which of its attributes give that; None: Ref. The others are wrong.
# Source: the template reference, "Return values" of each type, and the catalog's pages on the dimensions.
_VALUES: Final = {
    "TopicName": {"AWS::SNS::Topic": ("TopicName",)},
    "QueueName": {"AWS::SQS::Queue": ("QueueName",)},
    "FunctionName": {"AWS::Lambda::Function": ("",), "AWS::Serverless::Function": ("",)},
    "TableName": dict.fromkeys(TABLES, ("", "TableName")),
    "StreamName": {"AWS::Kinesis::Stream": ("",)},
    "DeliveryStreamName": {"AWS::KinesisFirehose::DeliveryStream": ("",)},
    "BucketName": {"AWS::S3::Bucket": ("",)},
    "StateMachineArn": {
        "AWS::StepFunctions::StateMachine": ("", "Arn"),
        "AWS::Serverless::StateMachine": ("", "Arn"),
    },
    "ApiId": {
        "AWS::ApiGatewayV2::Api": ("", "ApiId"),
        "AWS::Serverless::HttpApi": ("", "ApiId"),
        "AWS::Serverless::WebSocketApi": ("", "ApiId"),
    },
    "LogGroupName": {"AWS::Logs::LogGroup": ("",)},
    "UserPool": {"AWS::Cognito::UserPool": ("", "UserPoolId")},
    "UserPoolClient": {"AWS::Cognito::UserPoolClient": ("", "ClientId")},
}
_APIS: Final = ("AWS::ApiGateway::RestApi", "AWS::Serverless::Api")
_ARN_OK: Final = ("Arn", "Resource", "ARN")


def wrong_value(app: App, read: Read, one: Dimension) -> tuple[str, str] | None:
    """What is wrong with the value of a dimension of AWS's, and what would be right."""
    name = str(one.name)
    if read.known is not None and read.known[0] == "AWS/ApiGateway" and name == "ApiName":
        found = app.meant(one.value)
        if found is not None and found[0].type in _APIS:
            return f"ApiName is the name of an API, and this is the id of {found[0].id}", "its Name"
        if found is not None and found[0].type in _VALUES["ApiId"]:
            return f"{found[0].id} is an HTTP API, which has no metrics by ApiName", "ApiId"
        return None
    if name == "GlobalSecondaryIndexName":
        return _index(app, read, one.value)
    wanted = _VALUES.get(name)
    if wanted is None:
        return None
    if isinstance(one.value, str):
        return _text(name, one.value)
    found = app.meant(one.value)
    if found is None:
        return None
    resource, attribute = found
    if resource.type not in wanted:
        if resource.type in _KNOWN_TYPES:
            return f"{name} names {resource.id}, which is of the type {resource.type}", f"a {next(iter(wanted))}"
        return None
    if attribute not in wanted[resource.type]:
        right = wanted[resource.type][0]
        what = f"{attribute} of {resource.id}" if attribute else f"Ref of {resource.id}"
        return (
            f"{what} is not its name, which {name} holds",
            f"Fn::GetAtt {resource.id}.{right}" if right else f"Ref {resource.id}",
        )
    return None


_KNOWN_TYPES: Final = frozenset(one for wanted in _VALUES.values() for one in wanted)


def _text(name: str, value: str) -> tuple[str, str] | None:
    if name == "StateMachineArn":
        return None if value.startswith("arn:") else (f"StateMachineArn is an ARN, and {value!r} is none", "arn:…")
    if value.startswith("arn:"):
        return f"{name} holds a name, and this is an ARN", "the name at its end"
    if name == "QueueName" and value.startswith("https://"):
        return "QueueName holds a name, and this is the queue's URL", "Fn::GetAtt of QueueName"
    return None


def _index(app: App, read: Read, value: object) -> tuple[str, str] | None:
    table = app.find(read.value("TableName"), *TABLES)
    known = _tables.indexes(table) if table is not None else None
    if table is None or known is None or not isinstance(value, str) or value in known:
        return None
    return f"{table.id} has no index {value!r}", f"one of {', '.join(sorted(known))}" if known else "it has none"
