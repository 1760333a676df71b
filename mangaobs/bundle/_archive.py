"""Archives with the same bytes every time: sorted, dated 1980, compiled by content and not by date."""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from mangaobs.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16
# Lambda's limits. Source: Lambda Developer Guide, "Lambda quotas".
MOST_UNZIPPED = 250 * 1024 * 1024
# In a process of its own: what else a process holds shows in the bytes that it compiles to. Unchecked, since Lambda's
# files never change, so that nothing need be compared when they are loaded.
_COMPILED = """
import json, py_compile, sys
for source, target, name in json.load(sys.stdin):
    try:
        py_compile.compile(source, target, dfile=name, doraise=True,
                           invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    except py_compile.PyCompileError as error:
        sys.exit(f"{name} cannot be compiled: {error.exc_type_name}")
"""


def archive(files: Mapping[str, Path]) -> bytes:
    """A zip of `files` by their names in it; beside each module what it compiles to. Raises `ProjectError`."""
    content = {name: file.read_bytes() for name, file in files.items()} | _compiled(files)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target:
        for name in sorted(content):
            info = zipfile.ZipInfo(name, _DATE)
            info.external_attr = _MODE
            info.create_system = 3  # Unix, wherever it is made
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, content[name])
    return written.getvalue()


def _compiled(files: Mapping[str, Path]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        modules = sorted(name for name in files if name.endswith(".py"))
        targets = {name: Path(folder, str(number)) for number, name in enumerate(modules)}
        told = json.dumps([(str(files[name]), str(target), name) for name, target in targets.items()])
        program = [sys.executable, "-I", "-S", "-c", _COMPILED]
        done = subprocess.run(program, input=told, capture_output=True, text=True, check=False)  # noqa: S603 - this Python
        if done.returncode:
            raise ProjectError(done.stderr.strip().splitlines()[-1], right="valid Python")
        return {importlib.util.cache_from_source(name): target.read_bytes() for name, target in targets.items()}
