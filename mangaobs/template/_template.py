"""Templates and the resources in them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mangaobs.errors import Place, TemplateError
from mangaobs.template._loops import expanded
from mangaobs.template._nodes import MAX_BYTES, Node, compose
from mangaobs.template._places import located
from mangaobs.template._resolve import Scope, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DEEPEST_NESTING: Final = 10
# CloudFormation makes up a name; the alarm's own is the logical id, by which it can be found.
_NAMED_BY_ID: Final = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as found: its properties resolved as far as is known. `condition` is whether it is made at all."""

    id: str
    type: str
    properties: dict[str, object]
    metadata: dict[str, object]
    condition: bool | Unknown
    place: Place
    _node: Node = field(repr=False)
    _scope: Scope = field(repr=False)

    def where(self, *path: str | int, offset: int | None = None) -> Place:
        """The place of a property, or of the nearest thing above it that stands in the file.

        `offset`: of a character in the property's text, also where Fn::Sub or Fn::Join build it.
        """
        node = self._node
        for step in path:
            inner = _step(node, step)
            if inner is None:
                return self._scope.place(node)
            node = inner
        return self._scope.place(node) if offset is None else located(self._scope, node, offset)

    @property
    def ref(self) -> object:
        """What Ref gives: a name, an ARN or a URL, by the type; or `Unknown`."""
        return self._scope.reference(self.id, self._node)

    @property
    def name(self) -> object:
        """Its name: known, `Unknown`, or None where it has none of its own."""
        return _name(self.type, self.properties, self.id)


class Template:
    """One template, or several as one app."""

    def __init__(self, resources: list[Resource], metadata: list[dict[str, object]]) -> None:
        self.resources = resources
        self.metadata = metadata

    def of(self, *types: str) -> list[Resource]:
        """The resources of these types that are made, or may be, in the order of the files."""
        return [one for one in self.resources if one.type in types and one.condition is not False]


def read(
    paths: Iterable[Path], parameters: Mapping[str, str] | None = None, pseudo: Mapping[str, str] | None = None
) -> Template:
    """Read templates as one app: what one exports another may import. Raises `TemplateError`, or `ManyErrors` of them.

    `parameters` apply to every template that has them. `pseudo` gives pseudo parameters such as `AWS::Region`.
    """
    app = _App(dict(parameters or {}), _pseudo(pseudo or {}))
    for path in paths:
        app.add(path)
    unused = set(app.parameters) - app.used
    if unused:
        raise TemplateError(
            f"no template has the parameter {min(unused)!r}", right=", ".join(sorted(app.known)) or "no --set"
        )
    return app.template()


def _pseudo(given: Mapping[str, str]) -> dict[str, str]:
    region = given.get("AWS::Region", "us-east-1")
    return {
        "AWS::Partition": "aws",
        "AWS::Region": region,
        "AWS::AccountId": "123456789012",
        "AWS::StackName": "stack",
        "AWS::StackId": f"arn:aws:cloudformation:{region}:123456789012:stack/stack/0",
        "AWS::URLSuffix": "amazonaws.com",
        **given,
    }


class _Part:
    """One template of an app."""

    def __init__(self, path: Path, root: dict[str, Node], scope: Scope, resources: dict[str, Node]) -> None:
        self.path = path
        self.root = root
        self.scope = scope
        self.resources = resources
        self.children: dict[str, _Part] = {}


