"""The whole template, or the shards of one that is too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import troposphere

from mangaobs.errors import RenderError
from mangaobs.model.alarm import Severity
from mangaobs.render import _alarms, _dashboards, _events, _logs, _topics
from mangaobs.render._pieces import Context, Piece
from mangaobs.render._signals import check_signals
from mangaobs.render._values import Values
from mangaobs.render._write import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mangaobs.model._value import Parameter, Value
    from mangaobs.model.observability import Observability

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
    context = _context(observability)
    pieces = list(_pieces(context))
    template = assemble(context, pieces, context.values.parameters, described(observability))
    excess = [
        f"{count:,} {what} ({limit:,} allowed)"
        for what, count, limit in (
            ("resources", len(pieces), MAX_RESOURCES),
            ("parameters", len(context.values.parameters), MAX_PARAMETERS),
            ("bytes", len(to_json(template, compact=True).encode()), MAX_BYTES),
        )
        if count > limit
    ]
    if excess:
        raise RenderError(f"the template would have {', '.join(excess)}", right="split it: --shard DIR")
    return template


def render_shards(observability: Observability, assignment: Mapping[str, str]) -> tuple[dict[str, Template], dict[str, str]]:
    """Several templates that each fit, by name, and the assignment of every logical id to its shard.

    `assignment` is the one of the last time: what it names stays where it is. The shard `shared` holds the topics and
    exports them; it is deployed first, `composites` last.
    """
    from mangaobs.render._shard import split

    return split(observability, assignment)


def described(observability: Observability) -> str:
    """The template's description."""
    naming = observability.naming
    return f"Observability of {naming.application} ({naming.environment}), rendered by mangaobs"


def _context(observability: Observability, topics: dict[Severity, Value] | None = None) -> Context:
    check_signals(observability)
    return Context(observability, Values(), topics or _topics.addresses(observability.routes))


def _pieces(context: Context) -> Iterable[Piece]:
    yield from _topics.render(context)
    yield from _logs.render(context)
    yield from _alarms.render(context)
    yield from _events.render(context)
    yield from _dashboards.render(context)


def assemble(
    context: Context, pieces: list[Piece], parameters: Mapping[str, Parameter], description: str
) -> Template:
    """CloudFormation's tree of `pieces`, with the contract."""
    here = {piece.id for piece in pieces}
    naming = context.observability.naming
    resources: dict[str, Any] = {}
    for piece in pieces:
        needs = [need for need in piece.needs if need in here]
        if needs:
            piece.resource.DependsOn = sorted(needs)
        resources[piece.id] = piece.resource.to_dict()
    template: Template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description,
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
        template["Parameters"] = {name: _parameter(parameters[name]) for name in sorted(parameters)}
    template["Resources"] = resources
    return template


def _parameter(parameter: Parameter) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if parameter.default is not None:
        options["Default"] = parameter.default
    if parameter.description:
        options["Description"] = parameter.description
    if parameter.secret:
        options["NoEcho"] = True
    if parameter.allowed_pattern:
        options["AllowedPattern"] = parameter.allowed_pattern
    kind = "AWS::SSM::Parameter::Value<String>" if parameter.ssm else "String"
    declared: dict[str, Any] = troposphere.Parameter(parameter.name, Type=kind, **options).to_dict()
    return declared
