"""A small Lambda Runtime API, and functions that the real runtime client runs against it.

Source: Lambda developer guide, "Using the Lambda runtime API for custom runtimes".
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, Self

from .daemon import strict

ROOT = Path(__file__).resolve().parents[3]
_VERSION = "/2018-06-01/runtime/"


@dataclass
class Invocation:
    """One invocation: what the function gets, and what it answered: `result`, or `error` as Lambda is told it."""

    request_id: str
    event: Any
    trace: str | None
    timeout_ms: int
    deadline_ms: int = 0
    result: Any = None
    error: Any = None
    answered: Event = field(default_factory=Event)

    def wait(self, seconds: float = 20) -> Invocation:
        assert self.answered.wait(seconds), "the function did not answer"
        return self


class RuntimeApi:
    """Serves invocations on a free port of this machine."""

    def __init__(self) -> None:
        self.waiting: Queue[Invocation] = Queue()
        self.given: dict[str, Invocation] = {}
        self.init_error: Any = None
        self.closed = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self.address = "{}:{}".format(*self._server.server_address)
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def next(self) -> Invocation | None:
        """The next invocation, whose time begins now; None when there will be none."""
        while not self.closed:
            with suppress(Empty):
                invocation = self.waiting.get(timeout=0.1)
                invocation.deadline_ms = int(time.time() * 1000) + invocation.timeout_ms
                self.given[invocation.request_id] = invocation
                return invocation
        return None

    def take(self, path: str, body: Any) -> None:
        """What the function answers: `init/error`, `invocation/…/response` or `invocation/…/error`."""
        if path == "init/error":
            self.init_error = body
            return
        _, request_id, kind = path.split("/")
        invocation = self.given[request_id]
        setattr(invocation, "result" if kind == "response" else "error", body)
        invocation.answered.set()

    def close(self) -> None:
        self.closed = True
        self._server.shutdown()
        self._server.server_close()


def _handler_of(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer,
        disable_nagle_algorithm = True  # and that at once: otherwise a call costs 40 ms

        def do_GET(self) -> None:
            assert self.path == _VERSION + "invocation/next"
            invocation = api.next()
            if invocation is None:
                return
            headers = {
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:chat",
                "Content-Type": "application/json",
            }
            if invocation.trace is not None:
                headers["Lambda-Runtime-Trace-Id"] = invocation.trace
            self._answer(200, json.dumps(invocation.event).encode(), headers)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
            api.take(self.path.removeprefix(_VERSION), body)
            self._answer(202, b"{}", {})

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


class Function:
    """A handler under the real runtime client, in a process of its own; ended by `with`."""

    def __init__(self, folder: Path, handler: str, **environment: str) -> None:
        self.api = RuntimeApi()
        self._count = 0
        self._output = folder / f"stdout-{id(self)}"
        self._errors = folder / f"stderr-{id(self)}"
        variables = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LAMBDA_TASK_ROOT": str(folder),
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "AWS_LAMBDA_FUNCTION_NAME": "chat",
            "AWS_LAMBDA_FUNCTION_VERSION": "7",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            **environment,
        }
        with self._output.open("wb") as output, self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "awslambdaric", handler], cwd=folder, env=variables, stdout=output, stderr=errors
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.api.close()

    def kill(self) -> None:
        """As Lambda ends an environment at a timeout: SIGKILL."""
        self.process.kill()
        self.process.wait(10)

    def start(self, event: Any, *, trace: str | None = None, timeout_ms: int = 30_000) -> Invocation:
        self._count += 1
        invocation = Invocation(f"00000000-0000-4000-8000-{self._count:012d}", event, trace, timeout_ms)
        self.api.waiting.put(invocation)
        return invocation

    def invoke(self, event: Any, **more: Any) -> Invocation:
        invocation = self.start(event, **more)
        give_up = time.monotonic() + 20
        while not invocation.answered.wait(0.05):
            assert self.process.poll() is None, (self.api.init_error, self.output(), self.errors())
            assert time.monotonic() < give_up, self.output()
        return invocation

    def output(self) -> str:
        return self._output.read_text("utf-8")

    def errors(self) -> str:
        return self._errors.read_text("utf-8")

    def lines(self) -> list[dict[str, Any]]:
        """The lines of mangaobs: JSON objects with an event."""
        found = [strict(line) for line in self.output().splitlines() if line.startswith("{")]
        return [line for line in found if "event" in line]
