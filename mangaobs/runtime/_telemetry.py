"""What settings are made into: the parts that lines, metrics and traces share, ready to use.

A line is put together from pieces that are encoded once (the level, the event, what every line of an invocation has)
and the line's own fields. If those are plain values that need no redaction they are encoded as they are; otherwise
they go through `_clean`, which takes anything.
"""

from __future__ import annotations

import time
from functools import lru_cache

from mangaobs.runtime._context import CURRENT, Invocation
from mangaobs.runtime._encode import encoder, standard
from mangaobs.runtime._facts import type_name
from mangaobs.runtime._fields import merged, renamed
from mangaobs.runtime._interruption import is_interruption, is_ours
from mangaobs.runtime._log import DEBUG, LEVELS, WARN
from mangaobs.runtime._settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeGuard

    from mangaobs.runtime._metrics import Document, Series
    from mangaobs.runtime._redact import Names
    from mangaobs.runtime.tracer import Tracer

LEVEL_PIECES = {number: f'Z","level":"{name}",'.encode() for name, number in LEVELS.items()}
_SCALARS = frozenset((str, int, float, bool, type(None)))
_MOST_EVENTS = 512
_MOST_PROBLEMS = 100
_LONGEST_BOUND = 512  # what is on every line is no place for much
_MOST_BOUND = 32
_LONGEST_EVENT = 256
_HEAD = 100  # bytes of a line before its own fields: the timestamp, the level, punctuation
# What a line's own fields may not be called; they get a `_` at the end then.
RESERVED = frozenset(
    (
        "timestamp",
        "level",
        "event",
        "function",
        "function_version",
        "request_id",
        "trace_id",
        "cold_start",
        "truncated",
    )
)


@lru_cache(_MOST_EVENTS)
def taken_names(*names: str) -> frozenset[str]:
    """The names that a line's own fields may not have beside `names`; one set for the same names, hashed once."""
    return RESERVED.union(names)


