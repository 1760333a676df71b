"""Installed distributions: what each brings, and what it requires of others.

A package may import what it can do without: `redis` looks for `requests`, `jwt` for `cryptography`. What is required,
and what somebody asked for by an extra (`PyJWT[crypto]`), goes along; the rest stays behind.
"""

from __future__ import annotations

import re
import tomllib
from functools import cached_property
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mangaobs.errors import Place, ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mangaobs.bundle._modules import Module

# What a function carries beside the runtime.
_FIRST: Final = "mangaobs[handlers]"
# Enough of PEP 508: a marker other than `extra` is taken to hold, so that rather too much is required than too little.
_REQUIREMENT: Final = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_EXTRA: Final = re.compile(r"""\bextra\s*==\s*['"]([^'"]+)['"]""")
_SUFFIXES: Final = (*EXTENSION_SUFFIXES, ".py")


class Distributions:
    """The distributions on `path`; `root` is the project's folder, whose own requirements ask for extras."""

    def __init__(self, root: Path, path: Sequence[str]) -> None:
        self._root = root
        self._path = list(path)
        self._required: dict[str, frozenset[str]] = {}

    @cached_property
    def _known(self) -> dict[str, Distribution]:
        """Every distribution by its name; the first on the path counts, as for Python."""
        found: dict[str, Distribution] = {}
        for one in distributions(path=self._path):
            if one.name:
                found.setdefault(_canonical(one.name), one)
        return found

    @cached_property
    def _tops(self) -> dict[str, list[str]]:
        return {
            name: sorted({top for file in one.files or () if (top := _top(file.parts))})
            for name, one in self._known.items()
        }

    @cached_property
    def _homes(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, tops in self._tops.items():
            for top in tops:
                found.setdefault(top, []).append(name)
        return found

    @cached_property
    def _extras(self) -> dict[str, set[str]]:
        """The extras that somebody asks for, by the distributions that have them."""
        found: dict[str, set[str]] = {}
        todo = [_FIRST, *_own_requirements(self._root)]
        while todo:
            name, extras = _parsed(todo.pop())
            if name not in found or not extras <= found[name]:
                found.setdefault(name, set()).update(extras)
                todo += self._requirements(name, found[name])
        return found

    def _requirements(self, name: str, asked: set[str]) -> list[str]:
        """What a distribution requires, if these of its extras are asked for."""
        found = []
        for text in (self._known[name].requires if name in self._known else None) or ():
            requirement, _, marker = text.partition(";")
            extras = {_canonical(extra) for extra in _EXTRA.findall(marker)}
            if not extras or extras & asked:
                found.append(requirement)
        return found

    def requires(self, name: str) -> frozenset[str] | None:
        """The names of the distributions that this one requires; None for one that is not known."""
        if name not in self._known:
            return None
        if name not in self._required:
            asked = self._extras.get(name, set())
            self._required[name] = frozenset(_parsed(one)[0] for one in self._requirements(name, asked))
        return self._required[name]

    def closure(self, name: str) -> frozenset[str]:
        """The distribution and all that it requires, and what that requires."""
        found: set[str] = set()
        todo = [_canonical(name)]
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += self.requires(one) or ()
        return frozenset(found)

    def homes(self, top: str) -> list[str]:
        """The distributions that have modules in a top-level package."""
        return self._homes.get(top, [])

    def tops(self, name: str) -> list[str]:
        """The top-level modules and packages of a distribution."""
        return self._tops.get(name, [])

    def of(self, module: Module) -> str | None:
        """The distribution that a module is of; None if none says so."""
        homes = self._homes.get(module.top, [])
        if len(homes) > 1 and module.file is not None:
            # A package that several distributions put their modules in.
            for name in homes:
                if any(Path(str(file.locate())) == module.file for file in self._known[name].files or ()):
                    return name
        if homes:
            return homes[0]
        return _canonical(module.top) if _canonical(module.top) in self._known else None

    def label(self, name: str) -> str:
        """The name as the distribution writes it."""
        return str(self._known[name].name) if name in self._known else name

    def files(self, name: str) -> Iterable[tuple[tuple[str, ...], Path]]:
        """The files that came with a distribution, by their parts within the folder of packages."""
        for file in (self._known[name].files if name in self._known else None) or ():
            if ".." not in file.parts and not Path(file).is_absolute():
                yield file.parts, Path(str(file.locate()))


def _top(parts: tuple[str, ...]) -> str | None:
    first = parts[0]
    if len(parts) == 1:
        return next((first[: -len(end)] for end in _SUFFIXES if first.endswith(end)), None)
    usual = first.isidentifier() and first != "__pycache__"
    return first if usual and parts[-1].endswith(_SUFFIXES) else None


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _parsed(requirement: str) -> tuple[str, set[str]]:
    found = _REQUIREMENT.match(requirement)
    if found is None:
        return "", set()
    return _canonical(found[1]), {_canonical(one.strip()) for one in (found[2] or "").split(",") if one.strip()}


def _own_requirements(root: Path) -> list[str]:
    """What the project itself requires, by its `pyproject.toml` and its `requirements.txt`, where it has them."""
    found: list[str] = []
    listed, declared = root / "requirements.txt", root / "pyproject.toml"
    try:
        if listed.is_file():
            found += [line.partition("#")[0] for line in listed.read_text(encoding="utf-8").splitlines()]
        if declared.is_file():
            project = tomllib.loads(declared.read_text(encoding="utf-8")).get("project", {})
            found += [one for one in project.get("dependencies", []) if isinstance(one, str)]
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"is not TOML: {error}", place=Place(str(declared))) from None
    except UnicodeDecodeError:
        raise ProjectError("is not UTF-8", right="UTF-8", place=Place(str(listed))) from None
    return [one for one in found if _REQUIREMENT.match(one)]
