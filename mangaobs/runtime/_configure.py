"""`configure`: settings from code, over those of the environment."""

from __future__ import annotations

from mangaobs.runtime import _log
from mangaobs.runtime._settings import ENCODERS, REDACTIONS, TRACERS, Settings, level_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mangaobs.signals import Signals


def configure(
    *,
    level: str | None = None,
    debug_sample: float | None = None,
    debug_hold_bytes: int | None = None,
    redaction: str | None = None,
    redact_keys: Iterable[str] | None = None,
    signals: Signals | None = None,
    tracer: str | None = None,
    json: str | None = None,
    session_key: bytes | Callable[[], bytes] | None = None,
    dimensions: Mapping[str, str] | None = None,
    deadline_margin_ms: int | None = None,
    line_limit: int | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Callable[[], float] | None = None,
    monotonic: Callable[[], float] | None = None,
    random: Callable[[int], bytes] | None = None,
    write: Callable[[bytes], object] | None = None,
) -> None:
    """Set what is given, take the rest from the environment; call it once, where the handler's module begins.

    `level` is one of TRACE DEBUG INFO WARN ERROR FATAL. `debug_sample` is the share of invocations, 0 to 1, that write
    debug lines; with `debug_hold_bytes` debug lines are held back, so many bytes at most, and written only if the
    invocation fails. `redaction` is on, off or allow-list, which lets only the fields that `signals` declare through;
    `redact_keys` are names of fields to redact beside the built-in ones. `tracer` is xray-sdk, udp or off; `json` is
    auto (orjson if the function has loaded it), stdlib or orjson. `session_key` keys the hash of session ids: bytes, or
    what returns them when the first is needed. `dimensions` are the values of the metrics' dimensions.
    `deadline_margin_ms` is how long before the timeout it is noticed, 0 for never; `line_limit` is the most bytes of a
    line.

    The environment, clocks (seconds), randomness and the writer of finished lines can be replaced too.

    Raises `ConfigurationError` for a value that cannot be.
    """
    settings = Settings(environ)
    if level is not None:
        number = level_number(level)
        if number is None:
            _refuse("level", level, "one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL")
        else:
            settings.level = number
    _choose(settings, "redaction", redaction, REDACTIONS)
    _choose(settings, "tracer", tracer, TRACERS)
    _choose(settings, "json", json, ENCODERS)
    if debug_sample is not None and not 0 <= debug_sample <= 1:
        _refuse("debug_sample", debug_sample, "a share from 0 to 1")
    for name, number, least in (
        ("debug_hold_bytes", debug_hold_bytes, 0),
        ("deadline_margin_ms", deadline_margin_ms, 0),
        ("line_limit", line_limit, 1024),
    ):
        if number is not None and number < least:
            _refuse(name, number, f"{least} or more")
    if redact_keys is not None:
        settings.redact_keys = (*settings.redact_keys, *redact_keys)
    for name, value in {
        "debug_sample": debug_sample,
        "debug_hold_bytes": debug_hold_bytes,
        "deadline_margin_ms": deadline_margin_ms,
        "line_limit": line_limit,
        "signals": signals,
        "session_key": session_key,
        "dimensions": dimensions,
        "clock": clock,
        "monotonic": monotonic,
        "random": random,
        "write": write,
    }.items():
        if value is not None:
            setattr(settings, name, value)
    if settings.redaction == "allow-list" and settings.signals is None:
        _refuse("redaction", "allow-list", "with signals=…, whose declared fields are the list")
    _log.assemble(settings)


def _choose(settings: Settings, name: str, value: str | None, names: tuple[str, ...]) -> None:
    if value is None:
        return
    if value not in names:
        _refuse(name, value, "one of " + ", ".join(names))
    setattr(settings, name, value)


def _refuse(name: str, value: object, right: str) -> None:
    from mangaobs.errors import ConfigurationError

    raise ConfigurationError(f"configure({name}={value!r}) cannot be", right=right)
