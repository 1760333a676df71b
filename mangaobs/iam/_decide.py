"""Whether a request is allowed: explicit deny, then identity ∩ boundary, the resource's policy, the endpoint's policy.

Source: IAM User Guide, "Policy evaluation logic", "Permissions boundaries for IAM entities"; KMS Developer Guide,
"Default key policy"; AWS PrivateLink Guide, "Control access to VPC endpoints using endpoint policies".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from mangaobs.iam._policy import Principal, Statement
from mangaobs.iam._verdict import Depends, Verdict, both, depends, either

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mangaobs.iam._context import Context
    from mangaobs.iam._text import Text


class Answer(StrEnum):
    """What was proved."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    DEPENDS = "DEPENDS"


class Request(NamedTuple):
    """An action (`service:Name`) on a resource, in a context."""

    action: str
    resource: Text
    context: Context


@dataclass(frozen=True)
class Policies:
    """All that speaks on a request of one principal.

    `boundary` is None where there is none. `resource` are the statements of the resource's own policy, `endpoint` those
    of the VPC endpoint that the request passes (None: it passes none with a policy) and `passes` whether it does.
    `needs_resource`: the resource's policy must let the account's policies speak, as a KMS key's and a role's trust.
    `elsewhere`: the resource is another account's, whose policies are not known. `hidden`: what the resource's policy
    is called where no template has it; where one is needed it depends on that.
    """

    principal: Principal
    identity: tuple[Statement, ...]
    boundary: tuple[Statement, ...] | None = None
    resource: tuple[Statement, ...] = ()
    endpoint: tuple[Statement, ...] | None = None
    passes: Verdict = False
    needs_resource: bool = False
    elsewhere: bool = False
    hidden: str = ""


@dataclass(frozen=True)
class Decision:
    """What was proved of a request.

    `explicit`: a statement denies it. `statements` are those that decided: they deny, or allow it, or are the ones on
    which it depends. `unknown` says on what it depends.
    """

    decision: Answer
    explicit: bool
    statements: tuple[Statement, ...]
    unknown: tuple[str, ...]


class _Said(NamedTuple):
    """What some statements say: whether any does, and which do or may."""

    verdict: Verdict
    by: tuple[Statement, ...]


_NOTHING = _Said(verdict=False, by=())
_YES = _Said(verdict=True, by=())


def decide(request: Request, policies: Policies) -> Decision:
    """What can be proved of a request under these policies."""
    principal = policies.principal
    identity = _Sides.of(policies.identity, request, None)
    boundary = _Sides.of(policies.boundary, request, None) if policies.boundary is not None else None
    resource = _Sides.of(policies.resource, request, principal)
    endpoint = _Sides.of(policies.endpoint, request, principal) if policies.endpoint is not None else None

    denials = [identity.denied, resource.denied]
    if boundary is not None:
        denials.append(boundary.denied)
    if endpoint is not None:
        denials.append(_both(_Said(policies.passes, ()), endpoint.denied))
    denied = _either(denials)
    if denied.verdict is True:
        return Decision(Answer.DENY, True, denied.by, ())  # noqa: FBT003

    limit = boundary.allowed if boundary is not None else _YES
    own = _both(identity.allowed, limit)
    if policies.elsewhere:
        own = _both(own, _Said(depends("the policies of the other account"), ()))
        granted = _NOTHING
    elif policies.needs_resource and policies.hidden:
        own = _both(own, _Said(depends(policies.hidden), ()))
        granted = _Said(depends(policies.hidden), ())
    elif policies.needs_resource:
        own = _both(own, _delegated(policies.resource, request, principal))
        granted = _both(_direct(policies.resource, request, principal), limit)
    else:
        granted = _both(_direct(policies.resource, request, principal), limit)
    allowed = _either([own, granted])
    if endpoint is not None:
        through = either(_not(policies.passes), endpoint.allowed.verdict)
        allowed = _both(allowed, _Said(through, endpoint.allowed.by))

    if allowed.verdict is False:
        return Decision(Answer.DENY, False, (), ())  # noqa: FBT003
    if allowed.verdict is True and denied.verdict is False:
        return Decision(Answer.ALLOW, False, allowed.by, ())  # noqa: FBT003
    hidden = {
        one for verdict in (allowed.verdict, denied.verdict) if isinstance(verdict, Depends) for one in verdict.on
    }
    by = (*(denied.by if denied.verdict is not False else ()), *allowed.by)
    return Decision(Answer.DEPENDS, False, tuple(dict.fromkeys(by)), tuple(sorted(hidden)))  # noqa: FBT003


class _Sides(NamedTuple):
    """What statements deny and what they allow."""

    denied: _Said
    allowed: _Said

    @staticmethod
    def of(statements: Iterable[Statement], request: Request, principal: Principal | None) -> _Sides:
        denials: list[_Said] = []
        allows: list[_Said] = []
        for one in statements:
            applies = one.applies(request.action, request.resource, request.context, principal)
            if applies is False:
                continue
            if one.denies is not False:
                denials.append(_Said(both(applies, one.denies), (one,)))
            if one.denies is not True:
                allows.append(_Said(both(applies, one.allows), (one,)))
        return _Sides(_either(denials), _either(allows))


def _delegated(statements: Iterable[Statement], request: Request, principal: Principal) -> _Said:
    """Whether a resource's policy leaves it to the policies of the account."""
    found = []
    for one in statements:
        if one.denies is True:
            continue
        verdict = both(
            one.delegates(principal.account), one.applies(request.action, request.resource, request.context, None)
        )
        if verdict is not False:
            found.append(_Said(both(verdict, one.allows), (one,)))
    return _either(found)


def _direct(statements: Iterable[Statement], request: Request, principal: Principal) -> _Said:
    return _Sides.of((one for one in statements if one.denies is not True), request, principal).allowed


def _either(said: Iterable[_Said]) -> _Said:
    """Any of them; where one is certain, those that may be are not asked."""
    several = [one for one in said if one.verdict is not False]
    if len(several) < 2:
        return several[0] if several else _NOTHING
    certain = [one for one in several if one.verdict is True]
    verdict: Verdict = False
    for one in several:
        verdict = either(verdict, one.verdict)
    chosen = certain or several
    return _Said(verdict, tuple(statement for one in chosen for statement in one.by))


def _both(first: _Said, second: _Said) -> _Said:
    verdict = both(first.verdict, second.verdict)
    return _NOTHING if verdict is False else _Said(verdict, (*first.by, *second.by))


def _not(verdict: Verdict) -> Verdict:
    return verdict if isinstance(verdict, Depends) else not verdict
