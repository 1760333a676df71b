"""The trail's patterns against events: each takes what it is for, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.proof.configurations import ROOT, resources
from tests.proof.resolution import Deployment, resolve

from .matchers import event_pattern, filter_pattern

ACCOUNT, REGION = "111122223333", "eu-central-1"
TABLE = "manga-assist-sessions"
TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}"
CORPUS = ROOT.parent / "shared" / "corpus" / "cloudtrail_events.jsonl"


def event(source: str, name: str, **fields: Any) -> dict[str, Any]:
    """A record as CloudTrail writes it, by a person who assumed a role."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/developer/alice",
            "accountId": ACCOUNT,
        },
        "eventTime": "2026-11-24T12:00:00Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "eventCategory": "Management",
        "requestParameters": {"tableName": TABLE},
        **fields,
    }


def data_event(name: str, table: str = TABLE_ARN, **fields: Any) -> dict[str, Any]:
    """A data event: the table stands in `resources`, whatever the request called it."""
    resource = {"accountId": ACCOUNT, "type": "AWS::DynamoDB::Table", "ARN": table}
    return event(
        "dynamodb", name, **{"managementEvent": False, "eventCategory": "Data", "resources": [resource], **fields}
    )


DENIED = {"errorCode": "AccessDenied", "errorMessage": "is not authorized to perform"}
AUTO_SCALING = {
    "userIdentity": {
        "type": "AssumedRole",
        "invokedBy": "dynamodb.application-autoscaling.amazonaws.com",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable/auto",
    }
}
CHANGES = {"TableChanges"}

