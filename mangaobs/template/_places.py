"""Where a character of a text stands in the file, also in a text that Fn::Sub or Fn::Join builds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mangaobs.errors import Place
from mangaobs.template._resolve import SUB, Unknown, shown, sub_parts

if TYPE_CHECKING:
    from mangaobs.template._nodes import Node
    from mangaobs.template._resolve import Scope

# One character of a text as it is written between double quotes, and between single ones.
_DOUBLE = re.compile(r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\U[0-9a-fA-F]{8}|\\.|[^\\]", re.DOTALL)
_TAG = re.compile(r"!\S+\s+")
_SINGLE = re.compile(r"''|.", re.DOTALL)


def located(scope: Scope, node: Node, offset: int) -> Place:
    """The place of the character at `offset` of the text that `node` resolves to; as near as can be said."""
    value = node.value
    if isinstance(value, str):
        return _in_scalar(scope, node, offset)
    if isinstance(value, dict) and len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Fn::Sub":
            return _in_sub(scope, argument, offset)
        if name == "Fn::Join":
            return _in_join(scope, argument, offset)
        if name == "Fn::If" and isinstance(argument.value, list) and len(argument.value) == 3:
            decided = scope.condition(str(argument.value[0].value), argument.value[0])
            if not isinstance(decided, Unknown):
                return located(scope, argument.value[1 if decided else 2], offset)
    return scope.place(node)


def _in_sub(scope: Scope, argument: Node, offset: int) -> Place:
    template, names = sub_parts(argument)
    text = template.value
    if not isinstance(text, str):
        return scope.place(template)
    end = 0
    for found in SUB.finditer(text):
        literal = found.start() - end
        if offset < literal:
            return located(scope, template, end + offset)
        offset -= literal
        end = found.end()
        kept = f"${{{found[2]}}}" if found[1] else shown(scope.substituted(found[2].strip(), names, template))
        if offset < len(kept):
            return located(scope, template, found.start())
        offset -= len(kept)
    return located(scope, template, end + offset)


def _in_join(scope: Scope, argument: Node, offset: int) -> Place:
    parts = argument.value
    if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[1].value, list):
        return scope.place(argument)
    between = len(shown(scope.resolve(parts[0])))
    for part in parts[1].value:
        length = len(shown(scope.resolve(part)))
        if offset < length:
            return located(scope, part, offset)
        offset -= length
        if offset < between:
            return scope.place(parts[0])
        offset -= between
    return scope.place(argument)


def _in_scalar(scope: Scope, node: Node, offset: int) -> Place:
    if node.style in ("|", ">"):
        return _in_block(scope, node, offset)
    line = scope.line(node.line)
    # A short form's tag (`!Sub`) is where its text begins.
    tag = _TAG.match(line, node.column - 1)
    position = tag.end() if tag else node.column - 1
    if node.style not in ("'", '"'):
        return Place(scope.file, node.line, position + offset + 1)
    position += 1  # the quote
    pattern = _DOUBLE if node.style == '"' else _SINGLE
    escape = "\\" if node.style == '"' else "''"
    while offset > 0:
        # Up to the next escape a character of the text is one of the file.
        plain = line.find(escape, position)
        if plain < 0 or plain - position >= offset:
            position = min(position + offset, max(len(line) - 1, position))
            break
        offset -= plain - position
        written = pattern.match(line, plain)
        if written is None:
            break
        position = written.end()
        offset -= 1
    return Place(scope.file, node.line, position + 1)


def _in_block(scope: Scope, node: Node, offset: int) -> Place:
    """In `|` and `>`: the text's own lines, each with the indentation of the first."""
    text = str(node.value)[:offset]
    first = scope.line(node.line + 1)
    indent = len(first) - len(first.lstrip(" "))
    down = text.count("\n")
    return Place(scope.file, node.line + 1 + down, indent + offset - (text.rfind("\n") + 1) + 1)
