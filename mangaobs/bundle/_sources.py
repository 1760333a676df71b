"""What a module's source says: what it imports when it is loaded, and what each of its definitions imports and uses."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Imported(NamedTuple):
    """An import: a module, absolute; the name that is taken from it (`""`: itself); what it is called here."""

    module: str
    name: str
    called: str


class Uses(NamedTuple):
    """What code uses: imports within it, names, and attributes of names."""

    imports: tuple[Imported, ...]
    names: frozenset[str]
    attributes: frozenset[tuple[str, str]]


class Source(NamedTuple):
    """A module: what runs when it is loaded, its definitions by name, and of a lazy face where each name comes from."""

    loaded: Uses
    definitions: dict[str, Uses]
    faces: dict[str, str]


@cache
def source(file: Path, module: str) -> Source:
    """The source of a module of this name."""
    tree = ast.parse(file.read_bytes(), str(file))
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    reader = _Reader(package)
    definitions: dict[str, Uses] = {}
    faces: dict[str, str] = {}
    todo: list[ast.stmt] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            definitions[node.name] = reader.uses([node])
        elif isinstance(node, ast.If) and _is_type_checking(node.test):
            todo += node.orelse
        else:  # a definition may stand in an `if` or a `try` of the module's
            todo += [inner for inner in ast.iter_child_nodes(node) if isinstance(inner, ast.stmt)]
            todo += [inner for handler in getattr(node, "handlers", []) for inner in handler.body]
    for node in tree.body:
        if isinstance(node, ast.If) and _is_type_checking(node.test):
            faces |= {one.called: one.module for inner in node.body for one in reader.imported(inner)}
    if "__getattr__" not in definitions:
        faces = {}
    return Source(reader.uses(tree.body, loading=True), definitions, faces)


class _Reader:
    def __init__(self, package: str) -> None:
        self._package = package

    def uses(self, body: Iterable[ast.AST], *, loading: bool = False) -> Uses:
        """What `body` uses. `loading`: only what runs when the module is loaded, so no bodies of functions."""
        imports: list[Imported] = []
        names: set[str] = set()
        attributes: set[tuple[str, str]] = set()
        todo: list[ast.AST] = list(body)
        while todo:
            node = todo.pop()
            if isinstance(node, ast.Import | ast.ImportFrom):
                imports += self.imported(node)
            elif isinstance(node, ast.If) and _is_type_checking(node.test):
                todo += node.orelse
            elif loading and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                # Defaults and decorators are worked out at once.
                todo += [*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None)]
                todo += getattr(node, "decorator_list", [])
            else:
                if isinstance(node, ast.Name):
                    names.add(node.id)
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    attributes.add((node.value.id, node.attr))
                todo += ast.iter_child_nodes(node)
        return Uses(tuple(imports), frozenset(names), frozenset(attributes))

    def imported(self, node: ast.AST) -> list[Imported]:
        """What an import takes."""
        if isinstance(node, ast.Import):
            return [Imported(alias.name, "", alias.asname or alias.name.partition(".")[0]) for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            module = self._absolute(node)
            return [Imported(module, alias.name, alias.asname or alias.name) for alias in node.names]
        return []

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self._package.split(".")
        base = parts[: len(parts) - (node.level - 1)]
        return ".".join([*base, *([node.module] if node.module else [])])


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )
