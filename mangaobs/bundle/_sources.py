"""What a module's source says: what it imports and uses when it is loaded, and what each of its functions does.

A function of a module counts where it is named: its body runs when it is called, so what only it imports can be left
out if nobody calls it. Everything else counts when the module is loaded: classes whole, since an object of theirs may
get anywhere, and functions with a decorator, which may have registered them.
"""

from __future__ import annotations

import ast
import operator
import sys
import warnings
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_GUARDS: Final = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_COMPARED: Final = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}
_DYNAMIC: Final = frozenset({"import_module", "__import__"})


class Imported(NamedTuple):
    """One import: a module, absolute; the name that is taken from it (`""`: the module itself); what it is called here.

    `stands_for` is the module that an `import` binds. `loading`: it runs when the module is loaded. `guarded`: the code
    goes on without what is imported.
    """

    module: str
    name: str
    called: str
    stands_for: str
    line: int
    loading: bool
    guarded: bool


class Uses(NamedTuple):
    """What code uses: imports, names with the attributes that are taken of them, and imports by a text.

    `texts` are modules that are named by a text; `below` are packages of which any module may be, as in
    `import_module(f"handlers.plugins.{name}")`; `unknown` are lines that import by a name that nobody can read off.
    """

    imports: tuple[Imported, ...] = ()
    chains: frozenset[tuple[str, ...]] = frozenset()
    texts: frozenset[str] = frozenset()
    below: frozenset[str] = frozenset()
    unknown: tuple[int, ...] = ()


class Source(NamedTuple):
    """A module: what it uses when it is loaded, its functions by name, and of a lazy face where its names come from."""

    loaded: Uses
    functions: dict[str, Uses]
    faces: dict[str, tuple[str, str]]

    def everything(self) -> Iterable[Uses]:
        """All that the module uses, whoever calls it."""
        return (self.loaded, *self.functions.values())


