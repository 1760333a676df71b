"""Where a definition is written."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

from mangaobs.errors import Place

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_NOT_OURS = (_PACKAGE, "<", f"{sys.prefix}/lib", f"{sys.base_prefix}/lib", f"{sys.prefix}/bin")
_BUNDLED = str(Path(_PACKAGE) / "_project")


def written_at() -> Place:
    """The innermost line that is being executed outside this package and all installed ones: the definition.

    A place without a file where no definition is.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the caller's line, without a traceback
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_BUNDLED) or not file.startswith(_NOT_OURS):
            return Place(file, frame.f_lineno)
        frame = frame.f_back
    return Place("")
