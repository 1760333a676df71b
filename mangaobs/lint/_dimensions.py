"""What the value of a dimension is to be: the name of a resource, and of the right kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.lint import _tables
from mangaobs.lint._app import TABLES

if TYPE_CHECKING:
    from mangaobs.lint._app import App
    from mangaobs.lint._reads import Dimension, Read

# What a dimension is to hold: the type, and which of its attributes give that; None: Ref. The others are wrong.
# Source: the template reference, "Return values" of each type, and the catalog's pages on the dimensions.
_VALUES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
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


def wrong_value(app: App, read: Read, one: Dimension) -> tuple[str, str] | None:
    """What is wrong with the value of a dimension of AWS's, and what would be right."""
    name = str(one.name)
    if name == "ApiName":
        return _api_name(app, one.value)
    if name == "GlobalSecondaryIndexName":
        return _index(app, read, one.value)
    if name not in _VALUES:
        return None
    return _text(name, one.value) if isinstance(one.value, str) else _reference(app, name, one.value)


def _api_name(app: App, value: object) -> tuple[str, str] | None:
    found = app.meant(value)
    if found is not None and found[0].type in _APIS:
        return f"ApiName is the name of an API, and this is the id of {found[0].id}", "its Name"
    if found is not None and found[0].type in _VALUES["ApiId"]:
        return f"{found[0].id} is an HTTP API, which has no metrics by ApiName", "ApiId"
    return None


def _reference(app: App, name: str, value: object) -> tuple[str, str] | None:
    found, wanted = app.meant(value), _VALUES[name]
    if found is None:
        return None
    resource, attribute = found
    if resource.type not in wanted:
        if resource.type not in _KNOWN_TYPES:
            return None
        return f"{name} names {resource.id}, which is of the type {resource.type}", f"a {next(iter(wanted))}"
    if attribute in wanted[resource.type]:
        return None
    right = wanted[resource.type][0]
    what = f"{attribute} of {resource.id}" if attribute else f"Ref of {resource.id}"
    mended = f"Fn::GetAtt {resource.id}.{right}" if right else f"Ref {resource.id}"
    return f"{what} is not its name, which {name} holds", mended


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
