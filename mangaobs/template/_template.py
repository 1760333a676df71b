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
    _whole: Node = field(repr=False)

    def where(self, *path: str | int, offset: int | None = None) -> Place:
        """The place of a property, or of the nearest thing above it that stands in the file.

        `offset`: of a character in the property's text, also where Fn::Sub or Fn::Join build it.
        """
        node = self._node
        for step in path:
            inner = _step(_chosen(node, self._scope), step, self._scope)
            if inner is None:
                return self._scope.place(node)
            node = inner
        return self._scope.place(node) if offset is None else located(self._scope, node, offset)

    def key(self, *path: str | int) -> Place:
        """The place of a property's name, or of the nearest thing above it that stands in the file."""
        *above, last = path
        node = self._node
        for step in above:
            inner = _step(_chosen(node, self._scope), step, self._scope)
            if inner is None:
                return self._scope.place(node)
            node = inner
        node = _chosen(node, self._scope)
        if node.keys and str(last) in node.keys:
            return Place(self._scope.file, *node.keys[str(last)])
        return self._scope.place(node)

    def section(self, name: str) -> Place:
        """Where a section of the resource (`Metadata`, `Condition` …) stands; the resource itself without it."""
        found = _children(self._whole).get(name)
        return self._scope.place(found) if found is not None else self.place

    def source_line(self, number: int) -> str:
        """A line of its file, from 1."""
        return self._scope.line(number)

    def text_of(self, *path: str | int) -> str | None:
        """A property that is written as one text, as it is written, or None."""
        node: Node | None = self._node
        for step in path:
            node = _step(_chosen(node, self._scope), step, self._scope) if node else None
        return node.value if node is not None and isinstance(node.value, str) else None

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

    def __init__(
        self,
        resources: list[Resource],
        metadata: list[dict[str, object]],
        outputs: list[object],
        metadata_places: list[Place],
    ) -> None:
        self.resources = resources
        self.metadata = metadata
        self.metadata_places = metadata_places
        self.outputs = outputs
        self._by_type: dict[str, list[Resource]] = {}
        for one in resources:
            if one.condition is not False:
                self._by_type.setdefault(one.type, []).append(one)

    def of(self, *types: str) -> list[Resource]:
        """The resources of these types that are made, or may be, in the order of the files."""
        if len(types) == 1:
            return self._by_type.get(types[0], [])
        return [one for one in self.resources if one.type in types and one.condition is not False]

    @property
    def types(self) -> set[str]:
        """The types of the resources that are made, or may be."""
        return set(self._by_type)


def read(
    paths: Iterable[Path], parameters: Mapping[str, str] | None = None, pseudo: Mapping[str, str] | None = None
) -> Template:
    """Read templates as one app: what one exports another may import. Raises `TemplateError`, or `ManyErrors` of them.

    `parameters` apply to every template that has them. `pseudo` gives pseudo parameters such as `AWS::Region`.
    """
    return App(Files(), dict(parameters or {}), pseudo_parameters(pseudo or {})).read(paths).template()


def pseudo_parameters(given: Mapping[str, str]) -> dict[str, str]:
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


class Files:
    """The templates' files, each read once; `texts` are those that stand in no file, by the path that they go by."""

    def __init__(self, texts: Mapping[Path, str] | None = None) -> None:
        self._texts = dict(texts or {})
        self._roots: dict[Path, tuple[dict[str, Node], str]] = {}

    def root(self, path: Path) -> tuple[dict[str, Node], str]:
        """The sections of a template, and its text. Raises `TemplateError`, or `ManyErrors` of them."""
        if path not in self._roots:
            text = self._texts[path] if path in self._texts else _text(path)
            self._roots[path] = (_sections(text, path), text)
        return self._roots[path]


class Part:
    """One template of an app."""

    def __init__(self, path: Path, root: dict[str, Node], scope: Scope, resources: dict[str, Node]) -> None:
        self.path = path
        self.root = root
        self.scope = scope
        self.resources = resources
        self.children: dict[str, Part] = {}


