"""The functions of a project, as data: what each folder of `handlers/` with a `permissions.toml` declares.

Code is imported for the settings alone: `handlers/NAME/settings.py` has the `Settings` that the function reads.
"""

from __future__ import annotations

import re
from importlib import import_module
from os.path import relpath, sep
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mangaobs.errors import ConfigurationError, MangaobsError, Place, ProjectError, together
from mangaobs.functions import Permission, Permissions, Variable, variables
from mangaobs.project._toml import parse, read_text
from mangaobs.project.load import private_package

if TYPE_CHECKING:
    from pathlib import Path

    from mangaobs.project._positions import Path as Keys

FILE_NAME = "permissions.toml"
_RELATIVE_LINK = re.compile(r"\]\((?![a-z][a-z0-9+.-]*:|/)([^)\s]+)")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")


class FunctionDeclaration(NamedTuple):
    """One function: its folder's name, its variables, what it may do."""

    name: str
    variables: tuple[Variable, ...]
    permissions: tuple[Permission, ...]


def functions(root: Path) -> tuple[FunctionDeclaration, ...]:
    """The functions of the project at `root`, by name.

    Raises `ConfigurationError` for a wrong `permissions.toml`, `ProjectError` for settings that cannot be loaded, or
    `ManyErrors` with all of them.
    """
    files = sorted((root / "handlers").glob(f"*/{FILE_NAME}"))
    package = private_package(root.resolve()) if files else ""
    found: list[FunctionDeclaration] = []
    errors: list[MangaobsError] = []
    for file in files:
        try:
            found.append(_function(file, package))
        except MangaobsError as error:
            errors.append(error)
    if errors:
        raise together(errors)
    return tuple(found)


def _function(file: Path, package: str) -> FunctionDeclaration:
    name = file.parent.name
    read = _settings(file.parent / "settings.py", f"{package}.handlers.{name}.settings")
    text = read_text(file)
    document = parse(text, file)
    try:
        permissions = msgspec.convert(document, Permissions).allow
    except msgspec.ValidationError as error:
        problem, _, at = str(error).partition(" - at `$")
        path = tuple(key or int(number) for key, number in _STEP.findall(at.rstrip("`")))
        raise _error(text, file, path, problem[:1].lower() + problem[1:]) from None
    known = {variable.name for variable in read}
    for number, permission in enumerate(permissions):
        if fault := permission.fault():
            raise _error(text, file, ("allow", number, fault[0]), f"{fault[0]} cannot be", right=fault[1])
        for variable in permission.resource.variables():
            if variable not in known:
                problem = f"{variable} is no variable of this function"
                right = f"one of {', '.join(sorted(known))}"
                raise _error(text, file, ("allow", number, "resource"), problem, right=right)
    return FunctionDeclaration(name, read, tuple(permissions))


def _settings(file: Path, module: str) -> tuple[Variable, ...]:
    try:
        settings = import_module(module).Settings
    except Exception as error:
        problem = f"its Settings cannot be loaded: {type(error).__name__}"
        raise ProjectError(
            problem, right="class Settings(msgspec.Struct, frozen=True)", place=Place(str(file))
        ) from error
    if not (isinstance(settings, type) and issubclass(settings, msgspec.Struct)):
        raise ProjectError("Settings is no msgspec.Struct", place=Place(str(file)))
    return variables(settings)


def _error(text: str, file: Path, path: Keys, problem: str, *, right: str = "") -> ConfigurationError:
    from mangaobs.project._positions import Positions

    positions = Positions(text)
    while path and path not in positions:
        path = path[:-1]
    place, length = Place(str(file)), 0
    if path:
        spot = positions.key(path)
        place, length = Place(str(file), spot.line, spot.column), spot.length
    return ConfigurationError(problem, right=right, place=place, length=length)


_HEAD = """
# Functions

<!-- Generated from handlers/*/README.md, settings.py and permissions.toml: change it there. -->

Each folder of `handlers/` with a `permissions.toml` is a function with a role of its own. Beside what is listed, every
role may write its logs and traces and use its network interfaces. The runtime's own variables, `MANGAOBS_…`, are in
[runtime.md](runtime.md#settings).
"""


def reference(root: Path) -> str:
    """`docs/handlers.md`: every function with its variables and permissions; empty where there are none."""
    declared = functions(root)
    if not declared:
        return ""
    parts = [_HEAD.strip()]
    for function in declared:
        parts += [
            f"## {function.name}",
            _first_paragraph(root / "handlers" / function.name / "README.md", root / "docs"),
        ]
        rows = [
            f"| `{variable.name}` | {'*required*' if variable.default is None else _default(variable.default)} "
            f"| {variable.description} |"
            for variable in function.variables
        ]
        parts.append("\n".join(["| variable | default | meaning |", "|---|---|---|", *rows]))
        rows = [
            f"| `{permission.sid}` | {', '.join(f'`{action}`' for action in permission.actions)} | {_on(permission)} |"
            for permission in function.permissions
        ]
        parts.append(
            "\n".join(["| may | actions | on |", "|---|---|---|", *rows])
            if rows
            else "It needs no permission of its own."
        )
    return "\n\n".join(parts) + "\n"


def _default(text: str) -> str:
    return f"`{text}`" if text else "empty"


def _on(permission: Permission) -> str:
    named = msgspec.to_builtins(permission.resource)
    words = ["everything"] if named.pop("any", False) else [f"{kind} `{name}`" for kind, name in named.items()]
    for what, values in (("keys", permission.leading_keys), ("attributes", permission.attributes)):
        if values:
            words.append(f"{what} {' '.join(f'`{value}`' for value in values)}")
    return ", ".join(words)


def _first_paragraph(file: Path, folder: Path) -> str:
    """The first paragraph of a page, for a page in `folder`: its links lead to where they led."""
    text = read_text(file)
    paragraphs = [part for part in re.split(r"\n{2,}", text) if part and not part.startswith("#")]

    def moved(link: re.Match[str]) -> str:
        target, mark, anchor = link[1].partition("#")
        path = relpath(file.parent / target if target else file, folder).replace(sep, "/")
        return f"]({path}{mark}{anchor}"

    return _RELATIVE_LINK.sub(moved, paragraphs[0].strip()) if paragraphs else ""
