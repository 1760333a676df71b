"""A small Bedrock over HTTP: Converse and ConverseStream, with the failures that a test asks for.

Source of the shapes: Bedrock API reference, Converse and ConverseStream; of the binary stream: Smithy's
"application/vnd.amazon.eventstream" (prelude, headers, payload, CRC-32s).
"""

from __future__ import annotations

import json
import struct
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import unquote
from zlib import crc32

Request = dict[str, Any]


@dataclass
class Behavior:
    """How one request is answered. `status` over 200 answers the error `code`; times are seconds."""

    status: int = 200
    code: str = ""
    before_first: float = 0
    between: float = 0
    tokens: list[str] | None = None
    stop: str = "end_turn"
    fail_after: int | None = None  # an error event after so many tokens
    cut_after: int | None = None  # the connection is cut after so many tokens
    hang_after: int | None = None  # silence after so many tokens


def says(request: Request) -> str:
    """What the model says if no behavior tells: how much it was given, and the last thing it was told."""
    messages = request["messages"]
    last = messages[-1]["content"][0]["text"]
    return f"answer to [{last}] after {len(messages) - 1} messages"


@dataclass
class BedrockStandIn:
    """Serves on a free port of this machine. `behaviors` are taken one a request; when there are none, all is well."""

    answer: Callable[[Request], str] = says
    requests: list[Request] = field(default_factory=list)
    behaviors: deque[Behavior] = field(default_factory=deque)
    # What decides where `behaviors` are empty.
    decide: Callable[[Request], Behavior] | None = None
    # Who called, by access key, and what.
    calls: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.closed = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self.url = "http://{}:{}".format(*self._server.server_address)
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()

    def behavior(self, request: Request) -> Behavior:
        with suppress(IndexError):
            return self.behaviors.popleft()
        return self.decide(request) if self.decide is not None else Behavior()


def _handler_of(bedrock: BedrockStandIn) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - one class
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            _, _, model, operation = unquote(self.path).split("/", 3)
            request = {**body, "modelId": model}
            who = self.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0]
            streams = operation == "converse-stream"
            bedrock.calls.append((who, f"bedrock:{'InvokeModelWithResponseStream' if streams else 'InvokeModel'}"))
            bedrock.requests.append(request)
            behavior = bedrock.behavior(request)
            if behavior.status != 200:
                self._error(behavior)
                return
            with suppress(BrokenPipeError, ConnectionResetError):
                if streams:
                    self._stream(request, behavior)
                else:
                    self._whole(request, behavior)

        def _error(self, behavior: Behavior) -> None:
            self._answer(behavior.status, {"message": "as the test has it"}, {"x-amzn-ErrorType": behavior.code})

        def _whole(self, request: Request, behavior: Behavior) -> None:
            bedrock.closed.wait(behavior.before_first)
            text = "".join(behavior.tokens) if behavior.tokens is not None else bedrock.answer(request)
            self._answer(
                200,
                {
                    "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
                    "stopReason": behavior.stop,
                    "usage": _usage(request, text),
                    "metrics": {"latencyMs": 1},
                },
                {},
            )

        def _answer(self, status: int, content: object, headers: dict[str, str]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            for name, value in {
                **headers,
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _stream(self, request: Request, behavior: Behavior) -> None:
            bedrock.closed.wait(behavior.before_first)
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.amazon.eventstream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for message in self._events(request, behavior):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(message), message))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")

        def _events(self, request: Request, behavior: Behavior) -> Iterator[bytes]:
            tokens = behavior.tokens if behavior.tokens is not None else _tokens(bedrock.answer(request))
            yield event("messageStart", {"role": "assistant"})
            for number, token in enumerate(tokens):
                if number == behavior.cut_after:
                    self.close_connection = True
                    self.connection.close()
                    raise BrokenPipeError
                if number == behavior.hang_after:
                    bedrock.closed.wait(60)
                if number == behavior.fail_after:
                    yield exception("modelStreamErrorException", {"message": "as the test has it"})
                    return
                if number:
                    bedrock.closed.wait(behavior.between)
                yield event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": token}})
            yield event("contentBlockStop", {"contentBlockIndex": 0})
            yield event("messageStop", {"stopReason": behavior.stop})
            yield event("metadata", {"usage": _usage(request, "".join(tokens)), "metrics": {"latencyMs": 1}})

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _tokens(text: str) -> list[str]:
    third = max(len(text) // 3, 1)
    return [text[i : i + third] for i in range(0, len(text), third)]


def _usage(request: Request, text: str) -> dict[str, int]:
    given = sum(len(content["text"]) for message in request["messages"] for content in message["content"])
    return {"inputTokens": given, "outputTokens": len(text), "totalTokens": given + len(text)}


def event(kind: str, payload: object) -> bytes:
    """A message of the binary stream that carries an event."""
    return _message({":message-type": "event", ":event-type": kind, ":content-type": "application/json"}, payload)


def exception(kind: str, payload: object) -> bytes:
    """A message of the binary stream that carries an error."""
    return _message(
        {":message-type": "exception", ":exception-type": kind, ":content-type": "application/json"}, payload
    )


def _message(headers: dict[str, str], payload: object) -> bytes:
    body = json.dumps(payload).encode()
    head = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(head) + len(body), len(head))
    checked = prelude + struct.pack("!I", crc32(prelude)) + head + body
    return checked + struct.pack("!I", crc32(checked))
