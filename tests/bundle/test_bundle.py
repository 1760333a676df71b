"""Archives for Lambda: the same bytes every time, nothing that is not imported, and nothing that is missing."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mangaobs.bundle import bundle, provided

from ..proof.configurations import ROOT

FUNCTIONS = ("admin", "admin_delete", "authorizer", "handoff", "hot_key", "message", "retry", "stream")
# What each function needs to start: whatever it reads from its environment.
ENVIRONMENT = {
    "SESSION_TABLE": "the-table",
    "SESSION_TABLE_ARN": "arn:aws:dynamodb:us-east-1:123456789012:table/the-table",
    "CUSTOMER_INDEX": "the-index",
    "AUDIT_BUCKET": "the-audit",
    "BACKUP_BUCKET": "the-backup",
    "MANGAOBS_SESSION_KEY": "a-key-of-the-tests",
    "MODEL_ID": "the-model",
    "SUMMARY_MODEL_ID": "the-model",
    "FAILED_WRITES_QUEUE_URL": "http://127.0.0.1:1/queue",
    "FAILED_WRITES_KEY": "the-key",
    "EVENT_STREAM": "the-stream",
    "EVENT_BUS": "the-bus",
    "HANDOFF_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:the-topic",
    "ISSUER": "http://127.0.0.1:1",
    "CLIENT_IDS": "the-client",
    "REDIS_HOST": "127.0.0.1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "TEST",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "MANGAOBS_TRACER": "udp",
}
# Imports everything that the archive has of ours, builds the function's work, and gives it an event that is none.
PROGRAM = """
import importlib, json, os, pathlib, pkgutil, sys
archive, given, name = sys.argv[1:]
sys.path[:0] = [archive, given]
for package in ("handlers", "mangaobs"):
    for file in pathlib.Path(archive, package).rglob("*.py"):
        parts = file.relative_to(archive).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if module != "mangaobs.runtime._sdk":  # the X-Ray SDK is left out, and this is what asks for it
            importlib.import_module(module)
handler = importlib.import_module(f"handlers.{name}").handler
class Context:
    aws_request_id = "1"; function_name = "f"; function_version = "1"; memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:f"; log_group_name = log_stream_name = "l"
    def get_remaining_time_in_millis(self): return 30000
try:
    handler({}, Context())
except ModuleNotFoundError:
    raise
except Exception as error:
    print(type(error).__name__, file=sys.stderr)
print("started")
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("dist")
    return {one.function: one.file for one in bundle(ROOT, folder, rounds=1)}


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> Path:
    """What Lambda's Python brings along, and nothing else of this environment."""
    from importlib.machinery import PathFinder

    folder = tmp_path_factory.mktemp("given")
    for top in provided() - {"aws_xray_sdk"}:
        origin = Path(PathFinder.find_spec(top).origin)
        target = origin.parent if origin.name == "__init__.py" else origin
        (folder / target.name).symlink_to(target)
    return folder


def names(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as opened:
        return set(opened.namelist())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_starts_from_its_archive_and_what_lambda_brings_alone(name, archives, given, tmp_path):
    # Given the archive in an empty folder, when the function gets an event, then no module is missing.
    with zipfile.ZipFile(archives[name]) as opened:
        opened.extractall(tmp_path)
    program = [sys.executable, "-I", "-S", "-c", PROGRAM, str(tmp_path), str(given), name]
    done = subprocess.run(program, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.stdout.rstrip().endswith("started"), done.stderr[-2000:]
    assert "No module named" not in done.stdout + done.stderr


def test_the_same_bytes_from_another_folder_and_another_process(archives, tmp_path):
    program = "import sys; from pathlib import Path; from mangaobs.bundle import bundle; "
    program += f"bundle(Path({str(ROOT)!r}), Path(sys.argv[1]), names=['handoff', 'stream'], rounds=1)"
    environment = {"PYTHONHASHSEED": "7", "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "else")], check=True, env=environment, cwd=ROOT)
    for name in ("handoff", "stream"):
        assert (tmp_path / "else" / f"{name}.zip").read_bytes() == archives[name].read_bytes()


def test_only_what_a_function_imports(archives):
    # Given functions that speak neither to Redis nor to KMS, then neither is in their archives.
    for name in ("handoff", "admin", "admin_delete", "stream"):
        tops = {one.partition("/")[0] for one in names(archives[name])}
        assert not tops & {"redis", "cryptography", "jwt", "boto3", "botocore", "aws_xray_sdk", "click", "troposphere"}
    assert any(one.startswith("redis/") for one in names(archives["message"]))
    assert any(one.startswith("jwt/") for one in names(archives["authorizer"]))
    # And of other functions nothing is.
    assert not any(one.startswith("handlers/message/") for one in names(archives["retry"]))


def test_data_that_a_function_reads_is_there(archives):
    assert "handlers/authorizer/routes.json" in names(archives["authorizer"])
    assert "handlers/routing/arrive.lua" in names(archives["message"])
    for archive in archives.values():
        assert not [one for one in names(archive) if one.endswith(("permissions.toml", "matrix.toml", "README.md"))]


def test_every_module_is_compiled_and_never_looked_at_again(archives):
    with zipfile.ZipFile(archives["handoff"]) as opened:
        sources = [one for one in opened.namelist() if one.endswith(".py")]
        for source in sources:
            folder, _, file = source.rpartition("/")
            tag = sys.implementation.cache_tag
            compiled = opened.read(f"{folder}/__pycache__/{file[:-3]}.{tag}.pyc".lstrip("/"))
            assert int.from_bytes(compiled[4:8], "little") == 0b01  # by hash, unchecked
        dates = {one.date_time for one in opened.infolist()}
    assert dates == {(1980, 1, 1, 0, 0, 0)}


def test_licenses_go_where_the_code_goes(archives):
    assert any("msgspec" in one and "LICENSE" in one for one in names(archives["handoff"]))


def test_boto3_can_be_taken_along(tmp_path):
    (made,) = bundle(ROOT, tmp_path, names=["handoff"], take=["boto3", "jmespath"], rounds=1)
    assert {"boto3", "jmespath"} <= set(made.packages)
    assert json.dumps(made.packages)
