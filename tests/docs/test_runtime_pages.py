"""The pages about the runtime: what they show runs, what they name exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

import mangaobs.runtime
from mangaobs.runtime import _log, configure
from mangaobs.runtime._settings import Settings

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


class Context:
    """As Lambda hands one over."""

    function_name = "chat"
    memory_limit_in_mb = "128"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:chat"
    aws_request_id = "6bc28136-0e5f-4365-b021-0ce6b2e64ab0"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 3000


@pytest.fixture
def lines():
    """What the runtime writes."""
    written: list[bytes] = []
    configure(write=written.append, session_key=b"key", dimensions={"Environment": "test"}, environ={})
    yield written
    _log.assembled = None
    _log._threshold = 0


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def events(lines: list[bytes]) -> list[str]:
    return [json.loads(line)["event"] for line in b"".join(lines).splitlines()]


def test_the_example_of_the_runtime_page_runs(lines):
    # given the page's handler
    (block,) = blocks("runtime.md")
    names: dict[str, object] = {}
    exec(block, names)  # noqa: S102 - a page of this repository
    # when it is invoked, then it writes what the page says
    assert names["handler"]({"session_id": "s", "text": "hello"}, Context()) == {"statusCode": 200}
    assert events(lines) == ["message_received", "step", "metrics", "invocation"]


@mock_aws
def test_both_libraries_work_in_one_handler(lines, monkeypatch):
    # given the page's handler and its table
    monkeypatch.setenv("IDEMPOTENCY_TABLE", "seen")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    boto3.client("dynamodb").create_table(
        TableName="seen",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    (block,) = blocks("powertools.md")
    names: dict[str, object] = {}
    exec(block, names)  # noqa: S102 - a page of this repository
    handler, message = names["handler"], {"message_id": "m1", "session_id": "s", "text": "hello"}
    # when a message comes twice
    answers = [handler(message, Context()), handler(message, Context())]
    # then it is answered twice and carried out once, and each invocation has its summary
    assert answers == [{"statusCode": 200}] * 2
    assert events(lines) == ["step", "metrics", "invocation", "invocation"]
    # and a rejected one says why
    lines.clear()
    assert handler({"message_id": "m2", "session_id": "s"}, Context()) == {"statusCode": 400}
    rejected, summary = (json.loads(line) for line in b"".join(lines).splitlines())
    assert (rejected["event"], rejected["level"], rejected["reason"]) == ("request_rejected", "WARN", "no_text")
    assert summary["effect"] == "rejected"


def test_the_page_names_all_there_is():
    page = (DOCS / "runtime.md").read_text(encoding="utf-8")
    public = set(mangaobs.runtime.__all__) - {"Span", "Tracer"}
    assert public <= set(re.findall(r"`(\w+)`", page))


def test_the_page_names_every_variable_and_argument():
    page = (DOCS / "runtime.md").read_text(encoding="utf-8")
    source = Path(mangaobs.runtime.__file__).with_name("_settings.py").read_text(encoding="utf-8")
    for variable in re.findall(r"MANGAOBS_[A-Z_]+", source):
        assert f"`{variable}`" in page
    injected = {"environ", "clock", "monotonic", "random", "write"}
    for argument in configure.__kwdefaults__.keys() - injected:
        assert f"`{argument}`" in page
        assert hasattr(Settings({}), argument)
