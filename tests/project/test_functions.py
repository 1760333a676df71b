"""Functions as data: what a folder of handlers/ declares, and every mistake in it with its place."""

from __future__ import annotations

import re
from pathlib import Path

import boto3
import pytest

from mangaobs.errors import ConfigurationError, ManyErrors, ProjectError
from mangaobs.project.functions import functions, reference

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = """
from typing import Annotated
import msgspec
class Settings(msgspec.Struct, frozen=True):
    session_table: Annotated[str, msgspec.Meta(description="The table")]
    bucket: str = "b"
"""
GOOD = """
[[allow]]
sid = "Read"
actions = ["dynamodb:GetItem"]
resource = { table = "SESSION_TABLE" }
leading_keys = ["SESSION#*"]
"""


def project(folder, permissions=GOOD, settings=SETTINGS, name="message"):
    home = folder / "handlers" / name
    home.mkdir(parents=True, exist_ok=True)
    (home / "permissions.toml").write_text(permissions)
    if settings is not None:
        (home / "settings.py").write_text(settings)
    (home / "README.md").write_text("# message\n\nAnswers messages.\n\nMore of it.\n")
    return folder


def test_a_function_has_its_variables_and_permissions(tmp_path):
    (function,) = functions(project(tmp_path))
    assert function.name == "message"
    assert [tuple(variable) for variable in function.variables] == [
        ("SESSION_TABLE", "The table", None),
        ("BUCKET", "", "b"),
    ]
    (permission,) = function.permissions
    assert (permission.actions, permission.resource.variables()) == (["dynamodb:GetItem"], ("SESSION_TABLE",))


def test_the_reference_has_both_and_the_first_paragraph(tmp_path):
    text = reference(project(tmp_path))
    assert "## message\n\nAnswers messages.\n" in text
    assert "| `SESSION_TABLE` | *required* | The table |" in text
    assert "| `Read` | `dynamodb:GetItem` | table `SESSION_TABLE`, keys `SESSION#*` |" in text


def test_links_of_the_first_paragraph_lead_to_where_they_led(tmp_path):
    # Given a README whose links are relative to its own folder, then on the page they are relative to docs/.
    root = project(tmp_path)
    (root / "handlers/message/README.md").write_text(
        "# message\n\nAs [order](../../docs/erasure.md#a-request) says, by [admin](../admin/README.md), of\n"
        '[schema](s.json "S"), '
        "[below](#more) and [AWS](https://aws.amazon.com/x#y), [mail](mailto:a@x.example).\n"
    )
    assert (
        "As [order](erasure.md#a-request) says, by [admin](../handlers/admin/README.md), of\n"
        '[schema](../handlers/message/s.json "S"), [below](../handlers/message/README.md#more) and '
        "[AWS](https://aws.amazon.com/x#y), [mail](mailto:a@x.example).\n"
    ) in reference(root)


def test_a_project_without_functions_has_none(tmp_path):
    assert functions(tmp_path) == ()
    assert reference(tmp_path) == ""


