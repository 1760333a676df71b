"""The deployed platform, driven end to end: each function runs under its own role, and may do nothing else."""

from __future__ import annotations

import gzip
import json
import re
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from ..proof.emulators import StackError
from .readback import NOTHING_TO_READ, READERS, WRITE_ONLY, lost, resolved
from .system import LOST, REFUSED, SENDER, Platform, eventually, running_platform

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def platform(tmp_path_factory) -> Iterator[Platform]:
    with running_platform(tmp_path_factory.mktemp("platform")) as running:
        yield running


def test_what_ministack_refuses_is_exactly_this(platform):
    # Given the whole template, when it is to be created, then exactly these types are not known.
    with pytest.raises((ClientError, StackError)) as refused:
        platform.ministack.create_stack(
            "whole",
            platform.template,
            Parameters=[{"ParameterKey": "CodeBucket", "ParameterValue": "code"}],
            Capabilities=["CAPABILITY_IAM"],
        )
    named = str(refused.value).partition("[")[2].partition("]")[0]
    assert set(named.split(", ")) == REFUSED


def test_everything_else_arrives_as_the_template_says_it(platform):
    # Given the deployed stack, when each resource is read back, then exactly the listed properties are lost.
    found: dict[str, set[str]] = defaultdict(set)
    for id, one in resolved(platform.template, platform.ids, platform.ministack.account).items():
        kind, properties = one["Type"], one.get("Properties", {})
        if kind in REFUSED | NOTHING_TO_READ:
            continue
        held = READERS[kind](platform.client, platform.ids[id], properties)
        found[kind] |= {name for name in lost(properties, held) if (kind, name) not in WRITE_ONLY}
    assert {kind: names for kind, names in found.items() if names} == LOST


def test_a_message_goes_through_the_api_to_the_table_and_on(platform):
    # Given a customer with a token, when a message is sent, then it is answered and both turns stand.
    status, answer = platform.ask(
        "POST", "/messages", {"message_id": "message-1", "text": "Hello"}, token=platform.token()
    )
    assert (status, answer["stored"], answer["fallback"]) == (200, "now", False)
    kinds = sorted(key.partition("#")[0] for key in platform.items())
    assert kinds == ["MESSAGE", "META", "TURN", "TURN"]

    # Then the stream's function tells analytics of both turns.
    kinesis = platform.client("kinesis")

    def analytics() -> list[dict[str, Any]]:
        records = []
        for shard in kinesis.list_shards(StreamName="manga-assist-events")["Shards"]:
            start = kinesis.get_shard_iterator(
                StreamName="manga-assist-events", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )
            records += kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"]
        told = [json.loads(one["Data"]) for one in records]
        return told if len(told) == 2 else []

    assert [one["role"] for one in eventually(analytics)] == ["user", "assistant"]


def test_a_hand_off_reaches_the_agents_and_the_state_machine(platform):
    # Given a session, when its customer asks for a human
    platform.ask("POST", "/messages", {"message_id": "message-2", "text": "Hello"}, token=platform.token(session="s-2"))
    status, _ = platform.ask(
        "POST",
        "/messages",
        {"message_id": "message-3", "text": "A human, please", "agent": True},
        token=platform.token(session="s-2"),
    )
    assert status == 200
    # Then the agents' queue has it, by way of the stream, its function and the topic.
    (told,) = eventually(lambda: platform.messages("AgentsQueue"))
    assert json.loads(told)["session_id"] == "s-2"
    # And the state machine, started from the queue of requests, writes the brief and changes the session's state.
    assert eventually(platform.pass_hand_offs)
    handed = eventually(lambda: platform.items("s-2")["META"]["state"]["S"] == "HANDOFF")
    assert handed
    assert any(key.startswith("BRIEF#") for key in platform.items("s-2"))


def test_a_deferred_write_is_written_from_the_queue(platform):
    from handlers._deferred import PURPOSE, Deferred, encode
    from handlers._sealed import Seal
    from handlers.sessions import Turn

    # Given a turn that could not be written, sealed as the message function seals it
    kms = platform.as_role("MessageRole", "kms")
    key = platform.client("kms").describe_key(KeyId=platform.ids["DataKey"])["KeyMetadata"]["Arn"]
    seal = Seal(kms, key, purpose=PURPOSE)
    turn = Turn(1_700_000_000_000, "message-9", "user", "hello")
    body = seal.seal(encode(Deferred("s-9", "customer-9", turn, None, new=True)))
    # When it is in the queue
    platform.as_role("MessageRole", "sqs").send_message(
        QueueUrl=platform.ids["FailedWritesQueueResource"], MessageBody=body
    )
    # Then the retry function writes it.
    items = eventually(lambda: platform.items("s-9"))
    assert any(key.startswith("TURN#") for key in items)


