"""A drill on an account: what works passes, what is wrong is the one check that fails, and nothing is left behind."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import boto3
import msgspec
import pytest
from botocore.awsrequest import AWSResponse

from mangaobs.drill import CHECKS, Clients, Drill, Limits, Names, markdown, rehearsal
from mangaobs.drill._digest import digest

from ..handlers.conftest import TABLE
from ..handlers.data_subject.world import AUDIT, KEY, World

ROOT = Path(__file__).resolve().parents[2]
GROUP = "/manga-assist/cloudtrail"
DRILL = "d111"
SIDE = f"{TABLE}-drill-{DRILL}"
DELETE = f"aws dynamodb delete-table --table-name {SIDE}"
A_TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "PK", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}],
}


class Account(World):
    """The platform's account: what moto lacks (point-in-time recovery, running machines, CloudTrail) the test does."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.began = time.time_ns() // 1_000_000
        self.table.update_continuous_backups(
            TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        names = ("dynamodb", "s3", "stepfunctions", "secretsmanager", "cloudtrail", "logs", "xray", "sts")
        self.drilled = Clients(*(boto3.client(name) for name in names))
        secret = self.drilled.secrets.create_secret(Name="hash-key", SecretString=KEY)["ARN"]
        definition = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
        role = "arn:aws:iam::123456789012:role/machine"
        machine = self.drilled.states.create_state_machine(name="requests", definition=definition, roleArn=role)
        self.buckets.create_bucket(Bucket="the-trail")
        trail = self.drilled.cloudtrail
        trail.create_trail(Name="trail", S3BucketName="the-trail")
        trail.start_logging(Name="trail")
        selector = {
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]},
            ]
        }
        trail.put_event_selectors(TrailName="trail", AdvancedEventSelectors=[selector])
        self.drilled.logs.create_log_group(logGroupName=GROUP)
        self.drilled.logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
        self.names = Names(TABLE, AUDIT, secret, machine["stateMachineArn"], "trail", GROUP)
        self.loaded = rehearsal(ROOT)
        self.backup: list | None = None
        self.status = "SUCCEEDED"
        self.runs_machine = True
        self.records = {"TransactWriteItems", "DeleteItem", "RestoreTableToPointInTime"}
        self.logs = boto3.client("logs")
        self.restorable = True
        self.on_sleep = lambda: None
        self.slept = 0.0
        self._emulate()

    def _emulate(self) -> None:
        events = self.drilled.dynamodb.meta.events
        states = self.drilled.states.meta.events
        events.register("after-call.dynamodb.DescribeContinuousBackups", self._latest)
        events.register("after-call.dynamodb.RestoreTableToPointInTime", self._restored)
        for client in (self.dynamodb, self.drilled.dynamodb):
            client.meta.events.register("provide-client-params.dynamodb.*", self._recorded)
        states.register("after-call.sfn.StartExecution", self._ran)
        states.register("before-call.sfn.DescribeExecution", self._described)

    def _latest(self, parsed, **_):
        recovery = parsed["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        if recovery["PointInTimeRecoveryStatus"] == "ENABLED" and self.restorable:
            recovery["LatestRestorableDateTime"] = datetime.fromtimestamp(self.clock_seconds() + 5, UTC)

    def _ran(self, http_response, parsed, **_):
        """The machine, which moto does not run: the function is called until it is done."""
        self.backup = self.items()
        if self.runs_machine:
            person = self.loaded.person_of(DRILL)
            assert self.drive(self.standing(person.customer_id)) == "DONE"

    def _described(self, **_):
        answer = {"status": self.status, "ResponseMetadata": {"HTTPStatusCode": 200}}
        return AWSResponse("http://test", 200, {}, None), answer

    def _restored(self, http_response, parsed, **_):
        """What recovery gives: the table as it was before the erasure. moto copies what stands now."""
        if http_response.status_code != 200:
            return
        for item in self.table.scan(TableName=SIDE)["Items"]:
            self.table.delete_item(TableName=SIDE, Key={"PK": item["PK"], "SK": item["SK"]})
        for item in self.backup or []:
            self.table.put_item(TableName=SIDE, Item=item)

    def _recorded(self, params, model, **_):
        """CloudTrail, of every call: a line in the trail's log group."""
        if model.name in self.records:
            self.record(model.name, params)

    def record(self, operation: str, params: dict, **more) -> None:
        """A line of the trail's log, in the shape of CloudTrail's own."""
        # DynamoDB Developer Guide, "Understanding DynamoDB log file entries": keys plain, no other values, and in one
        # sample both `tableName` and `TableName`.
        parameters = {name[0].lower() + name[1:]: value for name, value in params.items() if isinstance(value, str)}
        if "Key" in params:
            parameters["key"] = plain(params["Key"])
        if "TransactItems" in params:
            parameters["requestItems"] = [
                {
                    "operation": kind,
                    "TableName" if kind == "Delete" else "tableName": one["TableName"],
                    "key": plain(one.get("Key") or {name: one["Item"][name] for name in ("PK", "SK")}),
                }
                for entry in params["TransactItems"]
                for kind, one in entry.items()
            ]
        event = {
            "eventVersion": "1.11",
            "eventSource": "dynamodb.amazonaws.com",
            "eventName": operation,
            "requestParameters": parameters,
            "eventCategory": "Data",
            **more,
        }
        line = {"timestamp": int(self.clock_seconds() * 1000), "message": json.dumps(event)}
        # By another client: a client's own hooks would hear of it.
        self.logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=[line])

    def trace(self, *, calls: tuple[str, ...] = ("DynamoDB",), steps: tuple[str, ...] = (), number: int = 0) -> str:
        """A trace of a request through API `api<number>`; its id."""
        now = self.clock_seconds() - 60 + number
        trace_id = f"1-{int(now):08x}-0123456789abcdef0123456{number}"
        base = {"trace_id": trace_id, "start_time": now, "end_time": now + 1}
        times = {"start_time": now, "end_time": now}
        gateway = {"api_gateway": {"account_id": "123456789012", "rest_api_id": f"api{number}", "stage": "live"}}
        segments = [
            {**base, "id": "a" * 16, "name": "manga-assist/live", "origin": "AWS::ApiGateway::Stage", "aws": gateway},
            {**base, "id": "b" * 16, "name": "message", "origin": "AWS::Lambda::Function"},
        ]
        segments[1]["subsegments"] = [
            *({"id": "c" * 16, "name": name, "namespace": "aws", **times} for name in calls),
            *({"id": "d" * 16, "name": name, **times} for name in steps),
        ]
        self.drilled.xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(one) for one in segments])
        return trace_id

    def summaries(self, ids: list[str]) -> None:
        """X-Ray's answer to who asks for traces through API Gateway: moto has no filters."""
        self.answer(self.drilled.xray, "xray.GetTraceSummaries", {"TraceSummaries": [{"Id": id} for id in ids]})

    def answer(self, client, call: str, parsed: dict | None = None, *, error: str = "", times: int = 1000) -> None:
        """What AWS answers to a call instead, for some times."""
        status = 400 if error else 200
        given = {"ResponseMetadata": {"HTTPStatusCode": status}, **(parsed or {})}
        if error:
            given["Error"] = {"Code": error, "Message": "bob says 0"}
        left = iter(range(times))
        client.meta.events.register(
            f"before-call.{call}",
            lambda **_: (AWSResponse("http://test", status, {}, None), given) if next(left, None) is not None else None,
        )

    def refuse(self, operation: str) -> None:
        """A role that may not do this."""
        self.answer(self.drilled.dynamodb, f"dynamodb.{operation}", error="AccessDeniedException")

    def clock_seconds(self) -> float:
        return self.now / 1000

    def _slept(self, seconds: float) -> None:
        self.now += int(seconds * 1000)
        self.on_sleep()

    def drill(
        self, *, trace_id: str | None = None, names: Names | None = None, progress=lambda _: None, loaded=None
    ) -> Drill:
        return Drill(
            DRILL,
            self.drilled,
            names or self.names,
            loaded or self.loaded,
            clock=self.clock_seconds,
            sleep=self._slept,
            progress=progress,
            limits=Limits(restorable=120, erasure=60, restore=120, trail=60, every=10),
            trace_id=self.trace() if trace_id is None else trace_id,
        )

    def tables(self) -> list[str]:
        return self.table.list_tables()["TableNames"]


