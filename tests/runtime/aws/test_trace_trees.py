"""One program under both tracers, and with the AWS X-Ray SDK alone: the same tree of the same parts.

Each runs in a process of its own, as the SDK looks for Lambda at its import; a UDP listener collects the documents.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from typing import Any

import pytest

from mangaobs.runtime._aws_fields import CHOICES, COUNT, KEYS, SAME

from .conftest import ROOT_ID, SAMPLED, SEGMENT, finished
from .daemon import Daemon
from .runtime_api import ROOT

PROGRAM = '''
import json
import socket
import sys
from contextlib import contextmanager, suppress
from io import BytesIO

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

MODE = sys.argv[1]
REQUEST_ID = "9f2b1c9e-0000-4000-8000-000000000001"

if MODE == "plain":
    from aws_xray_sdk.core import patch, xray_recorder

    @contextmanager
    def part(name, **annotations):
        with xray_recorder.in_subsegment(name) as made:
            for key, value in annotations.items():
                made.put_annotation(key, value)
            yield

    def operation(name, table):
        return part(name, table=table)

    step = part

    def instrument(client):
        return client

    def observe(handler):
        def call(event, context):
            with part("handler", request_id=context.aws_request_id, cold_start=True):
                return handler(event, context)

        return call

else:
    from mangaobs.runtime import configure, instrument, log_dynamodb_operation, log_step, observe
    from mangaobs.runtime import subsegment as part

    configure(tracer=MODE, write=lambda line: None)

    def operation(name, table):
        return log_dynamodb_operation(name, table=table)

    step = log_step


class Context:
    aws_request_id = REQUEST_ID


class Raw(BytesIO):
    def stream(self, **_):
        yield self.read()


def client(service, attempts=1, **more):
    config = Config(retries={"total_max_attempts": attempts, "mode": "legacy"})
    return instrument(boto3.client(service, region_name="us-east-1", config=config, **more))


def answering(service, *answers, attempts=1):
    """A client that gets these answers: status, body, more headers."""
    made = client(service, attempts)
    waiting = list(answers)

    def give(request, **_):
        status, body, headers = waiting.pop(0)
        raw = Raw(body and json.dumps(body).encode())
        return AWSResponse(request.url, status, {"x-amzn-RequestId": "R1", **headers}, raw)

    made.meta.events.register_first("before-send", give)
    return made


def failing(status, code):
    return status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "MESSAGE"}, {}


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    closed = "http://127.0.0.1:%d" % free.getsockname()[1]

mock = mock_aws()
mock.start()
setup = boto3.client("dynamodb", region_name="us-east-1")
table = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
setup.create_table(TableName="turns", **table)
setup.create_table(TableName="profiles", **table)
queue = boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="retry")["QueueUrl"]
topic = boto3.client("sns", region_name="us-east-1").create_topic(Name="handoff")["TopicArn"]

dynamodb, sqs, sns = client("dynamodb"), client("sqs"), client("sns")
throttled = answering("dynamodb", failing(400, "ProvisionedThroughputExceededException"))
busy = answering("dynamodb", failing(429, "ThrottlingException"))
broken = answering("dynamodb", failing(500, "InternalServerError"))
saved = answering("dynamodb", failing(500, "InternalServerError"), (200, {"Item": {}}, {}), attempts=2)
s3 = answering("s3", (200, b"", {"x-amz-id-2": "ID2", "x-amz-request-id": "R2"}), (404, b"", {"x-amz-id-2": "ID2"}))
unhandled = (200, {"errorMessage": "MESSAGE"}, {"X-Amz-Function-Error": "Unhandled"})
functions = answering("lambda", (202, b"", {}), unhandled)
kinesis = answering("kinesis", (200, {"SequenceNumber": "1", "ShardId": "shard-0"}, {}))
refused = client("dynamodb", endpoint_url=closed)

KEY = {"pk": {"S": "p1"}}
ITEM = {**KEY, "text": {"S": "ITEM"}}

if MODE == "plain":
    patch(("botocore",))


@observe
def handler(event, context):
    with step("LoadContext", model="m1"):
        with part("ReadTurns", limit=20, fresh=True, share=0.5):
            with operation("Query:LoadTurns", "turns"):
                dynamodb.query(
                    TableName="turns",
                    KeyConditionExpression="pk = :pk",
                    ExpressionAttributeValues={":pk": {"S": "p1"}},
                    ReturnConsumedCapacity="TOTAL",
                    ScanIndexForward=False,
                    Limit=5,
                )
        with part("ReadProfile"):
            dynamodb.get_item(TableName="profiles", Key=KEY, ConsistentRead=True)
            dynamodb.batch_get_item(RequestItems={"turns": {"Keys": [KEY]}, "profiles": {"Keys": [KEY]}})
    with step("Save"):
        dynamodb.put_item(TableName="turns", Item=ITEM, ReturnConsumedCapacity="TOTAL")
        dynamodb.batch_write_item(RequestItems={"turns": [{"PutRequest": {"Item": ITEM}}]})
        dynamodb.scan(TableName="turns")
        dynamodb.list_tables(Limit=1)
        dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "turns", "Item": ITEM}}])
    with step("Publish"), part("Both"):
        sqs.send_message(
            QueueUrl=queue, MessageBody="ITEM", MessageAttributes={"kind": {"DataType": "String", "StringValue": "x"}}
        )
        sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": str(n), "MessageBody": "ITEM"} for n in range(3)])
        sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=2)
        sns.publish(TopicArn=topic, Message="ITEM")
        kinesis.put_record(StreamName="s", Data=b"ITEM", PartitionKey="p")
    with suppress(ClientError), operation("PutItem:Once", "turns"):
        dynamodb.put_item(TableName="turns", Item=ITEM, ConditionExpression="attribute_not_exists(pk)")
    with step("Caught"), suppress(ClientError):
        dynamodb.get_item(TableName="none", Key=KEY)
    with suppress(ValueError), step("Check"), part("Inner"):
        raise ValueError("MESSAGE")
    for name, failing_client in {"Throttled": throttled, "Busy": busy, "Broken": broken}.items():
        with suppress(ClientError), step(name):
            failing_client.get_item(TableName="turns", Key=KEY)
    with step("Saved"):
        saved.get_item(TableName="turns", Key=KEY)
    with suppress(EndpointConnectionError), step("Refused"):
        refused.get_item(TableName="turns", Key=KEY)
    with step("Objects"):
        s3.put_object(Bucket="b", Key="k", Body=b"ITEM")
        with suppress(ClientError):
            s3.get_object(Bucket="b", Key="k")
    with step("Functions"):
        functions.invoke(FunctionName="f", InvocationType="Event", Payload=b"{}")
        functions.invoke(FunctionName="f", Payload=b"{}")


handler({}, Context())
mock.stop()
'''

MODES = ("udp", "xray-sdk", "plain")
# What AWS makes up at each call: only that it is there is compared.
_VOLATILE = ("request_id", "message_id", "consumed_capacity", "queue_url", "topic_arn")

Node = dict[str, Any]


def tree(documents: list[dict[str, Any]]) -> list[Node]:
    """The parts below Lambda's segment, in the order in which they began."""
    last = finished(documents)
    by_parent: dict[str, list[dict[str, Any]]] = {}
    for document in sorted(last, key=lambda document: document["start_time"]):
        by_parent.setdefault(document["parent_id"], []).append(document)

    def node(document: dict[str, Any]) -> Node:
        found: Node = {
            name: document[name] for name in ("name", "namespace", "annotations", "http") if name in document
        }
        found["aws"] = {
            name: "there" if name in _VOLATILE and value else value for name, value in document.get("aws", {}).items()
        }
        found["flags"] = [flag for flag in ("error", "fault", "throttle") if document.get(flag)]
        found["children"] = [node(child) for child in by_parent.get(document["id"], [])]
        return found

    return [node(document) for document in by_parent.get(SEGMENT, [])]