# Each event, and the metrics whose filters take it.
EVENTS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a table is created": (event("dynamodb", "CreateTable"), CHANGES),
    "a table is deleted": (event("dynamodb", "DeleteTable"), CHANGES),
    "a table is deleted by a service that is not auto scaling": (
        event(
            "dynamodb", "DeleteTable", userIdentity={"type": "AssumedRole", "invokedBy": "cloudformation.amazonaws.com"}
        ),
        CHANGES,
    ),
    "a table is changed by a person": (event("dynamodb", "UpdateTable"), CHANGES),
    "a table is scaled": (event("dynamodb", "UpdateTable", **AUTO_SCALING), set()),
    "TTL is switched": (event("dynamodb", "UpdateTimeToLive"), CHANGES),
    "a global table is changed": (event("dynamodb", "UpdateGlobalTable"), CHANGES),
    "a table is described": (event("dynamodb", "DescribeTable"), set()),
    "Glue deletes a table of its own": (event("glue", "DeleteTable"), set()),
    "deleting a table is denied": (event("dynamodb", "DeleteTable", **DENIED), {"DynamoDBAccessDenied"}),
    "deleting a table fails": (event("dynamodb", "DeleteTable", errorCode="ResourceInUseException"), set()),
    "a table is scanned by its name": (data_event("Scan"), {"Scan"}),
    "a table is scanned by its ARN": (
        data_event("Scan", requestParameters={"tableName": TABLE_ARN}),
        {"Scan"},
    ),
    "an index is scanned": (
        data_event("Scan", requestParameters={"tableName": TABLE, "indexName": "GSI1-customer-sessions"}),
        {"Scan"},
    ),
    "another table is scanned": (data_event("Scan", f"{TABLE_ARN}-of-others"), set()),
    "the same name in another region is scanned": (
        data_event("Scan", TABLE_ARN.replace(REGION, "us-west-2")),
        set(),
    ),
    "a table is queried": (data_event("Query"), set()),
    "PartiQL reads the table": (
        data_event("ExecuteStatement", requestParameters={"statement": "SELECT * FROM …"}),
        {"PartiQL"},
    ),
    "PartiQL in a batch": (data_event("BatchExecuteStatement", requestParameters=None), {"PartiQL"}),
    "PartiQL in a transaction": (data_event("ExecuteTransaction", requestParameters=None), {"PartiQL"}),
    "a read is denied": (data_event("GetItem", requestParameters=None, **DENIED), {"DynamoDBAccessDenied"}),
    "a denial with the name that the API gives": (
        event("dynamodb", "ListTables", errorCode="AccessDeniedException", requestParameters=None),
        {"DynamoDBAccessDenied"},
    ),
    "a denial by an endpoint's policy": (
        event("dynamodb", "GetItem", eventType="AwsVpceEvent", errorCode="VpceAccessDenied"),
        {"DynamoDBAccessDenied"},
    ),
    "EC2 denies something": (event("ec2", "RunInstances", errorCode="Client.UnauthorizedOperation"), set()),
    "DynamoDB throttles": (data_event("Query", errorCode="ThrottlingException"), set()),
    "a condition fails": (data_event("PutItem", errorCode="ConditionalCheckFailedException"), set()),
    "a backup is deleted": (event("dynamodb", "DeleteBackup"), {"BackupDeleted"}),
    "a recovery point is deleted": (event("backup", "DeleteRecoveryPoint"), {"BackupDeleted"}),
    "deleting a backup is denied": (event("dynamodb", "DeleteBackup", **DENIED), {"DynamoDBAccessDenied"}),
    "a backup is made": (event("dynamodb", "CreateBackup"), {"TableCopies"}),
    "a table is exported": (event("dynamodb", "ExportTableToPointInTime"), {"TableCopies"}),
    "a table is restored": (event("dynamodb", "RestoreTableToPointInTime"), {"TableCopies"}),
    "a table is streamed to Kinesis": (event("dynamodb", "EnableKinesisStreamingDestination"), {"TableCopies"}),
    "point-in-time recovery is switched": (
        event("dynamodb", "UpdateContinuousBackups"),
        {"ContinuousBackupsChanged"},
    ),
    "a resource policy is put": (event("dynamodb", "PutResourcePolicy"), {"ResourcePolicyChanged"}),
    "a resource policy is deleted": (event("dynamodb", "DeleteResourcePolicy"), {"ResourcePolicyChanged"}),
    "somebody's secret gets a resource policy": (event("secretsmanager", "PutResourcePolicy"), set()),
    "a trail is stopped": (event("cloudtrail", "StopLogging"), {"TrailTampering"}),
    "a trail is deleted": (event("cloudtrail", "DeleteTrail"), {"TrailTampering"}),
    "a trail drops events": (event("cloudtrail", "PutEventSelectors"), {"TrailTampering"}),
    "a trail is started": (event("cloudtrail", "StartLogging"), set()),
    "stopping a trail is denied": (event("cloudtrail", "StopLogging", **DENIED), set()),
    "a log group is deleted": (event("logs", "DeleteLogGroup"), {"MonitoringTampering"}),
    "a metric filter is deleted": (event("logs", "DeleteMetricFilter"), {"MonitoringTampering"}),
    "alarms are deleted": (event("monitoring", "DeleteAlarms"), {"MonitoringTampering"}),
    "alarms are silenced": (event("monitoring", "DisableAlarmActions"), {"MonitoringTampering"}),
    "a key is disabled": (event("kms", "DisableKey"), {"KeyDisabled"}),
    "a key is to be deleted": (event("kms", "ScheduleKeyDeletion"), {"KeyDisabled"}),
    "a key is used": (event("kms", "Decrypt"), set()),
    "a person signs in": (event("signin", "ConsoleLogin", eventType="AwsConsoleSignIn"), set()),
}

# Each event that pages at once, and the rules that take it.
AT_ONCE: dict[str, set[str]] = {
    "a table is deleted": {"table-deleted"},
    "a table is deleted by a service that is not auto scaling": {"table-deleted"},
    "TTL is switched": {"data-protection-off"},
    "a backup is deleted": {"data-protection-off"},
    "a recovery point is deleted": {"recovery-point-deleted"},
    "point-in-time recovery is switched": {"data-protection-off"},
    "a resource policy is put": {"data-protection-off"},
    "a resource policy is deleted": {"data-protection-off"},
    "a trail is stopped": {"trail-stopped"},
    "a trail is deleted": {"trail-stopped"},
    "a trail drops events": {"trail-stopped"},
    "a key is disabled": {"key-disabled"},
    "a key is to be deleted": {"key-disabled"},
}


@pytest.fixture(scope="module")
def deployed(on_demand) -> dict[str, Any]:
    return resolve(on_demand.template, Deployment(ACCOUNT, REGION))


@pytest.fixture(scope="module")
def filters(deployed) -> dict[str, Any]:
    """The predicate of every filter, by the metric that it makes."""
    return {
        tree["Properties"]["MetricTransformations"][0]["MetricName"]: filter_pattern(
            tree["Properties"]["FilterPattern"]
        )
        for tree in deployed.values()
        if tree["Type"] == "AWS::Logs::MetricFilter"
    }