@pytest.fixture
def account(aws):
    account = Account()
    account.say("bob", "s10", 2)
    account.before = account.others("drill-d111", ["drill-d111-0", "drill-d111-1"])
    return account


@pytest.fixture
def aws(monkeypatch):
    from moto import mock_aws

    for name, value in (
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "t"),
        ("AWS_SECRET_ACCESS_KEY", "t"),
    ):
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


def plain(key: dict) -> dict[str, str]:
    return {name: value["S"] for name, value in key.items()}


def statuses(report) -> dict[str, str]:
    return {check.name: check.status for check in report.checks}


def nothing_left(account) -> None:
    assert account.tables() == [TABLE]
    assert account.others("drill-d111", ["drill-d111-0", "drill-d111-1"]) == account.before
    assert account.left_of("drill-d111", ["drill-d111-0", "drill-d111-1"]) == []


def test_all_of_it_passes_and_nothing_is_left(account):
    trace_id = account.trace()
    report = account.drill(trace_id=trace_id).run()
    assert statuses(report) == dict.fromkeys(CHECKS, "passed"), report.checks
    assert report.passed
    nothing_left(account)


def fails(report, name: str) -> str:
    """The check that failed is this one; what it saw."""
    found = [check for check in report.checks if check.status == "failed"]
    assert [check.name for check in found] == [name], report.checks
    assert not report.passed
    assert found[0].right
    return found[0].seen