def flat(nodes: list[Node], path: str = "") -> list[tuple[str, Node]]:
    """Every node with its path; siblings of one name are numbered."""
    found: list[tuple[str, Node]] = []
    seen: dict[str, int] = {}
    for one in nodes:
        name = one["name"] + (f":{one['aws']['operation']}" if one["aws"] else "")
        seen[name] = seen.get(name, 0) + 1
        here = f"{path}/{name}" + (f"#{seen[name]}" if seen[name] > 1 else "")
        found += [(here, one), *flat(one["children"], here)]
    return found


class Run:
    """What a program's process sent."""

    def __init__(self, documents: list[dict[str, Any]], datagrams: list[bytes]) -> None:
        self.documents = documents
        self.datagrams = datagrams
        self.nodes = dict(flat(tree(documents)))


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Run]:
    """The program in each mode, all at the same time."""
    folder = tmp_path_factory.mktemp("trees")
    (folder / "program.py").write_text(PROGRAM)
    daemons = {mode: Daemon() for mode in MODES}
    processes = {}
    try:
        for mode, daemon in daemons.items():
            environment = {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "LAMBDA_TASK_ROOT": str(folder),
                "_X_AMZN_TRACE_ID": SAMPLED,
                "AWS_XRAY_DAEMON_ADDRESS": daemon.address,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
            }
            processes[mode] = subprocess.Popen(
                [sys.executable, "program.py", mode], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
            )
        found = {}
        for mode, process in processes.items():
            _, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors
            found[mode] = Run(daemons[mode].documents(), daemons[mode].datagrams)
        return found
    finally:
        for process in processes.values():
            process.kill()
            process.wait(10)
        for daemon in daemons.values():
            daemon.__exit__()