def test_administrators_read_and_delete_each_with_a_role_of_its_own(platform):
    platform.ask("POST", "/messages", {"message_id": "message-5", "text": "Hello"}, token=platform.token(session="s-5"))
    reader = platform.token(groups=("admin-read",))
    # Given a session, then who may read reads it, and cannot delete it.
    status, listed = platform.ask("GET", "/admin/customers/customer-1/sessions", token=reader)
    assert status == 200, listed
    assert "s-5" in json.dumps(listed)
    status, turns = platform.ask("GET", "/admin/sessions/s-5/turns", token=reader)
    assert (status, len(turns["turns"])) == (200, 2)
    assert platform.ask("DELETE", "/admin/sessions/s-5", token=reader)[0] == 403
    # And who may delete does so; the audit has both.
    assert platform.ask("DELETE", "/admin/sessions/s-5", token=platform.token(groups=("admin-delete",)))[0] == 200
    assert set(platform.items("s-5")) == {"META"}
    audited = platform.client("s3").list_objects_v2(Bucket=platform.ids["AuditBucket"])["Contents"]
    assert len(audited) >= 4


class Customers(NamedTuple):
    """Two who talked: Ada, who asks of her data, and Bo, who does not. Their ids, their tokens, Bo's items."""

    ada: str
    bo: str
    hers: str
    his: str
    items: dict[str, Any]


@pytest.fixture(scope="module")
def customers(platform) -> Customers:
    users, pool = platform.client("cognito-idp"), platform.ids["CustomerPool"]

    def signed_up(address: str) -> str:
        made = users.admin_create_user(
            UserPoolId=pool,
            Username=address,
            TemporaryPassword="Correct-Horse-9",
            UserAttributes=[{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}],
            MessageAction="SUPPRESS",
        )
        return str(made["User"]["Username"])

    ada, bo = signed_up("ada@example.com"), signed_up("bo@example.com")
    hers, his = platform.token(customer=ada, session="s-ada"), platform.token(customer=bo, session="s-bo")
    for token, number in ((hers, 1), (hers, 2), (his, 3)):
        said = {"message_id": f"message-ab{number}", "text": "My name is Ada"}
        assert platform.ask("POST", "/messages", said, token=token)[0] == 200
    for number in range(2):  # versions of one copy
        key = "sessions/s-ada/copy"
        platform.client("s3").put_object(Bucket=platform.ids["BackupBucket"], Key=key, Body=f"{number}".encode())
    return Customers(ada, bo, hers, his, platform.items("s-bo"))


def is_done(platform: Platform, request_id: str, token: str) -> bool:
    status, request = platform.ask("GET", f"/privacy/requests/{request_id}", token=token)
    assert (status, request["state"] == "FAILED") == (200, False), request
    return bool(request["state"] == "DONE")


def fetched(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own process
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_person_gets_their_data_by_links_that_are_theirs_alone(platform, customers):
    # Given a customer who talked, when she asks for her data, then the machine has it made.
    status, asked = platform.ask("POST", "/privacy/requests", {"kind": "access"}, token=customers.hers)
    assert status == 202, asked
    request = asked["request_id"]
    assert customers.ada not in request
    eventually(lambda: is_done(platform, request, customers.hers), seconds=60)
    # And she gets a link to it, and nobody else does.
    name = {"file": "records-0001.jsonl.gz"}
    assert platform.ask("POST", f"/privacy/requests/{request}/link", name, token=customers.his)[0] == 404
    status, link = platform.ask("POST", f"/privacy/requests/{request}/link", name, token=customers.hers)
    assert status == 200, link
    status, content = fetched(link["url"])
    assert status == 200, content
    assert b"My name is Ada" in gzip.decompress(content)


@pytest.mark.parametrize(("signature", "minutes", "answer"), [("s3v4", 4, 200), ("s3v4", 6, 403), ("s3", 0, 403)])
def test_an_old_link_is_refused_whatever_it_was_signed_for(platform, monkeypatch, signature, minutes, answer):
    # Given a link for an hour, by the role that signs them, when it is minutes old, then the bucket decides.
    bucket, key = platform.ids["SubjectExportBucket"], f"subjects/link/{minutes}"
    platform.client("s3").put_object(Bucket=bucket, Key=key, Body=b"x")
    role = platform.as_role("DataRequestsRole", "s3", signature_version=signature)
    at = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=minutes)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_: at)
    url = role.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=3600)
    assert fetched(url)[0] == answer


