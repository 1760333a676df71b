"""Where modules are, as Python would find them: the project's `handlers`, this package, then the environment."""

from __future__ import annotations

import importlib.util
import pkgutil
from importlib.machinery import EXTENSION_SUFFIXES, PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from mangaobs.bundle._sources import Source, read
from mangaobs.errors import Place, ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec

OURS: Final = ("handlers", "mangaobs")
_HOME: Final = str(Path(__file__).resolve().parents[2])
_NOTHING: Final = read(b"", "", package=False)


class Module(NamedTuple):
    """A module: its file, None for a package without one; the folders that its own modules are in."""

    name: str
    file: Path | None
    folders: tuple[str, ...]

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]

    @property
    def is_compiled(self) -> bool:
        return self.file is not None and self.file.name.endswith(tuple(EXTENSION_SUFFIXES))


class Modules:
    """Finds and reads modules, each once: files are taken as they are when they are first asked for."""

    def __init__(self, root: Path, path: Sequence[str]) -> None:
        importlib.invalidate_caches()  # the project's files were perhaps just written
        self._roots = {"handlers": [str(root)], "mangaobs": [_HOME]}
        self._path = list(path)
        self._found: dict[str, Module | None] = {}
        self._sources: dict[str, Source] = {}

    def find(self, name: str) -> Module | None:
        """The module of this name, or None. Nothing is imported for it."""
        if name not in self._found:
            spec = self._spec(name)
            self._found[name] = None if spec is None else _module(name, spec)
        return self._found[name]

    def _spec(self, name: str) -> ModuleSpec | None:
        parent, _, _ = name.rpartition(".")
        if parent:
            package = self.find(parent)
            return PathFinder.find_spec(name, list(package.folders)) if package and package.folders else None
        if name in self._roots:
            return PathFinder.find_spec(name, self._roots[name])
        spec = PathFinder.find_spec(name, self._path) if name else None
        if spec is None and name:
            try:
                spec = importlib.util.find_spec(name)  # as an editable install has it: by a finder of its own
            except (ImportError, ValueError):
                return None
        return spec

    def source(self, module: Module) -> Source:
        """What the module's source says. Raises `ProjectError` for a module of ours that is no Python."""
        if module.name not in self._sources:
            self._sources[module.name] = self._read(module)
        return self._sources[module.name]

    def _read(self, module: Module) -> Source:
        if module.file is None or module.file.suffix != ".py":
            return _NOTHING
        try:
            return read(module.file.read_bytes(), module.name, package=bool(module.folders))
        except (SyntaxError, ValueError) as error:
            if module.top not in OURS:
                return _NOTHING  # packages carry files for other Pythons, too
            line, column = getattr(error, "lineno", 0) or 0, getattr(error, "offset", 0) or 0
            problem = f"is not Python: {getattr(error, 'msg', error)}"
            raise ProjectError(problem, place=Place(str(module.file), line, column)) from None

    def below(self, package: str) -> Iterator[str]:
        """The names of all modules in a package, at any depth."""
        found = self.find(package)
        for one in pkgutil.iter_modules(found.folders if found else ()):
            name = f"{package}.{one.name}"
            yield name
            if one.ispkg:
                yield from self.below(name)


def _module(name: str, spec: ModuleSpec) -> Module | None:
    folders = tuple(spec.submodule_search_locations or ())
    if spec.origin in (None, "namespace"):
        return Module(name, None, folders) if folders else None
    if not spec.has_location:
        return None  # built in, or frozen
    return Module(name, Path(str(spec.origin)), folders)
