"""What the tests of the runtime share: telemetry that writes into a list, a Lambda context, processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from mangaobs.runtime import _invocation, _log, configure
from mangaobs.runtime._context import CURRENT

ROOT = Path(__file__).resolve().parents[2]
FUNCTION = "manga-chat"
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
_SETTINGS = ("AWS_", "MANGAOBS_", "_X_AMZN_", "SESSION_TABLE")


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch):
    """Each test begins as a fresh process does, and leaves nothing behind."""
    for name in [name for name in os.environ if name.startswith(_SETTINGS)]:
        monkeypatch.delenv(name)
    forget()
    yield
    forget()


def forget() -> None:
    _log.assembled = None
    _log._threshold = 0
    _invocation._cold = True
    CURRENT.set(None)


def configured(**settings: Any) -> Lines:
    """Telemetry that writes its lines into the list that is returned; from scratch, as often as one likes."""
    forget()
    lines = Lines()
    settings.setdefault("environ", {"AWS_LAMBDA_FUNCTION_NAME": FUNCTION})
    settings.setdefault("deadline_margin_ms", 0)
    settings.setdefault("tracer", "off")
    configure(write=lines.append, **settings)
    return lines


@pytest.fixture
def lines() -> Lines:
    """The finished lines of telemetry with its default settings."""
    return configured()


class Lines(list[bytes]):
    """Finished lines. One call of the writer may bring several; each is checked when it is read."""

    @property
    def raw(self) -> list[bytes]:
        return b"".join(self).splitlines(keepends=True)

    @property
    def all(self) -> list[dict[str, Any]]:
        return [parsed(line) for line in self.raw]

    @property
    def only(self) -> dict[str, Any]:
        (line,) = self.all
        return line

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.all if line["event"] == event]

    @property
    def text(self) -> str:
        return b"".join(self).decode()


def parsed(line: bytes) -> dict[str, Any]:
    """A line as JSON, strictly: one newline at the end, UTF-8, no bare NaN, no name twice."""
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    value = json.loads(line.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse)
    assert isinstance(value, dict)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"a name is there twice: {names}"
    return dict(pairs)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


class LambdaContext:
    """What Lambda hands to a handler."""

    def __init__(self, request_id: str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd", remaining_ms: float = 30_000) -> None:
        self.aws_request_id = request_id
        self.function_name = FUNCTION
        self._remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> float:
        return self._remaining_ms


@pytest.fixture
def context() -> LambdaContext:
    return LambdaContext()


def python(code: str, *, timeout: float = 15, env: dict[str, str] | None = None, **options: Any) -> Any:
    """Run `code` in a process of its own, and see that it ends well."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), **(env or {})},
        timeout=timeout,
        check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )
    said = (done.stderr or b"").decode(errors="replace")[-3000:]
    assert done.returncode == 0, f"ended with {ended(done.returncode)}: {said}"
    return done


def ended(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else str(code)
