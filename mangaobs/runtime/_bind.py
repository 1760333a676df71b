"""What code adds to lines: to all that follow, to the operation's, to the invocation's."""

from __future__ import annotations

from threading import RLock

from mangaobs.runtime import _log
from mangaobs.runtime._context import CURRENT
from mangaobs.runtime._telemetry import RESERVED, taken_names

_MOST = 40
# Threads may bind at the same time; taken twice by a thread, since a signal handler may bind, too.
_LOCK = RLock()


def bind(*, session: object = None, raw_session: bool = False, **fields: object) -> None:
    """Put `fields` on every line of the invocation from here on; None takes one off again.

    `session` is the session id: lines carry its keyed hash, or with `raw_session` itself. Outside an invocation,
    nothing happens.
    """
    frame = CURRENT.get()
    invocation = frame.invocation if frame is not None else None
    if invocation is None:
        return
    telemetry = _log.assembled or _log.telemetry()
    bound = {name: value for name, value in fields.items() if name not in RESERVED}
    if len(bound) < len(fields):
        telemetry.problem("bind", ", ".join(sorted(RESERVED.intersection(fields))))
    if session is not None:
        from mangaobs.runtime._session import session_field

        bound["session"] = session_field(telemetry, session, raw=raw_session)
        if invocation.span is not None and isinstance(bound["session"], str) and not raw_session:
            try:
                invocation.span.annotate("session", bound["session"])
            except Exception as error:  # noqa: BLE001 - `failed` raises what is not telemetry's
                telemetry.failed("trace", error, foreign=True)
    bound = telemetry.cleaned(bound)
    with _LOCK:
        merged = {**invocation.fields, **bound}
        fields = {name: value for name, value in merged.items() if value is not None}
        if len(fields) > _MOST:
            telemetry.problem("bind", f"more than {_MOST} fields: what is on every line is no place for so many")
            fields = dict(list(fields.items())[:_MOST])
        invocation.fields = fields
        invocation.taken = taken_names(*fields)
        invocation.prefix = telemetry.invocation_prefix(invocation)


def summarize(**fields: object) -> None:
    """Add `fields` to the line that sums the invocation up: `summarize(effect="degraded")`."""
    frame = CURRENT.get()
    if frame is not None and frame.invocation is not None:
        invocation = frame.invocation
        invocation.summary = {**(invocation.summary or {}), **fields}


def summarize_operation(**fields: object) -> None:
    """Add `fields` to the line of the innermost operation that is open: `summarize_operation(first_token_ms=212.5)`.

    With none open, nothing happens.
    """
    frame = CURRENT.get()
    if frame is not None:
        frame = frame.whole or frame
        frame.facts = {**(frame.facts or {}), **fields}
