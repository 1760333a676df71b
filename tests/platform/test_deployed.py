"""The deployed platform, driven end to end: each function runs under its own role, and may do nothing else."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..proof.emulators import StackError
from .readback import NOTHING_TO_READ, READERS, WRITE_ONLY, lost, resolved
from .system import LOST, REFUSED, Platform, eventually, running_platform

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
