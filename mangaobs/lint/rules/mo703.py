"""Whole requests, with what people wrote, in a log group."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from mangaobs.lint._app import FUNCTIONS
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import inside, listed, truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Settings, and inline code, that log bodies, inputs and results."""
    yield from _stages(app)
    yield from _machines(app)
    yield from _functions(app)


def _stages(app: App) -> Iterator[Found]:
    for stage in app.of("AWS::ApiGateway::Stage", "AWS::Serverless::Api", "AWS::ApiGateway::Deployment"):
        base = ("MethodSettings",) if "MethodSettings" in stage.properties else ("StageDescription", "MethodSettings")
        given = inside(stage.properties, *base[:-1]).get("MethodSettings")
        for number_, one in enumerate(listed(given)):
            if truth(inside(one).get("DataTraceEnabled")):
                what = "DataTraceEnabled logs the bodies of requests and responses"
                yield Found("MO703", stage, what, "access logs", Spot((*base, number_, "DataTraceEnabled")))


def _machines(app: App) -> Iterator[Found]:
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


def _functions(app: App) -> Iterator[Found]:
    for function in app.of(*FUNCTIONS):
        code = inside(function.properties, "Code")
        source = code.get("ZipFile", function.properties.get("InlineCode"))
        spot = Spot.of("Code", "ZipFile") if "ZipFile" in code else Spot.of("InlineCode")
        if isinstance(source, str) and "python" in str(function.properties.get("Runtime")):
            for call in _logged(source):
                yield Found("MO703", function, f"{call} logs the whole event", "ids and sizes", spot)


def _logged(source: str) -> Iterator[str]:
    """The calls of inline Python that print or log the handler's event as it is."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    events = {
        node.args.args[0].arg
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and len(node.args.args) == 2
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if name != "print" and not re.fullmatch(
            r"(?:\w*log\w*)\.(?:debug|info|warning|error|exception|critical)", name
        ):
            continue
        inner = [each for one in node.args for each in _whole(one)]
        if any(isinstance(one, ast.Name) and one.id in events for one in inner):
            yield name


def _whole(node: ast.expr) -> Iterator[ast.expr]:
    """What is logged as a whole: a value, one in an f-string, or one that json.dumps or str makes a text of."""
    yield node
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("json.dumps", "str", "repr"):
        for one in node.args:
            yield from _whole(one)
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _whole(part.value)
    elif isinstance(node, ast.BinOp):
        yield from _whole(node.left)
        yield from _whole(node.right)
