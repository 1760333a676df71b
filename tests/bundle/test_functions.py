"""MangaAssist's functions: each runs from its archive, with nothing else but what Lambda brings."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from mangaobs.bundle import provided
from mangaobs.project.functions import functions

from .conftest import ROOT, alone

FUNCTIONS = {one.name: one for one in functions(ROOT)}
# What the variables take which must be set.
VALUE = "arn:aws:service:us-east-1:123456789012:name"
VALUES = {"ISSUER": "https://issuer.example.com", "FAILED_WRITES_QUEUE_URL": "https://sqs.example.com/1/q"}

# Finds what Lambda brings where it is installed here, and nothing else of that folder.
LAMBDA = """
from importlib.machinery import PathFinder
class Brought:
    def find_spec(self, name, path=None, target=None):
        if path is None and name in {brought!r}:
            return PathFinder.find_spec(name, [{site!r}])
sys.meta_path.append(Brought())
"""
# Its first event, which is none that it knows; every module of the archive that can be imported is, afterwards.
FIRST_EVENT = """
import json, os
from importlib import import_module
os.environ.update({environ!r})
class Context:
    aws_request_id = "r"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    function_name = memory_limit_in_mb = function_version = log_group_name = log_stream_name = "1"
    def get_remaining_time_in_millis(self):
        return 3000
handler = import_module("handlers.{name}").handler
try:
    result = handler({{}}, Context())
except Exception as error:
    result = type(error).__name__
print("RESULT", json.dumps(result))
"""
ANSWERS = {
    "admin": 400,
    "admin_delete": 400,
    "authorizer": "ValueError",
    "data_access": "InvalidInput",
    "data_requests": 400,
    "data_subject": "InvalidInput",
    "handoff": "InvalidInput",
    "hot_key": "ValidationError",
    "message": 400,
    "retry": "ValidationError",
    "stream": "ValidationError",
}


def lambda_brings() -> str:
    site = Path(importlib.util.find_spec("botocore").origin).parents[1]
    return LAMBDA.format(brought=set(provided()), site=str(site))


def test_there_is_an_archive_for_each(project):
    assert set(project) == set(FUNCTIONS)
    for name, one in project.items():
        assert one.made.file.name == f"{name}.zip"
        assert one.made.import_ms is not None
        assert one.made.unzipped < 30_000_000


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_it_answers_its_first_event_by_itself(project, tmp_path, name):
    # given its archive in an empty folder, and the environment that it wants
    folder = project[name].unpacked(tmp_path / "task")
    environ = {one.name: VALUES.get(one.name, VALUE) for one in FUNCTIONS[name].variables if one.default is None}
    environ |= {"AWS_DEFAULT_REGION": "us-east-1", "MANGAOBS_TRACER": "udp", "AWS_EC2_METADATA_DISABLED": "true"}
    # when its first event comes, and is none that it knows
    told = alone(folder, lambda_brings() + FIRST_EVENT.format(name=name, environ=environ)).splitlines()
    # then it says so, and the runtime sums the invocation up
    (result,) = [json.loads(line.removeprefix("RESULT ")) for line in told if line.startswith("RESULT ")]
    assert (result["statusCode"] if isinstance(result, dict) else result) == ANSWERS[name]
    lines = [json.loads(line) for line in told if line.startswith("{")]
    assert "invocation" in {line["event"] for line in lines}
    assert not [line for line in lines if "ModuleNotFoundError" in json.dumps(line)]


@pytest.mark.parametrize(
    ("package", "having"),
    [
        ("redis", {"message", "hot_key"}),
        ("jwt", {"authorizer"}),
        ("cryptography", {"authorizer", "message", "retry"}),
        ("_cffi_backend", {"authorizer", "message", "retry"}),  # which cryptography's library loads
        ("cffi", set()),
        ("msgspec", set(FUNCTIONS)),
        ("orjson", set()),
        ("boto3", set()),
    ],
)
def test_a_package_is_with_the_functions_that_use_it_alone(project, package, having):
    assert {name for name, one in project.items() if package in one.made.packages} == having


def test_no_function_has_the_folder_of_another_nor_what_only_the_toolkit_needs(project):
    for name, one in project.items():
        folders = {part.split("/")[1] for part in one.ours() if part.count("/") > 1}
        assert folders - {"routing", "sessions", "subjects"} == {name}
        rooms = {part.split("/")[1] for part in one.names if part.startswith("mangaobs/")}
        assert rooms == {"__init__.py", "__pycache__", "errors.py", "functions", "runtime", "signals"}


def test_data_is_with_those_who_read_it(project):
    assert "handlers/stream/filter.json" in project["stream"].names
    assert "handlers/routing/arrive.lua" in project["message"].names
    assert "handlers/authorizer/routes.json" in project["authorizer"].names
    for one in project.values():
        assert not {Path(name).name for name in one.names} & {"permissions.toml", "README.md", "RECORD", "INSTALLER"}


def test_licenses_go_where_the_code_goes(project):
    names = project["message"].names
    for package in ("cryptography", "mangaobs", "msgspec", "redis"):
        assert any(name.startswith(f"{package}-") and "LICENSE" in name.upper() for name in names), package