@pytest.mark.slow
class TestTrees:
    def test_the_program_makes_the_parts_that_it_means_to(self, runs):
        paths = set(runs["plain"].nodes)
        assert len(paths) == 43
        assert "/handler/LoadContext/ReadTurns/Query:LoadTurns/dynamodb:Query" in paths
        assert "/handler/Publish/Both/sqs:SendMessageBatch" in paths
        flags = {path: node["flags"] for path, node in runs["plain"].nodes.items() if node["flags"]}
        assert flags["/handler/Busy/dynamodb:GetItem"] == ["error", "fault", "throttle"]
        assert flags["/handler/Check/Inner"] == ["fault"]

    def test_both_tracers_give_the_same_tree(self, runs):
        lean, sdk = runs["udp"].nodes, runs["xray-sdk"].nodes
        assert list(lean) == list(sdk)
        for path, node in lean.items():
            assert told(node) == told(sdk[path]), path

    def test_both_tracers_describe_failures_alike(self, runs):
        described = {mode: causes(runs[mode].documents) for mode in ("udp", "xray-sdk")}
        assert described["udp"] == described["xray-sdk"]
        assert ("Inner", ["ValueError"]) in described["udp"]
        assert ("Check", "by reference") in described["udp"]

    @pytest.mark.parametrize("mode", ["udp", "xray-sdk"])
    def test_the_sdk_alone_gives_the_same_parts(self, runs, mode):
        assert sorted(runs[mode].nodes) == sorted(runs["plain"].nodes)

    @pytest.mark.parametrize("mode", ["udp", "xray-sdk"])
    def test_the_sdk_alone_says_the_same_of_them_but_for_what_we_mean(self, runs, mode):
        differences = {}
        for path, node in runs[mode].nodes.items():
            ours, theirs = told(node), told(runs["plain"].nodes[path])
            for name in ours.keys() | theirs.keys():
                if ours.get(name) != theirs.get(name):
                    differences[f"{path} {name}"] = ours.get(name), theirs.get(name)
        assert differences == WANTED

    @pytest.mark.parametrize("mode", ["udp", "xray-sdk"])
    def test_no_message_and_no_item_is_in_it(self, runs, mode):
        whole = b"".join(runs[mode].datagrams)
        assert b"MESSAGE" not in whole
        assert b"ITEM" not in whole

    def test_the_sdk_alone_has_the_messages(self, runs):
        assert b"MESSAGE" in b"".join(runs["plain"].datagrams)

    @pytest.mark.parametrize("mode", MODES)
    def test_everything_belongs_to_the_trace(self, runs, mode):
        assert {document["trace_id"] for document in runs[mode].documents} == {ROOT_ID}


