"""Archives with the same bytes every time: sorted, dated 1980, compiled by content and not by date."""

from __future__ import annotations

import importlib.util
import io
import py_compile
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


def archive(files: Mapping[str, Path]) -> bytes:
    """A zip of `files` by their names in it; beside each module what it compiles to."""
    content: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder, "compiled")
        for name, file in files.items():
            content[name] = file.read_bytes()
            if name.endswith(".py"):
                content[_cache_name(name)] = _compiled(file, name, compiled)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target:
        for name in sorted(content):
            info = zipfile.ZipInfo(name, _DATE)
            info.external_attr = _MODE
            info.create_system = 3  # Unix, wherever it is made
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, content[name])
    return written.getvalue()


def _cache_name(name: str) -> str:
    return importlib.util.cache_from_source(name)


def _compiled(file: Path, name: str, scratch: Path) -> bytes:
    # Unchecked: Lambda's files never change, so nothing need be compared when they are loaded.
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    try:
        py_compile.compile(str(file), str(scratch), dfile=name, doraise=True, invalidation_mode=mode)
    except py_compile.PyCompileError as error:
        raise ProjectError(f"{name} cannot be compiled: {error.exc_type_name}", right="valid Python") from None
    return scratch.read_bytes()
