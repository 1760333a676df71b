"""From a project's configuration to the platform's template, in the order in which things need one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mangaobs.errors import RenderError
from mangaobs.platform import (
    _api,
    _buckets,
    _caches,
    _data_requests,
    _functions,
    _identity,
    _keys,
    _messaging,
    _model_logs,
    _network,
    _roles,
    _table,
    _tracing,
    _trail,
    _workflow,
)
from mangaobs.platform._stack import Stack, attribute

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What Lambda, Firehose, Step Functions and CloudTrail call with the roles beside what functions declare.
_ALWAYS = ("ec2:*", "kinesis:*", "kms:*", "lambda:*", "logs:*", "s3:*", "sqs:*", "states:*", "xray:*", "dynamodb:*")
_NEEDED = ("authorizer", "handoff", "message", "retry", "stream")


def render_platform(project: Path | None = None, env: str | None = None, sets: Sequence[str] = ()) -> dict[str, Any]:
    """The platform of the project at `project` (or the nearest one) for environment `env`, as CloudFormation's tree.

    Raises `ProjectError`, `ConfigurationError` or `RenderError`, or `ManyErrors` with all that was found.
    """
    from mangaobs.project import find_root, load_definitions, read_configuration
    from mangaobs.project.functions import functions

    root = find_root(project)
    definitions = load_definitions(root)
    configuration = read_configuration(root, env=env, sets=sets, thresholds=definitions.thresholds())
    access_log = definitions.signals().access_log
    stack = Stack(configuration, functions(root), root)
    missing = [name for name in _NEEDED if name not in stack.functions]
    if missing:
        raise RenderError(
            f"the platform needs the function {missing[0]}, and handlers/ has none",
            right=f"handlers/{missing[0]}/permissions.toml",
        )
    if access_log is None:
        raise RenderError("SIGNALS has no access log", right="Signals(access_log=AccessLog(…)) in handlers/signals.py")

    _keys.build(stack)
    _buckets.build(stack)
    _network.build(stack)
    _caches.build(stack)
    _identity.build(stack)
    _messaging.build(stack, retry_timeout=_functions.configured(stack, "retry").timeout)
    _functions.build_shared(stack)
    _functions.check_variables(stack)
    names = _functions.names(stack)
    actions = {one.name: _functions.build(stack, one, names) for one in stack.functions.values()}
    _roles.build_boundary(stack, {*_ALWAYS, *(action for several in actions.values() for action in several)})

    inside = {name: several for name, several in actions.items() if _functions.in_vpc(name)}
    roles = {name: attribute(_roles.role_id(name)) for name in inside}
    called = {action for several in inside.values() for action in several}
    # The stream's actions are Lambda's own, which polls from its side.
    table_actions = {action for action in called if action.startswith("dynamodb:") and action not in _POLLED}
    _network.build_endpoints(stack, {action.partition(":")[0] for action in called}, table_actions, roles)

    outside = [attribute(_workflow.ROLE)]
    if stack.settings.dax:
        outside.append(attribute(_caches.DAX_ROLE))
    if stack.settings.break_glass is not None:
        outside.append(stack.value(stack.settings.break_glass))
    _table.build(stack, outside)
    _workflow.build(stack)
    _data_requests.build(stack)
    _api.build(stack, access_log)
    _trail.build(stack)
    _model_logs.build(stack)
    _tracing.build(stack)
    erasers = [attribute(_roles.role_id(_data_requests.ERASURE))] if _data_requests.ERASURE in stack.functions else []
    _buckets.build_policies(stack, erasers)
    return stack.template()


_POLLED = frozenset(
    {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
)
