"""Where lines go: standard output, a whole line at a time, whatever becomes of it.

Lambda takes each line of standard output as one log event, in text and in JSON mode alike. Lines are written to its
file descriptor in one call, so that neither buffering nor text encoding can lose part of one.
"""

from __future__ import annotations

import os
import sys
from threading import RLock

from mangaobs.runtime._interruption import is_interruption

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Closable(Protocol):
        """What can be closed."""

        @property
        def closed(self) -> bool:
            """Whether it is."""


_WHOLE = 4096  # a pipe takes as many bytes at once or not at all (POSIX, PIPE_BUF on Linux)
_PATIENCE_MS = 50  # how long a full, non-blocking pipe is waited for


class StandardOutput:
    """Writes lines to whatever `sys.stdout` is at the time; what cannot be written is lost without a word.

    A signal handler may strike anywhere here, log, and raise. The lock is taken by `with` and may be taken twice by a
    thread; between the two nothing of the handler's can come in.
    """

    closed = False

    def __init__(self) -> None:
        self._lock = RLock()
        self._writing = False
        self._waiting: list[bytes] = []
        self._broken = False  # whether the last line may have been cut off
        self._patient = True
        self._stream: object = self  # no stream: looked up at the first line
        self._buffer: Closable = self  # what knows whether the descriptor is still its own
        self._descriptor: int | None = None

    def __call__(self, line: bytes) -> None:
        """Write `line`, which ends with a newline."""
        with self._lock:
            if self._writing or self._waiting:
                # Within this thread's own write, in a signal handler, it waits: it would land inside the other line.
                self._waiting.append(line)
            else:
                self._write(line)
            while self._waiting and not self._writing:
                try:
                    waiting = self._waiting.pop(0)
                except IndexError:
                    break  # a signal handler was faster
                self._write(waiting)

    def _write(self, line: bytes) -> None:
        self._writing = True
        try:
            if sys.stdout is not self._stream:
                self._find()
            descriptor = self._descriptor
            if descriptor is None:
                self._put_text(line)
            elif self._broken or len(line) > _WHOLE:
                self._put(descriptor, b"\n" + line if self._broken else line)
            elif not self._buffer.closed:
                # What almost always does.
                try:
                    if os.write(descriptor, line) < len(line):
                        self._broken = True
                    self._patient = True
                except BlockingIOError as error:
                    if is_interruption(error):
                        raise
                    self._put(descriptor, line)
                except OSError as error:
                    # Full, closed or gone: there is nowhere left to say so. A TimeoutError may be a signal handler's.
                    if is_interruption(error):
                        raise
        finally:
            self._writing = False

    def after_fork(self) -> None:
        """In the child: another thread may have held the lock, and what waits is written by the parent."""
        self._lock = RLock()
        self._writing = False
        self._waiting = []

    def _find(self) -> None:
        """Look up where standard output goes; its own methods may be anybody's."""
        stream = self._stream = sys.stdout
        self._descriptor, self._buffer = None, self
        try:
            stream.flush()
            descriptor = stream.fileno()
            buffer = getattr(stream, "buffer", stream)
            if type(descriptor) is int and descriptor >= 0:
                self._descriptor = descriptor
                self._buffer = buffer if hasattr(buffer, "closed") else self
        except BaseException as error:
            # None, closed, a stream in memory, or something that only looks like one.
            if is_interruption(error):
                raise

    def _put(self, descriptor: int, line: bytes) -> None:
        """Write a line that is long, or behind one that was cut off, or that has to be waited for."""
        if self._buffer.closed:
            return  # its descriptor may be another file's by now
        done, begins = 0, 1 if self._broken else 0
        certain = False
        try:
            while done < len(line):
                try:
                    done += os.write(descriptor, line[done:] if done else line)
                except BlockingIOError as error:
                    if is_interruption(error):
                        raise
                    if not self._waited_for(descriptor):
                        break
            certain = True
        except OSError as error:
            certain = not is_interruption(error)
            if not certain:
                raise
        finally:
            if not certain and len(line) > _WHOLE and done <= begins:
                done = begins + 1  # a signal handler raised, and nobody knows how far the write had come
            # After a newline alone, the next line may begin at once.
            self._broken = begins < done < len(line) or done < begins
            self._patient = self._patient or done == len(line)

    def _waited_for(self, descriptor: int) -> bool:
        """Wait for a full pipe, once; as long as nothing goes out, further lines are not waited for."""
        self._patient = self._patient and _writable(descriptor)
        return self._patient

    def _put_text(self, line: bytes) -> None:
        try:
            sys.stdout.write(line.decode("utf-8"))
        except BaseException as error:
            if is_interruption(error):
                raise


def _writable(descriptor: int) -> bool:
    import select

    return bool(select.select((), (descriptor,), (), _PATIENCE_MS / 1000)[1])


# One a process, as there is one standard output.
standard_output = StandardOutput()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=standard_output.after_fork)
