"""Statements of policies, in awacs' typed words."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import awacs.aws
import troposphere
from awacs.aws import PolicyDocument, Principal, Statement

from mangaobs.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from troposphere import AWSHelperFn

Text: TypeAlias = "str | AWSHelperFn"
# {"StringEquals": {"aws:SourceAccount": "…"}}, as a policy has it.
Conditions: TypeAlias = "Mapping[str, Mapping[str, Any]]"

_MODULES = {"lambda": "awslambda", "states": "states"}


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[Text],
    *,
    principal: Principal | None = None,
    conditions: Conditions | None = None,
) -> Statement:
    """A statement that allows."""
    return _statement("Allow", sid, actions, resources, principal, conditions)


def deny(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[Text],
    *,
    principal: Principal | None = None,
    conditions: Conditions | None = None,
) -> Statement:
    """A statement that denies."""
    return _statement("Deny", sid, actions, resources, principal, conditions)


def document(*statements: Statement) -> PolicyDocument:
    """A policy of these statements."""
    return PolicyDocument(Version="2012-10-17", Statement=list(statements))


def tree(*statements: Statement) -> dict[str, Any]:
    """A policy of these statements, for a property that takes no typed one."""
    made: dict[str, Any] = troposphere.encode_to_dict(document(*statements))
    return made


def service(*names: str) -> Principal:
    """Services as principals, by the part before `.amazonaws.com`."""
    return Principal("Service", [f"{name}.amazonaws.com" for name in names])


def everyone() -> Principal:
    """Whoever asks; conditions say who may."""
    return Principal("*")


def _statement(
    effect: Literal["Allow", "Deny"],
    sid: str,
    actions: Sequence[str],
    resources: Sequence[Text],
    principal: Principal | None,
    conditions: Conditions | None,
) -> Statement:
    options: dict[str, Any] = {} if principal is None else {"Principal": principal}
    if conditions:
        options["Condition"] = awacs.aws.Condition(
            [
                # One element an operator: of two of a kind awacs keeps the last.
                getattr(awacs.aws, operator.replace(":", ""))(dict(keys))
                for operator, keys in conditions.items()
            ]
        )
    if resources:  # the trust in a role names none
        options["Resource"] = list(resources)
    return Statement(Sid=sid, Effect=effect, Action=[_action(one) for one in actions], **options)


def _action(written: str) -> awacs.aws.Action:
    """An action as awacs knows it, so that none is a slip; one with a wildcard is taken as it is."""
    prefix, _, name = written.partition(":")
    if "*" in written:
        return awacs.aws.Action(prefix, name) if name else awacs.aws.Action(written)
    try:
        found = getattr(import_module(f"awacs.{_MODULES.get(prefix, prefix.replace('-', '_'))}"), name)
    except (ImportError, AttributeError):
        raise RenderError(f"{written} is no action that AWS has", right="an action of the service's") from None
    made: awacs.aws.Action = found
    return made