class _App:
    def __init__(self, parameters: dict[str, str], pseudo: dict[str, str]) -> None:
        self.parameters = parameters
        self.pseudo = pseudo
        self.parts: list[_Part] = []
        self.used: set[str] = set()
        self.known: set[str] = set()

    def add(self, path: Path, given: Mapping[str, object] | None = None, depth: int = 0) -> _Part:
        root, text = _root(path)
        parameters: dict[str, object] = {}
        for name, node in _children(root.get("Parameters")).items():
            self.known.add(name)
            parameters[name] = self._parameter(name, node, given, str(path))
        scope = Scope(str(path), text, root, parameters, self.pseudo, self._physical, self._exported)
        resources = expanded(_children(root.get("Resources")), scope)
        part = _Part(path, root, scope, resources)
        self.parts.append(part)
        for name, node in resources.items():
            if _type(node) == "AWS::CloudFormation::Stack" and depth < _DEEPEST_NESTING:
                self._nested(part, name, node, depth)
        return part

    def _nested(self, part: _Part, name: str, node: Node, depth: int) -> None:
        """A nested stack whose template is a file beside this one."""
        properties = _children(_children(node).get("Properties"))
        url = part.scope.resolve(properties["TemplateURL"]) if "TemplateURL" in properties else None
        asset = _children(_children(node).get("Metadata")).get("aws:asset:path")  # as CDK has it
        file = part.scope.resolve(asset) if asset else url
        if not isinstance(file, str) or "://" in file:
            return
        path = part.path.parent / file
        if not path.is_file() or path.resolve() == part.path.resolve():
            return
        given = part.scope.resolve(properties["Parameters"]) if "Parameters" in properties else {}
        part.children[name] = self.add(path, given if isinstance(given, dict) else {}, depth + 1)

    def _parameter(self, name: str, node: Node, given: Mapping[str, object] | None, file: str) -> object:
        unknown = Unknown(f"${{{name}}}", Place(file, node.line, node.column))
        if given and name in given:
            return given[name]
        if given is None and name in self.parameters:
            self.used.add(name)
            value: object = self.parameters[name]
        else:
            default = _children(node).get("Default")
            if default is None:
                return unknown
            value = default.value
        kind = _children(node).get("Type")
        text = str(kind.value) if kind else "String"
        if text.startswith("AWS::SSM::"):
            return unknown
        if isinstance(value, str) and (text == "CommaDelimitedList" or text.startswith("List<")):
            return [one.strip() for one in value.split(",")]
        return str(value).lower() if isinstance(value, bool) else value

    def _physical(self, scope: Scope, name: str, attribute: str | None) -> object | None:
        part = next((one for one in self.parts if one.scope is scope), None)
        node = part.resources.get(name) if part else None
        if part is None or node is None:
            return None
        if attribute and attribute.startswith("Outputs.") and name in part.children:
            child = part.children[name]
            output = _children(_children(child.root.get("Outputs")).get(attribute.removeprefix("Outputs."))).get(
                "Value"
            )
            return child.scope.resolve(output) if output else None
        form = _forms().get(_type(node), {}).get(attribute or "ref")
        if form is None:
            return None
        values = {
            "partition": scope.pseudo["AWS::Partition"],
            "region": scope.pseudo["AWS::Region"],
            "account": scope.pseudo["AWS::AccountId"],
        }
        named = _forms()[_type(node)]["name"]
        property_ = _children(_children(node).get("Properties")).get(named)
        found = scope.resolve(property_) if property_ else None
        if found is None and _type(node) in _NAMED_BY_ID:
            found = name
        return form.format(**values, name=found) if isinstance(found, str) else None

    def _exported(self, name: str) -> object | None:
        for part in self.parts:
            for output in _children(part.root.get("Outputs")).values():
                export = _children(_children(output).get("Export")).get("Name")
                value = _children(output).get("Value")
                if export is not None and value is not None and part.scope.resolve(export) == name:
                    return part.scope.resolve(value)
        return None

    def template(self) -> Template:
        resources: list[Resource] = []
        metadata: list[dict[str, object]] = []
        for part in self.parts:
            found = part.scope.resolve(part.root["Metadata"]) if "Metadata" in part.root else {}
            metadata.append(found if isinstance(found, dict) else {})
            resources += [_resource(name, node, part.scope) for name, node in part.resources.items()]
        return Template(resources, metadata)


def _resource(name: str, node: Node, scope: Scope) -> Resource:
    inside = _children(node)
    condition: bool | Unknown = True
    if "Condition" in inside:
        condition = scope.condition(str(inside["Condition"].value), inside["Condition"])
    properties = scope.resolve(inside["Properties"]) if "Properties" in inside else {}
    properties = _merged(scope.defaults(_type(node)), properties)
    metadata = scope.resolve(inside["Metadata"]) if "Metadata" in inside else {}
    return Resource(
        name,
        _type(node),
        properties if isinstance(properties, dict) else {},
        metadata if isinstance(metadata, dict) else {},
        condition,
        scope.place(node),
        inside.get("Properties", node),
        scope,
    )


def _merged(below: object, above: object) -> object:
    """SAM's Globals beneath what a resource says itself: objects are merged, lists put together, the rest replaced."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{name: _merged(below[name], one) if name in below else one for name, one in above.items()}}
    return [*below, *above] if isinstance(below, list) and isinstance(above, list) else above


def _name(type_: str, properties: Mapping[str, object], logical_id: str) -> object:
    form = _forms().get(type_)
    found = properties.get(form["name"]) if form else None
    return logical_id if found is None and type_ in _NAMED_BY_ID else found


def _root(path: Path) -> tuple[dict[str, Node], str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TemplateError("the template is too big", right=f"at most {MAX_BYTES:,} bytes", place=Place(str(path)))
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(f"not UTF-8: byte {error.start + 1}", place=Place(str(path))) from None
    except OSError as error:
        raise TemplateError(f"cannot be read: {error.strerror or error}", place=Place(str(path))) from None
    node = compose(text, str(path))
    resources = _children(node).get("Resources")
    if resources is None or not isinstance(resources.value, dict):
        right = 'an object with "Resources"'
        raise TemplateError("no CloudFormation template", right=right, place=Place(str(path), node.line, node.column))
    return _children(node), text


def _children(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _type(node: Node) -> str:
    found = _children(node).get("Type")
    return found.value if found is not None and isinstance(found.value, str) else ""


def _step(node: Node, step: str | int) -> Node | None:
    value = node.value
    if isinstance(value, dict):
        inner = value.get(str(step))
        return inner if isinstance(inner, Node) else None
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        found = value[step]
        return found if isinstance(found, Node) else None
    return None


@cache
def _forms() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("mangaobs.template").joinpath("physical.toml").read_text(encoding="utf-8"))