@pytest.fixture(scope="module")
def rules(on_demand, deployed) -> dict[str, dict[str, Any]]:
    return {
        one.contract["name"]: deployed[one.id]["Properties"]["EventPattern"]
        for one in resources(on_demand.template, "AWS::Events::Rule")
    }


def delivered(record: dict[str, Any]) -> dict[str, Any]:
    """A record as EventBridge delivers it."""
    service = record["eventSource"].partition(".")[0]
    return {
        "version": "0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{service}",
        "account": ACCOUNT,
        "region": record["awsRegion"],
        "resources": [],
        "detail": record,
    }


@pytest.mark.parametrize("what", EVENTS)
def test_each_filter_takes_the_events_that_it_is_for_and_no_others(filters, what):
    record, expected = EVENTS[what]
    assert {metric for metric, matches in filters.items() if matches(record)} == expected


def test_every_filter_takes_some_event(filters):
    taken = set().union(*(expected for _, expected in EVENTS.values()))
    assert set(filters) == taken


@pytest.mark.parametrize("what", EVENTS)
def test_each_rule_takes_the_events_that_it_is_for_and_no_others(rules, what):
    record, _ = EVENTS[what]
    taken = {name for name, pattern in rules.items() if event_pattern(pattern, delivered(record))}
    assert taken == AT_ONCE.get(what, set())


def test_every_rule_takes_some_event(rules):
    assert set(rules) == set().union(*AT_ONCE.values())


def test_a_table_that_is_deleted_by_its_arn_pages_and_somebody_elses_does_not(rules):
    for name, expected in ((TABLE_ARN, True), (f"{TABLE}-of-others", False), (f"{TABLE_ARN}-of-others", False)):
        record = event("dynamodb", "DeleteTable", requestParameters={"tableName": name})
        assert event_pattern(rules["table-deleted"], delivered(record)) is expected


def test_rules_read_what_cloudtrail_sends_to_the_default_bus(on_demand, rules):
    for one in resources(on_demand.template, "AWS::Events::Rule"):
        assert "EventBusName" not in one.properties
        assert rules[one.contract["name"]]["detail-type"] == ["AWS API Call via CloudTrail"]


def test_every_filter_feeds_an_alarm(on_demand):
    made = {
        (made["MetricNamespace"], made["MetricName"])
        for one in resources(on_demand.template, "AWS::Logs::MetricFilter")
        for made in one.properties["MetricTransformations"]
    }
    watched = {
        (one.properties.get("Namespace"), one.properties.get("MetricName")): one
        for one in resources(on_demand.template, "AWS::CloudWatch::Alarm")
    }
    assert made <= set(watched)
    for key in made:
        alarm = watched[key].properties
        # one match is one: a count, without dimensions, silent where nothing matches
        assert (alarm["Statistic"], alarm["TreatMissingData"]) == ("Sum", "notBreaching")
        assert "Dimensions" not in alarm


def test_every_filter_reads_the_trails_log_group(on_demand):
    filters = resources(on_demand.template, "AWS::Logs::MetricFilter")
    assert {json.dumps(one.properties["LogGroupName"]) for one in filters} == {'{"Ref": "TrailLogGroup"}'}


def test_without_data_events_no_filter_waits_for_them(overlay, on_demand):
    text = (on_demand.project / "mangaobs.toml").read_text(encoding="utf-8")
    template = overlay(text.replace("data_events = true", "data_events = false")).template
    metrics = {
        made["MetricName"]
        for one in resources(template, "AWS::Logs::MetricFilter")
        for made in one.properties["MetricTransformations"]
    }
    assert metrics
    assert not {name for name in metrics if name.startswith(("Scan", "PartiQL"))}


# --- real records ---


@pytest.fixture(scope="module")
def corpus() -> list[dict[str, Any]]:
    if not Path(CORPUS).is_file():
        pytest.skip(f"the corpus of real records is not there: {CORPUS}")
    with CORPUS.open(encoding="utf-8") as lines:
        return [json.loads(line)["event"] for line in lines]


