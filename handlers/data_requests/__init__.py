"""The API of people's requests: asked, verified by a second person, held, resumed; links to what was exported."""

from __future__ import annotations

from collections.abc import Mapping

from .._entry import Entry, Work


def start(environ: Mapping[str, str]) -> Work:
    """The function's work, with its clients. Raises `ConfigurationError`."""
    from ._start import started

    return started(environ)


handler = Entry(start)