def after_the_replay(account, monkeypatch, wrong) -> None:
    """Something is done to the side table once the ledger was replayed onto it."""
    loaded = account.loaded
    right = loaded.replay

    def replay(dynamodb, s3, table, **more):
        made = right(dynamodb, s3, table, **more)
        run = made.run

        def then_wrong():
            replayed = run()
            wrong(dynamodb, table)
            return replayed

        made.run = then_wrong
        return made

    monkeypatch.setattr(loaded, "replay", replay)


class TestWhatIsWrong:
    def test_recovery_is_off(self, account):
        account.table.update_continuous_backups(
            TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
        )
        report = account.drill().run()
        assert "recovery is off" in fails(report, "preconditions")
        assert statuses(report)["write"] == statuses(report)["clean"] == "skipped"

    def test_the_trail_does_not_log(self, account):
        account.drilled.cloudtrail.stop_logging(Name="trail")
        assert "does not log" in fails(account.drill().run(), "preconditions")

    def test_the_machine_fails(self, account):
        account.status, account.runs_machine = "FAILED", False
        report = account.drill().run()
        assert "FAILED" in fails(report, "erase")
        nothing_left(account)

    def test_the_machine_waits_for_a_person(self, account):
        # Given that every attempt of the function failed, which a machine notes and then waits for a person
        account.status, account.runs_machine = "RUNNING", False
        customer = account.loaded.person_of(DRILL).customer_id
        account.drilled.states.meta.events.register_last(
            "after-call.sfn.StartExecution", lambda **_: account.call(account.standing(customer), failed=True)
        )
        began = account.now
        assert "the request FAILED" in fails(account.drill().run(), "erase")
        assert account.now - began < 90_000  # a minute for clocks that differ, and none of the erasure's
        nothing_left(account)

    def test_the_machine_does_not_end(self, account):
        account.status = "RUNNING"
        assert "after 60 s" in fails(account.drill().run(), "erase")
        nothing_left(account)

    def test_the_machine_says_it_is_done_and_is_not(self, account):
        account.runs_machine = False
        assert "items of the person are left" in fails(account.drill().run(), "gone")
        nothing_left(account)

    def test_what_is_restored_is_not_what_was_written(self, account):
        def spoiled(**_):
            account.table.delete_item(TableName=SIDE, Key={"PK": {"S": "SESSION#drill-d111-0"}, "SK": {"S": "META"}})

        account.drilled.dynamodb.meta.events.register_last("after-call.dynamodb.RestoreTableToPointInTime", spoiled)
        assert fails(account.drill().run(), "restore").endswith("21 of them as written, not the 22 that were")
        nothing_left(account)

    def test_the_ledger_does_not_have_the_person(self, account, monkeypatch):
        right = account.loaded.replay

        def without(*args, **more):
            made = right(*args, **more)
            made._ledger.subjects = frozenset()
            return made

        monkeypatch.setattr(account.loaded, "replay", without)
        assert "left after the replay" in fails(account.drill().run(), "replay")
        nothing_left(account)

    def test_the_replay_touches_somebody_else(self, account, monkeypatch):
        def wrong(dynamodb, table):
            dynamodb.delete_item(TableName=table, Key={"PK": {"S": "SESSION#s10"}, "SK": {"S": "META"}})

        after_the_replay(account, monkeypatch, wrong)
        assert "items of others" in fails(account.drill().run(), "replay")
        nothing_left(account)

    def test_the_replay_changes_somebody_elses_item(self, account, monkeypatch):
        def wrong(dynamodb, table):
            changed = {"PK": {"S": "SESSION#s10"}, "SK": {"S": "META"}}
            dynamodb.update_item(
                TableName=table,
                Key=changed,
                UpdateExpression="SET x = :x",
                ExpressionAttributeValues={":x": {"S": "x"}},
            )

        after_the_replay(account, monkeypatch, wrong)
        assert "not all are as they were" in fails(account.drill().run(), "replay")
        nothing_left(account)

    def test_somebody_whose_erasure_begins_meanwhile_is_no_failure(self, account, monkeypatch):
        # Given that Bob's erasure enters the ledger between the drill's look at the table and the replay
        right = account.loaded.replay

        def replay(*args, **more):
            made = right(*args, **more)
            theirs = made.theirs

            def then_erased():
                told = theirs()
                account.drive(account.ask("bob"))
                return told

            made.theirs = then_erased
            return made

        monkeypatch.setattr(account.loaded, "replay", replay)
        # Then the drill, which has read the ledger before, holds him to be one of the others.
        assert account.drill().run().passed

    def test_writers_take_somebody_who_was_erased(self, account, monkeypatch):
        monkeypatch.setattr(account.loaded, "is_refused", lambda *_, **__: False)
        assert "writers take a turn" in fails(account.drill().run(), "gone")
        nothing_left(account)

    def test_the_table_cannot_be_restored_in_time(self, account):
        account.restorable = False
        assert "after 120 s" in fails(account.drill().run(), "restorable")
        nothing_left(account)

    def test_a_role_that_may_not(self, account):
        account.refuse("RestoreTableToPointInTime")
        assert fails(account.drill().run(), "restore") == "RestoreTableToPointInTime: AccessDeniedException"
        nothing_left(account)

    @pytest.mark.parametrize(
        ("call", "check"),
        [
            ("write_person", "write"),
            ("open_erasure", "erase"),
            ("is_refused", "gone"),
            ("replay", "replay"),
        ],
    )
    def test_the_projects_code_fails_in_a_way_that_nobody_thought_of(self, account, monkeypatch, call, check):
        def broken(*_, **__):
            raise LookupError("bob says 0")

        monkeypatch.setattr(account.loaded, call, broken)
        report = account.drill().run()
        assert fails(report, check) == "LookupError"
        assert "bob" not in markdown(report)
        nothing_left(account)


