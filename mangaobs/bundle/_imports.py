"""What a function imports, read from sources, without running them.

Of the project's code and of mangaobs a module counts where it is imported when another is loaded, or by a definition
that is
used from the handler on: `_assembly.redis` brings Redis only to the functions that call it. Of other packages those
count that are imported when a module of theirs is loaded; each comes whole.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mangaobs.bundle._sources import Imported, Uses, source
from mangaobs.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Sequence

_OURS = ("handlers", "mangaobs")
# What compiled code imports cannot be read. Source: cryptography's build, whose Rust library loads cffi's backend.
_COMPILED = {"cryptography": ("_cffi_backend",)}


class Reached(NamedTuple):
    """What is reached: modules of ours by name, and other top-level packages with where they are."""

    modules: dict[str, Path]
    packages: dict[str, Path]
    absent: tuple[str, ...]


class Finder:
    """Finds modules on `path`, as Python would, the project's folder first."""

    def __init__(self, root: Path, path: Sequence[str], left_out: frozenset[str]) -> None:
        self._path = (str(root), *path)
        self._left_out = left_out
        self._modules: dict[str, Path] = {}
        self._asked: set[tuple[str, str]] = set()
        self._packages: dict[str, Path] = {}
        self._foreign: set[str] = set()
        self._absent: set[str] = set()

    def reach(self, module: str, *names: str) -> Reached:
        """Everything that `module` and these names of it import.

        Raises `ProjectError` if a module of ours is not there.
        """
        self._load(module)
        for name in names:
            self._ask(module, name)
        return Reached(self._modules, self._packages, tuple(sorted(self._absent)))

    # Ours

    def _load(self, name: str) -> None:
        """Load a module and the packages that it is in."""
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in self._left_out:
            return
        if top not in _OURS:
            self._load_foreign(name)
            return
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            module = ".".join(parts[:end])
            if module in self._modules:
                continue
            file = _file(module, self._path)
            if file is None:
                raise ProjectError(f"{module} is imported, and is not there", right=f"a module {module}")
            self._modules[module] = file
            self._follow(module, source(file, module).loaded)

    def _follow(self, module: str, uses: Uses) -> None:
        """What some code of a module uses."""
        for one in uses.imports:
            self._load(one.module)
            if one.name and self._is_module(f"{one.module}.{one.name}"):
                self._load(f"{one.module}.{one.name}")
        bound = {one.called: one for one in uses.imports}
        for name in uses.names:
            self._use(module, name, bound)
        for base, attribute in uses.attributes:
            self._use(module, base, bound, attribute)

    def _use(self, module: str, name: str, bound: dict[str, Imported], attribute: str = "") -> None:
        """A name is used: it is what an import bound here, or in the module, or a definition of the module."""
        read = source(self._modules[module], module)
        one = bound.get(name) or next((each for each in read.loaded.imports if each.called == name), None)
        if one is None:
            self._ask(module, name)
        elif one.name and not self._is_module(f"{one.module}.{one.name}"):
            self._ask(one.module, one.name)
        elif attribute:
            self._ask(f"{one.module}.{one.name}" if one.name else one.module, attribute)

    def _ask(self, module: str, name: str) -> None:
        """A name of a module is used: what its definition uses counts, too."""
        if module not in self._modules or (module, name) in self._asked:
            return
        self._asked.add((module, name))
        read = source(self._modules[module], module)
        if name in read.definitions:
            self._follow(module, read.definitions[name])
        elif name in read.faces:
            self._load(read.faces[name])
            self._ask(read.faces[name], name)
        else:
            for one in read.loaded.imports:
                if one.called == name and one.name:
                    self._ask(one.module, one.name)

    def _is_module(self, name: str) -> bool:
        return name.partition(".")[0] in _OURS and _file(name, self._path) is not None

    # Others'

    def _load_foreign(self, name: str) -> None:
        """Load a module of another package, and what it imports when it is loaded."""
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in self._left_out or top in self._absent:
            return
        if top not in self._packages:
            spec = PathFinder.find_spec(top, list(self._path[1:]))
            if spec is None or spec.origin in (None, "built-in", "frozen"):
                self._absent.add(top)
                return
            self._packages[top] = Path(str(spec.origin))
            for other in _COMPILED.get(top, ()):
                self._load_foreign(other)
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            module = ".".join(parts[:end])
            file = _file(module, self._path[1:])
            if file is None or module in self._foreign:
                continue
            self._foreign.add(module)
            for one in source(file, module).loaded.imports:
                self._load_foreign(one.module)
                if one.name and one.name != "*":
                    inner = f"{one.module}.{one.name}"
                    if _file(inner, self._path[1:]) is not None:
                        self._load_foreign(inner)


@cache
def _file(name: str, path: tuple[str, ...]) -> Path | None:
    """The source of a module."""
    parts = name.split(".")
    top = _top(parts[0], path)
    if top is None or (top.name != "__init__.py" and len(parts) > 1):
        return None
    if len(parts) == 1:
        return top if top.suffix == ".py" else None
    at = top.parent.joinpath(*parts[1:])
    return next((file for file in (at / "__init__.py", at.parent / f"{at.name}.py") if file.is_file()), None)


@cache
def _top(name: str, path: tuple[str, ...]) -> Path | None:
    spec = PathFinder.find_spec(name, list(path)) if name else None
    return Path(spec.origin) if spec is not None and spec.origin not in (None, "built-in", "frozen") else None
