"""`configure`: settings from code, over those of the environment."""

from __future__ import annotations

from collections.abc import Mapping

from mangaobs.runtime import _log
from mangaobs.runtime._log import LEVELS
from mangaobs.runtime._settings import ENCODERS, REDACTIONS, TRACERS, Settings, level_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import NoReturn

    from mangaobs.runtime.tracer import Tracer
    from mangaobs.signals import Signals


def configure(
    *,
    level: str | None = None,
    debug_sample: float | None = None,
    debug_hold_bytes: int | None = None,
    redaction: str | None = None,
    redact_keys: Iterable[str] | None = None,
    signals: Signals | None = None,
    tracer: str | Tracer | None = None,
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
    `redact_keys` are names of fields to redact beside the built-in ones. `tracer` is xray-sdk, udp, off or a `Tracer`
    of your own. `json` is auto (orjson if the function has loaded it), stdlib or orjson. `session_key` keys the hash of
    session ids: bytes, or what returns them when the first is needed. `dimensions` are the values of the metrics'
    dimensions. `deadline_margin_ms` is how long before the timeout it is noticed, 0 for never; `line_limit` is the most
    bytes of a line.

    The environment, clocks (seconds), randomness and the writer of finished lines can be replaced too.

    Raises `ConfigurationError` for a value that cannot be.
    """
    given: dict[str, object] = {
        "debug_sample": debug_sample,
        "debug_hold_bytes": debug_hold_bytes,
        "redaction": redaction,
        "redact_keys": redact_keys,
        "signals": signals,
        "tracer": tracer,
        "json": json,
        "session_key": session_key,
        "dimensions": dimensions,
        "deadline_margin_ms": deadline_margin_ms,
        "line_limit": line_limit,
        "clock": clock,
        "monotonic": monotonic,
        "random": random,
        "write": write,
    }
    settings = Settings(environ)
    if level is not None:
        number = level_number(level) if isinstance(level, str) else None
        if number is None:
            _refuse("level", level, f"one of {', '.join(LEVELS)}")
        settings.level = number
    for name, value in given.items():
        if value is not None:
            fits, right = _CHECKS[name]
            if not fits(value):
                _refuse(name, value, right)
            setattr(settings, name, (*settings.redact_keys, *redact_keys) if name == "redact_keys" else value)  # type: ignore[misc]
    if settings.redaction == "allow-list" and settings.signals is None:
        if redaction is not None:
            _refuse("redaction", redaction, "with signals=…, whose declared fields are the list")
        settings.problems.append("redaction is to be an allow-list, but no signals are given: nothing is on it")
    _log.assemble(settings)


def _whole_from(least: int) -> tuple[Callable[[object], bool], str]:
    return lambda value: isinstance(value, int) and value >= least, f"a whole number, {least} or more"


def _one_of(names: tuple[str, ...]) -> tuple[Callable[[object], bool], str]:
    return lambda value: value in names, f"one of {', '.join(names)}"


def _are_texts(values: object) -> bool:
    return isinstance(values, (tuple, list, set, frozenset)) and all(isinstance(value, str) for value in values)


def _is_tracer(value: object) -> bool:
    return value in TRACERS if isinstance(value, str) else callable(getattr(value, "begin", None))


_A_FUNCTION: tuple[Callable[[object], bool], str] = (callable, "a function")
# What an argument has to be, and what would be right.
_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    "debug_sample": (lambda value: isinstance(value, (int, float)) and 0 <= value <= 1, "a share from 0 to 1"),
    "debug_hold_bytes": _whole_from(0),
    "deadline_margin_ms": _whole_from(0),
    "line_limit": _whole_from(1024),
    "redaction": _one_of(REDACTIONS),
    "tracer": (_is_tracer, f"one of {', '.join(TRACERS)}, or a Tracer"),
    "signals": (lambda value: hasattr(value, "events"), "the project's Signals"),
    "clock": _A_FUNCTION,
    "monotonic": _A_FUNCTION,
    "random": _A_FUNCTION,
    "write": _A_FUNCTION,
    "json": _one_of(ENCODERS),
    "redact_keys": (_are_texts, "a list of names"),
    "session_key": (
        lambda value: callable(value) or (isinstance(value, bytes) and value != b""),
        "bytes, or a function that returns them",
    ),
    "dimensions": (
        lambda value: isinstance(value, Mapping) and _are_texts([*value, *value.values()]),
        'a dict of texts, such as {"Environment": "prod"}',
    ),
}


def _refuse(name: str, value: object, right: str) -> NoReturn:
    from mangaobs.errors import ConfigurationError

    shown = "…" if name == "session_key" else f"{value!r:.80}"
    raise ConfigurationError(f"configure({name}={shown}) cannot be", right=right)
