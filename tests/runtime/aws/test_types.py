"""What mypy sees: decorated functions keep their types, and wrong values are refused."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from .runtime_api import ROOT

pytestmark = pytest.mark.slow

# A line that ends in `# wrong: …` is to be refused, with that code; no other line is.
SAMPLE = """
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from concurrent.futures import Future
from typing import Any, assert_type

from mangaobs.runtime import (
    ContextThreadPoolExecutor, carry, configure, count, instrument, log_bedrock_invocation, log_dynamodb_operation,
    log_event, log_info, log_operation, log_publish_operation, log_redis_operation, log_step, measure, observe,
    session_hash, subsegment,
)
from mangaobs.signals import LogEvent, MetricSignal

TURNS = MetricSignal("App", "Turns", "Count")
LOADED = LogEvent("loaded")


@observe
def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    return {"statusCode": 200}


@observe(session=lambda event: event["session"], raw_session=True)
def with_arguments(event: dict[str, Any], context: object) -> str:
    return "done"


@log_dynamodb_operation("Query:LoadTurns", turn_count=lambda response: response["Count"])
def load(session: str, /, limit: int = 20, *, fresh: bool = False) -> list[str]:
    return [session] * limit


@log_bedrock_invocation("Converse", model="m")
async def ask(prompt: str) -> bytes:
    return prompt.encode()


@log_redis_operation("GET")
def numbers(upto: int) -> Iterator[int]:
    yield from range(upto)


@log_publish_operation("Publish", destination="topic")
def sending() -> Generator[int, str, bool]:
    answer = yield 1
    return bool(answer)


@log_operation(LOADED, "Stream")
async def stream() -> AsyncGenerator[str, None]:
    yield "a"


@log_step("Iterate")
async def iterate() -> AsyncIterator[float]:
    yield 1.5


class Store:
    @log_step("Method")
    def method(self, key: str) -> int:
        return len(key)

    @classmethod
    @log_step("OfClass")
    def of_class(cls, key: str) -> "Store":
        return cls()

    @staticmethod
    @log_step("Static")
    def static(key: str) -> float:
        return 0.5

    @property
    @log_step("Property")
    def size(self) -> int:
        return 1


async def check() -> None:
    assert_type(handler({}, None), dict[str, int])
    assert_type(with_arguments({}, None), str)
    assert_type(load("s", limit=3, fresh=True), list[str])
    assert_type(await ask("x"), bytes)
    assert_type(numbers(3), Iterator[int])
    assert_type(sending(), Generator[int, str, bool])
    assert_type(stream(), AsyncGenerator[str, None])
    assert_type(Store().method("k"), int)
    assert_type(Store.of_class("k"), Store)
    assert_type(Store.static("k"), float)
    assert_type(Store().size, int)
    async for item in iterate():
        assert_type(item, float)
    assert_type(carry(load)("s"), list[str])
    assert_type(instrument(Store()), Store)
    assert_type(session_hash("s"), str)
    with ContextThreadPoolExecutor(2) as pool:
        assert_type(pool.submit(load, "s"), Future[list[str]])
    with log_step("Block"), subsegment("Part", turns=3, model="m", share=0.5, fresh=True) as part:
        part.annotate(turns=4)
        part.note(sizes=[1, 2])
    count(TURNS)
    measure(TURNS, 1.5, Model="m")
    log_info("loaded", {"a-b": 1}, number=1)
    log_event(LOADED, number=1)


def wrong() -> None:
    load(7)  # wrong: arg-type
    load("s", limits=3)  # wrong: call-arg
    handler({})  # wrong: call-arg
    Store().method(7)  # wrong: arg-type
    subsegment("Part", turns=None)  # wrong: arg-type
    subsegment("Part", turns=[1])  # wrong: arg-type
    with subsegment("Part") as part:
        part.annotate(turns={"a": 1})  # wrong: arg-type
        part.annotate(turns=b"x")  # wrong: arg-type
    count("Turns")  # wrong: arg-type
    count(TURNS, "1")  # wrong: arg-type
    measure(TURNS, 1.5, Model=7)  # wrong: arg-type
    measure(TURNS)  # wrong: call-arg
    log_event("loaded")  # wrong: arg-type
    log_step(7)  # wrong: arg-type
    log_bedrock_invocation("Converse")  # wrong: call-arg
    configure(level=10)  # wrong: arg-type
    configure(tracers="udp")  # wrong: call-arg
    observe(session="s")  # wrong: call-overload
"""


def test_decorated_functions_keep_their_types_and_wrong_values_are_refused(tmp_path):
    sample = tmp_path / "sample.py"
    sample.write_text(SAMPLE)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context"]
    command += ["--config-file", "", "--cache-dir", str(tmp_path / "cache"), "--ignore-missing-imports", str(sample)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert told.stderr == ""
    found = set()
    for line in told.stdout.splitlines():
        match = re.search(r"sample\.py:(\d+): error: .*\[([\w-]+)\]$", line)
        assert match or ": note: " in line, line
        if match:
            found.add((int(match[1]), match[2]))
    wanted = {
        (number, line.rpartition("# wrong: ")[2])
        for number, line in enumerate(SAMPLE.splitlines(), 1)
        if "# wrong: " in line
    }
    assert len(wanted) == 18
    by_line = {number: SAMPLE.splitlines()[number - 1].strip() for number, _ in found ^ wanted}
    assert found == wanted, by_line
