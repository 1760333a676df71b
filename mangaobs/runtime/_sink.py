"""Where lines go: standard output, a whole line at a time, whatever becomes of it.

Lambda takes each line of standard output as one log event, in text and in JSON mode alike. Lines are written to its
file descriptor in one call, so that neither buffering nor text encoding can lose part of one.
"""

from __future__ import annotations

import os
import sys
from threading import RLock

from mangaobs.runtime._interruption import is_interruption

_PATIENCE_MS = 50  # how long a full, non-blocking pipe is waited for


class StandardOutput:
    """Writes lines to whatever `sys.stdout` is at the time; what cannot be written is lost without a word.

    A signal handler may strike anywhere here, log, and raise. The lock is taken by `with` and may be taken twice by a
    thread; between the two nothing of the handler's can come in.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._writing = False
        self._waiting: list[bytes] = []
        self._broken = False  # whether the last line may have been cut off
        self._patient = True
        self._stream: object = self  # no stream: looked up at the first line
        self._buffer: object = None
        self._descriptor: int | None = None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def __call__(self, line: bytes) -> None:
        """Write `line`, which ends with a newline."""
        with self._lock:
            if self._writing:
                # A signal handler within this thread's own write: the line would land inside the other.
                self._waiting.append(line)
                return
            self._writing = True
            try:
                if sys.stdout is not self._stream:
                    self._find()
                self._put(line)
            finally:
                self._writing = False
                while self._waiting:
                    self._put(self._waiting.pop(0))

    def _after_fork(self) -> None:
        # Another thread may have held the lock when the process forked.
        self._lock = RLock()
        self._writing = False

    def _find(self) -> None:
        """Look up where standard output goes; its own methods may be anybody's."""
        stream = self._stream = sys.stdout
        self._descriptor = self._buffer = None
        try:
            stream.flush()
            descriptor = stream.fileno()
            self._buffer = getattr(stream, "buffer", stream)
            if type(descriptor) is int and descriptor >= 0:
                self._descriptor = descriptor
        except BaseException as error:
            # None, closed, a stream in memory, or something that only looks like one.
            if is_interruption(error):
                raise

    def _put(self, line: bytes) -> None:
        descriptor = self._descriptor
        if descriptor is None:
            self._put_text(line)
        elif getattr(self._buffer, "closed", False):
            return  # its descriptor may be another file's by now
        elif self._broken:
            self._put_all(descriptor, b"\n" + line)
        else:
            self._put_all(descriptor, line)

    def _put_all(self, descriptor: int, line: bytes) -> None:
        was_broken = self._broken
        self._broken = True  # until it is known: a signal handler may raise at any moment
        try:
            done = os.write(descriptor, line)
            while done < len(line):
                done += os.write(descriptor, line[done:])
        except BlockingIOError as error:
            if is_interruption(error):
                raise
            self._put_slowly(descriptor, line, was_broken=was_broken)
        except OSError as error:
            # Full, closed or gone: there is nowhere left to say so. A TimeoutError may be a signal handler's.
            if is_interruption(error):
                raise
            self._broken = was_broken
        else:
            self._broken = False
            self._patient = True

    def _put_slowly(self, descriptor: int, line: bytes, *, was_broken: bool) -> None:
        """Wait for a full pipe, once; as long as nothing goes out, further lines are not waited for."""
        done = 0
        if self._patient and _writable(descriptor):
            try:
                done = os.write(descriptor, line)
            except OSError as error:
                if is_interruption(error):
                    raise
        self._patient = done > 0
        self._broken = done < len(line) if done else was_broken

    def _put_text(self, line: bytes) -> None:
        try:
            sys.stdout.write(line.decode("utf-8"))
        except BaseException as error:
            if is_interruption(error):
                raise


def _writable(descriptor: int) -> bool:
    import select

    return bool(select.select((), (descriptor,), (), _PATIENCE_MS / 1000)[1])
