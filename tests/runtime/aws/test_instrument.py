"""Instrumented AWS clients: what they tell for the line, what they send, and that calls are as they were."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ParamValidationError
from moto import mock_aws

from mangaobs.runtime import (
    ContextThreadPoolExecutor,
    configure,
    instrument,
    log_dynamodb_operation,
    log_operation,
    log_step,
    subsegment,
)

from .conftest import ROOT_ID, answer, answered, client, failure, finished, invoke, named

KEY = {"pk": {"S": "p1"}}


def consumed(units: float, table: str = "turns", **more: object) -> dict[str, object]:
    return {"ConsumedCapacity": {"TableName": table, "CapacityUnits": units}, **more}


@pytest.fixture
def dynamodb():
    return instrument(client("dynamodb"))


@pytest.fixture(params=["off", "udp", "xray-sdk"])
def everywhere(request, daemon, output, lambda_environment, monkeypatch):
    """Lines are the same without tracing and with either tracer."""
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", daemon.address)
    configure(tracer=request.param, write=output.append)


@pytest.mark.usefixtures("everywhere")
class TestWhatTheLineTells:
    def test_a_call_within_an_operation(self, dynamodb, output):
        answered(dynamodb, answer(200, consumed(1.5, Count=3, Items=[])))

        @log_dynamodb_operation("Query:LoadTurns")
        def load() -> str:
            dynamodb.query(TableName="turns", KeyConditionExpression="pk = :pk")
            return "not a response"

        assert invoke(load) == "not a response"
        line = output.line("dynamodb_operation")
        assert line["status"] == "success"
        assert (line["table"], line["consumed_capacity"], line["item_count"]) == ("turns", 1.5, 3)
        assert (line["http_status"], line["retries"]) == (200, 0)

    def test_several_calls_add_up(self, dynamodb, output):
        pages = [consumed(0.5, Count=10), consumed(1.0, Count=10), consumed(2.0, Count=4)]
        answered(dynamodb, *(answer(200, page) for page in pages))

        @log_dynamodb_operation("Query:LoadAll")
        def load() -> None:
            for _ in pages:
                dynamodb.query(TableName="turns", KeyConditionExpression="pk = :pk")

        invoke(load)
        line = output.line("dynamodb_operation")
        assert (line["consumed_capacity"], line["item_count"]) == (3.5, 24)

    def test_several_calls_add_up_although_the_last_ones_answer_is_returned(self, dynamodb, output):
        pages = [consumed(0.5, Count=10), consumed(1.0, Count=4)]
        answered(dynamodb, *(answer(200, page) for page in pages))

        @log_dynamodb_operation("Query:LoadAll")
        def load() -> object:
            return [dynamodb.query(TableName="turns", KeyConditionExpression="pk = :pk") for _ in pages][-1]

        invoke(load)
        line = output.line("dynamodb_operation")
        assert (line["consumed_capacity"], line["item_count"]) == (1.5, 14)

    def test_one_call_whose_answer_is_returned_is_not_counted_twice(self, dynamodb, output):
        answered(dynamodb, answer(200, consumed(1.5, Item=KEY)))
        invoke(log_dynamodb_operation("GetItem:Turn")(lambda: dynamodb.get_item(TableName="turns", Key=KEY)))
        line = output.line("dynamodb_operation")
        assert (line["consumed_capacity"], line["item_count"]) == (1.5, 1)

    def test_retries_that_helped(self, output):
        dynamodb = instrument(client("dynamodb", attempts=3))
        answered(dynamodb, failure(500, "InternalServerError"), failure(500, "InternalServerError"), answer(200, {}))
        invoke(log_dynamodb_operation("GetItem:Turn", table="turns")(lambda: dynamodb.get_item(TableName="t", Key=KEY)))
        line = output.line("dynamodb_operation")
        assert (line["status"], line["retries"], line["http_status"]) == ("success", 2, 200)

    def test_retries_in_vain(self, output):
        dynamodb = instrument(client("dynamodb", attempts=2))
        answered(dynamodb, *[failure(400, "ProvisionedThroughputExceededException")] * 2)

        def work():
            with pytest.raises(ClientError), log_dynamodb_operation("GetItem:Turn", table="turns"):
                dynamodb.get_item(TableName="turns", Key=KEY)

        invoke(work)
        line = output.line("dynamodb_operation")
        assert (line["status"], line["level"]) == ("error", "ERROR")
        assert line["error_type"] == "ProvisionedThroughputExceededException"
        assert (line["retries"], line["http_status"], line["table"]) == (1, 400, "turns")

    def test_an_error_that_the_operation_deals_with_itself_is_none(self, dynamodb, output):
        answered(dynamodb, failure(400, "ConditionalCheckFailedException"), answer(200, consumed(1, Item=KEY)))

        @log_dynamodb_operation("PutItem:Once")
        def put() -> None:
            with pytest.raises(ClientError):
                dynamodb.put_item(TableName="turns", Item=KEY)
            dynamodb.get_item(TableName="turns", Key=KEY)

        invoke(put)
        line = output.line("dynamodb_operation")
        assert (line["status"], line["http_status"], line["consumed_capacity"]) == ("success", 200, 1)
        assert "error_type" not in line

    def test_a_part_in_between_passes_it_on(self, dynamodb, output):
        answered(dynamodb, answer(200, consumed(1.5)), answer(200, consumed(1.5)))

        @log_dynamodb_operation("Query:LoadTurns")
        def load() -> None:
            for _ in range(2):
                with subsegment("Page"):
                    dynamodb.query(TableName="turns", KeyConditionExpression="pk = :pk")

        invoke(load)
        assert output.line("dynamodb_operation")["consumed_capacity"] == 3

    def test_parts_in_between_add_to_what_was_before(self, dynamodb, output):
        answered(dynamodb, *[answer(200, consumed(1))] * 3)

        @log_dynamodb_operation("Query:LoadTurns")
        def load() -> None:
            dynamodb.query(TableName="turns", KeyConditionExpression="pk = :pk")
            for _ in range(2):
                with subsegment("Page"):
                    dynamodb.query(TableName="turns", KeyConditionExpression="pk = :pk")

        invoke(load)
        assert output.line("dynamodb_operation")["consumed_capacity"] == 3

    def test_calls_of_several_threads_add_up(self, output):
        # Given threads that work within one operation, and interrupt each other at every step
        dynamodb = instrument(client("dynamodb"))
        answered(dynamodb, *[answer(200, consumed(1)) for _ in range(400)])

        @log_dynamodb_operation("BatchGetItem:All")
        def load() -> None:
            with ContextThreadPoolExecutor(8) as pool:
                list(pool.map(lambda _: dynamodb.get_item(TableName="turns", Key=KEY), range(400)))

        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            invoke(load)
        finally:
            sys.setswitchinterval(before)
        assert output.line("dynamodb_operation")["consumed_capacity"] == 400

    def test_an_inner_operation_keeps_its_own(self, dynamodb, output):
        answered(dynamodb, answer(200, consumed(1.5)))

        def work():
            with log_step("Outer"), log_dynamodb_operation("Query:LoadTurns"):
                dynamodb.query(TableName="turns", KeyConditionExpression="pk = :pk")

        invoke(work)
        assert output.line("dynamodb_operation")["consumed_capacity"] == 1.5
        assert "consumed_capacity" not in output.line("step")

    def test_tokens_of_a_model(self, output):
        bedrock = instrument(client("bedrock-runtime"))
        usage = {"inputTokens": 12, "outputTokens": 34, "totalTokens": 46}
        message = {"role": "assistant", "content": [{"text": "PRIVATE"}]}
        answered(bedrock, answer(200, {"usage": usage, "output": {"message": message}, "stopReason": "end_turn"}))

        @log_operation("bedrock_invocation", "Converse", model="m1")
        def ask() -> None:
            bedrock.converse(modelId="m1", messages=[{"role": "user", "content": [{"text": "PRIVATE"}]}])

        invoke(ask)
        line = output.line("bedrock_invocation")
        assert (line["input_tokens"], line["output_tokens"]) == (12, 34)
        assert b"PRIVATE" not in b"".join(output)

    def test_the_invocations_own_calls_are_not_on_its_summary(self, dynamodb, output):
        answered(dynamodb, answer(200, consumed(1.5)))
        invoke(lambda: dynamodb.get_item(TableName="turns", Key=KEY) and None)
        assert "consumed_capacity" not in output.line("invocation")

    def test_without_an_answer_there_is_an_error_and_no_status(self, output):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        refused = instrument(client("dynamodb", endpoint_url=f"http://127.0.0.1:{port}"))

        def work():
            with pytest.raises(EndpointConnectionError), log_dynamodb_operation("GetItem:Turn", table="turns"):
                refused.get_item(TableName="turns", Key=KEY)

        invoke(work)
        line = output.line("dynamodb_operation")
        assert (line["status"], line["error_type"]) == ("error", "EndpointConnectionError")
        assert "http_status" not in line


class TestWhatIsInstrumented:
    def test_what_is_given_comes_back(self):
        for target in (client("dynamodb"), boto3.Session(), botocore.session.get_session()):
            assert instrument(target) is target

    @mock_aws
    def test_a_resource(self, traced, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        resource = instrument(boto3.resource("dynamodb", region_name="us-east-1"))
        resource.create_table(
            TableName="turns",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        table = resource.Table("turns")
        load = log_dynamodb_operation("PutItem:Turn")(
            lambda: table.put_item(Item={"pk": "p1"}, ReturnConsumedCapacity="TOTAL") and None
        )
        documents = traced.run(load)
        assert named(documents, "dynamodb")["aws"]["operation"] == "PutItem"
        line = traced.output.line("dynamodb_operation")
        assert (line["table"], line["http_status"]) == ("turns", 200)
        assert line["consumed_capacity"] > 0

    @mock_aws
    def test_the_table_of_a_resource(self, traced, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        table = instrument(boto3.resource("dynamodb", region_name="us-east-1").Table("none"))

        def work():
            with pytest.raises(ClientError):
                table.get_item(Key={"pk": "p1"})

        aws = named(traced.run(work), "dynamodb")["aws"]
        assert (aws["operation"], aws["table_name"]) == ("GetItem", "none")

    @pytest.mark.parametrize("kind", ["boto3", "botocore"])
    def test_all_clients_that_a_session_makes(self, traced, kind):
        secrets = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        if kind == "boto3":
            session = instrument(boto3.Session(**secrets, region_name="us-east-1"))
            made = [session.client("dynamodb"), session.client("sqs")]
        else:
            session = instrument(botocore.session.Session())
            made = [session.create_client(name, region_name="us-east-1", **secrets) for name in ("dynamodb", "sqs")]
        for one in made:
            answered(one, answer(200, {}))

        def work():
            made[0].list_tables()
            made[1].list_queues()

        assert {document["name"] for document in finished(traced.run(work))} == {"handler", "dynamodb", "sqs"}

    def test_another_client_is_left_alone(self, traced):
        instrument(client("dynamodb"))
        other = client("dynamodb")
        answered(other, answer(200, {}))
        assert len(traced.run(other.list_tables)) == 1

    def test_twice_is_as_good_as_once(self, traced):
        session = instrument(instrument(boto3.Session(aws_access_key_id="t", aws_secret_access_key="t")))
        dynamodb = instrument(instrument(session.client("dynamodb", region_name="us-east-1")))
        answered(dynamodb, answer(200, consumed(2)))
        documents = traced.run(
            log_dynamodb_operation("GetItem:Turn")(lambda: dynamodb.get_item(TableName="turns", Key=KEY) and None)
        )
        assert sorted(document["name"] for document in documents) == ["GetItem:Turn", "dynamodb", "handler"]
        assert traced.output.line("dynamodb_operation")["consumed_capacity"] == 2

    @pytest.mark.parametrize("target", [None, 7, "dynamodb", object()])
    def test_what_has_no_calls_is_said_and_given_back(self, output, target):
        configure(write=output.append, tracer="off")
        assert instrument(target) is target
        assert output.line("telemetry_problem")["reason"] == "instrument"


class TestTheHeader:
    def test_it_names_the_calls_own_part(self, traced, dynamodb):
        requests = answered(dynamodb, answer(200, {}), answer(200, {}))

        def work():
            dynamodb.list_tables()
            with subsegment("Load"):
                dynamodb.list_tables()

        calls = [document for document in finished(traced.run(work)) if document["name"] == "dynamodb"]
        sent = [text(request.headers["X-Amzn-Trace-Id"]) for request in requests]
        assert [set(header.split(";")) for header in sent] == [
            {f"Root={ROOT_ID}", f"Parent={call['id']}", "Sampled=1"} for call in calls
        ]

    def test_each_retry_sends_the_same(self, traced):
        dynamodb = instrument(client("dynamodb", attempts=2))
        requests = answered(dynamodb, failure(500, "InternalServerError"), answer(200, {}))
        call = named(traced.run(dynamodb.list_tables), "dynamodb")
        sent = [text(request.headers["X-Amzn-Trace-Id"]) for request in requests]
        assert len(sent) == 2
        assert all(f"Parent={call['id']}" in header for header in sent)
        assert call["aws"]["retries"] == 1

    def test_what_lambda_added_goes_along(self, traced, monkeypatch, dynamodb):
        monkeypatch.setenv("_X_AMZN_TRACE_ID", os.environ["_X_AMZN_TRACE_ID"] + ";Lineage=1:a87bd80c:0")
        requests = answered(dynamodb, answer(200, {}))
        traced.run(dynamodb.list_tables)
        assert "Lineage=1:a87bd80c:0" in text(requests[0].headers["X-Amzn-Trace-Id"])

    def test_without_a_trace_ours_is_not_sent(self, output, monkeypatch, dynamodb):
        # Given no trace, when a call is made in an invocation, then botocore's own header is all there can be
        monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
        monkeypatch.delenv("LAMBDA_TASK_ROOT", raising=False)
        configure(tracer="udp", write=output.append)
        requests = answered(dynamodb, answer(200, {}))
        invoke(dynamodb.list_tables)
        assert "X-Amzn-Trace-Id" not in requests[0].headers


def text(header: str | bytes) -> str:
    return header.decode() if isinstance(header, bytes) else header


class TestCallsAreAsTheyWere:
    ANSWERS = (
        (200, consumed(1.5, Item={"pk": {"S": "p1"}, "n": {"N": "1.5"}})),
        (200, {}),
        (400, {"__type": "x#ConditionalCheckFailedException", "message": "m", "Item": {"pk": {"S": "old"}}}),
        (400, {"__type": "x#No such Identifier!", "message": ""}),
        (500, {}),
        (503, None),
        (429, {"__type": "ThrottlingException"}),
    )

    @pytest.mark.parametrize(("status", "body"), ANSWERS)
    @pytest.mark.usefixtures("everywhere")
    def test_answers_and_errors(self, status, body):
        outcomes = []
        for one in (client("dynamodb"), instrument(client("dynamodb"))):
            requests = answered(one, *[answer(status, body) for _ in range(3)])

            def call(one=one):
                try:
                    return one.get_item(TableName="turns", Key=KEY)
                except ClientError as error:
                    return type(error).__name__, str(error), error.response

            # Within an invocation, within an operation, and outside of both
            results = invoke(call), invoke(log_step("Step")(call)), call()
            outcomes.append((results, [(request.body, request.url) for request in requests]))
        assert outcomes[0] == outcomes[1]

    @pytest.mark.usefixtures("everywhere")
    def test_answers_that_are_none(self):
        bodies = [b"", b"\xff\xfe", b"[]", b'"text"', b"{", b"null", b"7"]
        outcomes = []
        for one in (client("dynamodb"), instrument(client("dynamodb"))):
            answered(one, *[answer(200, body) for body in bodies])

            def call(one=one):
                try:
                    return one.get_item(TableName="turns", Key=KEY)
                except Exception as error:  # noqa: BLE001 - whichever botocore raises
                    return type(error)

            outcomes.append([invoke(call) for _ in bodies])
        assert outcomes[0] == outcomes[1]

    def test_answers_that_are_none_end_their_part(self, traced):
        bodies = [b"", b"\xff\xfe", b"[]", b'"text"', b"{", b"null", b"7"]
        dynamodb = instrument(client("dynamodb"))
        answered(dynamodb, *[answer(200, body) for body in bodies])

        def work():
            for _ in bodies:
                with suppress(Exception):
                    dynamodb.get_item(TableName="turns", Key=KEY)

        documents = finished(traced.run(work))
        assert [document["name"] for document in documents] == ["dynamodb"] * len(bodies) + ["handler"]
        assert all(document["end_time"] for document in documents)

    @pytest.mark.usefixtures("everywhere")
    def test_what_botocore_refuses_itself(self, dynamodb):
        def work():
            with pytest.raises(ParamValidationError), log_step("Step"):
                dynamodb.get_item(TableName="turns")
            return "done"

        assert invoke(work) == "done"

    def test_what_fails_before_it_is_sent(self, traced):
        session = botocore.session.Session()
        session.get_component("credential_provider").providers.clear()
        unsigned = instrument(session.create_client("dynamodb", region_name="us-east-1"))

        def work():
            with pytest.raises(NoCredentialsError):
                unsigned.list_tables()

        call = named(traced.run(work), "dynamodb")
        assert call["fault"] is True
        assert "http" not in call

    def test_presigned_urls_open_nothing(self, traced):
        s3 = instrument(client("s3"))
        documents = traced.run(lambda: s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"}))
        assert [document["name"] for document in documents] == ["handler"]

    @pytest.mark.usefixtures("everywhere")
    def test_the_callers_own_handlers_see_the_call(self, dynamodb):
        answered(dynamodb, answer(200, {}))
        seen = []
        dynamodb.meta.events.register("after-call", lambda **event: seen.append(event["parsed"]))
        invoke(dynamodb.list_tables)
        assert len(seen) == 1

    def test_streams_are_not_read(self, traced):
        s3 = instrument(client("s3"))
        answered(s3, answer(200, b"content"))
        read = []
        documents = traced.run(lambda: read.append(s3.get_object(Bucket="b", Key="k")["Body"].read()))
        assert read == [b"content"]
        aws = named(documents, "s3")["aws"]
        assert (aws["bucket_name"], aws["key"]) == ("b", "k")


def test_without_an_invocation_nothing_happens(traced, dynamodb):
    traced.configure()
    requests = answered(dynamodb, answer(200, {}))
    dynamodb.list_tables()
    assert traced.documents() == []
    assert traced.output == []
    assert "X-Amzn-Trace-Id" not in requests[0].headers


def test_an_operation_outside_an_invocation_has_its_line_and_no_trace(traced, dynamodb):
    traced.configure()
    answered(dynamodb, answer(200, consumed(1.5)))
    log_dynamodb_operation("GetItem:Turn")(lambda: dynamodb.get_item(TableName="turns", Key=KEY) and None)()
    assert traced.documents() == []
    assert traced.output.line("dynamodb_operation")["consumed_capacity"] == 1.5


def test_a_call_lies_within_the_part_that_makes_it(traced, dynamodb):
    answered(dynamodb, *[answer(200, {})] * 3)

    def work():
        dynamodb.list_tables()
        with log_step("Step"):
            dynamodb.list_tables()
            with subsegment("Part"):
                dynamodb.list_tables()

    documents = finished(traced.run(work))
    names = {document["id"]: document["name"] for document in documents}
    callers = [names[document["parent_id"]] for document in documents if document["name"] == "dynamodb"]
    assert callers == ["handler", "Step", "Part"]


def test_a_large_request_makes_a_small_part(traced, dynamodb):
    answered(dynamodb, answer(200, {}))
    projection = ",".join(f"field{number}" for number in range(20_000))
    call = traced.run(lambda: dynamodb.get_item(TableName="turns", Key=KEY, ProjectionExpression=projection))
    assert max(map(len, traced.daemon.datagrams)) < 64_000
    assert named(call, "dynamodb")["aws"]["operation"] == "GetItem"


@pytest.mark.usefixtures("everywhere")
class TestWhichTable:
    """The table is the one that was asked, whatever SESSION_TABLE says."""

    @pytest.fixture(autouse=True)
    def session_table(self, everywhere, output, monkeypatch):
        monkeypatch.setenv("SESSION_TABLE", "sessions")
        configure(tracer="off", write=output.append)

    @pytest.mark.parametrize(
        ("operation", "parameters", "table", "items"),
        [
            ("put_item", {"TableName": "orders", "Item": KEY}, "orders", 1),
            ("get_item", {"TableName": "orders", "Key": KEY}, "orders", None),
            ("batch_get_item", {"RequestItems": {"a": {"Keys": [KEY]}, "b": {"Keys": [KEY]}}}, None, None),
            ("batch_write_item", {"RequestItems": {"a": [{"DeleteRequest": {"Key": KEY}}] * 2}}, "a", 2),
            (
                "transact_write_items",
                {"TransactItems": [{"Delete": {"TableName": "a", "Key": KEY}}] * 3},
                "a",
                3,
            ),
        ],
    )
    def test_it_is_the_one_that_was_asked(self, dynamodb, output, operation, parameters, table, items):
        answered(dynamodb, answer(200, {}))
        invoke(log_dynamodb_operation("Do:It")(lambda: getattr(dynamodb, operation)(**parameters) and None))
        line = output.line("dynamodb_operation")
        assert (line.get("table"), line.get("item_count")) == (table, items)

    def test_also_when_it_fails(self, dynamodb, output):
        answered(dynamodb, failure(400, "ResourceNotFoundException"))
        with suppress(ClientError):
            invoke(log_dynamodb_operation("Get:It")(lambda: dynamodb.put_item(TableName="nope", Item=KEY)))
        line = output.line("dynamodb_operation")
        assert (line["table"], line["error_type"]) == ("nope", "ResourceNotFoundException")
        assert "item_count" not in line


def test_a_call_without_an_answer_says_how_often_it_was_tried(output, lambda_environment):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    configure(tracer="off", write=output.append)
    dynamodb = instrument(client("dynamodb", attempts=2, endpoint_url=f"http://127.0.0.1:{port}"))
    with suppress(EndpointConnectionError):
        invoke(log_dynamodb_operation("Get:It")(lambda: dynamodb.get_item(TableName="t", Key=KEY)))
    line = output.line("dynamodb_operation")
    assert (line["error_type"], line["retries"]) == ("EndpointConnectionError", 1)