BAD = {
    "no TOML": ("[[allow", 1, "is not TOML"),
    "unknown key": (GOOD.replace("sid", "name"), 2, "unknown field `name`"),
    "missing key": (GOOD.replace('sid = "Read"', ""), 2, "missing required field `sid`"),
    "no such kind": (GOOD.replace("table =", "tabel ="), 5, "unknown field `tabel`"),
    "no action": (GOOD.replace("dynamodb:GetItem", "GetItem"), 4, "matching regex"),
    "no actions": (GOOD.replace('"dynamodb:GetItem"', ""), 4, "length >= 1"),
    "two kinds": (GOOD.replace("{ table", '{ queue = "BUCKET", table'), 5, "exactly one of"),
    "no kind": (GOOD.replace('table = "SESSION_TABLE"', ""), 5, "exactly one of"),
    "no such variable": (GOOD.replace("SESSION_TABLE", "TABLE"), 5, "one of BUCKET, SESSION_TABLE"),
    "a prefix of a table": (GOOD.replace("{ table", '{ prefix = "x", table'), 5, "prefix is of a bucket"),
    "bucket and objects": (
        GOOD.replace('"dynamodb:GetItem"', '"s3:ListBucket", "s3:GetObject"').replace("{ table", "{ bucket"),
        4,
        "s3:ListBucket apart",
    ),
    "keys of an action without": (GOOD.replace("GetItem", "DescribeTable"), 4, "are not for dynamodb:DescribeTable"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_mistake_is_named_with_its_place(tmp_path, what):
    text, line, words = BAD[what]
    with pytest.raises(ConfigurationError) as caught:
        functions(project(tmp_path, text))
    assert re.search(re.escape(words), str(caught.value)), str(caught.value)
    assert caught.value.place.file.endswith("message/permissions.toml")
    assert caught.value.place.line == line


@pytest.mark.parametrize("settings", ["x = 1\n", "raise ValueError\n", "Settings = 3\n", None])
def test_settings_that_are_none_are_named(tmp_path, settings):
    with pytest.raises(ProjectError) as caught:
        functions(project(tmp_path, settings=settings))
    assert caught.value.place.file.endswith("settings.py")


def test_the_mistakes_of_all_functions_are_named_at_once(tmp_path):
    project(tmp_path, BAD["no kind"][0])
    with pytest.raises(ManyErrors) as caught:
        functions(project(tmp_path, BAD["no action"][0], name="retry"))
    assert len(caught.value.errors) == 2


# --- the bundled ones ---

# Actions that are no operations of an API. Source: Service Authorization Reference.
NO_OPERATIONS = {"dynamodb:ConditionCheckItem"}
CLIENTS = {"bedrock": "bedrock-runtime", "ses": "sesv2", "states": "stepfunctions"}
# The operation of which an action is the permission.
OPERATIONS = {
    "bedrock:InvokeModelWithResponseStream": "ConverseStream",
    "s3:DeleteObjectVersion": "DeleteObject",
    "s3:ListBucketVersions": "ListObjectVersions",
}


def test_every_action_of_the_bundled_functions_exists():
    for function in functions(ROOT):
        for permission in function.permissions:
            for action in set(permission.actions) - NO_OPERATIONS:
                service, _, name = action.partition(":")
                service = "dynamodbstreams" if permission.sid in ("ReadStream", "ListStreams") else service
                client = boto3.client(CLIENTS.get(service, service), region_name="us-east-1")
                operations = client.meta.service_model.operation_names
                assert OPERATIONS.get(action, name) in operations, f"{function.name}: {action}"


def test_no_bundled_function_may_scan_or_touch_everything():
    for function in functions(ROOT):
        for permission in function.permissions:
            assert "dynamodb:Scan" not in permission.actions
            assert not permission.resource.any or permission.actions == ["dynamodb:ListStreams"]
            data = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
            if data.intersection(permission.actions):
                assert permission.leading_keys


def test_reading_and_deleting_are_apart():
    actions = {
        function.name: {action for permission in function.permissions for action in permission.actions}
        for function in functions(ROOT)
    }
    assert [name for name, may in actions.items() if "dynamodb:DeleteItem" in may] == ["admin_delete", "data_subject"]
    assert "dynamodb:GetItem" not in actions["admin_delete"]
    # Who erases gets requests alone, and of sessions and entries the keys.
    erases = next(one.permissions for one in functions(ROOT) if one.name == "data_subject")
    for one in erases:
        keys = set(one.leading_keys)
        if "dynamodb:GetItem" in one.actions:
            assert keys == {"ERASURE#*", "ACCESS#*"}
        if {"dynamodb:Query", "dynamodb:BatchGetItem"} & set(one.actions) and one.resource.index is None:
            assert one.attributes == ["PK", "SK"]
    # Who gives data out deletes nothing, and who is asked for it reads no session.
    assert not [action for action in actions["data_access"] if "Delete" in action]
    asked = next(one.permissions for one in functions(ROOT) if one.name == "data_requests")
    assert {key for one in asked for key in one.leading_keys} == {"ERASURE#*", "ACCESS#*"}