def read(text: bytes, module: str, *, package: bool) -> Source:
    """What the source of `module` says; `package`: it is an `__init__.py`. Raises `SyntaxError` or `ValueError`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # somebody else's escapes
        tree = ast.parse(text)
    home = module if package else module.rpartition(".")[0]
    reader = _Reader(module, home)
    reader.visit(tree.body, top=True)
    loaded = reader.uses()
    functions = {}
    for name, nodes in reader.functions.items():
        inner = _Reader(module, home)
        inner.visit([statement for node in nodes for statement in node.body], inside=True)
        functions[name] = inner.uses()
    faces = {one.called: (one.module, one.name) for one in reader.typed} if "__getattr__" in functions else {}
    return Source(loaded, functions, faces)


class _Reader:
    """Walks through statements and keeps what they use."""

    def __init__(self, module: str, package: str) -> None:
        self._module = module
        self._package = package
        self._imports: list[Imported] = []
        self._chains: set[tuple[str, ...]] = set()
        self._texts: set[str] = set()
        self._below: set[str] = set()
        self._unknown: list[int] = []
        self.functions: dict[str, list[_Function]] = {}
        self.typed: list[Imported] = []  # what is imported for type checkers alone

    def uses(self) -> Uses:
        return Uses(
            tuple(self._imports),
            frozenset(self._chains),
            frozenset(self._texts),
            frozenset(self._below),
            tuple(self._unknown),
        )

    def visit(
        self, nodes: Sequence[ast.AST], *, top: bool = False, inside: bool = False, guarded: bool = False
    ) -> None:
        """Walk through `nodes`: `top`, they are the module's own statements; `inside`, they are in a function."""
        for node in nodes:
            self._visit(node, top=top, inside=inside, guarded=guarded)

    def _visit(self, node: ast.AST, *, top: bool, inside: bool, guarded: bool) -> None:  # noqa: C901 - one case a kind
        match node:
            case ast.Import() | ast.ImportFrom():
                self._imports += self._imported(node, loading=not inside, guarded=guarded)
            case ast.If() if _is_type_checking(node.test):
                self.typed += [one for inner in node.body for one in self._imported(inner, loading=False, guarded=True)]
                self.visit(node.orelse, top=top, inside=inside, guarded=guarded)
            case ast.If() if (runs := _by_version(node.test)) is not None:
                self.visit(node.body if runs else node.orelse, top=top, inside=inside, guarded=guarded)
            case ast.Try() | ast.TryStar():
                goes_on = guarded or any(_catches_absence(handler.type) for handler in node.handlers)
                self.visit(node.body, top=top, inside=inside, guarded=goes_on)
                for handler in node.handlers:
                    self.visit(handler.body, top=top, inside=inside, guarded=guarded)
                self.visit([*node.orelse, *node.finalbody], top=top, inside=inside, guarded=guarded)
            case ast.With() if any(_suppresses(item.context_expr) for item in node.items):
                self.visit(node.body, top=top, inside=inside, guarded=True)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if top and not node.decorator_list:
                self.functions.setdefault(node.name, []).append(node)
                self.visit([node.args])  # its defaults are worked out at once
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self.visit(list(ast.iter_child_nodes(node)), inside=True, guarded=guarded)
            case ast.Attribute() | ast.Name():
                self._chain(node)
            case ast.Call():
                self._call(node)
                self.visit(list(ast.iter_child_nodes(node)), inside=inside, guarded=guarded)
            case _:
                # A loop or a `with` of the module's is still its own statement; a class is not.
                within = top and isinstance(node, ast.stmt) and not isinstance(node, ast.ClassDef)
                self.visit(list(ast.iter_child_nodes(node)), top=within, inside=inside, guarded=guarded)

    def _chain(self, node: ast.Attribute | ast.Name) -> None:
        attributes: list[str] = []
        at: ast.expr = node
        while isinstance(at, ast.Attribute):
            attributes.append(at.attr)
            at = at.value
        if isinstance(at, ast.Name):
            self._chains.add((at.id, *reversed(attributes)))
        else:
            self.visit([at])

    def _call(self, node: ast.Call) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in ("iter_modules", "walk_packages"):
            self._below.add(self._package)  # plugins, that are looked for beside
        if called not in _DYNAMIC or not node.args:
            return
        text = self._known(node.args[0])
        if text is None:
            self._unknown.append(node.lineno)
        elif isinstance(node.args[0], ast.Constant):
            level = len(text) - len(text.lstrip("."))
            self._texts.add(self._absolute(text[level:], level))
        elif "." in text:
            self._below.add(text.rpartition(".")[0])
        else:
            self._unknown.append(node.lineno)

    def _known(self, node: ast.expr) -> str | None:
        """What is known of the beginning of a text; None if nothing is."""
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id="__name__"):
                return self._module
            case ast.Name(id="__package__"):
                return self._package
            case ast.JoinedStr():
                known = ""
                for part in node.values:
                    inner = part.value if isinstance(part, ast.FormattedValue) else part
                    more = self._known(inner)
                    if more is None:
                        break
                    known += more
                return known or None
            case ast.BinOp(op=ast.Add()):
                left, right = self._known(node.left), self._known(node.right)
                return left if left is None or right is None else left + right
            case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str(text))):
                return text.partition("%")[0] or None
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
                return text.partition("{")[0] or None
        return None

    def _imported(self, node: ast.AST, *, loading: bool, guarded: bool) -> list[Imported]:
        if isinstance(node, ast.Import):
            return [
                Imported(
                    alias.name,
                    "",
                    alias.asname or alias.name.partition(".")[0],
                    alias.name if alias.asname else alias.name.partition(".")[0],
                    node.lineno,
                    loading,
                    guarded,
                )
                for alias in node.names
            ]
        if isinstance(node, ast.ImportFrom):
            module = self._absolute(node.module or "", node.level)
            return [
                Imported(module, alias.name, alias.asname or alias.name, "", node.lineno, loading, guarded)
                for alias in node.names
            ]
        return []

    def _absolute(self, name: str, level: int) -> str:
        if not level:
            return name
        parts = self._package.split(".")
        return ".".join([*parts[: len(parts) - (level - 1)], *([name] if name else [])])


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _by_version(test: ast.expr) -> bool | None:
    """Whether `sys.version_info` passes the test; None if it is about something else."""
    match test:
        case ast.Compare(left=ast.Attribute(attr="version_info"), ops=[compared], comparators=[ast.Tuple() as other]):
            compare = _COMPARED.get(type(compared))
            try:
                return None if compare is None else bool(compare(sys.version_info, ast.literal_eval(other)))
            except (ValueError, TypeError):
                return None
    return None


def _catches_absence(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(getattr(name, "id", getattr(name, "attr", "")) in _GUARDS for name in names)


def _suppresses(item: ast.expr) -> bool:
    if not isinstance(item, ast.Call):
        return False
    called = item.func.attr if isinstance(item.func, ast.Attribute) else getattr(item.func, "id", "")
    return called == "suppress" and any(map(_catches_absence, item.args))
