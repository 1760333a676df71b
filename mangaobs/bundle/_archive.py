"""Archives with the same bytes every time: sorted, dated 1980, compiled by content and not by date.

Python loads `__pycache__/x.cpython-311.pyc` for an `x.py`, never a `x.pyc` beside it; so that is where what is compiled
goes, and the sources are there for tracebacks. For another Python than the one that compiled it is only not used.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DATE: Final = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE: Final = 0o100_644 << 16  # readable by whoever Lambda runs as
_LEVEL: Final = 6  # 9 takes three times as long, for one percent


def cache_name(name: str) -> str:
    """Where Python looks for what a module compiles to."""
    path = PurePosixPath(name)
    return str(path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc")


def write_archive(files: Mapping[str, Path], target: Path) -> int:
    """Write a zip of `files` by their names in it; the bytes that they take."""
    size = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _DATE)
            info.external_attr = _REGULAR_FILE
            info.create_system = 3  # Unix, wherever it is made
            info.compress_type = zipfile.ZIP_DEFLATED
            content = files[name].read_bytes()
            archive.writestr(info, content, compresslevel=_LEVEL)
            size += len(content)
    return size
