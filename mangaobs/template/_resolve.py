"""Intrinsic functions → values. What cannot be known becomes `Unknown`, with the expression and its place.

Source: CloudFormation template reference, "Intrinsic function reference" and "Pseudo parameters reference".
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mangaobs.errors import Place
from mangaobs.template._nodes import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SUB = re.compile(r"\$\{(!?)([^}]*)\}")
_MOST_TEXT: Final = 4 << 20
NO_VALUE: Final = object()


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that only a deployment knows: the expression (`${Table.Arn}`), and where it stands."""

    expression: str
    place: Place

    def __str__(self) -> str:
        return self.expression


class Scope:
    """What names mean in one template: parameters, conditions, mappings, and what resources give."""

    def __init__(
        self,
        file: str,
        source: str,
        root: Mapping[str, Node],
        parameters: Mapping[str, object],
        pseudo: Mapping[str, str],
        physical: Callable[[Scope, str, str | None], object | None],
        imported: Callable[[str], object | None],
        decided: Mapping[str, bool] | None = None,
    ) -> None:
        self.file = file
        self._source = source
        self._lines: list[str] | None = None
        self.parameters = dict(parameters)
        self.pseudo = dict(pseudo)
        self._conditions = _inside(root.get("Conditions"))
        self._mappings = _inside(root.get("Mappings"))
        self._globals = _inside(root.get("Globals"))
        self._physical = physical
        self._imported = imported
        self._open: list[str] = []
        self._decided: dict[str, bool | Unknown] = dict(decided or {})

    def place(self, node: Node) -> Place:
        """Where a node stands."""
        return Place(self.file, node.line, node.column)

    def line(self, number: int) -> str:
        """A line of the file, from 1."""
        if self._lines is None:
            self._lines = self._source.split("\n")
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    # values

    def resolve(self, node: Node) -> object:
        """The value of a node: plain Python, with `Unknown` where it is not known."""
        value = node.value
        if isinstance(value, dict):
            if len(value) == 1:
                name, argument = next(iter(value.items()))
                function = _FUNCTIONS.get(name)
                if function is not None:
                    return function(self, argument, node)
                if name.startswith("Fn::"):
                    return self.unknown(node, f"{name}")
            resolved = ((name, self.resolve(inner)) for name, inner in value.items())
            return {name: inner for name, inner in resolved if inner is not NO_VALUE}
        if isinstance(value, list):
            return [inner for inner in map(self.resolve, value) if inner is not NO_VALUE]
        return value

    def unknown(self, node: Node, expression: str) -> Unknown:
        """A value that is not known."""
        return Unknown(expression, self.place(node))

    def defaults(self, type_: str) -> object:
        """What SAM's Globals say of a type. Source: AWS SAM developer guide, "Globals section"."""
        found = self._globals.get(type_.removeprefix("AWS::Serverless::"))
        return self.resolve(found) if found is not None and type_.startswith("AWS::Serverless::") else {}

    def condition(self, name: str, node: Node) -> bool | Unknown:
        """Whether a condition holds."""
        if name in self._decided:
            return self._decided[name]
        found = self._conditions.get(name)
        key = f"condition {name}"
        if found is None or key in self._open:
            return self.unknown(node, f"condition {name}" + ("" if found is None else ", which needs itself"))
        self._open.append(key)
        try:
            decided = self.truth(found)
        finally:
            self._open.pop()
        self._decided[name] = decided
        return decided

    @property
    def decisions(self) -> dict[str, bool | Unknown]:
        """The conditions that something asked for, and what they are."""
        return dict(self._decided)

    @property
    def conditions(self) -> Mapping[str, Node]:
        """The conditions' expressions by name."""
        return self._conditions

    def truth(self, node: Node) -> bool | Unknown:
        """The value of a condition's expression."""
        value = self.resolve(node)
        if isinstance(value, (bool, Unknown)):
            return value
        if value in ("true", "false"):
            return value == "true"
        return self.unknown(node, "a condition that is no boolean")

    def reference(self, name: str, node: Node) -> object:
        """`Ref`."""
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            value = self.parameters[name]
            return self.unknown(node, f"${{{name}}}") if isinstance(value, Unknown) else value
        return self._of_resource(name, None, node)

    def attribute(self, name: str, attribute: str, node: Node) -> object:
        """`Fn::GetAtt`."""
        return self._of_resource(name, attribute, node)

    def _of_resource(self, name: str, attribute: str | None, node: Node) -> object:
        expression = f"${{{name}.{attribute}}}" if attribute else f"${{{name}}}"
        if expression in self._open:
            return self.unknown(node, f"{expression}, which needs itself")
        self._open.append(expression)
        try:
            found = self._physical(self, name, attribute)
        finally:
            self._open.pop()
        return self.unknown(node, expression) if found is None or isinstance(found, Unknown) else found

    # functions

    def ref(self, argument: Node, node: Node) -> object:
        return self.reference(str(argument.value), node)

    def get_att(self, argument: Node, node: Node) -> object:
        value = self.resolve(argument)
        parts = value.split(".", 1) if isinstance(value, str) else value
        if not isinstance(parts, list) or len(parts) < 2 or not all(isinstance(part, str) for part in parts):
            return self.unknown(node, "Fn::GetAtt")
        return self.attribute(parts[0], ".".join(parts[1:]), node)

    def sub(self, argument: Node, node: Node) -> object:
        template, names = sub_parts(argument)
        if not isinstance(template.value, str):
            return self.unknown(node, "Fn::Sub")
        pieces: list[str] = []
        known, end = True, 0
        for found in SUB.finditer(template.value):
            pieces.append(template.value[end : found.start()])
            end = found.end()
            name = found[2].strip()
            if found[1]:
                pieces.append(f"${{{found[2]}}}")
                continue
            value = self.substituted(name, names, template)
            known = known and not isinstance(value, Unknown)
            pieces.append(_piece(value))
        pieces.append(template.value[end:])
        text = "".join(pieces)
        return text if known else self.unknown(node, text)

    def substituted(self, name: str, names: Mapping[str, Node], node: Node) -> object:
        if name in names:
            return self.resolve(names[name])
        resource, dot, attribute = name.partition(".")
        return self.attribute(resource, attribute, node) if dot else self.reference(name, node)

    def join(self, argument: Node, node: Node) -> object:
        value = self.resolve(argument)
        if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
            return self.unknown(node, "Fn::Join")
        parts = value[1] if isinstance(value[1], list) else [value[1]]
        if isinstance(value[1], Unknown):
            return self.unknown(node, shown(value[1]))
        text = value[0].join(map(_piece, parts))
        if len(text) > _MOST_TEXT:
            return self.unknown(node, "a text that is too long")
        return self.unknown(node, text) if any(isinstance(part, Unknown) for part in parts) else text

    def select(self, argument: Node, node: Node) -> object:
        value = self.resolve(argument)
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], list):
            try:
                chosen: object = value[1][int(str(value[0]))]
            except (ValueError, IndexError):
                return self.unknown(node, "Fn::Select")
            return chosen
        return self.unknown(node, "Fn::Select")

    def split(self, argument: Node, node: Node) -> object:
        value = self.resolve(argument)
        if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], str):
            return value[1].split(value[0]) if value[0] else self.unknown(node, "Fn::Split")
        return self.unknown(node, "Fn::Split")

    def if_(self, argument: Node, node: Node) -> object:
        branches = argument.value
        if not isinstance(branches, list) or len(branches) != 3:
            return self.unknown(node, "Fn::If")
        decided = self.condition(str(branches[0].value), branches[0])
        if isinstance(decided, Unknown):
            first, second = self.resolve(branches[1]), self.resolve(branches[2])
            same = not isinstance(first, Unknown) and type(first) is type(second) and first == second
            return first if same else self.unknown(node, f"either side of {branches[0].value}")
        return self.resolve(branches[1] if decided else branches[2])

    def equals(self, argument: Node, node: Node) -> object:
        value = self.resolve(argument)
        if not isinstance(value, list) or len(value) != 2 or any(isinstance(side, Unknown) for side in value):
            return self.unknown(node, "Fn::Equals")
        return shown(value[0]) == shown(value[1])

    def and_(self, argument: Node, node: Node) -> object:
        return self._many(argument, node, decisive=False)

    def or_(self, argument: Node, node: Node) -> object:
        return self._many(argument, node, decisive=True)

    def _many(self, argument: Node, node: Node, *, decisive: bool) -> object:
        parts = [self.truth(part) for part in argument.value] if isinstance(argument.value, list) else []
        if any(part is decisive for part in parts):
            return decisive
        return self.unknown(node, "a condition") if any(isinstance(part, Unknown) for part in parts) else not decisive

    def not_(self, argument: Node, node: Node) -> object:
        inner = argument.value[0] if isinstance(argument.value, list) and argument.value else argument
        decided = self.truth(inner)
        return self.unknown(node, "a condition") if isinstance(decided, Unknown) else not decided

    def named_condition(self, argument: Node, node: Node) -> object:
        if not isinstance(argument.value, str):
            return {"Condition": self.resolve(argument)}
        # A policy statement has a key of this name, too; there the value is an object.
        return self.condition(argument.value, node)

    def find_in_map(self, argument: Node, node: Node) -> object:
        value = self.resolve(argument)
        if not isinstance(value, list) or len(value) < 3:
            return self.unknown(node, "Fn::FindInMap")
        if any(isinstance(part, Unknown) for part in value[:3]):
            return self.unknown(node, f"Fn::FindInMap {shown(value[0])}")
        found = _inside(_inside(self._mappings.get(shown(value[0]))).get(shown(value[1]))).get(shown(value[2]))
        if found is not None:
            return self.resolve(found)
        default = value[3].get("DefaultValue") if len(value) > 3 and isinstance(value[3], dict) else None
        return default if default is not None else self.unknown(node, f"Fn::FindInMap {shown(value[0])}")

    def import_value(self, argument: Node, node: Node) -> object:
        name = self.resolve(argument)
        found = self._imported(name) if isinstance(name, str) else None
        return (
            self.unknown(node, f"${{import {shown(name)}}}") if found is None or isinstance(found, Unknown) else found
        )

    def base64_(self, argument: Node, node: Node) -> object:
        value = self.resolve(argument)
        return base64.b64encode(value.encode()).decode() if isinstance(value, str) else self.unknown(node, "Fn::Base64")

    def to_json(self, argument: Node, node: Node) -> object:
        import json

        value = self.resolve(argument)
        text = json.dumps(value, separators=(",", ":"), default=str)
        return self.unknown(node, text) if holds_unknown(value) else text

    def length(self, argument: Node, node: Node) -> object:
        value = self.resolve(argument)
        return len(value) if isinstance(value, list) else self.unknown(node, "Fn::Length")


