"""The whole template, or the shards of one that is too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import troposphere

from mangaobs.errors import RenderError
from mangaobs.render import _alarms, _dashboards, _events, _logs, _topics
from mangaobs.render._emitted import Emitted
from mangaobs.render._pieces import Context, Piece
from mangaobs.render._values import Values
from mangaobs.render._write import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mangaobs.model.alarm import Severity
    from mangaobs.model.observability import Observability
    from mangaobs.model.value import Parameter, Value

Template: TypeAlias = dict[str, Any]

# Source: CloudFormation quotas.
MAX_RESOURCES = 500
MAX_PARAMETERS = 200
MAX_BYTES = 1_000_000
CONTRACT_VERSION = 1


def render(observability: Observability) -> Template:
    """One template of everything.

    Raises `RenderError` where it would pass CloudFormation's limits: 500 resources, 200 parameters, 1 MB.
    """
    context, pieces = make_pieces(observability, _topics.addresses(observability.routes))
    count = len(pieces)
    if count > MAX_RESOURCES:
        _refuse({"resources": (count, MAX_RESOURCES)})
    ids = {piece.id for piece in pieces}
    template = assemble(context, {piece.id: piece.tree(ids) for piece in pieces}, context.values.parameters)
    outputs = _topics.outputs(observability)
    if outputs:
        template["Outputs"] = outputs
    _refuse(
        {
            "parameters": (len(context.values.parameters), MAX_PARAMETERS),
            "bytes": (len(to_json(template, compact=True).encode()), MAX_BYTES),
        }
    )
    return template


def _refuse(counts: dict[str, tuple[int, int]]) -> None:
    excess = [f"{count:,} {what}, {limit:,} are allowed" for what, (count, limit) in counts.items() if count > limit]
    if excess:
        raise RenderError(f"the template would have {' and '.join(excess)}", right="split it with --shard DIR")


def make_pieces(observability: Observability, topics: Mapping[Severity, Value]) -> tuple[Context, list[Piece]]:
    """Every resource, not yet in a template; the context knows the parameters that they use."""
    context = Context(observability, Values(), dict(topics), Emitted(observability))
    makers = (_topics, _logs, _alarms, _events, _dashboards)
    pieces = [
        piece._replace(parameters=context.values.take_used()) for maker in makers for piece in maker.render(context)
    ]
    return context, pieces


def assemble(context: Context, resources: dict[str, Any], parameters: Mapping[str, Parameter]) -> Template:
    """CloudFormation's tree of a template, with the contract."""
    naming = context.observability.naming
    template: Template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Observability of {naming.application} ({naming.environment}), rendered by mangaobs",
        "Metadata": {
            "mangaobs": {
                "contract": CONTRACT_VERSION,
                "application": naming.application,
                "environment": naming.environment,
                "signals": context.observability.signals.contract(),
            }
        },
    }
    if parameters:
        template["Parameters"] = {name: declared(parameters[name]) for name in sorted(parameters)}
    template["Resources"] = resources
    return template


def declared(parameter: Parameter) -> dict[str, Any]:
    """A parameter as a template declares it."""
    options: dict[str, Any] = {}
    if parameter.default is not None:
        options["Default"] = parameter.default
    if parameter.description:
        options["Description"] = parameter.description
    if parameter.secret:
        options["NoEcho"] = True
    kind = "AWS::SSM::Parameter::Value<String>" if parameter.ssm else "String"
    made: dict[str, Any] = troposphere.Parameter(parameter.name, Type=kind, **options).to_dict()
    return made
