"""What Lambda calls: built at its first event, observed at every one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from handlers._entry import Entry

from ..conftest import Context


def test_a_function_is_built_at_its_first_event_and_only_then(capfd):
    built = []

    def start(environ):
        built.append(environ)
        return lambda event, context: len(built)

    handler = Entry(start)
    assert built == []
    assert [handler({}, Context()), handler({}, Context())] == [1, 1]
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["invocation", "invocation"]


def test_a_function_that_cannot_be_built_fails_the_event_and_tries_again_at_the_next():
    tries = []

    def start(environ):
        tries.append(1)
        if len(tries) < 2:
            raise ValueError("not yet")
        return lambda event, context: "built"

    handler = Entry(start)
    with pytest.raises(ValueError, match="not yet"):
        handler({}, Context())
    assert handler({}, Context()) == "built"


FUNCTIONS = (
    "admin", "admin_delete", "authorizer", "data_access", "data_requests", "data_subject", "handoff", "hot_key",
    "message", "retry", "stream",
)  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_importing_a_function_reads_nothing_calls_nothing_and_loads_no_sdk(name):
    # given an environment without any variable
    code = f"""
import socket, sys
def refused(*_): raise AssertionError("a connection at import")
socket.socket.connect = refused
import handlers.{name} as module
assert callable(module.handler)
heavy = {{"boto3", "botocore", "redis", "jwt", "cryptography", "aws_xray_sdk"}}.intersection(sys.modules)
assert not heavy, heavy
"""
    # when the module is imported, then nothing of that kind happens
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(p for p in sys.path if p)}, check=True)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_without_its_variables_names_them_all_at_its_first_event(name):
    from importlib import import_module

    from mangaobs.errors import ConfigurationError
    from mangaobs.functions import variables

    module = import_module(f"handlers.{name}")
    required = [
        variable.name
        for variable in variables(import_module(f"handlers.{name}.settings").Settings)
        if variable.default is None
    ]
    if required:
        with pytest.raises(ConfigurationError) as caught:
            module.handler({}, Context())
        assert all(name in str(caught.value) for name in required)


def test_botocore_prints_no_requests_whatever_level_the_function_logs_at(monkeypatch):
    import logging

    from handlers.admin import handler
    from mangaobs.errors import ConfigurationError

    monkeypatch.setattr(logging.getLogger("botocore"), "level", logging.DEBUG)
    handler._configured = False
    with pytest.raises(ConfigurationError):
        handler({}, Context())
    assert not logging.getLogger("botocore.auth").isEnabledFor(logging.DEBUG)