_FUNCTIONS: Final[Mapping[str, Callable[[Scope, Node, Node], object]]] = {
    "Ref": Scope.ref,
    "Condition": Scope.named_condition,
    "Fn::GetAtt": Scope.get_att,
    "Fn::Sub": Scope.sub,
    "Fn::Join": Scope.join,
    "Fn::Select": Scope.select,
    "Fn::Split": Scope.split,
    "Fn::If": Scope.if_,
    "Fn::Equals": Scope.equals,
    "Fn::And": Scope.and_,
    "Fn::Or": Scope.or_,
    "Fn::Not": Scope.not_,
    "Fn::FindInMap": Scope.find_in_map,
    "Fn::ImportValue": Scope.import_value,
    "Fn::Base64": Scope.base64_,
    "Fn::ToJsonString": Scope.to_json,
    "Fn::Length": Scope.length,
}


def holds_unknown(value: object) -> bool:
    """Whether anything in a value is unknown."""
    if isinstance(value, dict):
        return any(map(holds_unknown, value.values()))
    return any(map(holds_unknown, value)) if isinstance(value, list) else isinstance(value, Unknown)


def sub_parts(argument: Node) -> tuple[Node, dict[str, Node]]:
    """The text of Fn::Sub, and the names that it brings along."""
    value = argument.value
    if isinstance(value, list) and value:
        return value[0], _inside(value[1]) if len(value) > 1 else {}
    return argument, {}


def _inside(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _piece(value: object) -> str:
    """A value as a part of a text; in one that is not known whole, braces tell what is not from what is."""
    unknown = isinstance(value, Unknown) and "${" not in value.expression
    return f"${{{value}}}" if unknown else shown(value)


def shown(value: object) -> str:
    """A value within a text, as CloudFormation writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is NO_VALUE else str(value)
