"""The contract in a template's metadata: all that linting and replaying need to know, without our definitions."""

from __future__ import annotations

import importlib.util
import re

from tests.proof.configurations import ROOT, resources

# What is made beside the definitions, and so is written at no line of them.
OURS = {"AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::SNS::Subscription", "AWS::KMS::Key", "AWS::Logs::LogGroup"}

# What the line of each kind of definition calls.
CALLS = {
    "AWS::ApplicationAutoScaling::ScalableTarget": r"TargetTracking\(",
    "AWS::ApplicationAutoScaling::ScalingPolicy": r"TargetTracking\(",
    "AWS::CloudWatch::Alarm": r"\b(Alarm|critical|warning|info|Watch)\(",
    "AWS::CloudWatch::CompositeAlarm": r"CompositeAlarm\(",
    "AWS::CloudWatch::Dashboard": r"\bDashboard\(",
    "AWS::CloudWatch::InsightRule": r"InsightRule\(",
    "AWS::Events::Rule": r"EventRule\(",
    "AWS::Logs::MetricFilter": r"Watch\(",
    "AWS::Logs::QueryDefinition": r"(SavedQuery|saved_queries)\(",
}


def declared():
    """The signals of the bundled handlers, imported apart from any project."""
    spec = importlib.util.spec_from_file_location("bundled_signals", ROOT / "handlers" / "signals.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SIGNALS


def test_every_definition_says_its_name_and_where_it_stands(on_demand, provisioned):
    for rendered in (on_demand, provisioned):
        for one in resources(rendered.template):
            if one.type in OURS:
                assert one.contract == {}
                continue
            assert one.contract["name"]
            # relative to the project: the same on every machine
            file = rendered.project / one.contract["file"]
            assert file.is_file(), one.id
            assert one.contract["file"].startswith(("alarms/", "queries/", "dashboards/"))
            line = file.read_text(encoding="utf-8").split("\n")[one.contract["line"] - 1]
            assert re.search(CALLS[one.type], line), (one.id, one.contract, line)


def test_an_alarm_says_who_is_told_and_what_to_read(on_demand):
    for one in resources(on_demand.template, "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        assert one.contract["severity"] in {"critical", "warning", "info"}
        assert (ROOT / "alarms" / "runbooks" / f"{one.contract['runbook']}.md").is_file()
        assert set(one.contract) <= {"name", "severity", "runbook", "next_query", "through", "file", "line"}


def test_a_page_through_eventbridge_says_the_same(on_demand):
    for one in resources(on_demand.template, "AWS::Events::Rule"):
        assert set(one.contract) == {"name", "severity", "runbook", "file", "line"}


def test_the_line_is_the_definitions_own(on_demand):
    # given two alarms that one file yields, their lines are two, and in the order of the file
    alarms = {one.contract["name"]: one.contract for one in resources(on_demand.template, "AWS::CloudWatch::Alarm")}
    reads, hot = alarms["dynamodb-sessions-reads-throttled"], alarms["dynamodb-sessions-read-hot-partition"]
    assert reads["file"] == hot["file"] == "alarms/dynamodb.py"
    assert reads["line"] < hot["line"]


def test_the_template_says_what_the_handlers_emit(on_demand, provisioned, fleet):
    expected = declared().contract()
    for template in (on_demand.template, provisioned.template, *fleet.shards.values()):
        contract = template["Metadata"]["mangaobs"]
        assert contract["signals"] == expected
        assert contract["contract"] == 1
    contract = on_demand.template["Metadata"]["mangaobs"]
    assert (contract["application"], contract["environment"]) == ("manga-assist", "dev")
    assert {metric["name"] for metric in contract["signals"]["metrics"]} >= {"HotKeys", "DeferredWrites"}
    assert {event["name"] for event in contract["signals"]["events"]} >= {"dynamodb_operation", "invocation"}
    assert contract["signals"]["access_log"]["format"].startswith('{"request_id":"$context.requestId"')


def test_the_contract_is_plain_data(on_demand):
    # given that it is read without resolving anything, no function of CloudFormation's is in it
    contracts = [one.contract for one in resources(on_demand.template)]
    for entry in [*contracts, on_demand.template["Metadata"]]:
        assert "Fn::" not in str(entry)
        assert "'Ref'" not in str(entry)
