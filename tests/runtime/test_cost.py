"""What the runtime costs, as far as it can be counted: modules and garbage. Times are in `make bench`."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mangaobs.runtime import count, log_info, log_step, observe, subsegment
from mangaobs.signals import MetricSignal

from .conftest import TRACE, LambdaContext, configured

ROOT = Path(__file__).resolve().parent.parent.parent
TURNS = MetricSignal("Chat", "Turns", "Count")
HEAVY = {
    "asyncio",
    "aws_xray_sdk",
    "boto3",
    "botocore",
    "concurrent.futures",
    "dataclasses",
    "hashlib",
    "inspect",
    "msgspec",
    "orjson",
    "socket",
    "typing",
    "wrapt",
}


def modules_of(statements: str) -> set[str]:
    """What `statements` load in a process that has what Lambda's own client loads."""
    program = (
        "import json, sys, awslambdaric.bootstrap\n"
        f"before = set(sys.modules)\n{statements}\nsys.stderr.write(json.dumps(sorted(set(sys.modules) - before)))"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9", "MANGAOBS_TRACER": "udp"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stderr))


DECORATED = """
from mangaobs.runtime import log_dynamodb_operation, log_error, log_info, observe
handler = observe(lambda event, context: {})
load = log_dynamodb_operation("Query:LoadTurns")(lambda session: {})
"""


@pytest.mark.slow
def test_a_module_of_decorated_functions_loads_at_most_eight_modules_and_nothing_heavy():
    loaded = modules_of(DECORATED)
    assert len(loaded) <= 8, sorted(loaded)
    assert not loaded & HEAVY


@pytest.mark.slow
def test_an_invocation_loads_nothing_heavy_either():
    # given tracing by the lean tracer, unsampled; when a handler is invoked and writes its lines
    loaded = modules_of(f"{DECORATED}\nhandler({{}}, None); load('s'); log_info('done', nested=[1])")
    assert not loaded & HEAVY


@pytest.mark.parametrize("tracer", ["off", "udp"])
def test_invocations_leave_nothing_for_the_garbage_collector(tracer, monkeypatch):
    # given invocations that succeed, fail, and deal with a failure
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    configured(tracer=tracer, environ={**os.environ, "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:9"})

    @log_step("Failing")
    def failing():
        raise LookupError

    @observe
    def handler(event, context):
        log_info("x", a=1)
        count(TURNS)
        with subsegment("Part", n=1):
            pass
        if event["deals"]:
            with contextlib.suppress(LookupError):
                failing()
        if event["fails"]:
            failing()

    def invoke(event):
        with contextlib.suppress(LookupError):
            handler(event, LambdaContext())

    events = [{"deals": deals, "fails": fails} for deals in (False, True) for fails in (False, True)]
    for event in events:
        invoke(event)
    gc.collect()
    gc.disable()
    try:
        for event in events * 20:
            invoke(event)
        # then all of it went with its last reference
        assert gc.collect() == 0
    finally:
        gc.enable()
