"""What the tests of AWS's side share: an unconfigured runtime, a context as Lambda's, a daemon, both tracers."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from mangaobs.runtime import _context, _log, configure, observe

from .daemon import Daemon, Document, strict

ROOT_ID = "1-5759e988-bd862e3fe1be46a994272793"
SEGMENT = "53995c3f42cd8ad8"
SAMPLED = f"Root={ROOT_ID};Parent={SEGMENT};Sampled=1"
TRACERS = ("udp", "xray-sdk")
_SETTINGS = ("MANGAOBS_", "AWS_", "_X_AMZN_", "LAMBDA_", "SESSION_TABLE")


class Context:
    """A context as the runtime client makes one."""

    function_name = "chat"

    def __init__(self, request_id: str = "9f2b1c9e-0000-4000-8000-000000000001", timeout_ms: float = 30_000) -> None:
        self.aws_request_id = request_id
        self._deadline = time.monotonic() + timeout_ms / 1000

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class Output(list[bytes]):
    """What the runtime wrote, read as lines."""

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        found = [strict(line) for line in b"".join(self).splitlines()]
        return [line for line in found if event in ("", line["event"])]

    def line(self, event: str) -> dict[str, Any]:
        (only,) = self.lines(event)
        return only


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins and ends without a configuration and outside any invocation."""
    for name in [name for name in os.environ if name.startswith(_SETTINGS)]:
        monkeypatch.delenv(name)

    def reset() -> None:
        _log.assembled = None
        _log._threshold = 0
        _context.CURRENT.set(None)

    reset()
    yield
    reset()


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with Daemon() as listening:
        yield listening


@pytest.fixture
def output() -> Output:
    return Output()


@pytest.fixture
def lambda_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[None]:
    """What the X-Ray SDK knows Lambda by; a recorder that was made before gets Lambda's context."""
    from aws_xray_sdk.core import xray_recorder
    from aws_xray_sdk.core.lambda_launcher import LambdaContext
    from aws_xray_sdk.core.sampling.local.sampler import LocalSampler

    monkeypatch.setenv("LAMBDA_TASK_ROOT", str(tmp_path))
    monkeypatch.setenv("_X_AMZN_TRACE_ID", SAMPLED)
    before = xray_recorder.context, xray_recorder.sampler, xray_recorder.sampling
    xray_recorder.configure(context=LambdaContext(), sampler=LocalSampler(), sampling=False)
    yield
    xray_recorder.context, xray_recorder.sampler, xray_recorder.sampling = before


class Traced:
    """An invocation under one of the tracers, and the documents that it sends."""

    def __init__(self, tracer: str, daemon: Daemon, output: Output) -> None:
        self.tracer = tracer
        self.daemon = daemon
        self.output = output

    def configure(self, **settings: Any) -> None:
        configure(**{"tracer": self.tracer, "write": self.output.append, **settings})

    def run(self, work: Callable[[], object], **settings: Any) -> list[Document]:
        """Run `work` as the handler `handler`; the documents of it."""
        self.configure(**settings)
        invoke(work)
        return self.documents()

    def documents(self) -> list[Document]:
        return self.daemon.documents()


@pytest.fixture(params=TRACERS)
def traced(request: Any, daemon: Daemon, output: Output, lambda_environment: None, monkeypatch: Any) -> Traced:
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", daemon.address)
    return Traced(request.param, daemon, output)


def invoke(work: Callable[[], object], context: Context | None = None) -> object:
    """Run `work` as an invocation."""

    @observe
    def handler(event: object, context: object) -> object:
        return work()

    return handler({}, context or Context())


def finished(documents: list[Document]) -> list[Document]:
    """The last that was said of each subsegment, those within others included."""
    found: dict[str, Document] = {}
    waiting = list(documents)
    while waiting:
        document = waiting.pop(0)
        found[document["id"]] = document
        above = {"parent_id": document["id"], "trace_id": document.get("trace_id")}
        waiting += [{**above, **inner} for inner in document.get("subsegments", ())]
    return list(found.values())


def named(documents: list[Document], name: str) -> Document:
    (only,) = [document for document in finished(documents) if document["name"] == name]
    return only


def parents(documents: list[Document]) -> dict[str, str]:
    """Each subsegment's name, and its parent's."""
    names = {document["id"]: document["name"] for document in finished(documents)}
    return {document["name"]: names.get(document["parent_id"], "segment") for document in finished(documents)}


# --- AWS clients whose answers the test gives, by botocore's own event ---


class _Raw(BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def answer(status: int, body: object = None, **headers: str) -> AWSResponse:
    """An HTTP answer of AWS's, in JSON unless the body is given as bytes."""
    shown = {"x-amzn-RequestId": "AWS-REQUEST-1", "Content-Type": "application/x-amz-json-1.0"}
    shown.update((name.replace("_", "-"), value) for name, value in headers.items())
    return AWSResponse(
        "http://127.0.0.1/", status, shown, _Raw(body if isinstance(body, bytes) else json.dumps(body or {}).encode())
    )


def failure(status: int, code: str, message: str = "told by AWS") -> AWSResponse:
    return answer(status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message})


def client(service: str, *, attempts: int = 1, **more: Any) -> Any:
    """A client that needs nothing of this machine."""
    config = Config(retries={"total_max_attempts": attempts, "mode": "legacy"}, connect_timeout=2, read_timeout=2)
    credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, region_name="us-east-1", config=config, **{**credentials, **more})


def answered(of: Any, *answers: AWSResponse) -> list[Any]:
    """Let a client get these answers, one a request; the requests that it sends."""
    requests: list[Any] = []
    waiting = list(answers)

    def give(request: Any, **_: object) -> AWSResponse:
        requests.append(request)
        return waiting.pop(0)

    of.meta.events.register("before-send", give)
    return requests
