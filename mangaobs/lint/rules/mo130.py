"""A resource without any alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.lint._found import Found
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.lint._found import Verdict


# What a service's pack has alarms for: type → its metrics' namespaces, and the dimension that names it.
_PACKS: Final = {
    "AWS::DynamoDB::Table": ("AWS/DynamoDB", "TableName"),
    "AWS::DynamoDB::GlobalTable": ("AWS/DynamoDB", "TableName"),
    "AWS::Serverless::SimpleTable": ("AWS/DynamoDB", "TableName"),
    "AWS::Lambda::Function": ("AWS/Lambda", "FunctionName"),
    "AWS::Serverless::Function": ("AWS/Lambda", "FunctionName"),
    "AWS::SQS::Queue": ("AWS/SQS", "QueueName"),
    "AWS::Kinesis::Stream": ("AWS/Kinesis", "StreamName"),
    "AWS::KinesisFirehose::DeliveryStream": ("AWS/Firehose", "DeliveryStreamName"),
    "AWS::StepFunctions::StateMachine": ("AWS/States", "StateMachineArn"),
    "AWS::Serverless::StateMachine": ("AWS/States", "StateMachineArn"),
    "AWS::ApiGateway::RestApi": ("AWS/ApiGateway", "ApiName"),
    "AWS::ApiGatewayV2::Api": ("AWS/ApiGateway", "ApiId"),
    "AWS::Serverless::Api": ("AWS/ApiGateway", "ApiName"),
    "AWS::Serverless::HttpApi": ("AWS/ApiGateway", "ApiId"),
}


def check(app: App) -> Iterator[Found]:
    """Only where the templates have alarms at all: others may stand in another."""
    watched, unclear = _watched(app)
    for resource in app.of(*_PACKS):
        namespace, dimension = _PACKS[resource.type]
        if namespace in watched or resource.id in watched:
            continue
        what = f"no alarm looks at {resource.id}"
        verdict: Verdict = "unproven" if namespace in unclear else "refuted"
        yield Found("MO130", resource, what, f"an alarm on {namespace} by {dimension}", verdict=verdict, absence=True)


def _watched(app: App) -> tuple[set[str], set[str]]:
    """The resources, and whole namespaces, at which alarms look; the namespaces of which that is not clear."""
    namespaces = {namespace for namespace, _ in _PACKS.values()}
    watched: set[str] = set()
    unclear: set[str] = set()
    for alarm in app.alarms:
        if alarm.queries is None and alarm.single is None:
            unclear |= namespaces
        for query in alarm.queries or ():
            if query.is_select:
                watched |= {namespace for namespace in namespaces if namespace in str(query.expression)}
        for read in alarm.reads:
            for one in read.dimensions or ():
                resource = app.find(one.value, *_PACKS)
                if resource is not None:
                    watched.add(resource.id)
                elif isinstance(one.value, Unknown):
                    unclear.add(str(read.namespace))
    return watched, unclear
