"""Where a definition is written."""

from __future__ import annotations

import sys
from pathlib import Path

from mangaobs.errors import Place

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_BUNDLED = str(Path(_PACKAGE) / "_project")


def written_at() -> Place:
    """The innermost line outside this package that is being executed: the definition."""
    frame = sys._getframe(1)  # noqa: SLF001 - the caller's line, without a traceback
    while frame.f_back is not None:
        file = frame.f_code.co_filename
        if file.startswith(_BUNDLED) or not file.startswith((_PACKAGE, "<")):
            break
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)
