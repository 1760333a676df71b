"""Text → nodes that know their place. JSON and YAML alike, through libyaml's composer.

Source: CloudFormation User Guide, "CloudFormation template formats": YAML 1.1 without aliases, merges, sets, ordered
maps, pairs, binary and timestamps.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.errors import Place, TemplateError, together

if TYPE_CHECKING:
    import yaml

MAX_BYTES: Final = 8 << 20  # CloudFormation itself takes 1 MB
MAX_DEPTH: Final = 200
_MOST_ERRORS: Final = 20
_PLAIN: Final = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
}  # fmt: skip
# An account's id with a leading zero stays a text, as everybody means it.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*)?\.?[0-9_]+(?:[eE][-+]?[0-9]+)?")
_STRING: Final = "tag:yaml.org,2002:str"
_ESCAPED_SURROGATES = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


class Node:
    """A scalar, a list of nodes, or a dictionary of them by key. `line` and `column` count from 1.

    `style` is how a scalar is written: "" plain, a quote, `|` or `>`.
    """

    __slots__ = ("column", "keys", "line", "style", "value")

    def __init__(self, value: object, line: int, column: int, style: str = "") -> None:
        self.value = value
        self.style = style
        self.line = line
        self.column = column
        self.keys: dict[str, tuple[int, int]] | None = None  # of a dictionary: where each key stands


def compose(text: str, file: str) -> Node:
    """The document's root. Raises `TemplateError`, or `ManyErrors` of them."""
    import yaml

    if len(text) > MAX_BYTES:
        raise TemplateError(
            f"a template of {len(text):,} characters", right=f"at most {MAX_BYTES:,}", place=Place(file)
        )
    text = _ESCAPED_SURROGATES.sub(_one_character, text)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        raise TemplateError(f"neither JSON nor YAML: {error.problem}", place=place) from None
    except yaml.YAMLError as error:
        raise TemplateError(f"neither JSON nor YAML: {error}".splitlines()[0], place=Place(file)) from None
    except RecursionError:
        raise TemplateError("nested too deep", right=f"at most {MAX_DEPTH} levels", place=Place(file)) from None
    if root is None:
        raise TemplateError("the template is empty", place=Place(file, 1, 1))
    reader = _Reader(file)
    node = reader.read(root, 0)
    if reader.errors:
        raise together(list(reader.errors))
    return node


def _one_character(found: re.Match[str]) -> str:
    """JSON's two escapes for one character, which libyaml does not know."""
    return found[0].encode().decode("unicode-escape").encode("utf-16", "surrogatepass").decode("utf-16")


class _Reader:
    """YAML's nodes → ours."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.errors: list[TemplateError] = []
        self._seen: set[int] = set()

    def read(self, given: yaml.Node, depth: int) -> Node:
        import yaml

        mark = given.start_mark
        node = Node(None, mark.line + 1, mark.column + 1)
        if depth > MAX_DEPTH:
            right = f"at most {MAX_DEPTH} levels"
            raise TemplateError("nested too deep", right=right, place=Place(self.file, node.line, node.column))
        tag = given.tag
        if isinstance(given, yaml.ScalarNode):
            text = given.value
            node.style = given.style or ""
            node.value = text if given.style or tag == _STRING else _plain(text)
        elif id(given) in self._seen:
            right = "what the alias stands for; the place is where its anchor is"
            self._report(node, "YAML aliases are not supported by CloudFormation", right)
            return node
        else:
            self._seen.add(id(given))
            if isinstance(given, yaml.MappingNode):
                node.keys = {}
                node.value = self._dictionary(given, node.keys, depth)
            else:
                node.value = [self.read(inner, depth + 1) for inner in given.value]
        return _tagged(tag, node) if tag.startswith("!") and tag != "!" else node

    def _dictionary(self, given: yaml.MappingNode, places: dict[str, tuple[int, int]], depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key, value in given.value:
            place = (key.start_mark.line + 1, key.start_mark.column + 1)
            name = key.value
            if not isinstance(name, str):
                self._report(Node(None, *place), "a key is a text", "a text")
            elif name in found:
                line, column = places[name]
                self._report(
                    Node(None, *place), f"the key {name!r} is there twice", f"one; the first is at {line}:{column}"
                )
            else:
                found[name] = self.read(value, depth + 1)
                places[name] = place
        return found

    def _report(self, node: Node, problem: str, right: str) -> None:
        self.errors.append(TemplateError(problem, right=right, place=Place(self.file, node.line, node.column)))
        if len(self.errors) >= _MOST_ERRORS:
            raise together(list(self.errors))


def _tagged(tag: str, node: Node) -> Node:
    """`!Ref x` is `{"Ref": x}`; `!GetAtt a.b` is a list of two."""
    name = tag[1:] if tag[1:] in ("Ref", "Condition") else f"Fn::{tag[1:]}"
    if name == "Fn::GetAtt" and isinstance(node.value, str):
        parts = node.value.split(".", 1)
        node = Node([Node(part, node.line, node.column) for part in parts], node.line, node.column)
    wrapped = Node({name: node}, node.line, node.column)
    wrapped.keys = {name: (node.line, node.column)}
    return wrapped


def _plain(text: str) -> object:
    """What an unquoted scalar is in YAML 1.1, dates left as texts."""
    if text in _PLAIN:
        return _PLAIN[text]
    if text[0] not in "-+.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(text.replace("_", "")) if len(text) < 400 else text
    if _FLOAT.fullmatch(text) and ("." in text or "e" in text.lower()) and text[-1] != "_":
        try:
            return float(text.replace("_", ""))
        except ValueError:
            return text
    return text
