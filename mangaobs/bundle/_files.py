"""The files of an archive: modules, the data beside them, and what licenses ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from mangaobs.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.bundle._distributions import Distributions
    from mangaobs.bundle._imports import Reached
    from mangaobs.bundle._modules import Module

# What nothing reads that runs.
_NO_USE: Final = frozenset({".c", ".cpp", ".h", ".pxd", ".pyc", ".pyi", ".pyo", ".pyx"})
_TESTS: Final = frozenset({"test", "tests"})
# What folders of functions hold for people and for the platform.
_DECLARED: Final = frozenset({"README.md", "permissions.toml", "matrix.toml", "py.typed"})
_SAID: Final = frozenset({"METADATA", "entry_points.txt"})


def files(reached: Reached, distributions: Distributions) -> dict[str, Path]:
    """The files of an archive by their names in it."""
    found: dict[str, Path] = {}
    for module in reached.ours.values():
        found.update(_ours(module))
    homes: set[str] = set()
    for modules in reached.packages.values():
        top = modules[0]
        homes |= {home for one in modules if (home := distributions.of(one)) is not None}
        found.update(_package(top, modules, distributions))
    for home in sorted(homes):
        found.update(_said(home, distributions))
    if "mangaobs" in reached.ours:
        # What it says of itself changes with its README; its license goes along.
        found.update((name, file) for name, file in _said("mangaobs", distributions) if "/licenses/" in name)
    return found


def _ours(module: Module) -> Iterator[tuple[str, Path]]:
    parts = module.name.split(".")
    if module.file is not None:
        inside = parts if module.folders else parts[:-1]
        if module.file.suffix not in (".py", *_NO_USE):
            raise ProjectError(f"{module.name} is compiled", right="code in Python, or a package of its own")
        yield "/".join([*inside, module.file.name]), module.file
    for folder in module.folders:
        for data in sorted(Path(folder).iterdir()):
            if data.is_file() and data.suffix != ".py" and _is_data(data):
                yield "/".join([*parts, data.name]), data
            elif data.is_dir() and _is_data(data) and not any(data.rglob("*.py")):
                for inner in sorted(data.rglob("*")):
                    if inner.is_file() and _is_data(inner):
                        yield "/".join([*parts, inner.relative_to(folder).as_posix()]), inner


def _is_data(file: Path) -> bool:
    return (
        not file.name.startswith(".")
        and file.name not in {*_DECLARED, "__pycache__"}
        and file.suffix not in _NO_USE
        and file.suffix != ".so"
    )


def _package(top: Module, reached: list[Module], distributions: Distributions) -> Iterator[tuple[str, Path]]:
    """A top-level package whole, or a module; of a package that several distributions share, those that are reached."""
    needed = {module.file for module in reached}
    if top.file is not None and not top.folders:
        yield top.file.name, top.file
    elif top.file is not None:
        for folder in map(Path, top.folders):
            for inner in sorted(folder.rglob("*")):
                parts = inner.relative_to(folder.parent).parts
                if inner.is_file() and (inner in needed or _is_used(parts)):
                    yield "/".join(parts), inner
    else:
        for home in {distributions.of(module) for module in reached if module.file is not None} - {None}:
            for parts, inner in distributions.files(str(home)):
                if parts[0] == top.name and (inner in needed or _is_used(parts)) and inner.is_file():
                    yield "/".join(parts), inner


def _is_used(parts: tuple[str, ...]) -> bool:
    return (
        not {*_TESTS, "__pycache__"} & set(parts[:-1])
        and Path(parts[-1]).suffix not in _NO_USE
        and parts[-1] != "py.typed"
    )


def _said(home: str, distributions: Distributions) -> Iterator[tuple[str, Path]]:
    """What a distribution says of itself, its license, which goes where its code goes, and its shared libraries."""
    for parts, file in distributions.files(home):
        said = parts[0].endswith(".dist-info") and (
            parts[-1] in _SAID
            or "licenses" in parts[:-1]
            or parts[-1].upper().startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE"))
        )
        if (said or (parts[0].endswith(".libs") and len(parts) > 1)) and file.is_file():
            yield "/".join(parts), file
