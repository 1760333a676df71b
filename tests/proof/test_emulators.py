"""The templates as emulators deploy them: refused lists, lost fields, and every other field read back.

No emulator proves a stack alone. ministack creates it through CloudFormation but refuses some types and metric math;
moto takes those through the services' own APIs. What neither implements is held against botocore's model of the call.
All three lists are exact: a newer emulator that outgrows one fails the test, and the list shrinks.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID

from mangaobs.render import to_json

from .apis import Call, calls, faults
from .configurations import EXPORTS, INLINE, SSM, Rendered
from .emulators import REGION, Ministack, StackError, lost, running_ministack
from .resolution import Deployment, resolve

pytestmark = pytest.mark.slow

# The types that ministack's CloudFormation does not know.
MINISTACK_REFUSES = {
    "on-demand": {"AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::InsightRule", "AWS::Logs::QueryDefinition"},
    "provisioned": {
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::CloudWatch::InsightRule",
        "AWS::Logs::QueryDefinition",
    },
}
MINISTACK_REFUSES_MATH = "Properties.Metrics (metric math) is not supported"

# What an emulator creates without, or gives back otherwise.
MINISTACK_LOSES: dict[str, set[str]] = {
    "AWS::CloudWatch::Alarm": {"EvaluateLowSampleCountPercentile"},
    "AWS::CloudWatch::Dashboard": {"Tags"},
    "AWS::SNS::Topic": {"KmsMasterKeyId"},
}
MINISTACK_COMPOSITE_API_LOSES = {
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
}
MOTO_LOSES: dict[str, set[str]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": {"Tags"},
    "AWS::CloudWatch::Dashboard": {"Tags"},
}

# Calls that moto does not implement, and the one that ministack's APIs do not either.
MOTO_LACKS = {"PutCompositeAlarm", "PutQueryDefinition"}
NOBODY_HAS = {"PutQueryDefinition"}

# So no emulator shows these; botocore's model of the call and the provider schema are all that they are held against.
NOBODY_KEEPS: dict[str, set[str]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": {"Tags"},
    "AWS::CloudWatch::CompositeAlarm": MINISTACK_COMPOSITE_API_LOSES,
    "AWS::CloudWatch::Dashboard": {"Tags"},
    "AWS::Logs::QueryDefinition": {"LogGroupNames", "Name", "Parameters", "QueryString"},
}

# What the templates read and do not create.
LOG_GROUPS = ("/manga-assist/cloudtrail", "/manga-assist/api-access", SSM["/audit/trail-log-group"])


@pytest.fixture(scope="session")
def ministack(tmp_path_factory) -> Iterator[Ministack]:
    with running_ministack(tmp_path_factory.mktemp("ministack")) as ministack:
        for region in (REGION, "eu-west-1"):
            logs = ministack.client("logs", region)
            for name in LOG_GROUPS:
                logs.create_log_group(logGroupName=name)
        for name, value in SSM.items():
            ministack.client("ssm").put_parameter(Name=name, Value=value, Type="String")
        exports = {
            f"Export{number}": {"Value": value, "Export": {"Name": name}}
            for number, (name, value) in enumerate(EXPORTS.items())
        }
        other = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}, "Outputs": exports}
        ministack.create_stack("another-stack", other)
        yield ministack


@pytest.fixture(params=["on-demand", "provisioned"])
def rendered(request, on_demand, provisioned) -> Rendered:
    return {"on-demand": on_demand, "provisioned": provisioned}[request.param]


def is_math(tree: dict[str, Any]) -> bool:
    return tree["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in tree["Properties"]


def deployable(rendered: Rendered, template: dict[str, Any]) -> dict[str, Any]:
    """The template without what ministack refuses."""
    resources = {
        id: {key: one for key, one in tree.items() if key != "DependsOn"}
        for id, tree in template["Resources"].items()
        if tree["Type"] not in MINISTACK_REFUSES[rendered.name] and not is_math(tree)
    }
    return {**template, "Resources": resources}


def deployment(rendered: Rendered, account: str, physical: dict[str, str]) -> Deployment:
    return Deployment(account, REGION, rendered.name, exports=EXPORTS, ssm=SSM, physical=physical)


@pytest.fixture
def stack(ministack, rendered) -> dict[str, str]:
    """The physical ids of what ministack deployed of a configuration, once."""
    try:
        return ministack.finish(rendered.name, REGION)
    except ClientError:
        return ministack.create_stack(rendered.name, deployable(rendered, rendered.template))


def test_ministack_refuses_exactly_these_types(ministack, rendered):
    with pytest.raises(ClientError) as refused:
        ministack.create_stack(f"{rendered.name}-whole", rendered.template)
    named = re.search(r"Unrecognized resource types: \[(.*)\]", str(refused.value))
    assert named, refused.value
    assert set(named[1].split(", ")) == MINISTACK_REFUSES[rendered.name]


def test_ministack_refuses_every_form_of_metric_math(ministack, rendered):
    resolved = resolve(rendered.template, deployment(rendered, ministack.account, {}))
    forms = {tuple(sorted(tree["Properties"])): id for id, tree in resolved.items() if is_math(tree)}
    assert len(forms) >= 2  # over a threshold, and over a band
    for number, id in enumerate(forms.values()):
        with pytest.raises(StackError, match=re.escape(MINISTACK_REFUSES_MATH)):
            ministack.create_stack(f"{rendered.name}-math-{number}", {"Resources": {id: resolved[id]}})


def test_everything_else_deploys_and_nothing_is_dropped(rendered, stack):
    expected = deployable(rendered, rendered.template)["Resources"]
    assert set(stack) == set(expected)
    assert len(expected) > 100


def test_ministack_gives_back_what_the_template_says(ministack, rendered, stack):
    resolved = resolve(rendered.template, deployment(rendered, ministack.account, stack))
    found: dict[str, set[str]] = defaultdict(set)
    emitted: dict[str, set[str]] = defaultdict(set)
    for id in stack:
        type, properties = resolved[id]["Type"], resolved[id]["Properties"]
        found[type] |= lost(type, properties, stack[id], ministack.client)
        emitted[type] |= set(properties)
    assert {type: names for type, names in found.items() if names} == _of(MINISTACK_LOSES, emitted)


def test_shards_deploy_inline_one_after_the_other(ministack, on_demand):
    # given shards that fit into the request, in another region, when they are deployed in their order
    stacks = {}
    for shard, template in on_demand.inline_shards.items():
        assert len(to_json(template, compact=True).encode()) <= INLINE
        rest = deployable(on_demand, template)
        if rest["Resources"]:
            body = to_json(rest, compact=True)
            stacks[shard] = ministack.create_inline_stack(f"on-demand-{shard}", body, "eu-west-1")
    # then each finds the topics that `shared` exports, and together they are the whole template
    created = [id for stack in stacks.values() for id in stack]
    assert sorted(created) == sorted(deployable(on_demand, on_demand.template)["Resources"])
    alarms = ministack.client("cloudwatch", "eu-west-1").describe_alarms(MaxRecords=100)["MetricAlarms"]
    topics = {action for alarm in alarms for action in alarm["AlarmActions"]}
    assert topics == {stacks["shared-001"][f"Topic{severity}"] for severity in ("Critical", "Warning", "Info")}
    # and `shared` cannot be deleted from under them
    with pytest.raises(ClientError, match=r"(?i)export"):
        ministack.client("cloudformation", "eu-west-1").delete_stack(StackName="on-demand-shared-001")


def test_ministack_takes_the_composites_through_its_api(ministack, rendered, stack):
    resolved = resolve(rendered.template, deployment(rendered, ministack.account, stack))
    found: set[str] = set()
    emitted: set[str] = set()
    cloudwatch = ministack.client("cloudwatch")
    composites = {id: tree for id, tree in resolved.items() if tree["Type"] == "AWS::CloudWatch::CompositeAlarm"}
    assert composites
    for tree in composites.values():
        cloudwatch.put_composite_alarm(**tree["Properties"])
    for id, tree in composites.items():
        found |= lost(tree["Type"], tree["Properties"], id, ministack.client)
        emitted |= set(tree["Properties"])
    assert found == MINISTACK_COMPOSITE_API_LOSES & emitted


def test_moto_gives_back_what_the_template_says(rendered):
    # given every resource, put through its service's own API
    template = rendered.template
    physical = {
        id: f"arn:aws:sns:{REGION}:{DEFAULT_ACCOUNT_ID}:{tree['Properties']['TopicName']}"
        for id, tree in template["Resources"].items()
        if tree["Type"] == "AWS::SNS::Topic"
    }
    resolved = resolve(template, deployment(rendered, DEFAULT_ACCOUNT_ID, physical))
    found: dict[str, set[str]] = defaultdict(set)
    emitted: dict[str, set[str]] = defaultdict(set)
    with mock_aws():
        clients: dict[str, Any] = {}

        def client(service: str) -> Any:
            return clients.setdefault(service, boto3.client(service, region_name=REGION))

        for name in LOG_GROUPS:
            client("logs").create_log_group(logGroupName=name)
        made: dict[str, str] = dict(physical)
        for id, tree in resolved.items():
            wanted = calls(tree["Type"], tree["Properties"], resolved)
            if wanted[0].operation in MOTO_LACKS:
                continue
            made[id] = _perform(client, wanted) or made.get(id, id)
        # when all is there, then it is as the template says
        for id, physical_id in made.items():
            type, properties = resolved[id]["Type"], resolved[id]["Properties"]
            found[type] |= lost(type, properties, physical_id, client)
            emitted[type] |= set(properties)
    assert {type: names for type, names in found.items() if names} == _of(MOTO_LOSES, emitted)
    assert {tree["Type"] for tree in resolved.values()} - set(emitted) == {
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::Logs::QueryDefinition",
    }


def test_what_moto_lacks_it_still_lacks(on_demand):
    resolved = resolve(on_demand.template, Deployment())
    wanted = [call for tree in resolved.values() for call in calls(tree["Type"], tree["Properties"], resolved)]
    with mock_aws():
        for operation in MOTO_LACKS:
            call = next(call for call in wanted if call.operation == operation)
            with pytest.raises(NotImplementedError):
                _perform(lambda service: boto3.client(service, region_name=REGION), [call])


def test_what_nobody_has_ministack_lacks_too(ministack, on_demand):
    resolved = resolve(on_demand.template, Deployment())
    for operation in NOBODY_HAS:
        call = next(
            call
            for tree in resolved.values()
            for call in calls(tree["Type"], tree["Properties"], resolved)
            if call.operation == operation
        )
        with pytest.raises(ClientError, match="Unknown action"):
            _perform(ministack.client, [call])


def test_every_other_field_was_read_back_from_one_of_them(on_demand, provisioned):
    refused = set().union(*MINISTACK_REFUSES.values())
    lost_here: dict[str, set[str]] = defaultdict(set)
    for rendered in (on_demand, provisioned):
        for tree in rendered.template["Resources"].values():
            type, names = tree["Type"], set(tree["Properties"])
            if type == "AWS::CloudWatch::CompositeAlarm":
                lost_here[type] |= names & MINISTACK_COMPOSITE_API_LOSES
            elif type == "AWS::Logs::QueryDefinition":
                lost_here[type] |= names
            else:
                by_ministack = names if type in refused else MINISTACK_LOSES.get(type, set())
                lost_here[type] |= names & by_ministack & MOTO_LOSES.get(type, set())
    assert {type: names for type, names in lost_here.items() if names} == NOBODY_KEEPS


def test_the_services_know_every_property(on_demand, provisioned, fleet):
    # given what each service's own model says of the calls that CloudFormation makes, no property is unknown to it
    for rendered in (on_demand, provisioned, fleet):
        templates = list(rendered.shards.values())
        exports = dict(EXPORTS)
        for template in templates:
            for output in template.get("Outputs", {}).values():
                exports[output["Export"]["Name"]] = "arn:aws:sns:eu-central-1:111122223333:topic"
        for template in templates:
            resolved = resolve(template, Deployment(exports=exports, ssm=SSM))
            for id, tree in resolved.items():
                for call in calls(tree["Type"], tree["Properties"], resolved):
                    assert not faults(call), (rendered, id, call.operation)


def test_an_unknown_property_would_be_found():
    assert "Treshold" in faults(Call("cloudwatch", "PutMetricAlarm", {"Treshold": 1}))


def _perform(client: Any, wanted: list[Call]) -> str:
    """Make the calls; what the first answers as the id of the thing, where it has one that the caller cannot know."""
    made = ""
    for call in wanted:
        arguments = {**call.arguments, **({"KeyId": made} if "KeyId" in call.arguments else {})}
        method = re.sub(r"(?<!^)(?=[A-Z])", "_", call.operation).lower()
        answer = getattr(client(call.service), method)(**arguments)
        made = made or answer.get("TopicArn") or answer.get("KeyMetadata", {}).get("KeyId", "")
    return made


def _of(table: dict[str, set[str]], emitted: dict[str, set[str]]) -> dict[str, set[str]]:
    """Of a table of losses, what these templates emit at all."""
    here = {type: names & emitted.get(type, set()) for type, names in table.items()}
    return {type: names for type, names in here.items() if names}
