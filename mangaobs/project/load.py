"""Finds a project and imports its definitions.

The four folders are imported by Python's own machinery, with its cached bytecode, as parts of a package that is
private to the project's root: two projects in one process do not meet, and no top-level module is called `alarms`.
"""

from __future__ import annotations

import re
import sys
import zlib
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from mangaobs.errors import MangaobsError, ManyErrors, Place, ProjectError, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    import msgspec

    from mangaobs.signals import Signals

D = TypeVar("D")
Folder: TypeAlias = Literal["alarms", "dashboards", "queries", "handlers"]

FILE_NAME = "mangaobs.toml"
# What each folder's modules may define: functions that yield definitions. Each takes the app; `composites` takes the
# alarms by name too, and `dashboards` the alarms and composites.
CONVENTIONS: dict[Folder, tuple[str, ...]] = {
    "alarms": ("alarms", "composites", "filters", "events", "scaling"),
    "dashboards": ("dashboards",),
    "queries": ("queries", "contributors"),
    "handlers": (),
}
# The singular that is easily written instead, and how many arguments the function takes.
_SINGULARS = {
    "alarm": ("alarms", 1),
    "composite": ("composites", 2),
    "filter": ("filters", 1),
    "event": ("events", 1),
    "dashboard": ("dashboards", 2),
    "query": ("queries", 1),
    "contributor": ("contributors", 1),
}
_PRIVATE = r"_mangaobs_project_[0-9a-f]{8}_*\."
_PACKAGE = Path(__file__).resolve().parent.parent


def find_root(start: Path | None = None) -> Path:
    """The folder of the nearest `mangaobs.toml`, upward from `start` or the working directory.

    With no `start` and none near, it is MangaAssist's: the project that the wheel carries, or the checkout that this
    package stands in. A `start` that was asked for and leads to none is an error instead.
    """
    asked = start is not None
    folder = Path.cwd() if start is None else start.resolve()
    if folder.name == FILE_NAME and folder.is_file():
        folder = folder.parent
    if not folder.is_dir():
        raise ProjectError("is not a folder", right=f"the folder that holds {FILE_NAME}", place=Place(str(start)))
    for candidate in (folder, *folder.parents):
        if (candidate / FILE_NAME).is_file():
            return candidate
    if not asked:
        for candidate in (_PACKAGE / "_project", _PACKAGE.parent):
            if (candidate / FILE_NAME).is_file():
                return candidate
    raise ProjectError(
        f"has no {FILE_NAME}, and no folder above it has one",
        right=f"name the folder that holds {FILE_NAME}",
        place=Place(str(folder)),
    )


def load_definitions(root: Path) -> Definitions:
    """Import the definitions of the project at `root`, anew at each call.

    Of `handlers/` only `signals.py` is imported by itself: the rest is code that runs in Lambda, and what it
    does when imported is none of ours. Modules whose name starts with `_` are helpers, imported by those who use
    them. Raises `ProjectError`, or `ManyErrors`, with the statement that failed.
    """
    root = root.resolve()
    package = private_package(root)
    modules: dict[Folder, tuple[ModuleType, ...]] = {}
    errors: dict[str, MangaobsError] = {}
    guard = _NoTopLevel(root)
    # Where this process runs handlers too, they are loaded as Lambda loads them: at the top.
    loaded_at_top: dict[str, ModuleType] = {
        folder: sys.modules.pop(folder) for folder in CONVENTIONS if folder in sys.modules
    }
    sys.meta_path.insert(0, guard)
    try:
        for folder in CONVENTIONS:
            loaded = []
            for name in _module_names(root, folder):
                try:
                    loaded.append(import_module(f"{package}.{name}"))
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # noqa: BLE001 - whatever a definition raises, sys.exit() too
                    for one in _as_errors(error, root):
                        errors[str(one)] = one
            modules[folder] = tuple(loaded)
    finally:
        sys.meta_path.remove(guard)
        sys.modules.update(loaded_at_top)
    if errors:
        raise together(list(errors.values()))
    definitions = Definitions(root, modules)
    definitions.check_conventions()
    return definitions


