"""The authorizer: verifies a token, and says whose it is and which routes it opens."""

from __future__ import annotations

from collections.abc import Mapping

from .._entry import Entry, Work


def start(environ: Mapping[str, str]) -> Work:
    """The function's work. Raises `ConfigurationError`."""
    from ._start import started

    return started(environ)


handler = Entry(start)