class App:
    """Several templates as one.

    `assumed` are parameters, and `decided` conditions, by file and name, that are so whatever the templates say.
    """

    def __init__(
        self,
        files: Files,
        parameters: dict[str, str],
        pseudo: dict[str, str],
        assumed: Mapping[tuple[str, str], object] | None = None,
        decided: Mapping[tuple[str, str], bool] | None = None,
    ) -> None:
        self.files = files
        self.parameters = parameters
        self.pseudo = pseudo
        self.assumed = assumed or {}
        self.decided = decided or {}
        self._part_of: dict[int, Part] = {}
        self.parts: list[Part] = []
        self.used: set[str] = set()
        self.known: set[str] = set()

    def read(self, paths: Iterable[Path]) -> App:
        """Add the templates; every parameter that was given must be one of theirs."""
        for path in paths:
            self.add(path)
        unused = set(self.parameters) - self.used
        if unused:
            raise TemplateError(
                f"no template has the parameter {min(unused)!r}", right=", ".join(sorted(self.known)) or "no --set"
            )
        return self

    def add(self, path: Path, given: Mapping[str, object] | None = None, depth: int = 0) -> Part:
        root, text = self.files.root(path)
        parameters: dict[str, object] = {}
        for name, node in _children(root.get("Parameters")).items():
            self.known.add(name)
            parameters[name] = self._parameter(name, node, given, str(path))
        decided = {name: truth for (file, name), truth in self.decided.items() if file == str(path)}
        scope = Scope(str(path), text, root, parameters, self.pseudo, self._physical, self._exported, decided)
        resources = expanded(_children(root.get("Resources")), scope)
        part = Part(path, root, scope, resources)
        self.parts.append(part)
        self._part_of[id(scope)] = part
        for name, node in resources.items():
            if _type(node) == "AWS::CloudFormation::Stack" and depth < _DEEPEST_NESTING:
                self._nested(part, name, node, depth)
        return part

    def _nested(self, part: Part, name: str, node: Node, depth: int) -> None:
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
        if (file, name) in self.assumed:
            self.used.add(name)
            return self.assumed[file, name]
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
        part = self._part_of.get(id(scope))
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
        under = _children(_children(node).get("Properties")).get(_forms()[_type(node)].get("path", ""))
        path = scope.resolve(under) if under else "/"
        known = isinstance(found, str) and isinstance(path, str)
        return form.format(**values, name=found, path=path) if known else None

    def _exported(self, name: str) -> object | None:
        for part in self.parts:
            for output in _children(part.root.get("Outputs")).values():
                export = _children(_children(output).get("Export")).get("Name")
                value = _children(output).get("Value")
                if export is not None and value is not None and part.scope.resolve(export) == name:
                    return part.scope.resolve(value)
        return None

    def template(self) -> Template:
        """What was read."""
        resources: list[Resource] = []
        metadata: list[dict[str, object]] = []
        outputs: list[object] = []
        places: list[Place] = []
        for part in self.parts:
            outputs.append(part.scope.resolve(part.root["Outputs"]) if "Outputs" in part.root else {})
            found = part.scope.resolve(part.root["Metadata"]) if "Metadata" in part.root else {}
            metadata.append(found if isinstance(found, dict) else {})
            places.append(part.scope.place(part.root["Metadata"]) if "Metadata" in part.root else Place(str(part.path)))
            resources += [_resource(name, node, part.scope) for name, node in part.resources.items()]
        return Template(resources, metadata, outputs, places)


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
        node,
    )


def _merged(below: object, above: object) -> object:
    """SAM's Globals beneath what a resource says itself: objects are merged, lists put together, the rest replaced."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{name: _merged(below[name], one) if name in below else one for name, one in above.items()}}
    return [*below, *above] if isinstance(below, list) and isinstance(above, list) else above


def physical_form(type_: str, attribute: str | None = None) -> str | None:
    """What Ref, or Fn::GetAtt of `attribute`, gives of a type: `arn:{partition}:sns:{region}:{account}:{name}`."""
    return _forms().get(type_, {}).get(attribute or "ref")


def _name(type_: str, properties: Mapping[str, object], logical_id: str) -> object:
    form = _forms().get(type_)
    found = properties.get(form["name"]) if form else None
    return logical_id if found is None and type_ in _NAMED_BY_ID else found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TemplateError("the template is too big", right=f"at most {MAX_BYTES:,} bytes", place=Place(str(path)))
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(f"not UTF-8: byte {error.start + 1}", place=Place(str(path))) from None
    except OSError as error:
        raise TemplateError(f"cannot be read: {error.strerror or error}", place=Place(str(path))) from None


def _sections(text: str, path: Path) -> dict[str, Node]:
    node = compose(text, str(path))
    resources = _children(node).get("Resources")
    if resources is None or not isinstance(resources.value, dict):
        right = 'an object with "Resources"'
        raise TemplateError("no CloudFormation template", right=right, place=Place(str(path), node.line, node.column))
    return _children(node)


def _children(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _type(node: Node) -> str:
    found = _children(node).get("Type")
    return found.value if found is not None and isinstance(found.value, str) else ""


def _chosen(node: Node, scope: Scope) -> Node:
    """The side of Fn::If that counts, where that is known."""
    while isinstance(node.value, dict) and list(node.value) == ["Fn::If"]:
        branches = node.value["Fn::If"].value
        if not isinstance(branches, list) or len(branches) != 3:
            break
        decided = scope.condition(str(branches[0].value), branches[0])
        if isinstance(decided, Unknown):
            break
        node = branches[1 if decided else 2]
    return node


def _step(node: Node, step: str | int, scope: Scope) -> Node | None:
    value = node.value
    if isinstance(value, dict):
        inner = value.get(str(step))
        return inner if isinstance(inner, Node) else None
    if isinstance(value, list) and isinstance(step, int):
        # A value that is no value has no place in the list that it resolves to.
        left = step
        for inner in value:
            chosen = _chosen(inner, scope)
            if isinstance(chosen.value, dict) and "Ref" in chosen.value and chosen.value["Ref"].value == "AWS::NoValue":
                continue
            if left == 0:
                return inner if isinstance(inner, Node) else None
            left -= 1
    return None


@cache
def _forms() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("mangaobs.template").joinpath("physical.toml").read_text(encoding="utf-8"))
