"""The hot-key responder: looks, once a minute, for sessions that take more than their share, and sets routing flags."""

from __future__ import annotations

from collections.abc import Mapping

from .._entry import Entry, Work


def start(environ: Mapping[str, str]) -> Work:
    """The function's work, with its clients. Raises `ConfigurationError`."""
    from ._start import started

    return started(environ)


handler = Entry(start)
