"""`mangaobs iam prove`, as a person uses it."""

from __future__ import annotations

import json

import pytest

TEMPLATE = """
Resources:
  Chat:
    Type: AWS::IAM::Role
    Properties:
      RoleName: chat
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Sid: Access
                Effect: Allow
                Action: [dynamodb:GetItem, dynamodb:Scan]
                Resource: arn:aws:dynamodb:us-east-1:123456789012:table/chats
                Condition: {"ForAllValues:StringLike": {dynamodb:LeadingKeys: ["SESSION#*"]}}
              - {Sid: Never, Effect: Deny, Action: "dynamodb:Delete*", Resource: "*"}
  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: chats}}
"""
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/chats"


@pytest.fixture
def template(tmp_path):
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE)
    return str(file)


def ask(mangaobs, template, action="dynamodb:GetItem", resource=TABLE, *more, role="Chat"):
    return mangaobs("iam", "prove", template, "--role", role, "--action", action, "--resource", resource, *more)


def answer(mangaobs, *arguments):
    return json.loads(ask(mangaobs, *arguments, "--format", "json").stdout)


def test_an_allowed_call_names_the_statement_that_allows_it(mangaobs, template):
    done = ask(mangaobs, template, "dynamodb:GetItem", TABLE, "--context", "dynamodb:LeadingKeys=SESSION#1")
    assert done.returncode == 0
    assert done.stdout.startswith("ALLOW  Chat  dynamodb:GetItem")
    assert "(Access)" in done.stdout
    assert "template.yaml:13" in done.stdout


def test_the_answer_as_json(mangaobs, template):
    key = ("--context", "dynamodb:LeadingKeys=CUSTOMER#1")
    assert answer(mangaobs, template, "dynamodb:GetItem", TABLE, *key) == {
        "decision": "DENY",
        "explicit": False,
        "statements": [],
        "unknown": [],
    }
    denied = answer(mangaobs, template, "dynamodb:DeleteItem", TABLE)
    assert (denied["decision"], denied["explicit"]) == ("DENY", True)
    assert [one["sid"] for one in denied["statements"]] == ["Never"]
    assert denied["statements"][0]["path"] == "/Policies/0/PolicyDocument/Statement/1"


def test_a_key_given_twice_has_two_values(mangaobs, template):
    keys = ("--context", "dynamodb:LeadingKeys=SESSION#1", "--context", "dynamodb:LeadingKeys=CUSTOMER#1")
    assert answer(mangaobs, template, "dynamodb:GetItem", TABLE, *keys)["decision"] == "DENY"


def test_what_is_not_known_is_said_and_can_be_said_to_be_absent(mangaobs, template):
    assert answer(mangaobs, template, "dynamodb:GetItem", TABLE) == {
        "decision": "DEPENDS",
        "explicit": False,
        "statements": answer(mangaobs, template, "dynamodb:GetItem", TABLE)["statements"],
        "unknown": ["dynamodb:LeadingKeys"],
    }
    # The trap: ForAllValues holds where there is no key.
    absent = answer(mangaobs, template, "dynamodb:GetItem", TABLE, "--absent", "dynamodb:LeadingKeys")
    assert absent["decision"] == "ALLOW"
    assert answer(mangaobs, template, "dynamodb:GetItem", TABLE, "--complete")["decision"] == "ALLOW"
    assert answer(mangaobs, template, "dynamodb:Scan", "Table")["decision"] == "ALLOW"


def test_the_matrix_of_any_template(mangaobs, template):
    done = mangaobs("iam", "prove", template)
    assert done.returncode == 0
    assert "78 actions, 1 roles, 19 situations" in done.stdout
    assert "Scan" in done.stdout
    assert "76 other actions are denied in every situation" in done.stdout


def test_the_matrix_beside_what_was_expected(mangaobs, template, tmp_path):
    # Given an expectation that leaves Scan out, then the difference is printed with its statement, and the code is 1.
    expected = tmp_path / "matrix.toml"
    expected.write_text('[[allow]]\nroles = ["Chat"]\nactions = ["GetItem"]\nwhen = ["own-key"]\n')
    done = mangaobs("iam", "prove", template, "--expect", str(expected))
    assert done.returncode == 1
    assert "different: Chat dynamodb:Scan in situation own-key: ALLOW, expected DENY" in done.stdout


def test_the_projects_own_matrix_is_as_it_expects(mangaobs):
    done = mangaobs("iam", "prove")
    assert done.returncode == 0, done.stdout
    assert done.stdout.rstrip().endswith("as matrix.toml expects: what it does not allow is denied")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--role", "Chat"], "--action, --resource is missing"),
        (["--context", "a:b=c"], "of one question"),
        (["--role", "Chta", "--action", "dynamodb:GetItem", "--resource", TABLE], "did you mean Chat?"),
        (["--role", "Chat", "--action", "dynamodb:GetItm", "--resource", TABLE], "did you mean dynamodb:GetItem?"),
        (["--role", "Chat", "--action", "GetItem", "--resource", TABLE], "is no action"),
        (["--role", "Chat", "--action", "dynamodb:GetItem", "--resource", "chats"], "is no ARN"),
        (["--role", "Chat", "--action", "dynamodb:GetItem", "--resource", TABLE, "--context", "x"], "is no KEY=VALUE"),
        (["--expect", "nowhere.toml"], "nowhere.toml cannot be read"),
        (["--table", "Chat"], "is no table"),
        (["--env", "prod"], "--project and --env are for a project"),
    ],
)
def test_wrong_input_is_a_sentence(mangaobs, template, arguments, problem):
    done = mangaobs("iam", "prove", template, *arguments)
    assert done.returncode == 2
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[allow]", "matrix.toml"),
        ('[[allow]]\nroles = ["Chat"]\n', "missing required field"),
        (
            '[[allow]]\nroles = ["Chats"]\nactions = []\nwhen = []\n',
            "matrix.toml:1: 'Chats' is no role of the template",
        ),
        ('[[allow]]\nroles = []\nactions = ["GetItm"]\nwhen = []\n', "did you mean GetItem?"),
        ('[[allow]]\nroles = []\nactions = []\nwhen = ["own-kee"]\n', "did you mean own-key?"),
        (
            '[[allow]]\nroles = ["Chat"]\nactions = ["Scan"]\nwhen = ["no-key"]\n',
            "Scan is never asked in situation no-key",
        ),
    ],
)
def test_a_wrong_expectation_is_named_with_its_line(mangaobs, template, tmp_path, text, problem):
    file = tmp_path / "matrix.toml"
    file.write_text(text)
    done = mangaobs("iam", "prove", template, "--expect", str(file))
    assert done.returncode == 2
    assert problem in done.stderr


def test_a_template_without_roles_has_no_matrix(mangaobs, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text("Resources: {Table: {Type: AWS::DynamoDB::Table}}\n")
    done = mangaobs("iam", "prove", str(file))
    assert (done.returncode, "have no role" in done.stderr) == (2, True)