class Definitions:
    """The imported definitions of a project, in the order of their folders' sorted file names."""

    def __init__(self, root: Path, modules: dict[Folder, tuple[ModuleType, ...]]) -> None:
        self.root = root
        self.modules = modules

    def functions(self, folder: Folder, name: str) -> list[Callable[..., Any]]:
        """Every function called `name` that a module of `folder` itself defines."""
        return [
            function
            for module in self.modules[folder]
            if isinstance(function := module.__dict__.get(name), FunctionType)
            and function.__module__ == module.__name__
        ]

    def collect(self, folder: Folder, name: str, kind: type[D], *arguments: object) -> list[D]:
        """Everything that the functions called `name` give for `arguments`, each of them a `kind`.

        What they raise becomes a `ProjectError` at the line of the definition; a `MangaobsError` stays as it is.
        """
        return [item for function in self.functions(folder, name) for item in self._call(function, kind, *arguments)]

    def signals(self) -> Signals:
        """`SIGNALS` of `handlers/signals.py`; a project without that file emits nothing of its own."""
        from mangaobs.signals import Signals

        for module in self.modules["handlers"]:
            signals = module.__dict__.get("SIGNALS")
            if isinstance(signals, Signals):
                return signals
            raise ProjectError(
                "declares no SIGNALS",
                right="SIGNALS = Signals(metrics=…, common=…, events=…, access_log=…)",
                place=Place(_file(module)),
            )
        return Signals()

    def thresholds(self) -> type[msgspec.Struct] | None:
        """The type of `[alarms]` in the configuration: the `Thresholds` of the alarms folder, if it has one."""
        import msgspec

        found: dict[type, str] = {}
        for module in self.modules["alarms"]:
            thresholds = module.__dict__.get("Thresholds")
            if isinstance(thresholds, type):
                if not issubclass(thresholds, msgspec.Struct):
                    raise ProjectError(
                        "Thresholds is not a msgspec.Struct",
                        right="class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True)",
                        place=Place(_file(module)),
                    )
                found.setdefault(thresholds, _file(module))
        if len(found) > 1:
            first, second, *_ = found.values()
            raise ProjectError(f"declares Thresholds, and {first} too", right="one type", place=Place(second))
        return next(iter(found), None)

    def check_conventions(self) -> None:
        """Refuse a function in the singular: it would be passed over in silence."""
        for folder, names in CONVENTIONS.items():
            for module in self.modules[folder]:
                for wrong, (right, count) in _SINGULARS.items():
                    function = module.__dict__.get(wrong)
                    if (
                        right in names
                        and isinstance(function, FunctionType)
                        and function.__module__ == module.__name__
                        and function.__code__.co_argcount == count
                        and function.__code__.co_varnames[0] == "app"
                    ):
                        place = Place(_file(module), function.__code__.co_firstlineno)
                        raise ProjectError(f"{wrong}(…) is never called", right=f"name it {right}", place=place)

    def _call(self, function: Callable[..., Any], kind: type[D], *arguments: object) -> list[D]:
        code = function.__code__
        place = Place(code.co_filename, code.co_firstlineno)
        try:
            given = function(*arguments)
            items = list(given) if hasattr(given, "__iter__") and not isinstance(given, str) else None
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            errors = list(_as_errors(error, self.root))
            for one in errors:
                if one.place == Place(str(self.root)):  # it failed before the first line of the function
                    one.place = place
            raise together(errors) from error
        if items is None:
            problem = f"{function.__name__}(…) gives {type(given).__name__}"
            raise ProjectError(problem, right="yield each definition, or return a list", place=place)
        for item in items:
            if not isinstance(item, kind):
                problem = f"{function.__name__}(…) yields {type(item).__name__}"
                raise ProjectError(problem, right=f"each a {kind.__name__}", place=place)
        return items