def test_a_person_is_erased_from_every_store_once_an_officer_has_looked(platform, customers):
    officer = platform.token(customer="officer-1", groups=("privacy",))
    # Given a customer who asks to be erased, then it waits for an officer, and she is not one.
    status, asked = platform.ask("POST", "/privacy/requests", {"kind": "erasure"}, token=customers.hers)
    assert (status, asked["state"]) == (202, "REQUESTED"), asked
    request = asked["request_id"]
    assert platform.ask("POST", f"/privacy/requests/{request}/verify", token=customers.hers)[0] == 403
    assert platform.items("s-ada")
    # When one has, then it is done.
    status, verified = platform.ask("POST", f"/privacy/requests/{request}/verify", token=officer)
    assert status == 202, verified
    eventually(lambda: is_done(platform, request, officer), seconds=90)

    # Then nothing of her is left but the hash, as the tombstone and the request that is done.
    subject = request.partition("-")[0]
    assert platform.items("s-ada") == {}
    assert {key for key in platform.partitions() if subject in key} == {f"ERASURE#{subject}"}
    assert platform.versions("BackupBucket") == []
    assert not [key for key in platform.versions("SubjectExportBucket") if subject in key]
    users, pool = platform.client("cognito-idp"), platform.ids["CustomerPool"]
    with pytest.raises(users.exceptions.UserNotFoundException):
        users.admin_get_user(UserPoolId=pool, Username=customers.ada)
    (mail,) = platform.mails()
    assert (mail["Source"], mail["To"]) == (SENDER, ["ada@example.com"])
    # Everything of him is as it was.
    assert platform.items("s-bo") == customers.items
    assert users.admin_get_user(UserPoolId=pool, Username=customers.bo)["Enabled"]
    # And nobody writes for her again.
    token = platform.token(customer=customers.ada, session="s-new")
    assert platform.ask("POST", "/messages", {"message_id": "message-ab4", "text": "Again"}, token=token)[0] >= 400
    assert platform.items("s-new") == {}

    # The audit has its steps, the end last; neither it nor the history of the machine has her id.
    def steps() -> set[str]:
        return {key.rpartition("/")[2] for key in platform.versions("AuditBucket") if f"/{request}/" in key}

    assert eventually(lambda: {"01-start.json", "01-finish.json"} <= steps())

    # Both executions may work on it: the one has the lease, the other waits until that would have ended.
    def histories() -> dict[str, tuple[str, str]]:
        return platform.histories("DataRequestMachine", request)

    assert eventually(lambda: "SUCCEEDED" in {status for status, _ in histories().values()})
    assert {name.rpartition("-")[2] for name in histories()} == {"asked", "verified"}
    for _, told in histories().values():
        assert subject in told
        assert not {customers.ada, "ada@example.com", "s-ada"} & set(re.findall(r"[\w@.-]+", told))


def test_a_hold_is_for_officers_of_its_own(platform):
    token = platform.token(customer="customer-h", session="s-h")
    assert platform.ask("POST", "/messages", {"message_id": "message-h1", "text": "Hello"}, token=token)[0] == 200
    request = platform.ask("POST", "/privacy/requests", {"kind": "erasure"}, token=token)[1]["request_id"]
    officer = platform.token(customer="officer-1", groups=("privacy",))
    holder = platform.token(customer="officer-2", groups=("privacy-hold",))
    why = {"reason": "litigation"}
    assert platform.ask("POST", f"/privacy/requests/{request}/hold", why, token=officer)[0] == 403
    status, held = platform.ask("POST", f"/privacy/requests/{request}/hold", why, token=holder)
    assert (status, held["state"]) == (202, "HOLD"), held
    # Given a hold, when it is verified, then nothing is erased.
    assert platform.ask("POST", f"/privacy/requests/{request}/verify", token=holder)[0] == 403
    assert platform.ask("POST", f"/privacy/requests/{request}/verify", token=officer)[0] == 202
    assert platform.ask("GET", f"/privacy/requests/{request}", token=officer)[1]["state"] == "HOLD"
    assert len(platform.items("s-h")) == 4


def test_nothing_is_open_without_a_token(platform):
    assert platform.ask("POST", "/messages", {"message_id": "message-7", "text": "x"}, token=None)[0] == 401
    assert platform.ask("POST", "/messages", {"message_id": "message-7", "text": "x"}, token="a.b.c")[0] in (401, 403)


