"""What there is of a person, given out to them: everything (access) or what they provided (portability)."""

from __future__ import annotations

from collections.abc import Mapping

from .._entry import Entry, Work


def start(environ: Mapping[str, str]) -> Work:
    """The function's work, with its clients. Raises `ConfigurationError`."""
    from ._start import started

    return started(environ)


handler = Entry(start)
