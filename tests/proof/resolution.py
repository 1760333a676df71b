"""A small resolver of CloudFormation's functions, of our own: what a template says once it is deployed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_SUBSTITUTE = re.compile(r"\$\{(!?)([^}]*)\}")


class Deployment(NamedTuple):
    """Where a template is deployed to, and what is there already."""

    account: str = "111122223333"
    region: str = "eu-central-1"
    stack: str = "a-stack"
    exports: Mapping[str, str] = {}
    ssm: Mapping[str, str] = {}
    parameters: Mapping[str, str] = {}
    # What `Ref` gives for each created resource; left out, its logical id.
    physical: Mapping[str, str] | None = None


def resolve(template: dict[str, Any], deployment: Deployment) -> dict[str, Any]:
    """The resources of `template` with every function worked out."""
    known = {
        "AWS::AccountId": deployment.account,
        "AWS::Region": deployment.region,
        "AWS::Partition": "aws",
        "AWS::StackName": deployment.stack,
        "AWS::URLSuffix": "amazonaws.com",
        **{id: (deployment.physical or {}).get(id, id) for id in template["Resources"]},
    }
    for name, parameter in template.get("Parameters", {}).items():
        value = deployment.parameters.get(name, parameter["Default"])
        known[name] = deployment.ssm[value] if parameter["Type"].startswith("AWS::SSM::") else value
    return {id: _resolved(tree, known, deployment.exports) for id, tree in template["Resources"].items()}


def _resolved(tree: Any, known: Mapping[str, str], exports: Mapping[str, str]) -> Any:
    if isinstance(tree, list):
        return [_resolved(one, known, exports) for one in tree]
    if not isinstance(tree, dict):
        return tree
    if len(tree) == 1:
        (function, argument) = next(iter(tree.items()))
        if function == "Ref":
            return known[argument]
        if function == "Fn::ImportValue":
            return exports[argument]
        if function == "Fn::Sub":
            text, variables = (argument, {}) if isinstance(argument, str) else argument
            names = {**known, **{name: _resolved(one, known, exports) for name, one in variables.items()}}
            return _SUBSTITUTE.sub(lambda found: f"${{{found[2]}}}" if found[1] else names[found[2]], text)
        assert not function.startswith("Fn::"), f"{function} is not a function that mangaobs renders"
    return {key: _resolved(one, known, exports) for key, one in tree.items()}