def test_the_hot_key_responder_starts_under_its_role(platform):
    event = {"time": "2026-01-01T00:00:00Z"}
    answer = platform.client("lambda").invoke(FunctionName="manga-assist-hot-key", Payload=json.dumps(event).encode())
    lines = eventually(lambda: platform.lines("hot_key"))
    denied = [one for one in lines if "AccessDenied" in str(one.get("error_type"))]
    assert not denied, (answer["Payload"].read(), lines)


FORBIDDEN = {
    # One call a role that it must not make, each a different way to overreach.
    "MessageRole": lambda p, c: c("dynamodb").scan(TableName=p.table),
    "RetryRole": lambda p, c: c("dynamodb").delete_item(
        TableName=p.table, Key={"PK": {"S": "SESSION#session-1"}, "SK": {"S": "META"}}
    ),
    "StreamRole": lambda p, c: c("dynamodb").update_item(
        TableName=p.table, Key={"PK": {"S": "SESSION#session-1"}, "SK": {"S": "META"}}
    ),
    "HandoffRole": lambda p, c: c("dynamodb").get_item(
        TableName=p.table, Key={"PK": {"S": "CUSTOMER#1"}, "SK": {"S": "META"}}
    ),
    "HandoffMachineRole": lambda p, c: c("dynamodb").put_item(
        TableName=p.table, Item={"PK": {"S": "SESSION#session-1"}, "SK": {"S": "TURN#1"}}
    ),
    "AdminRole": lambda p, c: c("dynamodb").delete_item(
        TableName=p.table, Key={"PK": {"S": "SESSION#session-1"}, "SK": {"S": "META"}}
    ),
    "AdminDeleteRole": lambda p, c: c("dynamodb").get_item(
        TableName=p.table, Key={"PK": {"S": "SESSION#session-1"}, "SK": {"S": "META"}}
    ),
    "HotKeyRole": lambda p, c: c("dynamodb").put_item(
        TableName=p.table, Item={"PK": {"S": "SESSION#session-1"}, "SK": {"S": "META"}}
    ),
    "AuthorizerRole": lambda p, c: c("dynamodb").get_item(
        TableName=p.table, Key={"PK": {"S": "SESSION#session-1"}, "SK": {"S": "META"}}
    ),
    "DataRequestsRole": lambda p, c: c("dynamodb").get_item(
        TableName=p.table, Key={"PK": {"S": "SESSION#session-1"}, "SK": {"S": "META"}}
    ),
    "DataSubjectRole": lambda p, c: c("dynamodb").query(
        TableName=p.table,
        KeyConditionExpression="PK = :pk",
        ExpressionAttributeValues={":pk": {"S": "SESSION#session-1"}},
    ),
    "DataAccessRole": lambda p, c: c("s3").delete_object(Bucket=p.ids["SubjectExportBucket"], Key="subjects/x/y/z"),
    "DataRequestMachineRole": lambda p, c: c("lambda").invoke(FunctionName="manga-assist-admin-delete"),
    "DeliveryRole": lambda p, c: c("s3").put_object(Bucket=p.ids["AuditBucket"], Key="events/x", Body=b"x"),
    "HandoffPipeRole": lambda p, c: c("stepfunctions").list_state_machines(),
}


@pytest.mark.parametrize("role", sorted(FORBIDDEN))
def test_a_role_is_refused_what_it_must_not_do(platform, role):
    with pytest.raises(ClientError) as refused:
        FORBIDDEN[role](platform, lambda service: platform.as_role(role, service))
    assert refused.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")


def test_every_role_of_a_function_has_such_a_call(platform):
    functions = {id for id, one in platform.template["Resources"].items() if one["Type"] == "AWS::IAM::Role"}
    assert functions - {"TrailRole", "ApiLogRole"} == set(FORBIDDEN)


def test_an_export_is_asked_of_ministack_without_its_table(platform):
    # ministack decides on exports as if they were of no table (only TableName is read, and this has TableArn), so
    # that the statement on the table cannot count: it is proved by `iam prove`, and the call itself runs on moto in
    # tests/handlers.
    dynamodb = platform.as_role("AdminRole", "dynamodb")
    table = f"arn:aws:dynamodb:us-east-1:{platform.ministack.account}:table/{platform.table}"
    with pytest.raises(ClientError) as refused:
        dynamodb.export_table_to_point_in_time(TableArn=table, S3Bucket=platform.ids["BackupBucket"])
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
