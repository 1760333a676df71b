"""The condition operators.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Conditions with multiple context keys or
values".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from mangaobs.iam._text import ANYTHING, Text, Token, filled, matches
from mangaobs.iam._verdict import Verdict, depends, every, opposite, some

if TYPE_CHECKING:
    from mangaobs.iam._context import Context

# What the policy says beside what the request has → whether it holds, or `depends`.
_Compare = Callable[[Text, Text], Verdict]


class _Operator(NamedTuple):
    compare: _Compare
    negated: bool = False
    wild: bool = False
    variables: bool = False


class Operator(NamedTuple):
    """An operator as it is written: `ForAllValues:StringLikeIfExists`."""

    written: str
    base: str
    quantifier: str
    if_exists: bool

    @property
    def known(self) -> bool:
        """Whether IAM has it."""
        return self.base in _OPERATORS or (self.base == "Null" and not self.if_exists)

    @property
    def wild(self) -> bool:
        """Whether its values have wildcards."""
        return self.base in _OPERATORS and _OPERATORS[self.base].wild

    @property
    def variables(self) -> bool:
        """Whether its values have policy variables."""
        return self.base in _OPERATORS and _OPERATORS[self.base].variables


class Test(NamedTuple):
    """One key under one operator, with the policy's values."""

    operator: Operator
    key: str
    values: tuple[Text, ...]

    def holds(self, context: Context) -> Verdict:
        """Whether it holds in `context`."""
        operator = self.operator
        if not operator.known:
            return depends(f"{operator.written}, which is no operator of IAM's")
        given = context.values(self.key)
        if operator.base == "Null":
            return self._null(given)
        if given is None:
            return depends(self.key)
        rule = _OPERATORS[operator.base]
        if not given:
            return (
                operator.if_exists
                or operator.quantifier == "ForAllValues"
                or (not operator.quantifier and rule.negated)
            )
        outcomes = [self._one(rule, value, context) for value in given]
        if operator.quantifier == "ForAllValues":
            return every(outcomes)
        if operator.quantifier == "ForAnyValue":
            return some(outcomes)
        # Several values where the operator is for one: AWS says that a set operator is needed, not what happens else.
        if len(outcomes) > 1 and any(one is not outcomes[0] for one in outcomes):
            return depends(f"how {operator.written} takes the several values of {self.key}")
        return outcomes[0]

    def _one(self, rule: _Operator, asked: Text, context: Context) -> Verdict:
        patterns = (filled(value, context) for value in self.values)
        held = some(False if pattern is None else rule.compare(pattern, asked) for pattern in patterns)
        return opposite(held) if rule.negated else held

    def _null(self, given: tuple[Text, ...] | None) -> Verdict:
        wanted = {value.plain for value in self.values}
        if None in wanted or not wanted <= {"true", "false"}:
            return depends(f"the value of Null for {self.key}")
        if wanted == {"true", "false"}:
            return True
        if given is None:
            return depends(self.key)
        return (not given) is (wanted == {"true"})


def operator(written: str) -> Operator:
    """The operator as a policy writes it."""
    quantifier, colon, rest = written.partition(":")
    if not colon or quantifier not in ("ForAllValues", "ForAnyValue"):
        quantifier, rest = "", written
    base = rest.removesuffix("IfExists")
    return Operator(written, base, quantifier, rest != base)


# Comparing


def _string(pattern: Text, asked: Text) -> Verdict:
    return matches(pattern, asked)


def _ignoring_case(pattern: Text, asked: Text) -> Verdict:
    return matches(pattern.lowered, asked.lowered)


@lru_cache(maxsize=16_384)
def _segments(given: Text) -> tuple[Text, ...]:
    """The six parts of an ARN; what stands after the fifth colon is one."""
    parts: list[list[Token]] = [[]]
    for one in given.tokens:
        if one == ":" and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(one)
    return tuple(Text(part) for part in parts)


def _arn(pattern: Text, asked: Text) -> Verdict:
    if pattern == ANYTHING:
        return True
    left, right = _segments(pattern), _segments(asked)
    if len(left) == len(right) == 6:
        return every(matches(one, other) for one, other in zip(left, right, strict=True))
    # AWS says that the six parts are compared one by one, not what a pattern with fewer of them matches.
    if matches(pattern, asked) is False:
        return False
    return depends(*(pattern.unknown | asked.unknown), f"what {pattern} matches, which has not the six parts of an ARN")


def _known(compare: Callable[[str, str], bool]) -> _Compare:
    """A comparison of what is known."""

    def compared(pattern: Text, asked: Text) -> Verdict:
        left, right = pattern.plain, asked.plain
        if left is None or right is None:
            return depends(*(pattern.unknown | asked.unknown))
        try:
            return compare(left, right)
        except (ValueError, OverflowError, binascii.Error):
            return False

    return compared


def _numeric(compare: Callable[[float, float], bool]) -> _Compare:
    return _known(lambda left, right: compare(float(right), float(left)))


def _date(compare: Callable[[float, float], bool]) -> _Compare:
    return _known(lambda left, right: compare(_epoch(right), _epoch(left)))


def _epoch(written: str) -> float:
    if re.fullmatch(r"-?\d+(\.\d+)?", written):
        return float(written)
    moment = datetime.fromisoformat(written)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _in_network(left: str, right: str) -> bool:
    network, address = ipaddress.ip_network(left, strict=False), ipaddress.ip_network(right, strict=False)
    return network.version == address.version and address.subnet_of(network)  # type: ignore[arg-type]


def _same_bytes(left: str, right: str) -> bool:
    return base64.b64decode(left, validate=True) == base64.b64decode(right, validate=True)


_RELATIONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "LessThan": lambda asked, policy: asked < policy,
    "LessThanEquals": lambda asked, policy: asked <= policy,
    "GreaterThan": lambda asked, policy: asked > policy,
    "GreaterThanEquals": lambda asked, policy: asked >= policy,
}


def _ordered(kind: str, make: Callable[[Callable[[float, float], bool]], _Compare]) -> dict[str, _Operator]:
    def same(asked: float, policy: float) -> bool:
        return asked == policy

    return {
        f"{kind}Equals": _Operator(make(same)),
        f"{kind}NotEquals": _Operator(make(same), negated=True),
        **{f"{kind}{name}": _Operator(make(relation)) for name, relation in _RELATIONS.items()},
    }


_OPERATORS: Final[dict[str, _Operator]] = {
    "StringEquals": _Operator(_string, variables=True),
    "StringNotEquals": _Operator(_string, negated=True, variables=True),
    "StringEqualsIgnoreCase": _Operator(_ignoring_case, variables=True),
    "StringNotEqualsIgnoreCase": _Operator(_ignoring_case, negated=True, variables=True),
    "StringLike": _Operator(_string, wild=True, variables=True),
    "StringNotLike": _Operator(_string, negated=True, wild=True, variables=True),
    **_ordered("Numeric", _numeric),
    **_ordered("Date", _date),
    "Bool": _Operator(_known(lambda left, right: left.lower() == right.lower())),
    "BinaryEquals": _Operator(_known(_same_bytes)),
    "IpAddress": _Operator(_known(_in_network)),
    "NotIpAddress": _Operator(_known(_in_network), negated=True),
    "ArnEquals": _Operator(_arn, wild=True, variables=True),
    "ArnLike": _Operator(_arn, wild=True, variables=True),
    "ArnNotEquals": _Operator(_arn, negated=True, wild=True, variables=True),
    "ArnNotLike": _Operator(_arn, negated=True, wild=True, variables=True),
}
