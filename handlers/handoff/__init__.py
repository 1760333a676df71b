"""The hand-off's task: what a human agent reads, written beside the conversation."""

from __future__ import annotations

from collections.abc import Mapping

from .._entry import Entry, Work


def start(environ: Mapping[str, str]) -> Work:
    """The function's work, with its clients. Raises `ConfigurationError`."""
    from ._start import started

    return started(environ)


def session_of(event: object) -> object:
    """The session id in a task's input."""
    return event["session_id"]  # type: ignore[index]


handler = Entry(start, session=session_of)
