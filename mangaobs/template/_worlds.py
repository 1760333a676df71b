"""What a template would be under other parameters: each condition once true and once false.

An alarm that is only made in production, and one side of `Fn::If`, are seen in no reading with the defaults alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from mangaobs.errors import Place
from mangaobs.template._resolve import Unknown
from mangaobs.template._template import App, Files, Template, pseudo_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mangaobs.template._nodes import Node
    from mangaobs.template._template import Part

MOST: Final = 12
_DEEPEST: Final = 20

_Key = tuple[str, str]


class World(NamedTuple):
    """A reading of the templates, and what was assumed for it: `""`, or `IsProd is true`."""

    template: Template
    assuming: str


def worlds(
    paths: Sequence[Path],
    parameters: Mapping[str, str] | None = None,
    pseudo: Mapping[str, str] | None = None,
    texts: Mapping[Path, str] | None = None,
) -> Iterator[World]:
    """The templates with their defaults, then with conditions turned, each both ways where that can be; `MOST` at most.

    `texts` are templates that stand in no file, by the path that they go by. Raises as `read` does.
    """
    files, given, known = Files(texts), dict(parameters or {}), pseudo_parameters(pseudo or {})
    app = App(files, given, known).read(paths)
    yield World(app.template(), "")
    seen = _decisions(app)
    wanted = [
        (part, name, truth)
        for part in app.parts
        for name, decided in part.scope.decisions.items()
        for truth in (True, False)
        if decided is not truth and name in part.scope.conditions
    ]
    made = 1
    for part, name, truth in wanted:
        file = part.scope.file
        if made >= MOST or ((file, name), truth) in seen:
            continue
        turned = _Turned(part)
        turned.condition(name, truth, 0)
        if any(parameter in given for _, parameter in turned.assumed):
            continue  # the user says what it is
        other = App(files, given, known, turned.assumed, turned.decided).read(paths)
        template = other.template()
        seen |= _decisions(other)
        made += 1
        yield World(template, f"{name} is {'true' if truth else 'false'}")


def _decisions(app: App) -> set[tuple[_Key, bool]]:
    return {
        ((part.scope.file, name), decided)
        for part in app.parts
        for name, decided in part.scope.decisions.items()
        if not isinstance(decided, Unknown)
    }


class _Turned:
    """The parameters under which a condition is as wanted, and what then is decided."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._file = part.scope.file
        self.assumed: dict[_Key, object] = {}
        self.decided: dict[_Key, bool] = {}

    def condition(self, name: str, truth: bool, depth: int) -> None:  # noqa: FBT001 - what is wanted
        self.decided[self._file, name] = truth
        found = self._part.scope.conditions.get(name)
        if found is not None and depth < _DEEPEST:
            self._expression(found, truth, depth + 1)

    def _expression(self, node: Node, truth: bool, depth: int) -> None:  # noqa: FBT001 - what is wanted
        value = node.value
        if not isinstance(value, dict) or len(value) != 1 or depth > _DEEPEST:
            return
        name, argument = next(iter(value.items()))
        parts = argument.value if isinstance(argument.value, list) else [argument]
        match name:
            case "Condition" if isinstance(argument.value, str):
                self.condition(argument.value, truth, depth + 1)
            case "Fn::Not" if parts:
                self._expression(parts[0], not truth, depth + 1)
            case "Fn::And" | "Fn::Or":
                every = truth is (name == "Fn::And")
                for part in parts if every else parts[:1]:
                    self._expression(part, truth, depth + 1)
            case "Fn::Equals" if len(parts) == 2:
                self._equals(parts[0], parts[1], truth) or self._equals(parts[1], parts[0], truth)

    def _equals(self, side: Node, other: Node, truth: bool) -> bool:  # noqa: FBT001 - what is wanted
        """Set the parameter that `side` is; whether it is one."""
        parameter = side.value["Ref"].value if isinstance(side.value, dict) and list(side.value) == ["Ref"] else None
        section = self._part.root.get("Parameters")
        declared = section.value if section is not None and isinstance(section.value, dict) else {}
        if not isinstance(parameter, str) or parameter not in declared:
            return False
        given = self._part.scope.resolve(other)
        if truth:
            self.assumed[self._file, parameter] = given
        elif self._part.scope.parameters.get(parameter) == given:
            self.assumed[self._file, parameter] = self._another(declared[parameter], parameter, given)
        return True

    def _another(self, node: Node, parameter: str, than: object) -> object:
        inside = node.value if isinstance(node.value, dict) else {}
        allowed = inside.get("AllowedValues")
        choices = [one.value for one in allowed.value] if allowed and isinstance(allowed.value, list) else []
        for one in choices:
            text = str(one).lower() if isinstance(one, bool) else str(one)
            if text != str(than):
                return text
        return Unknown(f"${{{parameter}}}", Place(self._file, node.line, node.column))
