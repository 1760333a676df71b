"""What must not move: the bytes, the logical ids, the limits."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from mangaobs.errors import RenderError
from mangaobs.model.alarm import warning
from mangaobs.model.metric import MINUTE, Metric
from mangaobs.model.query import SavedQuery
from mangaobs.project.build import load_observability
from mangaobs.render import render, to_json, to_yaml
from tests.proof.configurations import ROOT, make_project, resources

PROGRAM = """
import sys
from pathlib import Path
from mangaobs.model.query import SavedQuery
from mangaobs.project.build import load_observability
from mangaobs.render import render, render_shards, to_json, to_yaml
observability = load_observability(Path(sys.argv[1]))
template = render(observability)
sys.stdout.write(to_json(template) + to_json(template, compact=True) + to_yaml(template))
shards, assignment = render_shards(observability, {}, max_bytes=51_200)
sys.stdout.write("".join(map(to_json, shards.values())) + repr(assignment))
"""

SMALL = """
application = "small"
[runbooks]
base_url = "https://wiki.test"
"""


def table(key: str) -> str:
    return f'[tables.{key}]\nname = "{key}-table"\noperations = ["GetItem", "Query"]\n'


def function(key: str) -> str:
    return f'[functions.{key}]\nname = "{key}-function"\ntimeout = 30\nevent_source = "api"\n'


# --- the same bytes ---


def test_two_renders_give_the_same_bytes():
    first, second = (render(load_observability(ROOT)) for _ in range(2))
    assert to_json(first) == to_json(second)
    assert to_yaml(first) == to_yaml(second)


def test_the_order_of_hashes_does_not_show(provisioned):
    # given processes whose sets and dicts of strings hash differently, when they render, then nobody can tell
    outputs = set()
    for seed in ("0", "1", "42"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(provisioned.project)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        outputs.add(done.stdout)
    assert len(outputs) == 1


def test_the_place_of_the_checkout_does_not_show(tmp_path, on_demand):
    # given the same project in another folder, when it is rendered, then no path of this machine is in the template
    moved = make_project(tmp_path / "elsewhere", (ROOT / "mangaobs.toml").read_text(encoding="utf-8"))
    text = to_json(render(load_observability(moved)))
    assert text == to_json(on_demand.template)
    assert str(ROOT) not in text
    assert str(tmp_path) not in text


def test_compact_has_no_needless_space(on_demand):
    compact = to_json(on_demand.template, compact=True)
    assert compact == json.dumps(on_demand.template, separators=(",", ":"), ensure_ascii=False)
    assert "\n" not in compact


# --- logical ids ---


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_ids_stay_when_a_neighbor_is_added(overlay, before):
    # given a system, when a table and a function are added before or after those that there are
    old, new = [table("middle"), function("middle")], [table("another"), function("another")]
    small = overlay(SMALL + "".join(old)).template
    grown = overlay(SMALL + "".join([*new, *old] if before else [*old, *new])).template
    # then every resource that there was is there under its id, and says the same
    shared = {"AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::Dashboard"} | {
        "AWS::Logs::QueryDefinition", "AWS::CloudWatch::InsightRule", "AWS::Events::Rule"
    }  # fmt: skip
    for id, tree in small["Resources"].items():
        assert grown["Resources"][id]["Type"] == tree["Type"]
        if tree["Type"] not in shared:  # those speak of all tables and functions
            assert grown["Resources"][id] == tree
    assert len(grown["Resources"]) > len(small["Resources"])


@pytest.mark.parametrize("position", [0, 3, None], ids=["first", "in between", "last"])
def test_ids_stay_when_an_alarm_is_added(overlay, position):
    observability = overlay(SMALL + table("only")).observability
    extra = warning(
        "a-neighbor",
        Metric("AWS/Lambda", "Errors", (("FunctionName", "another"),)).sum(MINUTE) > 0,
        summary="A neighbor that was added.",
        runbook="function-errors",
    )
    alarms = list(observability.alarms)
    alarms.insert(len(alarms) if position is None else position, extra)
    before = render(observability)["Resources"]
    after = render(msgspec.structs.replace(observability, alarms=tuple(alarms)))["Resources"]
    assert set(after) - set(before) == {"AlarmANeighbor"}
    assert {id: after[id] for id in before} == before


def test_an_id_says_what_it_is(on_demand):
    ids = set(on_demand.template["Resources"])
    assert {"AlarmDynamodbSessionsReadsThrottled", "TopicCritical", "TopicKey", "AlarmChatIsDown"} <= ids
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,255}", id) for id in ids)


# --- parameters ---


def names_used(tree: Any) -> set[str]:
    text = json.dumps(tree)
    return set(re.findall(r'"Ref": "([A-Za-z0-9]+)"', text)) | set(re.findall(r"\$\{([A-Za-z0-9]+)\}", text))


def test_every_parameter_has_a_default_and_is_used(on_demand, provisioned, fleet):
    templates = [on_demand.template, provisioned.template]
    for rendered in (on_demand, provisioned, fleet):
        templates += rendered.shards.values()
    for template in templates:
        parameters = template.get("Parameters", {})
        assert all("Default" in parameter for parameter in parameters.values())
        assert set(parameters) <= names_used(template["Resources"])
        # and whatever is referred to is there, or a variable of the Fn::Sub that refers to it
        unknown = names_used(template["Resources"]) - set(parameters) - set(template["Resources"])
        assert all(re.fullmatch(r"Mangaobs(Import\d+|Dollar)", name) for name in unknown)


def test_a_systems_manager_reference_is_a_parameter_that_holds_its_path(provisioned):
    assert provisioned.template["Parameters"]["RoutingInfoTopic"] == {
        "Type": "AWS::SSM::Parameter::Value<String>",
        "Default": "/oncall/records-topic",
    }


def test_one_parameter_cannot_mean_two_things(overlay):
    other = 'name = { parameter = "Shared", default = "other" }'
    rendered = overlay(
        SMALL
        + '[tables.one]\nname = { parameter = "Shared", default = "one" }\n'
        + f"[functions.two]\n{other}\ntimeout = 3\n"
    )
    with pytest.raises(Exception, match="Shared"):
        _ = rendered.template


# --- nothing of one account ---


def test_every_arn_is_in_the_stacks_own_partition(provisioned):
    for arn in re.findall(r"arn:[^\"\\]+", to_json({"Resources": provisioned.template["Resources"]})):
        assert arn.startswith("arn:${AWS::Partition}:"), arn


def test_a_configured_account_and_region_are_used(overlay):
    template = overlay(SMALL + '[account]\nid = "111122223333"\nregion = "eu-central-1"\n' + table("only")).template
    dashboards = resources(template, "AWS::CloudWatch::Dashboard")
    assert dashboards
    for dashboard in dashboards:
        assert json.dumps(dashboard.properties["DashboardName"]).count("eu-central-1") == 1


# --- limits ---


def many(overlay, count: int):
    observability = overlay(SMALL).observability
    alarms = tuple(
        warning(
            f"alarm-{number}",
            Metric("AWS/Lambda", "Errors", (("FunctionName", f"function-{number}"),)).sum(MINUTE) > 0,
            summary="One of very many alarms.",
            runbook="function-errors",
        )
        for number in range(count)
    )
    bare = {"composites": (), "filters": (), "events": (), "dashboards": (), "queries": (), "insight_rules": ()}
    return msgspec.structs.replace(observability, alarms=alarms, **bare)


def test_501_resources_are_refused_with_the_counts(overlay):
    # given as many alarms as fill a template with the topics' seven resources
    fits = render(many(overlay, 493))
    assert len(fits["Resources"]) == 500
    with pytest.raises(RenderError, match=r"501 resources, 500 are allowed; split it with --shard"):
        render(many(overlay, 494))


def test_more_than_a_megabyte_is_refused_with_the_counts(overlay):
    observability = many(overlay, 1)
    queries = tuple(
        SavedQuery(name=f"query-{n}", summary="One long query.", text="fields a # " + "x" * 9_900, log_groups=("g",))
        for n in range(101)
    )
    with pytest.raises(RenderError, match=r"the template would have 1,0\d\d,\d{3} bytes, 1,000,000 are allowed"):
        render(msgspec.structs.replace(observability, queries=queries))


def test_two_hundred_parameters_are_the_most(overlay):
    rows = [
        f'[functions.f{number}]\nname = {{ parameter = "Function{number}", default = "f{number}" }}\ntimeout = 3\n'
        for number in range(201)
    ]
    rendered = overlay(SMALL + "".join(rows))
    with pytest.raises(RenderError, match="split it with --shard"):
        _ = rendered.template
    assert all(len(shard.get("Parameters", {})) <= 200 for shard in rendered.shards.values())