def causes(documents: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """Which part failed with what: the types of the exceptions, or that it refers to those of another part."""
    found = []
    for document in sorted(finished(documents), key=lambda document: document["start_time"]):
        cause = document.get("cause")
        if isinstance(cause, dict):
            found.append((document["name"], [exception["type"] for exception in cause["exceptions"]]))
        elif cause is not None:
            found.append((document["name"], "by reference"))
    return found


def told(node: Node) -> dict[str, Any]:
    """What a part says, flat."""
    found = {name: value for name, value in node.items() if name not in ("aws", "children")}
    return {**found, **{f"aws.{name}": value for name, value in node["aws"].items()}}


# Where a part of ours is not as the SDK's, and why: (ours, the SDK's).
WANTED = {
    # The SDK cannot encode the keys of a dict, and writes what Python shows of them.
    "/handler/LoadContext/ReadProfile/dynamodb:BatchGetItem aws.table_names": (
        ["profiles", "turns"],
        "dict_keys(['turns', 'profiles'])",
    ),
    "/handler/Save/dynamodb:BatchWriteItem aws.table_names": (["turns"], "dict_keys(['turns'])"),
    "/handler/Publish/Both/sqs:SendMessage aws.message_attribute_names": (["kind"], "dict_keys(['kind'])"),
    # Keys of items belong to customers.
    "/handler/Save/dynamodb:BatchWriteItem aws.item_collection_metrics": (None, {}),
    # The SDK does not say how often botocore tried again.
    "/handler/Saved/dynamodb:GetItem aws.retries": (1, None),
    # The SDK leaves a call that got no answer unmarked.
    "/handler/Refused/dynamodb:GetItem flags": (["fault"], []),
}


# --- the choice of fields against the SDK's own ---

SDKS = json.loads(files("aws_xray_sdk.ext.resources").joinpath("aws_para_whitelist.json").read_text())["services"]
# Fields of the SDK's choice that ours leaves out: they hold the key of an item.
LEFT_OUT = {"ItemCollectionMetrics"}
_HOW = {COUNT: ["get_count"], KEYS: ["get_keys"], SAME: []}


@pytest.mark.parametrize(
    ("service", "operation"), [(service, operation) for service, known in CHOICES.items() for operation in known]
)
def test_the_fields_of_an_operation_are_those_of_the_sdk(service, operation):
    theirs = SDKS[service]["operations"][operation]
    request, response, request_as, response_as = CHOICES[service][operation]
    assert set(request) == set(theirs.get("request_parameters", []))
    assert set(response) == set(theirs.get("response_parameters", [])) - LEFT_OUT
    for ours, descriptors in (
        (request_as, theirs.get("request_descriptors", {})),
        (response_as, theirs.get("response_descriptors", {})),
    ):
        assert set(ours) == set(descriptors)
        for name, (how, renamed) in ours.items():
            descriptor = descriptors[name]
            assert renamed == descriptor["rename_to"]
            assert [key for key in ("get_count", "get_keys") if descriptor.get(key)] == _HOW[how]


def test_every_operation_of_the_sdk_on_tables_and_topics_is_there():
    for service in ("dynamodb", "sns", "lambda"):
        assert set(CHOICES[service]) == set(SDKS[service]["operations"])
