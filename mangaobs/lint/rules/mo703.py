"""Whole requests, with what people wrote, in a log group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import inside, listed, truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Settings that log bodies, inputs and results."""
    for stage in app.of("AWS::ApiGateway::Stage", "AWS::Serverless::Api", "AWS::ApiGateway::Deployment"):
        base = ("MethodSettings",) if "MethodSettings" in stage.properties else ("StageDescription", "MethodSettings")
        given = inside(stage.properties, *base[:-1]).get("MethodSettings")
        for number_, one in enumerate(listed(given)):
            if truth(inside(one).get("DataTraceEnabled")):
                what = "DataTraceEnabled logs the bodies of requests and responses"
                yield Found("MO703", stage, what, "access logs", Spot((*base, number_, "DataTraceEnabled")))
    for machine in app.of("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine"):
        name = "LoggingConfiguration" if "LoggingConfiguration" in machine.properties else "Logging"
        config = inside(machine.properties, name)
        if truth(config.get("IncludeExecutionData")) and config.get("Level") != "OFF":
            what = "IncludeExecutionData logs the inputs and results of states"
            yield Found("MO703", machine, what, "IncludeExecutionData: false", Spot.of(name, "IncludeExecutionData"))
    for api in app.of("AWS::AppSync::GraphQLApi"):
        config = inside(api.properties, "LogConfig")
        if truth(config.get("ExcludeVerboseContent")) is False and config.get("FieldLogLevel") == "ALL":
            what = "ExcludeVerboseContent: false logs headers, arguments and results"
            yield Found("MO703", api, what, "true", Spot.of("LogConfig", "ExcludeVerboseContent"))
