"""`Fn::ForEach`: one resource definition for each of a collection.

Source: CloudFormation template reference, "Fn::ForEach".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.template._nodes import Node

if TYPE_CHECKING:
    from mangaobs.template._resolve import Scope

_PREFIX: Final = "Fn::ForEach::"
_MOST: Final = 10_000


def expanded(resources: dict[str, Node], scope: Scope) -> dict[str, Node]:
    """The resources with every loop written out; a loop over what is not known gives none."""
    found: dict[str, Node] = {}
    for name, node in resources.items():
        if name.startswith(_PREFIX):
            found |= _loop(node, scope)
        elif isinstance(node.value, dict):
            found[name] = node
    return found


def _loop(node: Node, scope: Scope) -> dict[str, Node]:
    parts = node.value
    if not isinstance(parts, list) or len(parts) != 3 or not isinstance(parts[2].value, dict):
        return {}
    variable, collection = str(parts[0].value), scope.resolve(parts[1])
    if not isinstance(collection, list):
        return {}
    found: dict[str, Node] = {}
    for item in collection:
        if not isinstance(item, str) or len(found) > _MOST:
            continue
        inner = {_filled(name, variable, item): _copy(body, variable, item) for name, body in parts[2].value.items()}
        found |= expanded(inner, scope)
    return found


def _filled(text: str, variable: str, item: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9]", "", item)
    return text.replace(f"${{{variable}}}", item).replace(f"&{{{variable}}}", plain)


def _copy(node: Node, variable: str, item: str) -> Node:
    value = node.value
    if isinstance(value, dict):
        if list(value) == ["Ref"] and value["Ref"].value == variable:
            return Node(item, node.line, node.column)
        value = {_filled(name, variable, item): _copy(inner, variable, item) for name, inner in value.items()}
    elif isinstance(value, list):
        value = [_copy(inner, variable, item) for inner in value]
    elif isinstance(value, str):
        value = _filled(value, variable, item)
    made = Node(value, node.line, node.column, node.style)
    made.keys = node.keys
    return made
