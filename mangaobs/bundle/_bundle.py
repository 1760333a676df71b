"""One archive a function: what it imports, and nothing else."""

from __future__ import annotations

import hashlib
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mangaobs.bundle._archive import cache_name, write_archive
from mangaobs.bundle._cold import imported
from mangaobs.bundle._compile import compiled
from mangaobs.bundle._distributions import Distributions
from mangaobs.bundle._files import files
from mangaobs.bundle._imports import Finder
from mangaobs.bundle._modules import Modules
from mangaobs.bundle._platform import RUNTIME, machine_here, mismatches
from mangaobs.errors import MangaobsError, ProjectError, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mangaobs.bundle._imports import Reached

# What makes a folder of handlers/ a function.
_DECLARATION: Final = "permissions.toml"
# Lambda's limits. Source: Lambda Developer Guide, "Lambda quotas".
_MOST_UNZIPPED: Final = 250 * 1024 * 1024
_MOST_UPLOADED: Final = 50 * 1024 * 1024
# What mangaobs loads if it is there: the X-Ray SDK where MANGAOBS_TRACER is neither udp nor off. Without it the runtime
# says so in a line, and traces by itself.
_UNASKED: Final = frozenset({"aws_xray_sdk"})


class Bundle(NamedTuple):
    """One archive: sizes in bytes, times in milliseconds.

    `import_ms` is what the handler's module takes to import in a fresh process; None if it raises, as `notes` then say.
    `all_ms` is with everything that is imported later, when the handler is called. `packages` are others' top-level
    packages in it; `left_out` are installed distributions that nothing requires, with the packages that could use them.
    """

    function: str
    file: Path
    handler: str
    runtime: str
    machine: str
    zipped: int
    unzipped: int
    sha256: str
    import_ms: float | None
    all_ms: float
    packages: tuple[str, ...]
    left_out: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]


class _Packed(NamedTuple):
    """An archive aside, before it is proven."""

    name: str
    file: Path
    unzipped: int
    reached: Reached
    files: dict[str, Path]


def bundle(
    root: Path,
    folder: Path,
    *,
    names: Sequence[str] = (),
    take: Iterable[str] = (),
    machine: str | None = None,
    rounds: int = 3,
    progress: Callable[[str], None] | None = None,
) -> list[Bundle]:
    """Write `NAME.zip` into `folder` for each function of the project at `root`, or for these `names`.

    `take` are top-level packages that would be left out, which go along with what they require: `boto3` for example.
    `machine` is Lambda's architecture, x86_64 or arm64, this machine's if it is not given. The import is timed `rounds`
    times, each in a process of its own, of which the fastest counts. `progress` is told what is being done.

    Each archive is imported by itself, with nothing but what Lambda brings, before any is put in its place. Raises
    `MangaobsError` for what is wrong; then nothing was written.
    """
    told = progress or (lambda _: None)
    wanted = _wanted(root, names)
    path = [one for one in sys.path if one]
    modules, distributions = Modules(root, path), Distributions(root, path)
    brought, unasked = _left_out(distributions, frozenset(take))
    with _aside(folder) as aside:
        told("reading what is imported")
        found = _reached(lambda: Finder(modules, distributions, brought, unasked), wanted)
        told("compiling")
        listed = {name: files(reached, distributions) for name, reached in found.items()}
        caches = _caches([one for every in listed.values() for one in every.items()], aside)
        told("packing")
        packed = _packed(found, listed, caches, aside)
        homes = {top: home for top in sorted(brought) if (home := _home(modules, top))}
        made = []
        for one in packed:
            told(f"importing {one.name}")
            made.append(_proven(one, folder, homes, machine or machine_here(), rounds))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for one in packed:
                one.file.replace(folder / one.file.name)
        except OSError as error:
            raise _unwritable(folder, error) from None
    return made


