"""botocore's descriptions of AWS's services, read once a process.

A session reads them anew, and a test has a session of its own: that was a third of its time.
"""

from __future__ import annotations

from functools import cache

import botocore.session
from botocore.loaders import Loader, create_loader

_once = cache(create_loader)


def install() -> None:
    """From here on, in this process."""
    botocore.session.create_loader = _shared


def _shared(data_path: str | None = None) -> Loader:
    loader = _once(data_path)
    # Each session of boto3 appends its own folder.
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)
    return loader