class TestTrace:
    def test_it_lacks_dynamodb(self, account):
        report = account.drill(trace_id=account.trace(calls=())).run(only=("trace",))
        assert fails(report, "trace").endswith("lacks DynamoDB")

    def test_a_model_was_asked_and_the_call_is_not_there(self, account):
        report = account.drill(trace_id=account.trace(steps=("BedrockInvoke",))).run(only=("trace",))
        assert fails(report, "trace").endswith("lacks Bedrock")

    def test_a_model_was_asked_and_the_call_is_there(self, account):
        asked = account.trace(calls=("DynamoDB", "Bedrock Runtime"), steps=("BedrockInvoke",))
        report = account.drill(trace_id=asked).run(only=("trace",))
        assert report.checks[0].seen == f"trace {asked}: API Gateway, Bedrock, DynamoDB, Lambda"

    def test_there_is_no_such_trace(self, account):
        report = account.drill(trace_id="1-5759e988-bd862e3fe1be46a994272793").run(only=("trace",))
        assert "there is no trace" in fails(report, "trace")

    def test_the_newest_one_through_our_api_is_taken(self, account):
        ids = [account.trace(number=number) for number in range(3)]
        account.summaries(ids)
        for api, taken in (("", ids[2]), ("api1", ids[1])):
            names = msgspec.structs.replace(account.names, api=api)
            (check,) = account.drill(trace_id="", names=names).run(only=("trace",)).checks
            assert check.status == "passed"
            assert check.seen.startswith(f"trace {taken}:")

    @pytest.mark.parametrize("ids", [[], ["of another API"]])
    def test_no_request_was_traced_lately(self, account, ids):
        account.summaries([account.trace() for _ in ids])
        names = msgspec.structs.replace(account.names, api="ours")
        (check,) = account.drill(trace_id="", names=names).run(only=("trace",)).checks
        assert (check.status, check.right) == ("skipped", "a request, or --trace-id")


