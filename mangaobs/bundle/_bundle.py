"""One archive a function: what it imports, and nothing else."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from importlib.metadata import Distribution, packages_distributions
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mangaobs.bundle._archive import MOST_UNZIPPED, archive
from mangaobs.bundle._imports import Finder, Reached
from mangaobs.errors import MangaobsError, ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_NOT_CODE = frozenset({".md", ".pyc", ".pyi", ".pyx", ".pxd", ".c", ".h", ".typed"})
_NOT_SHIPPED = frozenset({"matrix.toml", "permissions.toml", "py.typed"})
_MEASURED = """
import sys, time
folder, provided, module = sys.argv[1:]
sys.path[:0] = [folder, *provided.split("\\n")]
start = time.perf_counter()
found = __import__(module, fromlist=["handler"])
took = time.perf_counter() - start
assert callable(found.handler)
print(took)
"""


class Bundle(NamedTuple):
    """One archive: sizes in bytes, the time to import its handler in milliseconds, the packages in it."""

    function: str
    file: Path
    zipped: int
    unzipped: int
    sha256: str
    import_ms: float
    packages: tuple[str, ...]
    absent: tuple[str, ...]


def bundle(
    root: Path, folder: Path, *, names: Sequence[str] = (), take: Iterable[str] = (), rounds: int = 3
) -> list[Bundle]:
    """Write `NAME.zip` into `folder` for each function of the project at `root`, or for these `names`.

    `take` are top-level packages that would be left out, `boto3` for example. The import is timed `rounds` times in a
    process of its own, of which the fastest counts. Raises `ProjectError` or `MangaobsError`; then nothing was written.
    """
    known = sorted(file.parent.name for file in (root / "handlers").glob("*/permissions.toml"))
    if not known:
        raise ProjectError(f"{root} has no function", right="a folder in handlers/ with a permissions.toml")
    for name in names:
        if name.replace("-", "_") not in known:
            from mangaobs.catalog import did_you_mean

            raise ProjectError(f"there is no function {name!r}", right=did_you_mean(name, known, ", ".join(known)))
    wanted = [name.replace("-", "_") for name in names] or known
    left_out = provided() - frozenset(take)
    made = []
    for name in wanted:
        reached = Finder(root, sys.path, left_out).reach(f"handlers.{name}", "handler")
        listed = dict(_files(reached))
        made.append((name, reached, listed, archive(listed)))
    _write(folder, {f"{name}.zip": content for name, _, _, content in made})
    return [
        Bundle(
            function=name,
            file=folder / f"{name}.zip",
            zipped=len(content),
            unzipped=_unzipped(folder / f"{name}.zip", name),
            sha256=hashlib.sha256(content).hexdigest(),
            import_ms=_import_ms(folder / f"{name}.zip", name, rounds),
            packages=tuple(sorted(reached.packages)),
            absent=reached.absent,
        )
        for name, reached, _, content in made
    ]


@cache
def provided() -> frozenset[str]:
    """The top-level packages that are left out."""
    text = resources("mangaobs.bundle").joinpath("data/provided.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def _files(reached: Reached) -> Iterator[tuple[str, Path]]:
    """The files of an archive by their names in it."""
    for module, file in reached.modules.items():
        parts = module.split(".")
        inside = [*parts, "__init__.py"] if file.name == "__init__.py" else [*parts[:-1], f"{parts[-1]}.py"]
        yield "/".join(inside), file
        if file.name == "__init__.py":
            for data in sorted(file.parent.iterdir()):
                if data.is_file() and data.suffix not in {*_NOT_CODE, ".py"} and data.name not in _NOT_SHIPPED:
                    yield "/".join([*parts, data.name]), data
    for top, file in reached.packages.items():
        yield from _package_files(top, file)


def _package_files(top: str, file: Path) -> Iterator[tuple[str, Path]]:
    site = file.parent
    if file.name == "__init__.py":
        site = file.parent.parent
        for inner in sorted(file.parent.rglob("*")):
            relative = inner.relative_to(site)
            skipped = {"__pycache__", "tests"} & set(relative.parts)
            if inner.is_file() and not skipped and inner.suffix not in _NOT_CODE and inner.name not in _NOT_SHIPPED:
                yield relative.as_posix(), inner
    else:
        yield file.name, file
    yield from _license_files(top, site)
    for library in sorted(site.glob(f"{top}.libs/*")):  # shared libraries that a wheel brings along
        yield library.relative_to(site).as_posix(), library


def _license_files(top: str, site: Path) -> Iterator[tuple[str, Path]]:
    """What a distribution says of itself, and its license, which goes where its code goes."""
    for name in packages_distributions().get(top, []):
        for file in Distribution.from_name(name).files or []:
            parts = file.parts
            if len(parts) > 1 and parts[0].endswith(".dist-info") and _is_said(file.name, parts):
                found = site.joinpath(*parts)
                if found.is_file():
                    yield "/".join(parts), found


def _is_said(name: str, parts: tuple[str, ...]) -> bool:
    return name == "METADATA" or "licenses" in parts or name.upper().startswith(("LICENSE", "COPYING", "NOTICE"))


def _write(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write all of them aside, then put each in its place."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside = {}
        for name, content in contents.items():
            aside[name] = folder / f".{name}.new"
            aside[name].write_bytes(content)
        for name, file in aside.items():
            file.replace(folder / name)
    except OSError as error:
        raise MangaobsError(f"{folder} cannot be written: {error.strerror}", right="-o with a folder") from None


def _unzipped(file: Path, name: str) -> int:
    with zipfile.ZipFile(file) as opened:
        size = sum(one.file_size for one in opened.infolist())
    if size > MOST_UNZIPPED:
        raise MangaobsError(f"{name} has {size:,} bytes, more than Lambda takes", right=f"at most {MOST_UNZIPPED:,}")
    return size


def _import_ms(file: Path, name: str, rounds: int) -> float:
    """The time that a fresh process takes to import the handler from the archive and what Lambda brings alone."""
    with tempfile.TemporaryDirectory() as folder:
        unpacked, given = Path(folder, "archive"), Path(folder, "given")
        with zipfile.ZipFile(file) as opened:
            opened.extractall(unpacked)
        given.mkdir()
        for top in provided():
            _link(top, given)
        program = [sys.executable, "-I", "-S", "-c", _MEASURED, str(unpacked), str(given), f"handlers.{name}"]
        took = []
        for _ in range(rounds):
            done = subprocess.run(program, capture_output=True, text=True, check=False)  # noqa: S603 - this very Python
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["no reason"])[-1]
                raise MangaobsError(
                    f"{file.name} cannot be imported by itself: {last}", right="report it: it lacks a module"
                )
            took.append(float(done.stdout))
    return round(min(took) * 1000, 1)


def _link(top: str, folder: Path) -> None:
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec(top)
    if spec is None or spec.origin is None:
        return
    file = Path(spec.origin)
    target = file.parent if file.name == "__init__.py" else file
    (folder / target.name).symlink_to(target)
