"""A drill on an account: what works passes, what is wrong is the one check that fails, and nothing is left behind."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from mangaobs.drill import CHECKS, Clients, Drill, Limits, Names, markdown, rehearsal

from ..handlers.conftest import INDEX, TABLE
from ..handlers.data_subject.world import AUDIT, KEY, World

ROOT = Path(__file__).resolve().parents[2]
GROUP = "/manga-assist/cloudtrail"
DRILL = "d111"
SIDE = f"{TABLE}-drill-{DRILL}"


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
        self.records = True
        self.slept = 0.0
        self._emulate()

    def _emulate(self) -> None:
        events = self.drilled.dynamodb.meta.events
        states = self.drilled.states.meta.events
        events.register("after-call.dynamodb.DescribeContinuousBackups", self._latest)
        events.register("after-call.dynamodb.RestoreTableToPointInTime", self._restored)
        states.register("after-call.sfn.StartExecution", self._ran)
        states.register("before-call.sfn.DescribeExecution", self._described)

    def _latest(self, parsed, **_):
        recovery = parsed["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        if recovery["PointInTimeRecoveryStatus"] == "ENABLED":
            recovery["LatestRestorableDateTime"] = datetime.fromtimestamp(self.clock_seconds() + 5, UTC)

    def _ran(self, http_response, parsed, **_):
        """The machine, which moto does not run: the function is called until it is done."""
        self.backup = self.items()
        if self.runs_machine:
            person = self.loaded.person_of(DRILL)
            assert self.drive(self.standing(person.customer_id)) == "DONE"
        if self.records:
            for session in self.loaded.person_of(DRILL).session_ids:
                self.record("TransactWriteItems", session)

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
        if self.records:
            self.record("RestoreTableToPointInTime", SIDE)

    def record(self, event: str, what: str) -> None:
        """A line of the trail's log."""
        # Shape: CloudTrail User Guide, "CloudTrail record contents"; primary keys are in it, other values are not.
        parameters = {"tableName": TABLE, "key": {"PK": f"SESSION#{what}", "SK": "META"}}
        if event.startswith("Restore"):
            parameters = {"sourceTableName": TABLE, "targetTableName": what}
        line = {"eventSource": "dynamodb.amazonaws.com", "eventName": event, "requestParameters": parameters}
        at = int(self.clock_seconds() * 1000)
        self.drilled.logs.put_log_events(
            logGroupName=GROUP, logStreamName="s", logEvents=[{"timestamp": at, "message": json.dumps(line)}]
        )

    def trace(self, *, dynamodb: bool = True) -> str:
        """A trace of a request; its id."""
        now = self.clock_seconds()
        trace_id = f"1-{int(now):08x}-0123456789abcdef01234567"
        calls = [{"id": "c" * 16, "name": "DynamoDB", "namespace": "aws", "start_time": now, "end_time": now}]
        base = {"trace_id": trace_id, "start_time": now, "end_time": now + 1}
        segments = [
            {**base, "id": "a" * 16, "name": "manga-assist/live", "origin": "AWS::ApiGateway::Stage"},
            {**base, "id": "b" * 16, "name": "message", "origin": "AWS::Lambda::Function"},
        ]
        if dynamodb:
            segments[1]["subsegments"] = calls
        self.drilled.xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(one) for one in segments])
        return trace_id

    def clock_seconds(self) -> float:
        return self.now / 1000

    def _slept(self, seconds: float) -> None:
        self.now += int(seconds * 1000)

    def drill(self, *, trace_id: str | None = None) -> Drill:
        return Drill(
            DRILL,
            self.drilled,
            self.names,
            self.loaded,
            clock=self.clock_seconds,
            sleep=self._slept,
            limits=Limits(restorable=60, erasure=60, restore=60, trail=60, every=10),
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
        assert "not the 22 that were written" in fails(account.drill().run(), "restore")
        nothing_left(account)

    def test_the_ledger_does_not_have_the_person(self, account, monkeypatch):
        monkeypatch.setattr(account.loaded, "erased_subjects", lambda *_: frozenset())
        assert "left after the replay" in fails(account.drill().run(), "replay")
        nothing_left(account)

    def test_the_replay_touches_somebody_else(self, account, monkeypatch):
        loaded = account.loaded
        right = loaded.replay

        def wrong(dynamodb, s3, table, **more):
            replayed = right(dynamodb, s3, table, **more)
            dynamodb.delete_item(TableName=table, Key={"PK": {"S": "SESSION#s10"}, "SK": {"S": "META"}})
            return replayed

        monkeypatch.setattr(loaded, "replay", wrong)
        assert "items of others" in fails(account.drill().run(), "replay")
        nothing_left(account)

    def test_a_trace_lacks_dynamodb(self, account):
        report = account.drill(trace_id=account.trace(dynamodb=False)).run(only=("trace",))
        assert fails(report, "trace").endswith("lacks DynamoDB")

    def test_there_is_no_such_trace(self, account):
        report = account.drill(trace_id="1-5759e988-bd862e3fe1be46a994272793").run(only=("trace",))
        assert "there is no trace" in fails(report, "trace")

    def test_no_request_was_traced_lately(self, account):
        none = {"TraceSummaries": [], "ResponseMetadata": {"HTTPStatusCode": 200}}
        account.drilled.xray.meta.events.register(
            "before-call.xray.GetTraceSummaries", lambda **_: (AWSResponse("http://test", 200, {}, None), none)
        )
        report = account.drill(trace_id="").run(only=("trace",))
        assert statuses(report) == {"trace": "skipped"}

    def test_cloudtrail_recorded_nothing(self, account):
        account.records = False
        report = account.drill().run()
        assert "CloudTrail has recorded" in fails(report, "trail")
        nothing_left(account)

    def test_a_role_that_may_not(self, account):
        def refused(**_):
            answer = {"Error": {"Code": "AccessDeniedException", "Message": "secret"}, "ResponseMetadata": {}}
            return AWSResponse("http://test", 400, {}, None), answer

        account.drilled.dynamodb.meta.events.register("before-call.dynamodb.RestoreTableToPointInTime", refused)
        assert fails(account.drill().run(), "restore") == "RestoreTableToPointInTime: AccessDeniedException"
        nothing_left(account)


def test_without_data_events_the_trail_is_not_asked(account):
    management = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
    account.drilled.cloudtrail.put_event_selectors(TrailName="trail", AdvancedEventSelectors=[management])
    report = account.drill().run()
    assert statuses(report)["trail"] == "skipped"
    assert report.passed


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
    account.table.create_table(
        TableName=f"{SIDE}2",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
    )
    account.drill().run()
    assert account.tables() == [TABLE, f"{SIDE}2"]
    assert INDEX


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
