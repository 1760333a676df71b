"""What can be set, from `configure` and the environment.

An environment variable that is wrong must not fail a function: it is passed over and named in `problems`. A wrong
argument of `configure` is a mistake in code and raises where it is made.
"""

from __future__ import annotations

import os
import time

from mangaobs.runtime._log import LEVELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mangaobs.runtime.tracer import Tracer
    from mangaobs.signals import Signals

_ALSO_CALLED = {"WARNING": "WARN", "CRITICAL": "FATAL", "NOTSET": "TRACE"}

REDACTIONS = ("on", "off", "allow-list")
TRACERS = ("xray-sdk", "udp", "off")
ENCODERS = ("auto", "stdlib", "orjson")

# CloudWatch Logs takes an event of 1 MB since April 2025, but subscribers and older regions know 256 KB, and so does
# the embedded metric format (its specification).
LINE_LIMIT = 256 * 1024
_A_WHOLE_NUMBER = "a whole number, 0 or more"


class Settings:
    """Everything that telemetry depends on, the clocks and the randomness included."""

    __slots__ = (
        "clock",
        "cold_starts",
        "daemon_address",
        "deadline_margin_ms",
        "debug_hold_bytes",
        "debug_sample",
        "dimensions",
        "environ",
        "function",
        "function_version",
        "json",
        "json_format",
        "level",
        "line_limit",
        "monotonic",
        "platform_level",
        "problems",
        "random",
        "redact_keys",
        "redaction",
        "session_key",
        "signals",
        "table",
        "tracer",
        "write",
    )

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self.environ: Mapping[str, str] = os.environ if environ is None else environ
        self.problems: list[str] = []
        get = self.environ.get
        self.function = get("AWS_LAMBDA_FUNCTION_NAME", "")
        self.function_version = get("AWS_LAMBDA_FUNCTION_VERSION", "")
        # Lambda drops lines below this by itself, so writing them would be wasted.
        self.platform_level = level_number(get("AWS_LAMBDA_LOG_LEVEL", "")) or 0
        self.json_format = get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
        # With provisioned concurrency, nobody waits for an environment to start.
        self.cold_starts = get("AWS_LAMBDA_INITIALIZATION_TYPE", "") != "provisioned-concurrency"
        self.daemon_address = get("AWS_XRAY_DAEMON_ADDRESS", "")
        self.table = get("SESSION_TABLE", "")

        self.level = self._read(
            "MANGAOBS_LOG_LEVEL", level_number, self.platform_level or LEVELS["INFO"], _any_of(LEVELS)
        )
        self.debug_sample: float = self._read("MANGAOBS_DEBUG_SAMPLE", _share, 0.0, "a share from 0 to 1")
        self.debug_hold_bytes: int = self._read("MANGAOBS_DEBUG_HOLD_BYTES", _whole, 0, _A_WHOLE_NUMBER)
        self.deadline_margin_ms: int = self._read("MANGAOBS_DEADLINE_MARGIN_MS", _whole, 300, _A_WHOLE_NUMBER)
        self.line_limit: int = LINE_LIMIT
        self.redaction: str = self._read("MANGAOBS_REDACTION", _one_of(REDACTIONS), "on", _any_of(REDACTIONS))
        self.redact_keys: tuple[str, ...] = tuple(
            filter(None, get("MANGAOBS_REDACT_KEYS", "").replace(" ", "").split(","))
        )
        self.tracer: str | Tracer = self._read("MANGAOBS_TRACER", _one_of(TRACERS), "xray-sdk", _any_of(TRACERS))
        self.json: str = self._read("MANGAOBS_JSON", _one_of(ENCODERS), "auto", _any_of(ENCODERS))
        self.dimensions: Mapping[str, str] = self._read(
            "MANGAOBS_DIMENSIONS", _pairs, {}, "pairs such as Environment=prod,service=chat"
        )
        key = get("MANGAOBS_SESSION_KEY", "")
        self.session_key: bytes | Callable[[], bytes] | None = key.encode("utf-8", "surrogateescape") or None
        self.signals: Signals | None = None
        self.clock: Callable[[], float] = time.time
        self.monotonic: Callable[[], float] = time.perf_counter
        self.random: Callable[[int], bytes] = os.urandom
        self.write: Callable[[bytes], object] | None = None

    def _read(self, name: str, parse: Callable[[str], T | None], default: T, right: str) -> T:
        text = self.environ.get(name, "")
        if not text:
            return default
        value = parse(text)
        if value is None:
            # Without the value, which may be a secret in the wrong place.
            self.problems.append(f"{name} is not {right}; the default is used")
            return default
        return value

    @property
    def wants_debug(self) -> bool:
        """Whether some invocations write debug lines that others do not."""
        return self.debug_sample > 0 or self.debug_hold_bytes > 0


def level_number(name: str) -> int | None:
    """The number of a level by its name, or None if there is no such level."""
    name = name.strip().upper()
    return LEVELS.get(_ALSO_CALLED.get(name, name))


def _any_of(names: Iterable[str]) -> str:
    return f"one of {', '.join(names)}"


def _share(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _one_of(names: tuple[str, ...]) -> Callable[[str], str | None]:
    return lambda text: text.lower() if text.lower() in names else None


def _pairs(text: str) -> dict[str, str] | None:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(name.strip() and value.strip() for name, _, value in pairs):
        return None
    return {name.strip(): value.strip() for name, _, value in pairs}


if TYPE_CHECKING:
    from typing import TypeVar

    T = TypeVar("T")
