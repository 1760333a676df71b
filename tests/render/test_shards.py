"""Shards: each deployable, and each resource where it was, whatever comes and goes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaobs.errors import Place, RenderError
from mangaobs.model.alarm import Alarm, CompositeAlarm, Severity, any_of, critical, warning
from mangaobs.model.metric import MINUTE, Metric
from mangaobs.model.observability import LogGroup, Naming, Observability, Route, Subscriber
from mangaobs.model.pattern import equal
from mangaobs.model.runbook import Runbook
from mangaobs.model.scaling import TargetTracking
from mangaobs.model.trail import MetricFilter
from mangaobs.model.value import Parameter, text
from mangaobs.render import render, render_shards, to_json, to_yaml, write_shards
from tests.proof.configurations import INLINE, Rendered

RUNBOOK = Runbook("known", "Known", "What it means in a sentence.", "", Place("known.md"))
STAGES = ("shared", "shard", "composites")


def system(tables: list[int]) -> Observability:
    """A small system: for each table three alarms, its auto scaling, a log group with a filter."""
    alarms: list[Alarm] = []
    scaling, groups, filters = [], [], []
    for number in tables:
        name = Parameter(f"Table{number}", f"table-{number}", "The name of a table. " * 3)
        alarms += [
            critical(
                f"table-{number}-{metric.lower()}",
                Metric("AWS/DynamoDB", metric, (("TableName", name),)).sum(MINUTE) > 0,
                through="causes" if number == 0 else None,
                summary="A table is in trouble.",
                runbook="known",
            )
            for metric in ("ReadThrottleEvents", "WriteThrottleEvents", "TransactionConflict")
        ]
        scaling.append(TargetTracking(name=f"table-{number}", table=name, units="Read", minimum=1, maximum=2))
        group = text("/logs/", name)
        groups.append(LogGroup(key=f"table-{number}", name=group, retention=7))
        filters.append(
            MetricFilter(
                name=f"table-{number}",
                summary="Counts something in the logs.",
                log_group=group,
                pattern=equal("$.a", "b"),
                namespace="Small",
                metric_name=f"Metric{number}",
            )
        )
    causes = [alarm for alarm in alarms if alarm.through]
    composites = ()
    if causes:
        composites = (
            CompositeAlarm(
                name="causes",
                rule=any_of(*causes),
                severity=Severity.CRITICAL,
                summary="Something is in trouble.",
                runbook="known",
            ),
        )
    return Observability(
        naming=Naming(application="small", environment="dev"),
        root="",
        tags={"team": "small"},
        routes={Severity.CRITICAL: Route(subscribers=(Subscriber(protocol="email", endpoint="a@example.com"),))},
        alarms=tuple(alarms),
        composites=composites,
        scaling=tuple(scaling),
        log_groups=tuple(groups),
        filters=tuple(filters),
        runbooks={"known": RUNBOOK},
    )


def size(template: dict[str, Any]) -> int:
    return len(to_json(template, compact=True).encode())


def references(template: dict[str, Any]) -> set[str]:
    """The logical ids and parameters that the resources of a template refer to."""
    written = json.dumps(template["Resources"])
    return set(re.findall(r'"Ref": "(\w+)"', written)) | set(re.findall(r"\$\{([A-Za-z0-9]+)(?:\.\w+)?\}", written))


def imports(tree: Any) -> set[str]:
    if isinstance(tree, list):
        return set().union(*map(imports, tree)) if tree else set()
    if isinstance(tree, dict):
        found = set().union(*map(imports, tree.values())) if tree else set()
        return found | ({tree["Fn::ImportValue"]} if "Fn::ImportValue" in tree else set())
    return set()


def check(shards: dict[str, dict[str, Any]], assignment: dict[str, str], max_bytes: int) -> None:
    """What holds for any shards."""
    # in the order of deployment: what is shared, the rest, the composites
    order = [STAGES.index(shard.rpartition("-")[0]) for shard in shards]
    assert order == sorted(order)
    exported: set[str] = set()
    placed = {}
    for shard, template in shards.items():
        assert len(template["Resources"]) <= 500
        assert len(template.get("Parameters", {})) <= 200
        assert size(template) <= max_bytes, shard
        # nothing refers beyond its shard but by what was exported before
        parameters = set(template.get("Parameters", {}))
        assert parameters <= references(template)
        assert references(template) <= parameters | set(template["Resources"]) | {"Import1"}
        assert imports(template["Resources"]) <= exported, shard
        exported |= {output["Export"]["Name"] for output in template.get("Outputs", {}).values()}
        for tree in template["Resources"].values():
            assert set(tree.get("DependsOn", [])) <= set(template["Resources"])
        placed |= dict.fromkeys(template["Resources"], shard)
    # what is not rendered this time keeps its place
    assert placed.items() <= assignment.items()


# --- the whole in parts ---


def test_the_shards_together_are_the_template(on_demand, provisioned):
    for rendered in (on_demand, provisioned):
        whole = rendered.template["Resources"]
        parts: dict[str, Any] = {}
        for template in rendered.inline_shards.values():
            assert not set(parts) & set(template["Resources"])
            parts |= template["Resources"]
        assert set(parts) == set(whole)
        for id, tree in whole.items():
            assert parts[id]["Type"] == tree["Type"]
            assert set(parts[id]["Properties"]) == set(tree["Properties"])


@pytest.mark.parametrize("configuration", ["on_demand", "provisioned", "fleet"])
def test_every_shard_can_be_deployed_after_those_before_it(configuration, request):
    rendered: Rendered = request.getfixturevalue(configuration)
    own = {f"{rendered.observability.naming.application}-{rendered.observability.naming.environment}-topic-"}
    shards, assignment = render_shards(rendered.observability, {})
    external = {one for shard in shards.values() for one in imports(shard)}
    external = {one for one in external if not one.startswith(tuple(own))}
    for template in shards.values():
        assert imports(template["Resources"]) - external <= {
            output["Export"]["Name"] for one in shards.values() for output in one.get("Outputs", {}).values()
        }
    assert set(assignment) == {id for template in shards.values() for id in template["Resources"]}
    assert all(len(template["Resources"]) <= 500 for template in shards.values())
    assert all(size(template) <= 1_000_000 for template in shards.values())


def test_a_hundred_tables_and_six_hundred_functions_are_refused_whole_and_fit_in_shards(fleet):
    with pytest.raises(RenderError, match=r"the template would have [\d,]+ resources, 500 are allowed"):
        render(fleet.observability)
    assert sum(len(shard["Resources"]) for shard in fleet.shards.values()) > 4_000


def test_the_topics_are_shared_and_the_composites_come_last(on_demand):
    shards = on_demand.inline_shards
    first, *_, last = shards
    assert (first, last) == ("shared-001", "composites-001")
    assert {tree["Type"] for tree in shards[first]["Resources"].values()} == {
        "AWS::KMS::Key", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::SNS::Subscription"
    }  # fmt: skip
    assert {tree["Type"] for tree in shards[last]["Resources"].values()} == {"AWS::CloudWatch::CompositeAlarm"}


def test_inline_shards_fit_into_a_request(on_demand, provisioned):
    for rendered in (on_demand, provisioned):
        assert len(rendered.inline_shards) > 3
        assert all(size(template) <= INLINE for template in rendered.inline_shards.values())


def test_what_belongs_together_stays_together():
    shards, assignment = render_shards(system(list(range(12))), {}, max_bytes=9_000)
    assert len(shards) > 5
    targets = [id for id in assignment if id.startswith("Scaling") and id.endswith("Target")]
    assert len(targets) == 12
    for target in targets:
        assert assignment[target] == assignment[target.removesuffix("Target") + "Policy"]


def test_one_resource_that_no_shard_can_hold_is_refused_by_its_name():
    with pytest.raises(RenderError, match=r"^\w+ alone makes a shard of 1,\d\d\d bytes; a shard takes 1,200"):
        render_shards(system([0]), {}, max_bytes=1_200)


# --- for ever ---


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 30), st.integers(0, 30)), min_size=1, max_size=12),
    st.sampled_from([9_000, 20_000, 51_200]),
)
def test_no_resource_ever_moves(steps, max_bytes):
    # given a system whose tables come and go, anywhere in their order
    tables = [0, 101, 102, 103]
    observability = system(tables)
    shards, assignment = render_shards(observability, {}, max_bytes=max_bytes)
    check(shards, assignment, max_bytes)
    for add, number, position in steps:
        if add and number not in tables:
            tables.insert(position % (len(tables) + 1), number)
        elif not add and number in tables:
            tables.remove(number)
        # when it is rendered again with what was assigned
        shards, again = render_shards(system(tables), assignment, max_bytes=max_bytes)
        # then all that is still there is where it was
        assert {id: shard for id, shard in again.items() if id in assignment} == {
            id: shard for id, shard in assignment.items() if id in again
        }
        check(shards, again, max_bytes)
        assignment = again


def test_nothing_to_do_changes_nothing():
    first, assignment = render_shards(system([3, 1, 2]), {}, max_bytes=9_000)
    second, again = render_shards(system([3, 1, 2]), assignment, max_bytes=9_000)
    assert [to_json(one) for one in first.values()] == [to_json(one) for one in second.values()]
    assert assignment == again


def test_the_order_of_definitions_does_not_move_what_is_assigned():
    _, assignment = render_shards(system([1, 2, 3, 4, 5, 6]), {}, max_bytes=9_000)
    _, again = render_shards(system([6, 4, 2, 5, 3, 1]), assignment, max_bytes=9_000)
    assert assignment == again


def test_what_is_new_uses_the_room_that_was_left():
    # given shards, when a table goes and another comes, then no further shard is opened
    tables = list(range(1, 13))
    shards, assignment = render_shards(system(tables), {}, max_bytes=9_000)
    grown, _ = render_shards(system([*tables[:5], 99, *tables[6:]]), assignment, max_bytes=9_000)
    assert set(grown) == set(shards)


def test_a_resource_does_not_move_when_what_it_needs_begins_to_be_created():
    # given filters of one existing log group, assigned to two shards, when this stack begins to create the group
    group = "/logs/one"
    filters = tuple(
        MetricFilter(
            name=f"filter-{n}",
            summary="Counts something in the logs.",
            log_group=group,
            pattern=equal("$.a", "b"),
            namespace="Small",
            metric_name=f"Metric{n}",
        )
        for n in range(2)
    )
    base = msgspec.structs.replace(system([]), filters=filters)
    _, assignment = render_shards(base, {})
    ids = [id for id in assignment if id.startswith("MetricFilter")]
    assignment |= dict(zip(ids, ("shard-001", "shard-002"), strict=True))
    created = msgspec.structs.replace(base, log_groups=(LogGroup(key="one", name=group, retention=7),))
    _, again = render_shards(created, assignment)
    assert {id: again[id] for id in ids} == {id: assignment[id] for id in ids}


def test_a_shard_that_outgrows_its_limit_is_refused_with_the_counts():
    # given a shard that is full to the limit, when its alarms get longer
    observability = system(list(range(1, 9)))
    shards, assignment = render_shards(observability, {}, max_bytes=30_000)
    longer = tuple(msgspec.structs.replace(alarm, summary="It is in trouble. " * 16) for alarm in observability.alarms)
    limit = max(map(size, shards.values()))
    grown = msgspec.structs.replace(observability, alarms=longer)
    # then it is refused, since nothing may move
    with pytest.raises(RenderError, match=r"shard shard-\d{3} has grown to \d+ resources, [\d,]+ bytes and \d+"):
        render_shards(grown, assignment, max_bytes=limit)


def test_no_shard_is_ever_written_that_passes_its_limit():
    # given alarms that grow where they are, bit by bit, when they are rendered again
    observability = system(list(range(1, 9)))
    shards, assignment = render_shards(observability, {})
    limit = size(shards["shard-001"]) + 3_000
    fitting, refused = [], 0
    for length in range(10, 300, 5):
        longer = tuple(msgspec.structs.replace(alarm, summary="x" * length) for alarm in observability.alarms)
        try:
            shards, _ = render_shards(
                msgspec.structs.replace(observability, alarms=longer), assignment, max_bytes=limit
            )
        except RenderError:
            refused += 1
        else:
            fitting.append(max(map(size, shards.values())))
    # then the shards fit or are refused
    assert refused
    assert max(fitting) <= limit


def test_an_alarm_that_becomes_a_composite_is_deployed_after_its_children():
    # given an alarm, assigned as such, when a composite of the same name takes its place
    observability = system([0, 1])
    (composite,) = observability.composites
    plain = warning(
        composite.name,
        Metric("AWS/Lambda", "Errors", (("FunctionName", "f"),)).sum(MINUTE) > 0,
        summary="It was an alarm at first.",
        runbook="known",
    )
    alarms = (*(msgspec.structs.replace(alarm, through=None) for alarm in observability.alarms), plain)
    _, assignment = render_shards(msgspec.structs.replace(observability, alarms=alarms, composites=()), {})
    assert assignment["AlarmCauses"] == "shard-001"
    shards, again = render_shards(observability, assignment)
    assert again["AlarmCauses"] == "composites-001"
    check(shards, again, 1_000_000)


# --- files ---


def test_the_files_are_named_in_the_order_of_deployment(tmp_path: Path):
    written = write_shards(system([0, 1, 2]), tmp_path / "new", max_bytes=9_000)
    assert [path.name for path in written] == [
        "shared-001.template.json",
        *sorted(path.name for path in (tmp_path / "new").glob("shard-*.template.json")),
        "composites-001.template.json",
    ]
    assignment = json.loads((tmp_path / "new" / "assignment.json").read_text(encoding="utf-8"))
    for path in written:
        for id in json.loads(path.read_text(encoding="utf-8"))["Resources"]:
            assert f"{assignment[id]}.template.json" == path.name


def test_a_second_run_writes_the_same_files(tmp_path: Path):
    write_shards(system([0, 1, 2]), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write_shards(system([0, 1, 2]), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_assignment_is_read_back_from_its_file(tmp_path: Path):
    write_shards(system([1, 2, 3, 4]), tmp_path, max_bytes=9_000)
    first = json.loads((tmp_path / "assignment.json").read_text(encoding="utf-8"))
    write_shards(system([9, 1, 3, 8, 4]), tmp_path, max_bytes=9_000)
    second = json.loads((tmp_path / "assignment.json").read_text(encoding="utf-8"))
    assert {id: shard for id, shard in second.items() if id in first} == {
        id: shard for id, shard in first.items() if id in second
    }


def test_yaml_and_compact_json_are_written_too(tmp_path: Path):
    import yaml

    shards, _ = render_shards(system([0]), {})
    for path in write_shards(system([0]), tmp_path / "yaml", format="yaml"):
        shard = path.name.removesuffix(".template.yaml")
        assert path.read_text(encoding="utf-8") == to_yaml(shards[shard])
        assert yaml.safe_load(path.read_text(encoding="utf-8")) == shards[shard]
    for path in write_shards(system([0]), tmp_path / "json", compact=True):
        assert path.read_text(encoding="utf-8") == to_json(shards[path.name.partition(".")[0]], compact=True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is no assignment"),
        (b"", "is no assignment"),
        (b"[]", "is no assignment"),
        (b'{"AlarmA": 1}', "is no assignment"),
        (b"\xff\xfe", "is no assignment"),
        (b'{"AlarmA": "somewhere"}', "AlarmA is assigned to 'somewhere'"),
        (b'{"AlarmA": "shard-1"}', "AlarmA is assigned to 'shard-1'"),
        (b'{"AlarmA": "../shard-001"}', "AlarmA is assigned to"),
    ],
)
def test_an_assignment_that_cannot_be_read_is_named_and_nothing_is_written(tmp_path: Path, content, said):
    file = tmp_path / "assignment.json"
    file.write_bytes(content)
    with pytest.raises(RenderError) as refused:
        write_shards(system([0]), tmp_path)
    assert str(file) in str(refused.value)
    assert said in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["assignment.json"]
    assert file.read_bytes() == content


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RenderError, match="file"):
        write_shards(system([0]), tmp_path / "file")
