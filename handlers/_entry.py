"""What Lambda calls: a function that is built at its first event, observed at every one.

    handler = Entry(start, session=session_of)

`start` gets the environment and returns the function's work with its clients. Importing the module does nothing. If
`start` fails, the event fails with its error and the next one tries again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Protocol, TypeAlias

from mangaobs.runtime import configure, observe

from .signals import SIGNALS


class Context(Protocol):
    """What Lambda passes beside the event, as far as it is used here."""

    @property
    def aws_request_id(self) -> str:
        """Lambda's id of the invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds that are left of the function's timeout."""


Work: TypeAlias = Callable[[object, Context], object]
Start: TypeAlias = Callable[[Mapping[str, str]], Work]


class Entry:
    """A Lambda handler. `session` finds the session id in an event, of which lines carry the hash."""

    def __init__(self, start: Start, *, session: Callable[[object], object] | None = None) -> None:
        self._start = start
        self._work: Work | None = None
        self._configured = False
        self._lock = Lock()
        # `observe` names the subsegment after the function.
        self._observed = observe(session=session)(self.handler)

    def __call__(self, event: object, context: Context) -> object:
        """Handle one event."""
        if not self._configured:
            self._configure(os.environ)
        return self._observed(event, context)

    def handler(self, event: object, context: Context) -> object:
        """Do the work, unobserved."""
        work = self._work
        if work is None:
            with self._lock:
                work = self._work = self._work or self._start(os.environ)
        return work(event, context)

    def _configure(self, environ: Mapping[str, str]) -> None:
        # At DEBUG botocore writes whole requests, and what it signs: that is what people say, and secrets.
        logging.getLogger("botocore").setLevel(logging.WARNING)
        # Only fields that signals.py declares come out, whatever a line is given.
        configure(signals=SIGNALS, redaction="allow-list", environ=environ)
        self._configured = True
