"""moto as a server over HTTP, for functions in processes of their own.

One request at a time, since moto's transactions are not safe among threads. What is called is written down, by the
access key of who calls: each function of a test has its own.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterable
from threading import Lock, Thread
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/")
_CBOR = re.compile(r"^/service/[^/]+/operation/(\w+)$")
_PREFIX = {
    "monitoring": "cloudwatch",
    "email": "ses",
}  # where IAM's prefix is not the name that a request is signed with
_S3 = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
# Of S3's subresources, by IAM's names for them.
_SUBRESOURCES = {
    "versions": "ListBucketVersions",
    "delete": "DeleteObjectVersion",
    "retention": "GetObjectRetention",
    "legal-hold": "GetObjectLegalHold",
}


class Call(NamedTuple):
    """One call of an AWS API: who (the access key), `service:Operation`, and its body."""

    who: str
    action: str
    body: bytes


class MotoServer:
    """Serves on a free port of this machine until it is closed. `calls` is all that was asked."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        # What a test does before a request is answered: it may raise `Fault`.
        self.before: Callable[[Call], None] | None = None
        self._app = DomainDispatcherApplication(create_backend_app)
        self._lock = Lock()
        reset()  # moto's state is the process's
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = io.BytesIO(body)
        call = _call(environ, body)
        with self._lock:
            if call is not None:
                self.calls.append(call)
                if self.before is not None:
                    try:
                        self.before(call)
                    except Fault as fault:
                        return fault.answer(start_response)
            return list(self._app(environ, start_response))


def reset() -> None:
    """Forget everything that moto holds."""
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()


class Fault(Exception):  # noqa: N818 - an answer
    """An error that AWS answers in place of the call: `code`, at the HTTP `status`, with `more` of its own."""

    def __init__(self, code: str, status: int = 400, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.more = more

    def answer(self, start_response: Any) -> Iterable[bytes]:
        body = json.dumps(
            {"__type": f"com.amazonaws#{self.code}", "message": "as the test has it", **self.more}
        ).encode()
        headers = [("Content-Type", "application/x-amz-json-1.0"), ("Content-Length", str(len(body)))]
        start_response(f"{self.status} Fault", headers)
        return [body]


def _call(environ: dict[str, Any], body: bytes) -> Call | None:
    signed = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if signed is None:
        return None
    who, service = signed.groups()
    path, target = environ["PATH_INFO"], environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        operation = target.rpartition(".")[2]
    elif found := _CBOR.match(path):
        operation = found[1]
    elif service == "s3":
        asked = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        named = next((action for name, action in _SUBRESOURCES.items() if name in asked), None)
        operation = named or _S3[environ["REQUEST_METHOD"]]
    elif path.startswith("/v2/email/outbound-emails"):
        operation = "SendEmail"
    else:
        operation = parse_qs(body.decode("utf-8", "replace")).get("Action", ["?"])[0]
    return Call(who, f"{_PREFIX.get(service, service)}:{operation}", body)