class Telemetry:
    """Everything ready to write lines, by the settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = settings.clock
        self.monotonic = settings.monotonic
        self.encode_cleaned = standard()
        self.encode = encoder(settings.json, settings.problems)
        self.level = max(settings.level, settings.platform_level)
        # Takes finished lines, and raises nothing.
        self.put = _standard_output() if settings.write is None else _guarded(settings.write)
        self.limit = settings.line_limit
        self.names: Names | None = None
        self._is_sensitive: Callable[[str], object] = _never
        self._is_suspicious: Callable[[bytes], bool] = _never
        self.redact: Callable[[object], object] = _as_it_is
        self.scrub: Callable[[str], str] = str
        if settings.redaction != "off":
            from mangaobs.runtime._redact import Names, Redactor, scrub, suspicious

            names = Names(settings.redact_keys, settings.signals, only_declared=settings.redaction == "allow-list")
            self.names = names
            self._is_sensitive = names.__getitem__
            self._is_suspicious = suspicious
            self.redact = Redactor(names)
            self.scrub = scrub
        self._stamp = (-1, b"")
        self._events: dict[str, bytes] = {}
        self._told: set[str] = set()
        self.formats: dict[object, tuple[Series, list[Document]]] = {}
        self._tracer: Tracer | None = None
        self._traces = settings.tracer != "off"
        self._epoch = 0.0
        self.prefix = self._static_prefix()

    def _static_prefix(self) -> bytes:
        fields: dict[str, object] = {"function": self.settings.function}
        if self.settings.function_version:
            fields["function_version"] = self.settings.function_version
        if not all(map(self._is_harmless, fields.values())):
            fields = self.cleaned(fields)
        return self.encode_cleaned(fields)[1:-1] + b","

    # --- lines ---

    def log(self, level: int, event: str, fields: dict[str, object]) -> None:
        """Write a line, or hold it back, if the invocation or the settings want its level."""
        frame = CURRENT.get()
        invocation = None if frame is None else frame.invocation
        if invocation is None:
            least, taken, prefix = self.level, RESERVED, self.prefix
        else:
            least, taken, prefix = invocation.level, invocation.taken, invocation.prefix
        if level < least:
            return
        try:
            # What almost every line is, written out here for its speed; `line` says the same at length.
            piece = self._events.get(event) if type(event) is str else None
            if (
                piece is not None
                and fields
                and taken.isdisjoint(fields)
                and _SCALARS.issuperset(map(type, fields.values()))
                and (self.names is None or not any(map(self._is_sensitive, fields)))
            ):
                encoded = self.encode(fields)
                if len(encoded) <= self.limit - len(prefix) - _HEAD and (
                    self.names is None or not self._is_suspicious(encoded)
                ):
                    now = self.clock()
                    second, stamp = self._stamp
                    if second != int(now):
                        stamp = self.stamp(now)
                    head = stamp, now % 1 * 1000, LEVEL_PIECES[level], prefix, piece, encoded[1:]
                    line = b"%b%03d%b%b%b,%b\n" % head
                else:
                    line = self.line(level, event, fields, invocation)
            else:
                line = self.line(level, event, fields, invocation)
        except Exception as error:
            if not is_ours(error):
                raise
            line = self._line_after(level, event, fields, invocation)
        held = None if invocation is None or level > DEBUG else invocation.held
        if held is None:
            self.put(line)
        else:
            held.add(line)

    def _loose(self, event: object, fields: dict[str, object]) -> tuple[str, dict[str, object]]:
        """An event that is no text: all the fields in one dict, or whatever it says of itself."""
        if issubclass(type(event), dict):
            return "", merged(event, fields)  # type: ignore[arg-type]
        from mangaobs.runtime._clean import plain_text

        return plain_text(event, _LONGEST_EVENT, self.names), fields

    def _line_after(self, level: int, event: str, fields: dict[str, object], invocation: Invocation | None) -> bytes:
        """The line after the fast way has failed: by the slow one, or at least that there was one."""
        try:
            return self.line(level, event, fields, invocation)
        except Exception as again:
            if not is_ours(again):
                raise
            return self._last_resort(level, event, again, invocation)

    def line(self, level: int, event: str, fields: dict[str, object], invocation: Invocation | None) -> bytes:
        """The line of these fields, which ends with a newline; `event` may be among them."""
        if type(event) is not str:
            event, fields = self._loose(event, fields)
        if not event:
            named = fields.pop("event", None)
            event = named if type(named) is str and named else "log"
        taken = RESERVED if invocation is None else invocation.taken
        if not taken.isdisjoint(fields):
            return self._line_with_taken_names(level, event, fields, invocation)
        prefix = self.prefix if invocation is None else invocation.prefix
        piece = self._events.get(event) or self.event_piece(event)
        return self.finished(level, piece, self.tail(fields, len(prefix) + len(piece)), invocation)

    def finished(
        self, level: int, piece: bytes, body: bytes, invocation: Invocation | None, prefix: bytes | None = None
    ) -> bytes:
        """A line from an encoded event and encoded fields (`,"a":1}`), which the caller vouches for."""
        if prefix is None:
            prefix = self.prefix if invocation is None else invocation.prefix
        now = self.clock()
        return b"%b%03d%b%b%b%b\n" % (self.stamp(now), now % 1 * 1000, LEVEL_PIECES[level], prefix, piece, body)

    def stamp(self, now: float) -> bytes:
        r"""`{"timestamp":"2026-01-01T00:00:00.`, which is kept while its second lasts; milliseconds follow."""
        second, stamp = self._stamp  # one read: another thread may be writing it
        if second != int(now):
            second = int(now)
            stamp = time.strftime('{"timestamp":"%Y-%m-%dT%H:%M:%S.', time.gmtime(second)).encode()
            self._stamp = second, stamp
        return stamp

    def event_piece(self, event: str) -> bytes:
        """`"event":"name"`, kept for the next time."""
        name = event
        if not self._is_harmless(event):
            from mangaobs.runtime._clean import plain_text

            name = plain_text(event, min(_LONGEST_EVENT, self.limit // 8), self.names)
        piece = self.encode_cleaned({"event": name})[1:-1]
        if len(event) <= _LONGEST_EVENT:
            if len(self._events) >= _MOST_EVENTS:
                self._events.clear()
            self._events[event] = piece
        return piece

    def _is_harmless(self, text: object) -> bool:
        """Whether it is a name that needs neither cleaning nor redaction."""
        return _is_plain(text) and not self._is_suspicious(text.encode())

    def tail(self, fields: dict[str, object], used: int = 0) -> bytes:
        """The fields as the end of a line, `,"a":1,"b":2}`, cleaned and redacted; `used` bytes of it are taken."""
        if not fields:
            return b"}"
        if _SCALARS.issuperset(map(type, fields.values())) and not any(map(self._is_sensitive, fields)):
            try:
                encoded = self.encode(fields)
            except (TypeError, ValueError, OverflowError) as error:
                if is_interruption(error):
                    raise
            else:
                if len(encoded) <= self.limit - used - _HEAD and not self._is_suspicious(encoded):
                    # orjson writes NaN as null, and the standard encoder refuses it: both keep to JSON.
                    return b"," + encoded[1:]
        slowly = self.encode_fields(fields, used)
        return b"," + slowly if len(slowly) > 1 else slowly

    def encode_fields(self, fields: dict[str, object], used: int = 0) -> bytes:
        """The fields as `"a":1,"b":2}` by the slow way, which takes any value."""
        from mangaobs.runtime._clean import cleaned

        most = room = self.limit - used - _HEAD
        while True:
            clean, truncated = cleaned(fields, room, self.names)
            if truncated:
                clean["truncated"] = True
            encoded = self.encode_cleaned(clean)
            if len(encoded) <= most or room < 16:
                return encoded[1:]
            room //= 2

    def _line_with_taken_names(
        self, level: int, event: str, fields: dict[str, object], invocation: Invocation | None
    ) -> bytes:
        own = renamed(fields, RESERVED)
        prefix = self.prefix if invocation is None else self.invocation_prefix(invocation, without=own)
        piece = self.event_piece(event)
        return self.finished(level, piece, self.tail(own, len(prefix) + len(piece)), invocation, prefix)

    def invocation_prefix(self, invocation: Invocation, without: dict[str, object] | None = None) -> bytes:
        """What every line of the invocation has, encoded, and a comma. Its fields were cleaned when they came."""
        fields = invocation.fields
        if without is not None:
            fields = {name: value for name, value in fields.items() if name not in without}
        return b"%b%b," % (self.prefix, self.encode(fields)[1:-1]) if fields else self.prefix

    def cleaned(self, fields: dict[str, object]) -> dict[str, object]:
        """`fields` as they may stand on every line: plain, redacted, each short."""
        from mangaobs.runtime._clean import cleaned

        room = min(_LONGEST_BOUND, self.limit // 16)
        short: dict[str, object] = {}
        for name, value in list(fields.items())[:_MOST_BOUND]:
            short.update(cleaned({name: value}, room, self.names)[0])
        return short

    def _last_resort(self, level: int, event: str, error: Exception, invocation: Invocation | None) -> bytes:
        """A line that says at least that there was one."""
        name = event if self._is_harmless(event) else "log"
        kind = type_name(error)
        body = f',"lost":"{kind if _is_plain(kind) else ""}"}}'
        return self.finished(level, f'"event":"{name}"'.encode(), body.encode(), invocation)

    # --- what goes wrong with telemetry itself ---

    def failed(self, reason: str, error: Exception, *, foreign: bool = False) -> None:
        """Say what failed in telemetry; an exception that means the business call is raised on.

        `foreign` is what failed in somebody else's code, such as a tracer: only a signal handler's exception is raised.
        """
        if is_interruption(error) if foreign else not is_ours(error):
            raise error
        self.problem(reason, type_name(error))

    def problem(self, reason: str, detail: str = "") -> None:
        """Say that telemetry is not what was asked for; each thing once in the life of the process."""
        said = reason + detail
        if said in self._told or len(self._told) >= _MOST_PROBLEMS:
            return
        self._told.add(said)
        self.log(WARN, "telemetry_problem", {"reason": reason, "detail": detail} if detail else {"reason": reason})

    # --- time ---

    def set_clock(self) -> None:
        """Tie the monotonic clock to the wall clock, anew for each invocation: in between, Lambda may have slept."""
        self._epoch = self.clock() - self.monotonic()

    def epoch(self, moment: float) -> float:
        """Seconds since 1970 of a moment of the monotonic clock."""
        return self._epoch + moment

    # --- traces ---

    @property
    def tracer(self) -> Tracer | None:
        """The tracer that the settings choose, made when the first sampled invocation needs it."""
        if self._tracer is None and self._traces:
            from mangaobs.runtime._tracers import make_tracer

            chosen = self.settings.tracer
            self._tracer = make_tracer(self, chosen) if isinstance(chosen, str) else chosen
        return self._tracer


def _is_plain(text: object) -> TypeGuard[str]:
    """Whether it is a short name, which needs no cleaning: most are, and `_clean` need not be loaded for them."""
    if type(text) is not str or len(text) > 64 or not text.isascii():
        return False
    return text[:1] in _BEGINNINGS and text.translate(_MARKS).isalnum()


_BEGINNINGS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ$")
_MARKS = {ord(mark): None for mark in "_-$"}


def _never(_: object) -> bool:
    return False


def _as_it_is(value: object) -> object:
    return value


def _guarded(write: Callable[[bytes], object]) -> Callable[[bytes], object]:
    def put(line: bytes) -> None:
        try:
            write(line)
        except BaseException as error:
            # The caller's own; a line is not worth the call.
            if is_interruption(error):
                raise

    return put


def _standard_output() -> Callable[[bytes], object]:
    from mangaobs.runtime._sink import standard_output

    return standard_output