def test_on_real_records_each_filter_agrees_with_a_predicate_in_python(corpus, filters):
    def succeeded(record: dict[str, Any]) -> bool:
        return "errorCode" not in record

    def called(record: dict[str, Any], service: str, *names: str) -> bool:
        return record.get("eventSource") == f"{service}.amazonaws.com" and record.get("eventName") in names

    def denied(record: dict[str, Any]) -> bool:
        code = str(record.get("errorCode", ""))
        return record.get("eventSource") == "dynamodb.amazonaws.com" and (
            code.startswith("AccessDenied") or code.endswith("UnauthorizedOperation") or code == "VpceAccessDenied"
        )

    trail = ("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors", "PutInsightSelectors")
    predicates = {
        "DynamoDBAccessDenied": denied,
        "TrailTampering": lambda record: succeeded(record) and called(record, "cloudtrail", *trail),
        "KeyDisabled": lambda record: (
            succeeded(record) and called(record, "kms", "DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy")
        ),
        "ResourcePolicyChanged": lambda record: (
            succeeded(record) and called(record, "dynamodb", "PutResourcePolicy", "DeleteResourcePolicy")
        ),
        "ContinuousBackupsChanged": lambda record: (
            succeeded(record) and called(record, "dynamodb", "UpdateContinuousBackups")
        ),
    }
    found = {}
    for metric, predicate in predicates.items():
        matched = [number for number, record in enumerate(corpus) if filters[metric](record)]
        assert matched == [number for number, record in enumerate(corpus) if predicate(record)], metric
        found[metric] = len(matched)
    # that it was no agreement on nothing
    assert found["TrailTampering"] > 5
    assert found["KeyDisabled"] > 0
    # none of the real denials is DynamoDB's: as if it had said them, each is recognized
    denials = [{**record, "eventSource": "dynamodb.amazonaws.com"} for record in corpus if "errorCode" in record]
    recognized = [filters["DynamoDBAccessDenied"](record) for record in denials]
    assert recognized == [denied(record) for record in denials]
    assert sum(recognized) > 40


def test_on_real_records_nothing_matches_that_is_none_of_the_applications_services(corpus, filters):
    services = {"dynamodb", "backup", "cloudtrail", "logs", "monitoring", "kms"}
    for record in corpus:
        if any(matches(record) for matches in filters.values()):
            assert record["eventSource"].partition(".")[0] in services


# --- the matchers themselves ---


@pytest.mark.parametrize(
    ("pattern", "record", "expected"),
    [
        ('{ $.a = "x" }', {"a": "x"}, True),
        ('{ $.a = "x" }', {"a": "xy"}, False),
        ('{ $.a = "x*" }', {"a": "xy"}, True),
        ('{ $.a = "*x" }', {"a": "yx"}, True),
        ('{ $.a != "x" }', {}, False),
        ('{ $.a != "x" }', {"a": "y"}, True),
        ("{ $.a NOT EXISTS }", {}, True),
        ("{ $.a NOT EXISTS }", {"a": None}, False),
        ("{ $.a.b NOT EXISTS }", {"a": "text"}, True),
        ('{ $.a[*].b = "x" }', {"a": [{"b": "y"}, {"b": "x"}]}, True),
        ('{ $.a[*].b = "x" }', {"a": []}, False),
        ('{ $.a[1] = "x" }', {"a": ["y", "x"]}, True),
        ('{ $.a = "x" && $.b = "y" || $.c = "z" }', {"c": "z"}, True),
        ('{ $.a = "x" && ($.b = "y" || $.c = "z") }', {"c": "z"}, False),
        ('{ $.a = "q\\"q" }', {"a": 'q"q'}, True),
    ],
)
def test_the_matcher_of_filter_patterns_reads_them_as_aws_says(pattern, record, expected):
    assert filter_pattern(pattern)(record) is expected


@pytest.mark.parametrize(
    ("pattern", "record", "expected"),
    [
        ({"a": ["x", "y"]}, {"a": "y"}, True),
        ({"a": ["x"]}, {}, False),
        ({"a": ["x"]}, {"a": ["z", "x"]}, True),
        ({"a": {"b": ["x"]}}, {"a": {"b": "x", "c": 1}}, True),
        ({"a": [{"exists": False}]}, {}, True),
        ({"a": [{"exists": False}]}, {"a": 1}, False),
        ({"a": {"b": [{"exists": False}]}}, {}, False),
        ({"a": ["x", {"suffix": "/x"}]}, {"a": "table/x"}, True),
    ],
)
def test_the_matcher_of_event_patterns_reads_them_as_aws_says(pattern, record, expected):
    assert event_pattern(pattern, record) is expected
