"""Who may do what: section 2's matrix, proved for every action of DynamoDB's; and the gates of others' tools."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from mangaobs.iam import Account, Answer, actions, differences, matrix, read_expectations, situations
from mangaobs.platform import render_platform
from mangaobs.render import to_json
from mangaobs.template import worlds

from ..proof.configurations import ROOT
from .concrete import plain

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/manga-assist-sessions"
INDEX = "GSI1-customer-sessions"
DELETES = ("DeleteItem", "BatchWriteItem", "PartiQLDelete")
PARTIQL = ("PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete")


@pytest.fixture(scope="module")
def cells(account):
    return list(matrix(account, TABLE, index=INDEX))


@pytest.fixture(scope="module")
def answers(cells):
    return {(one.role, one.action.partition(":")[2], one.situation): one.decision for one in cells}


def allowed(answers, action, *roles):
    return {
        (role, situation)
        for (role, name, situation), decision in answers.items()
        if name == action and decision.decision is not Answer.DENY and (not roles or role in roles)
    }


def test_the_matrix_is_what_the_project_expects(cells, account):
    expected = read_expectations(ROOT / "handlers" / "matrix.toml", account)
    assert list(differences(cells, expected)) == []


def test_every_action_of_every_role_was_asked_and_nothing_is_left_open(cells, account):
    asked = {(one.role, one.action) for one in cells}
    assert asked == set(product(account.roles, (one.name for one in actions("dynamodb"))))
    assert {one.decision.decision for one in cells} == {Answer.ALLOW, Answer.DENY}
    assert len(situations()) >= 12


def test_nobody_scans(answers):
    assert not allowed(answers, "Scan")


@pytest.mark.parametrize("action", PARTIQL)
def test_nobody_speaks_partiql(answers, action):
    assert not allowed(answers, action)


@pytest.mark.parametrize("action", DELETES)
def test_deleting_is_for_two_roles_alone_by_every_route(answers, action):
    # The four routes: DeleteItem, a batch, PartiQL, and DeleteItem within a transaction.
    assert {role for role, _ in allowed(answers, action)} <= {"AdminDeleteRole", "DataSubjectRole"}
    # A batch may be deletions: it is of a person's entries, and of nothing that anybody said.
    assert allowed(answers, "BatchWriteItem") == {("DataSubjectRole", "subject-key")}


def test_a_transaction_opens_nothing_that_its_actions_do_not(answers):
    within = {
        (role, name)
        for (role, name, situation), one in answers.items()
        if situation == "transaction" and one.decision == "ALLOW"
    }
    alone = {
        (role, name)
        for (role, name, situation), one in answers.items()
        if situation == "own-key" and one.decision == "ALLOW"
    }
    assert within <= alone


@pytest.mark.parametrize(
    "situation", ["bare-prefix", "lower-case", "customer-key", "mixed-keys", "no-key", "full-scan", "without-tls"]
)
def test_wrong_keys_absent_keys_and_no_tls_open_nothing_to_anybody(answers, situation):
    open_to = {
        (role, name) for (role, name, where), one in answers.items() if where == situation and one.decision != "DENY"
    }
    assert open_to == set()


@pytest.mark.parametrize("situation", ["other-table", "other-account", "other-region"])
def test_nothing_else_is_open_to_anybody(answers, situation):
    assert not {key for key, one in answers.items() if key[2] == situation and one.decision != "DENY"}


def test_who_erases_reads_no_text_and_who_gives_out_deletes_nothing(answers):
    # Given that the erasure reads sessions, then it is their keys; the index is read by it as it is.
    reads = {"BatchGetItem", "GetItem", "Query", "Scan", "PartiQLSelect"}
    of_sessions = {"own-key", "transaction", "beside-the-endpoint"}
    assert not {
        (name, where)
        for name in reads
        for _, where in allowed(answers, name, "DataSubjectRole")
        if where in of_sessions
    }
    for name in DELETES:
        assert not allowed(answers, name, "DataAccessRole", "DataRequestsRole")
    assert {where for _, where in allowed(answers, "GetItem", "DataRequestsRole")} == {"tombstone-key", "access-key"}


def test_the_machine_of_requests_may_nothing_with_the_table(answers):
    assert not {key for key, one in answers.items() if key[0] == "DataRequestMachineRole" and one.decision != "DENY"}


def test_items_are_reached_through_the_endpoint_alone(answers):
    # But for Step Functions, which calls from its own side.
    beside = {
        role
        for (role, name, where), one in answers.items()
        if where == "beside-the-endpoint" and one.decision == "ALLOW" and name.endswith("Item")
    }
    assert beside == {"HandoffMachineRole"}


def test_without_the_boundary_the_answers_are_the_same_so_policies_alone_hold(template, cells):
    # Given the template without its boundary: what it denies, as a second lock, is denied without it, too.
    unbound = json.loads(to_json(template))
    for one in unbound["Resources"].values():
        one.get("Properties", {}).pop("PermissionsBoundary", None)
    path = Path("platform.json")
    account = Account(next(iter(worlds([path], texts={path: json.dumps(unbound)}))).template)
    answers = [(one[:4], one.decision.decision) for one in matrix(account, TABLE, index=INDEX)]
    assert answers == [(one[:4], one.decision.decision) for one in cells]


# Other people's tools


@pytest.fixture(scope="module")
def telling():
    """The platform that tells people by mail: it has every permission that is declared."""
    return render_platform(ROOT, None, ['platform.confirmation_sender="privacy@example.com"'])


def policies(template):
    """Every policy of a role or of the boundary, with values in place of CloudFormation's functions."""
    for id, one in template["Resources"].items():
        properties = one.get("Properties", {})
        if one["Type"] == "AWS::IAM::Role":
            for policy in properties.get("Policies", []):
                yield f"{id}", plain(policy["PolicyDocument"])
        if one["Type"] == "AWS::IAM::ManagedPolicy":
            yield id, plain(properties["PolicyDocument"])


# What parliament says and is no fault here. An entry that no longer occurs fails.
ACCEPTED = {
    "RESOURCE_MISMATCH": "its data of 2024 gives bedrock's actions other resources than AWS's page has now",
    "RESOURCE_STAR": "actions that take no resource: X-Ray, network interfaces, log delivery",
    "UNKNOWN_CONDITION_FOR_ACTION": "lambda:SourceFunctionArn, which Lambda adds to every call of a function's code",
}


def test_parliament_finds_nothing_that_is_not_explained(telling):
    from parliament import analyze_policy_string

    found = set()
    for role, document in policies(telling):
        for finding in analyze_policy_string(json.dumps(document)).findings:
            found.add((finding.issue, role, str(finding.detail)[:200]))
    assert {one for one in found if one[0] not in ACCEPTED} == set()
    assert {one[0] for one in found} == set(ACCEPTED)


def test_policy_sentry_knows_every_action_and_its_resources(telling):
    from policy_sentry.querying.actions import get_action_data

    for role, document in policies(telling):
        for statement in document["Statement"]:
            for action in statement["Action"]:
                if "*" in action:
                    continue
                service, _, name = action.partition(":")
                assert get_action_data(service, name), f"{role}: {action}"