class _NoTopLevel:
    """Refuses `import handlers` while a project with that folder is loaded.

    It would work in some working directories only, and there give a second copy of the signals, equal to none.
    """

    def __init__(self, root: Path) -> None:
        self._folders = {folder for folder in CONVENTIONS if (root / folder).is_dir()}

    def find_spec(self, name: str, path: Sequence[str] | None = None, _: ModuleType | None = None) -> None:
        """Fail for the folders' names, and know nothing of any other."""
        if path is None and name in self._folders:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def private_package(root: Path) -> str:
    """An empty package whose submodules are found in `root`, in place of an earlier one for the same root."""
    path = str(root)
    name = f"_mangaobs_project_{zlib.crc32(path.encode('utf-8', 'surrogateescape')):08x}"
    while name in sys.modules and list(sys.modules[name].__path__) != [path]:
        name += "_"  # two roots with one checksum
    for loaded in [loaded for loaded in sys.modules if loaded == name or loaded.startswith(f"{name}.")]:
        del sys.modules[loaded]
    # Python remembers what a folder contains, to the resolution of the file system's clock; this project's were perhaps
    # just written. (importlib.invalidate_caches() would load importlib.metadata, which costs more than all else here.)
    for known in [known for known in sys.path_importer_cache if known.startswith(path)]:
        del sys.path_importer_cache[known]
    package = ModuleType(name, f"The project at {path}.")
    package.__path__ = [path]
    sys.modules[name] = package
    return name


def _module_names(root: Path, folder: Folder) -> list[str]:
    home = root / folder
    if folder == "handlers":
        return ["handlers.signals"] if (home / "signals.py").is_file() or (home / "signals").is_dir() else []
    if not home.is_dir():
        return []
    names: list[str] = [folder] if (home / "__init__.py").is_file() else []
    for file in sorted(home.iterdir()):
        if file.suffix != ".py" or file.name.startswith(("_", ".")) or not file.is_file():
            continue
        if "." in file.stem:
            right = f"rename it to {file.stem.replace('.', '_')}.py"
            raise ProjectError("cannot be imported: its name has a dot", right=right, place=Place(str(file)))
        names.append(f"{folder}.{file.stem}")
    return names


def _as_errors(error: BaseException, root: Path) -> Iterator[MangaobsError]:
    if isinstance(error, ManyErrors):
        yield from error.errors
    elif isinstance(error, MangaobsError):
        if error.place is None:
            error.place, error.length = _failing(error.__traceback__, root)
        yield error
    elif isinstance(error, SyntaxError) and error.filename:
        place = Place(error.filename, error.lineno or 0, error.offset or 0)
        one_line = error.end_lineno == error.lineno and error.end_offset and error.offset
        length = max((error.end_offset or 0) - (error.offset or 0), 1) if one_line else 1
        yield ProjectError(f"is not Python: {error.msg}", place=place, length=length)
    else:
        place, length = _failing(error.__traceback__, root)
        said = re.sub(_PRIVATE, "", str(error))
        words = f"{type(error).__name__}: {said}" if said else type(error).__name__
        yield ProjectError(f"fails: {words}", right=_import_hint(error), place=place, length=length)


def _import_hint(error: BaseException) -> str:
    name = getattr(error, "name", None) or ""
    if isinstance(error, ImportError) and str(name).partition(".")[0] in CONVENTIONS:
        return f"within a project imports are relative, for example from ..{name} import …"
    return ""


def _failing(traceback: TracebackType | None, root: Path) -> tuple[Place, int]:
    """The innermost statement of the project's own folders that was being executed."""
    homes = tuple(f"{root / folder}/" for folder in CONVENTIONS)
    found: tuple[Place, int] = (Place(str(root)), 0)
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename.startswith(homes):
            positions = list(code.co_positions())[traceback.tb_lasti // 2]
            line, end_line, column, end_column = positions
            exact = line == traceback.tb_lineno and column is not None and end_column is not None
            length = (end_column or 0) - (column or 0) if exact and line == end_line else 0
            place = Place(code.co_filename, traceback.tb_lineno, (column or 0) + 1 if exact else 0)
            found = (place, length)
        traceback = traceback.tb_next
    return found


def _file(module: ModuleType) -> str:
    return module.__file__ or module.__name__
