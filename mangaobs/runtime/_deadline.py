"""Noticing that the timeout is near, while there is still time to say so.

At a timeout Lambda kills the process: no handler, no `finally`, and what was not written is lost. One parked thread
watches the deadlines of all invocations, so that an invocation costs a dictionary entry, not a timer.
"""

from __future__ import annotations

import os
from threading import Event, Thread

from mangaobs.runtime._context import Invocation
from mangaobs.runtime._facts import type_name
from mangaobs.runtime._held import write_held
from mangaobs.runtime._lambda_context import remaining_ms
from mangaobs.runtime._log import WARN
from mangaobs.runtime._metrics import flush

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._telemetry import Telemetry

_LARGEST_SHARE = 0.25  # of the time that is left at the beginning, when that is short


class Guard:
    """The watching thread and what it watches."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.telemetry = telemetry
        self.watched: dict[Invocation, None] = {}
        self._wakes_at = 0.0
        self._latest = 0.0  # the deadline that was armed last
        self._wake = Event()
        self._thread: Thread | None = None

    def arm(self, invocation: Invocation, remaining_ms: float, margin_ms: float) -> None:
        """Watch `invocation`, which Lambda will end in `remaining_ms`."""
        invocation.margin_ms = min(margin_ms, remaining_ms * _LARGEST_SHARE)
        invocation.deadline = invocation.started + (remaining_ms - invocation.margin_ms) / 1000
        self.watched[invocation] = None
        self._latest = invocation.deadline
        if self._thread is None:
            self._thread = Thread(target=self._run, name="mangaobs-deadline", daemon=True)
            self._thread.start()
        elif invocation.deadline < self._wakes_at:
            self._wake.set()

    def disarm(self, invocation: Invocation) -> None:
        """Watch it no more. The thread is not woken: it will see when it wakes."""
        self.watched.pop(invocation, None)

    def _run(self) -> None:
        while True:
            self._wake.clear()
            # In this order: an invocation that is armed from here on either is seen below or wakes us.
            self._wakes_at = float("inf")
            now = self.telemetry.monotonic()
            due = float("inf")
            for invocation in list(self.watched):
                if not invocation.warned:
                    if invocation.deadline <= now:
                        self._notice(invocation, now)
                    if not invocation.warned:
                        due = min(due, invocation.deadline)
            if due == float("inf") and self._latest > now:
                # Nothing runs now, but the last deadline is still to come: sleeping until then spares the next
                # invocations of a busy function a wake-up each.
                due = self._latest
            self._wakes_at = due
            self._wake.wait(None if due == float("inf") else max(due - now, 0.001))

    def _notice(self, invocation: Invocation, now: float) -> None:
        try:
            remaining = remaining_ms(invocation.context)
            if remaining is None:
                invocation.warned = True
                return
            if remaining > invocation.margin_ms + 5:
                # The clocks disagree, as after a freeze: Lambda's own is right.
                invocation.deadline = now + (remaining - invocation.margin_ms) / 1000
                return
            invocation.warned = True
            self._rescue(invocation, remaining)
        except BaseException as error:  # noqa: BLE001 - a thread of telemetry's own
            invocation.warned = True
            self.telemetry.problem("deadline", type_name(error))

    def _rescue(self, invocation: Invocation, remaining: float) -> None:
        """Write what the kill would take: first the line, then held-back lines, metrics and open subsegments."""
        telemetry = self.telemetry
        fields: dict[str, object] = {"remaining_ms": remaining}
        open_frames = list(invocation.open)
        if open_frames:
            fields["open_operation"] = open_frames[-1].name
        if invocation.over:
            return
        telemetry.put(telemetry.line(WARN, "deadline_near", fields, invocation))
        write_held(telemetry, invocation)
        flush(telemetry, invocation)
        for frame in (invocation, *open_frames):
            if frame.span is not None:
                frame.span.progress()


_guard: Guard | None = None


def guard(telemetry: Telemetry) -> Guard:
    """The process's guard, made when the first invocation needs it."""
    global _guard  # noqa: PLW0603 - one thread a process
    if _guard is None:
        _guard = Guard(telemetry)
    _guard.telemetry = telemetry
    return _guard


def disarm(invocation: Invocation) -> None:
    """Watch `invocation` no more, if anything does."""
    if _guard is not None:
        _guard.disarm(invocation)


def _forget() -> None:
    global _guard  # noqa: PLW0603 - threads do not survive a fork
    _guard = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