class TestTrail:
    def test_it_recorded_nothing(self, account):
        account.records = set()
        report = account.drill().run()
        seen = fails(report, "trail")
        assert seen.endswith("it lacks the erasure of session 1, the erasure of session 2, the restore")
        assert "--only trail --drill d111" in markdown(report)
        nothing_left(account)

    def test_it_did_not_record_the_erasure_but_all_else_of_the_same_keys(self, account):
        # The drill writes them, and the replay deletes them from the side table.
        account.dynamodb.meta.events.unregister("provide-client-params.dynamodb.*", account._recorded)
        seen = fails(account.drill().run(), "trail")
        assert seen.endswith("it lacks the erasure of session 1, the erasure of session 2")

    def test_a_deletion_that_was_refused_is_none(self, account):
        account.dynamodb.meta.events.unregister("provide-client-params.dynamodb.*", account._recorded)
        key = {"PK": {"S": "SESSION#drill-d111-0"}, "SK": {"S": "META"}}
        drill = account.drill()
        account.record("DeleteItem", {"TableName": TABLE, "Key": key}, errorCode="AccessDenied")
        assert "the erasure of session 1" in fails(drill.run(), "trail")

    def test_it_did_not_record_the_restore(self, account):
        account.records.discard("RestoreTableToPointInTime")
        assert fails(account.drill().run(), "trail").endswith("it lacks the restore")

    def test_it_delivers_after_a_while(self, account):
        late = []
        kept, account.record = account.record, lambda *given, **more: late.append((given, more))
        account.on_sleep = lambda: [kept(*given, **more) for given, more in late] and late.clear()
        assert statuses(account.drill().run())["trail"] == "passed"

    def test_it_delivers_after_the_drill(self, account):
        account.drill().run()
        later = account.drill()
        account.now += 3_600_000
        report = later.run(only=("trail",))
        assert statuses(report) == {"trail": "passed"}
        assert account.tables() == [TABLE]

    @pytest.mark.parametrize(
        "fields",
        [
            {"eventCategory": ["Management"]},
            {"eventCategory": ["Data"], "resources.type": ["AWS::S3::Object"]},
            {"eventCategory": ["Data"], "resources.type": ["AWS::DynamoDB::Table"], "readOnly": ["true"]},
            {
                "eventCategory": ["Data"],
                "resources.type": ["AWS::DynamoDB::Table"],
                "resources.ARN": ["arn:aws:dynamodb:us-east-1:123456789012:table/another"],
            },
        ],
        ids=" ".join,
    )
    def test_without_data_events_of_the_table_it_is_not_asked(self, account, fields):
        selector = {"FieldSelectors": [{"Field": name, "Equals": value} for name, value in fields.items()]}
        account.drilled.cloudtrail.put_event_selectors(TrailName="trail", AdvancedEventSelectors=[selector])
        report = account.drill().run()
        (check,) = [check for check in report.checks if check.name == "trail"]
        assert (check.status, check.right) == ("skipped", f"data events of AWS::DynamoDB::Table for {TABLE}")
        assert report.passed