@cache
def provided() -> frozenset[str]:
    """The top-level packages that Lambda brings along."""
    text = resources("mangaobs.bundle").joinpath("data/provided.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def _wanted(root: Path, names: Sequence[str]) -> list[str]:
    """The functions that are asked for, by the names of their folders."""
    known = sorted(file.parent.name for file in (root / "handlers").glob(f"*/{_DECLARATION}"))
    if not known:
        raise ProjectError(f"{root} has no function", right=f"a folder in handlers/ with a {_DECLARATION}")
    chosen = []
    for name in names:
        if name not in known and name.replace("-", "_") not in known:
            from mangaobs.catalog import did_you_mean

            raise ProjectError(f"there is no function {name!r}", right=did_you_mean(name, known, ", ".join(known)))
        chosen.append(name if name in known else name.replace("-", "_"))
    return sorted(set(chosen)) or known


def _left_out(distributions: Distributions, take: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """What Lambda brings, and what mangaobs can do without, but for what is to be taken along."""
    may = provided() | _UNASKED
    for top in sorted(take - may):
        right = f"one of {', '.join(sorted(may))}; whatever else a function imports is in its archive anyway"
        raise MangaobsError(f"{top!r} is nothing that is left out", right=right)
    # boto3 and its parts go together.
    whole = {
        name for top in take & provided() for home in distributions.homes(top) for name in distributions.closure(home)
    }
    taken = take | {top for name in whole for top in distributions.tops(name)}
    return provided() - taken, _UNASKED - taken


def _aside(folder: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder on the disk that `folder` is on, or will be, which goes when it is done with."""
    home = folder
    while not home.exists() and home != home.parent:
        home = home.parent
    try:
        return tempfile.TemporaryDirectory(prefix=".bundle-", dir=home)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> MangaobsError:
    return MangaobsError(f"{folder} cannot be written: {error.strerror}", right="-o with a folder that is writable")


def _reached(finder: Callable[[], Finder], wanted: Sequence[str]) -> dict[str, Reached]:
    found: dict[str, Reached] = {}
    errors: dict[str, MangaobsError] = {}
    for name in wanted:
        try:
            found[name] = finder().reach(f"handlers.{name}", "handler")
        except MangaobsError as error:
            for one in getattr(error, "errors", [error]):  # several functions share what is wrong in one module
                errors[str(one)] = one
    if errors:
        raise together(list(errors.values()))
    return found


def _caches(listed: Iterable[tuple[str, Path]], aside: str) -> dict[str, Path]:
    """What every module of any archive compiles to, each once."""
    scratch = Path(aside, "compiled")
    scratch.mkdir()
    return compiled(dict(sorted((name, file) for name, file in set(listed) if name.endswith(".py"))), scratch)


def _packed(
    found: Mapping[str, Reached], listed: Mapping[str, dict[str, Path]], caches: Mapping[str, Path], aside: str
) -> list[_Packed]:
    def pack(name: str) -> _Packed:
        every = dict(listed[name])
        every |= {cache_name(one): caches[one] for one in listed[name] if one in caches}
        file = Path(aside, f"{name}.zip")
        size = write_archive(every, file)
        if size > _MOST_UNZIPPED:
            problem = f"{name} has {size:,} bytes, more than Lambda takes"
            raise MangaobsError(problem, right=f"at most {_MOST_UNZIPPED:,}")
        return _Packed(name, file, size, found[name], listed[name])

    try:
        with ThreadPoolExecutor() as pool:  # to compress lets other threads run
            return list(pool.map(pack, found))
    except OSError as error:
        raise MangaobsError(f"{error.filename or aside}: {error.strerror}", right="space on the disk") from None


def _home(modules: Modules, top: str) -> str:
    """The folder that a top-level module is in; empty if it is not installed."""
    module = modules.find(top)
    if module is None or module.file is None:
        return ""
    return str(module.file.parent.parent if module.folders else module.file.parent)


def _proven(one: _Packed, folder: Path, brought: Mapping[str, str], machine: str, rounds: int) -> Bundle:
    """Import the handler from its archive alone. Raises `MangaobsError` if a module or the handler lacks."""
    module = f"handlers.{one.name}"
    with tempfile.TemporaryDirectory(dir=one.file.parent) as unpacked:
        with zipfile.ZipFile(one.file) as archive:
            archive.extractall(unpacked)
        answers = [imported(Path(unpacked), module, brought, one.reached.needed)]
        answers += [imported(Path(unpacked), module, brought) for _ in range(1, rounds)]
    first = answers[0]
    _refuse(one, module, first)
    content = one.file.read_bytes()
    times = [answer["seconds"] for answer in answers if "seconds" in answer]
    return Bundle(
        function=one.name,
        file=folder / one.file.name,
        handler=f"{module}.handler",
        runtime=RUNTIME,
        machine=machine,
        zipped=len(content),
        unzipped=one.unzipped,
        sha256=hashlib.sha256(content).hexdigest(),
        import_ms=round(min(times) * 1000, 1) if times else None,
        all_ms=round(first["all_seconds"] * 1000, 1) if "all_seconds" in first else 0.0,
        packages=tuple(one.reached.packages),
        left_out=one.reached.left_out,
        notes=tuple(_notes(one, first, machine)),
    )


def _refuse(one: _Packed, module: str, answer: Mapping[str, Any]) -> None:
    if answer.get("missing"):
        raise MangaobsError(
            f"{module} cannot be imported from its archive: {answer['error']}",
            right="what is imported by a name in a text is not seen: import it in the handler",
        )
    for needed, said in answer["failed"].items():
        raise MangaobsError(
            f"{needed}, which {module} needs, cannot be imported from its archive: {said}",
            right="what is imported by a name in a text is not seen: import it in the handler",
        )
    if answer.get("callable") is False:
        file = one.reached.ours[module].file
        raise ProjectError(f"{file} has no handler that can be called", right="handler = Entry(start), or a function")


def _notes(one: _Packed, answer: Mapping[str, Any], machine: str) -> Iterator[str]:
    if "error" in answer:
        yield f"its import raises {answer['error']}; it may want something of its environment, so no time is known"
    for place in one.reached.unknown:
        yield f"{place} imports by a name that is known only when it runs; what that is may lack"
    yield from mismatches(one.files, machine)
    if one.file.stat().st_size > _MOST_UPLOADED:
        yield f"more than {_MOST_UPLOADED:,} bytes, which Lambda takes from S3 alone"
