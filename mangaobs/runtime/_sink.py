"""Where lines go: standard output, a whole line at a time, whatever becomes of it.

Lambda takes each line of standard output as one log event, in text and in JSON mode alike. Lines are written to its
file descriptor in one call, so that neither buffering nor text encoding can lose part of one.
"""

from __future__ import annotations

import os
import sys
from threading import Lock, get_ident

_PATIENCE_MS = 50  # how long a full, non-blocking pipe is waited for


class StandardOutput:
    """Writes lines to whatever `sys.stdout` is at the time; what cannot be written is lost without a word."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._owner = 0  # the thread that is writing
        self._waiting: list[bytes] = []
        self._broken = False
        self._stream: object = self  # no stream: looked up at the first line
        self._descriptor: int | None = None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def __call__(self, line: bytes) -> None:
        """Write `line`, which ends with a newline."""
        lock = self._lock
        if not lock.acquire(False):  # noqa: FBT003 - its only form without a dictionary
            if self._owner == get_ident():
                # A signal handler within this thread's own write: the line would land inside the other.
                self._waiting.append(line)
                return
            lock.acquire()
        self._owner = get_ident()
        try:
            if sys.stdout is not self._stream:
                self._find()
            # What almost always does, written out: the call of a method would cost a quarter of the whole.
            if self._descriptor is None or self._broken:
                self._put(line)
            else:
                done = 0
                try:
                    done = os.write(self._descriptor, line)
                except BlockingIOError:
                    pass
                except OSError:
                    done = len(line)  # full, closed or gone: there is nowhere left to say so
                if done < len(line):
                    self._put_all(self._descriptor, line, done)
            while self._waiting:
                self._put(self._waiting.pop(0))
        finally:
            self._owner = 0
            lock.release()

    def _after_fork(self) -> None:
        # Another thread may have held the lock when the process forked.
        self._lock = Lock()
        self._owner = 0

    def _find(self) -> None:
        stream = self._stream = sys.stdout
        self._descriptor = None
        if stream is None:
            return
        try:
            stream.flush()
            self._descriptor = stream.fileno()
        except (OSError, ValueError, AttributeError):
            pass  # closed, or a stream in memory

    def _put(self, line: bytes) -> None:
        descriptor = self._descriptor
        if descriptor is None:
            self._put_text(line)
        else:
            self._put_all(descriptor, b"\n" + line if self._broken else line)

    def _put_all(self, descriptor: int, line: bytes, done: int = 0) -> None:
        try:
            while done < len(line):
                try:
                    done += os.write(descriptor, line[done:])
                except BlockingIOError:
                    if not _writable(descriptor):
                        break
        except OSError:
            pass
        finally:
            self._broken = 0 < done < len(line)  # also when a signal handler raised in between

    def _put_text(self, line: bytes) -> None:
        stream = sys.stdout
        if stream is None:
            return
        try:
            stream.write(line.decode("utf-8"))
        except (OSError, ValueError, AttributeError, TypeError):
            pass


def _writable(descriptor: int) -> bool:
    import select

    return bool(select.select((), (descriptor,), (), _PATIENCE_MS / 1000)[1])