class TestCleaning:
    @pytest.mark.parametrize("name", CHECKS)
    def test_whoever_breaks_it_off_in_any_check_leaves_nothing_or_is_told(self, account, name):
        def interrupted(doing):
            if doing == name:
                raise KeyboardInterrupt

        report = account.drill(progress=interrupted).run()
        assert report.interrupted
        assert not report.passed
        assert report.checks[-1].name == "clean"
        if name == "clean":
            assert report.checks[-1].right == f"mangaobs drill --clean d111, or {DELETE}"
            report = account.drill().clean()
        nothing_left(account)

    def test_whoever_loses_patience_with_a_restore_is_told_how_to_clean_up(self, account):
        account.answer(account.drilled.dynamodb, "dynamodb.DeleteTable", error="ResourceInUseException")

        def impatient(doing):
            if "can be deleted once" in doing:
                raise KeyboardInterrupt

        (check,) = account.drill(progress=impatient).run().checks[-1:]
        assert (check.status, check.seen) == ("failed", "interrupted")
        assert check.right.endswith(DELETE)

    def test_a_person_who_cannot_be_cleaned_away_does_not_keep_the_side_table(self, account, monkeypatch):
        right = account.loaded.clean

        def refused(*given, **more):
            account.refuse("DeleteItem")
            return right(*given, **more)

        monkeypatch.setattr(account.loaded, "clean", refused)
        seen = fails(account.drill().run(), "clean")
        assert seen == f"DeleteItem: AccessDeniedException; {SIDE} deleted"
        assert account.tables() == [TABLE]

    def test_a_side_table_that_cannot_be_deleted_does_not_keep_the_person(self, account):
        account.refuse("DeleteTable")
        report = account.drill().run()
        assert "DeleteTable: AccessDeniedException" in fails(report, "clean")
        assert report.checks[-1].right.endswith(DELETE)
        assert account.left_of("drill-d111", ["drill-d111-0", "drill-d111-1"]) == []

    def test_a_table_of_that_very_name_that_was_not_restored_from_ours_stays(self, account):
        account.table.create_table(TableName=SIDE, **A_TABLE)
        report = account.drill().run()
        failed = {check.name: check.seen for check in report.checks if check.status == "failed"}
        assert failed["restore"] == "RestoreTableToPointInTime: TableAlreadyExistsException"
        assert failed["clean"].endswith(f"{SIDE} stays: it was not restored from {TABLE}")
        assert account.tables() == [TABLE, SIDE]

    def test_a_side_table_that_is_protected_from_deletion_is_deleted(self, account):
        def protect(**_):
            account.table.update_table(TableName=SIDE, DeletionProtectionEnabled=True)

        account.drilled.dynamodb.meta.events.register_last("after-call.dynamodb.RestoreTableToPointInTime", protect)
        assert account.drill().run().passed
        nothing_left(account)

    @pytest.mark.parametrize("operation", ["DescribeTable", "DeleteTable"])
    def test_a_table_that_is_not_to_be_seen_or_deleted_at_once_is_waited_for(self, account, operation):
        def restored(**_):
            error = "ResourceNotFoundException" if operation == "DescribeTable" else "ResourceInUseException"
            account.answer(account.drilled.dynamodb, f"dynamodb.{operation}", error=error, times=3)

        account.drilled.dynamodb.meta.events.register_last("after-call.dynamodb.RestoreTableToPointInTime", restored)
        assert account.drill().run().passed
        nothing_left(account)

    def test_a_machine_that_does_not_end_is_stopped(self, account):
        account.status, account.runs_machine = "RUNNING", False
        report = account.drill().run()
        assert report.checks[-1].seen.startswith("the machine was stopped; ")
        machine = account.names.machine
        (execution,) = account.drilled.states.list_executions(stateMachineArn=machine)["executions"]
        assert execution["status"] == "ABORTED"


