"""Compiles modules so that the bytes depend on their sources and on Python alone.

What marshal writes depends on which objects something else in the process holds, too; so it is done in a process that
has nothing else. This file is that process's program, and imports only what Python itself brings: it is run as a file,
with no path but Python's own, which reads a JSON list of `[source, name in the archive, where to]`.
"""

from __future__ import annotations

import json
import py_compile
import subprocess
import sys
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def compiled(sources: Mapping[str, Path], scratch: Path) -> dict[str, Path]:
    """What the modules of these names compile to, in files in `scratch`; modules that do not compile are left out.

    `sources` are by their names in the archive, of which nothing but the name gets into the result.
    """
    jobs = [[str(file), name, str(scratch / f"{number}.pyc")] for number, (name, file) in enumerate(sources.items())]
    subprocess.run(  # noqa: S603 - this very Python
        [sys.executable, "-I", "-S", "-B", __file__],
        input=json.dumps(jobs).encode(),
        capture_output=True,
        check=True,
    )
    made = {name: scratch / f"{number}.pyc" for number, name in enumerate(sources)}
    return {name: file for name, file in made.items() if file.is_file()}


def _work() -> None:
    warnings.simplefilter("ignore")
    # Lambda's files never change: nothing need be compared when they are loaded.
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for source, name, target in json.load(sys.stdin):
        try:
            py_compile.compile(source, target, dfile=name, doraise=True, optimize=0, invalidation_mode=mode)
        except (py_compile.PyCompileError, ValueError, RecursionError):
            continue  # packages carry files for other Pythons, too


if __name__ == "__main__":
    _work()
