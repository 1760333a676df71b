"""A second evaluator, two-valued and slow, written from IAM's pages and not from ours: keys are there or not."""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime
from typing import Any

Context = dict[str, list[str]]


def decide(
    *,
    action: str,
    resource: str,
    context: Context,
    identity: list[dict[str, Any]],
    boundary: list[dict[str, Any]] | None = None,
    resource_policy: list[dict[str, Any]] = (),
    principal: str = "arn:aws:iam::123456789012:role/r",
) -> str:
    """ALLOW, DENY (nothing allows it) or EXPLICIT of one account's policies."""
    keys = {name.lower(): values for name, values in context.items()}

    def effects(documents: Any, *, principals: bool) -> set[str]:
        return {
            one["Effect"]
            for document in documents
            for one in listed(document["Statement"])
            if applies(one, document.get("Version"), action, resource, keys)
            and (not principals or names(one, principal))
        }

    own, limit = effects(identity, principals=False), effects(boundary or [], principals=False)
    theirs = effects(resource_policy, principals=True)
    if "Deny" in own | limit | theirs:
        return "EXPLICIT"
    allowed = ("Allow" in own or "Allow" in theirs) and (boundary is None or "Allow" in limit)
    return "ALLOW" if allowed else "DENY"


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def names(statement: dict[str, Any], principal: str) -> bool:
    given = statement.get("Principal", statement.get("NotPrincipal"))
    named = given == "*" or any(one in ("*", principal) for one in listed(given.get("AWS", [])))
    return named if "Principal" in statement else not named


def applies(statement: dict[str, Any], version: str | None, action: str, resource: str, keys: Context) -> bool:
    variables = version == "2012-10-17"
    if "Action" in statement:
        if not any(glob(one.lower(), action.lower()) for one in listed(statement["Action"])):
            return False
    elif any(glob(one.lower(), action.lower()) for one in listed(statement["NotAction"])):
        return False
    if "Resource" in statement:
        if not any(arn_glob(one, resource, keys, variables) for one in listed(statement["Resource"])):
            return False
    elif "NotResource" in statement and any(
        arn_glob(one, resource, keys, variables) for one in listed(statement["NotResource"])
    ):
        return False
    return all(
        condition(operator, key, listed(values), keys, variables)
        for operator, block in statement.get("Condition", {}).items()
        for key, values in block.items()
    )


def arn_glob(pattern: str, resource: str, keys: Context, variables: bool) -> bool:
    filled = substitute(pattern, keys) if variables else pattern
    return filled is not None and glob(filled, resource)


MARKS = {"*": "\0", "?": "\1", "$": "\2"}


def substitute(text: str, keys: Context) -> str | None:
    """The text with its variables; wildcards that are meant as characters become marks.

    None: a variable has no value.
    """
    out, at = "", 0
    for found in re.finditer(r"\$\{([^}]*)\}", text):
        out += text[at : found.start()]
        at = found.end()
        name, _, default = found[1].partition(",")
        name = name.strip()
        if name in MARKS:
            out += MARKS[name]
        elif ":" not in name:
            out += found[0]
        else:
            values = keys.get(name.lower(), [])
            if len(values) == 1:
                out += values[0].replace("*", "\0").replace("?", "\1")
            elif not values and default:
                out += default.strip().strip("'")
            else:
                return None
    return out + text[at:]


def glob(pattern: str, text: str) -> bool:
    expression = "".join(
        {"*": "(?s:.*)", "?": "(?s:.)", "\0": r"\*", "\1": r"\?", "\2": r"\$"}.get(c, re.escape(c)) for c in pattern
    )
    return re.fullmatch(expression, text) is not None


def plain(text: str) -> str:
    return text.replace("\0", "*").replace("\1", "?").replace("\2", "$")


def condition(operator: str, key: str, values: list[Any], keys: Context, variables: bool) -> bool:
    quantifier, _, name = operator.rpartition(":")
    given = keys.get(key.lower(), [])
    wanted = [str(one).lower() if isinstance(one, bool) else str(one) for one in values]
    if name == "Null":
        return any((not given) == (one == "true") for one in wanted)
    base = name.removesuffix("IfExists")
    negated = "Not" in base
    positive = base.replace("Not", "")
    if not given:
        return name.endswith("IfExists") or quantifier == "ForAllValues" or (not quantifier and negated)

    def holds(asked: str) -> bool:
        hit = False
        for one in wanted:
            filled = substitute(one, keys) if variables and positive.startswith(("String", "Arn")) else one
            hit = hit or (filled is not None and compare(positive, filled, asked))
        return hit != negated

    return all(map(holds, given)) if quantifier != "ForAnyValue" else any(map(holds, given))


def compare(operator: str, policy: str, asked: str) -> bool:
    try:
        match operator:
            case "StringEquals":
                return plain(policy) == asked
            case "StringEqualsIgnoreCase":
                return plain(policy).lower() == asked.lower()
            case "StringLike":
                return glob(policy, asked)
            case "ArnEquals" | "ArnLike":
                if policy == "*":
                    return True
                left, right = policy.split(":", 5), asked.split(":", 5)
                return len(left) == len(right) and all(glob(one, other) for one, other in zip(left, right, strict=True))
            case "Bool":
                return policy.lower() == asked.lower()
            case "IpAddress":
                network, address = ipaddress.ip_network(policy, strict=False), ipaddress.ip_network(asked, strict=False)
                return network.version == address.version and address.subnet_of(network)
        kind = "Numeric" if operator.startswith("Numeric") else "Date"
        left, right = (number(kind, asked), number(kind, policy))
        return {
            "Equals": left == right,
            "LessThan": left < right,
            "LessThanEquals": left <= right,
            "GreaterThan": left > right,
            "GreaterThanEquals": left >= right,
        }[operator.removeprefix(kind)]
    except ValueError:
        return False


def number(kind: str, text: str) -> float:
    if kind == "Numeric" or re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