class TestDigest:
    ITEM: ClassVar = {
        "PK": {"S": "a"},
        "of": {"SS": ["x", "y"]},
        "in": {"M": {"n": {"NS": ["1", "2"]}}},
        "b": {"B": b"1"},
    }

    def test_order_within_an_item_is_nothing(self):
        turned = {"b": {"B": b"1"}, "in": {"M": {"n": {"NS": ["2", "1"]}}}, "of": {"SS": ["y", "x"]}, "PK": {"S": "a"}}
        assert digest(turned) == digest(self.ITEM)

    @pytest.mark.parametrize(
        "change",
        [
            {"PK": {"N": "a"}},
            {"of": {"L": ["x", "y"]}},
            {"b": {"B": b"2"}},
            {"b": {"S": "31"}},
            {"more": {"NULL": True}},
        ],
    )
    def test_everything_else_is_something(self, change):
        assert digest({**self.ITEM, **change}) != digest(self.ITEM)


@pytest.mark.parametrize(
    "call",
    ["TransactWriteItems", "DescribeContinuousBackups", "Query", "RestoreTableToPointInTime", "DescribeTable", "Scan"],
)
def test_whoever_breaks_it_off_leaves_nothing(account, call):
    def interrupted(**_):
        account.drilled.dynamodb.meta.events.unregister(f"before-call.dynamodb.{call}", interrupted)
        raise KeyboardInterrupt

    account.drilled.dynamodb.meta.events.register(f"before-call.dynamodb.{call}", interrupted)
    report = account.drill().run()
    assert report.interrupted
    assert not report.passed
    nothing_left(account)


def test_a_drill_that_died_is_cleaned_by_its_id(account):
    class Died(BaseException):
        pass

    def dies(**_):
        account.drilled.dynamodb.meta.events.unregister("before-call.dynamodb.Scan", dies)
        raise Died

    account.drilled.dynamodb.meta.events.register("before-call.dynamodb.Scan", dies)
    with pytest.raises(Died):
        account.drill().run()
    assert SIDE in account.tables()
    report = account.drill().clean()
    assert statuses(report) == {"clean": "passed"}
    nothing_left(account)


def test_another_table_of_a_similar_name_stays(account):
    account.table.create_table(TableName=f"{SIDE}2", **A_TABLE)
    account.drill().run()
    assert account.tables() == [TABLE, f"{SIDE}2"]


def test_the_report_has_no_secret_and_says_what_would_be_right(account):
    account.status, account.runs_machine = "FAILED", False
    page = markdown(account.drill().run())
    assert page.startswith(f"# Drill {DRILL}: failed")
    assert "right: look at its execution" in page
    assert KEY not in page


def test_what_it_changes_is_said_before(account):
    changes = account.drill().changes()
    assert any(SIDE in change for change in changes)
    assert any("nobody can delete" in change for change in changes)
