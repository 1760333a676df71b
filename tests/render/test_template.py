"""What holds for a rendered template as a whole, beside its alarms, topics and contract."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mangaobs.errors import RenderError
from mangaobs.render import render, to_json, to_yaml
from mangaobs.render._logical_id import logical_id

from ..proof.configurations import resources
from ..proof.resolution import Deployment, resolve


def test_json_compact_json_and_yaml_are_one_template(on_demand):
    template = json.loads(to_json(on_demand.template))
    assert json.loads(to_json(on_demand.template, compact=True)) == template
    assert yaml.safe_load(to_yaml(on_demand.template)) == template


@given(st.lists(st.from_regex(r"[a-z][a-z0-9._-]{0,12}", fullmatch=True), unique=True, max_size=30))
def test_two_names_never_share_a_logical_id(drawn):
    ids = [logical_id("Alarm", name) for name in drawn]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9]+", id) for id in ids)


def test_every_log_group_of_a_query_comes_from_the_configuration(on_demand):
    groups = {
        json.dumps(group)
        for one in resources(on_demand.template, "AWS::Logs::QueryDefinition")
        for group in one.properties["LogGroupNames"]
    }
    assert '{"Fn::Sub": "/aws/lambda/${MessageFunction}"}' in groups
    assert '{"Ref": "AccessLogGroup"}' in groups


def test_configured_tags_are_on_everything_that_takes_them(on_demand):
    tagged = {one.type for one in resources(on_demand.template) if "Tags" in one.properties}
    assert tagged >= {
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::CloudWatch::InsightRule",
        "AWS::Events::Rule",
        "AWS::KMS::Key",
        "AWS::SNS::Topic",
    }


def test_dashboards_carry_environment_and_region_in_their_names(on_demand):
    # they are global to an account
    for one in resources(on_demand.template, "AWS::CloudWatch::Dashboard"):
        assert one.properties["DashboardName"] == {
            "Fn::Sub": f"manga-assist-dev-{one.contract['name']}-${{AWS::Region}}"
        }


def test_every_alarm_with_a_threshold_draws_its_line_on_a_graph(on_demand):
    bodies = [
        json.loads(tree["Properties"]["DashboardBody"])
        for tree in resolve(on_demand.template, Deployment()).values()
        if tree["Type"] == "AWS::CloudWatch::Dashboard"
    ]
    drawn = {
        (line["label"], line["value"])
        for body in bodies
        for widget in body["widgets"]
        for line in widget["properties"].get("annotations", {}).get("horizontal", [])
        if isinstance(line, dict) and "label" in line
    }
    for one in resources(on_demand.template, "AWS::CloudWatch::Alarm"):
        if "Threshold" in one.properties:
            label = f"{one.contract['severity']}: {one.contract['name']}"
            assert (label, one.properties["Threshold"]) in drawn, f"{one.id} is on no graph"


def test_an_endpoint_with_a_key_in_it_is_never_shown(on_demand):
    for name in ("PagerDutyEndpoint", "SlackEndpoint"):
        assert on_demand.template["Parameters"][name]["NoEcho"] is True


def test_a_rest_api_and_an_http_api_name_their_metrics_differently(on_demand, provisioned):
    def metric(rendered) -> tuple[str, set[str]]:
        (one,) = [r for r in resources(rendered.template) if r.contract.get("name") == "api-chat-server-errors"]
        return one.properties["MetricName"], {each["Name"] for each in one.properties["Dimensions"]}

    assert metric(on_demand) == ("5XXError", {"ApiName", "Stage"})
    assert metric(provisioned) == ("5xx", {"ApiId", "Stage"})


def test_one_name_for_two_alarms_is_refused_and_both_places_named(on_demand):
    first = on_demand.observability.alarms[0]
    twice = msgspec.structs.replace(on_demand.observability, alarms=(*on_demand.observability.alarms, first))
    with pytest.raises(RenderError, match="defined twice; first") as raised:
        render(twice)
    assert raised.value.right == "give one another name"
