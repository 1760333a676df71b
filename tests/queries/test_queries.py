"""The saved queries: they parse on AWS, read only what is really logged, and run over the right log groups."""

from __future__ import annotations

import re

import pytest

from mangaobs.model.query import SavedQuery
from mangaobs.model.value import shown
from mangaobs.project.build import load_observability

from .conftest import API, ROOT, functions
from .insights import MalformedQueryError, Query

MANGA = load_observability(ROOT)
QUERIES = {query.name: query for query in MANGA.queries}
ACCESS = "/manga-assist/api-access"

# Of any line in a log group of a function. Source: CloudWatch Logs user guide, "Supported logs and discovered fields".
LAMBDA = {
    "@timestamp", "@message", "@log", "@logStream", "@requestId", "@duration", "@billedDuration", "@type",
    "@maxMemoryUsed", "@memorySize", "@initDuration", "@xrayTraceId",
}  # fmt: skip
# Of the lines that Lambda itself writes in JSON format. Source: Lambda developer guide, "Telemetry API event schema".
PLATFORM = {
    "type", "record.requestId", "record.status", "record.metrics.durationMs", "record.metrics.initDurationMs",
    "record.tracing.value", "requestId",
}  # fmt: skip
# Source: CloudTrail user guide, "Record contents".
CLOUDTRAIL = {
    "eventSource", "eventName", "eventCategory", "readOnly", "errorCode", "sourceIPAddress", "userIdentity.arn",
    "@timestamp",
}  # fmt: skip


def groups(query: SavedQuery) -> set[str]:
    return {shown(group) for group in query.log_groups}


def fields_of(query: SavedQuery) -> set[str]:
    """Everything that lines in the query's log groups may have."""
    if query.name == "trail-activity":
        return CLOUDTRAIL
    signals = MANGA.signals
    found = LAMBDA | PLATFORM | {field.name for field in signals.common}
    found |= {field.name for event in signals.events for field in event.fields}
    if ACCESS in groups(query):
        assert signals.access_log is not None
        found |= {field.name for field in signals.access_log.fields}
    return found


def read(query: SavedQuery) -> Query:
    return Query(query.filled(), fields_of(query))


@pytest.mark.parametrize("name", QUERIES)
class TestEveryQuery:
    def test_parses_and_reads_only_fields_that_exist(self, name):
        read(QUERIES[name])

    def test_begins_with_a_comment_that_says_what_it_answers(self, name):
        first, *lines = QUERIES[name].text.splitlines()
        assert re.fullmatch(r"# [A-Z].{15,}", first)
        assert not any(line.lstrip().startswith("--") for line in lines)

    def test_asks_for_events_that_are_declared_and_reads_only_their_fields(self, name):
        query = read(QUERIES[name])
        events = {event.name: event for event in MANGA.signals.events}
        asked = {value for subject, values in query.compared if subject == "event" for value in values}
        assert asked <= set(events)
        if asked:
            known = {field.name for one in asked for field in events[one].fields}
            known |= {field.name for field in MANGA.signals.common} | LAMBDA
            if ACCESS in groups(QUERIES[name]):
                known |= {field.name for field in MANGA.signals.access_log.fields}
            assert query.reads <= known, "of another event: always empty"

    def test_compares_with_values_that_are_declared(self, name):
        descriptions = {
            field.name: field.description for event in MANGA.signals.events for field in event.fields
        }  # an enumeration stands in the field's description
        for subject, values in read(QUERIES[name]).compared:
            if subject in {"effect", "outcome", "status", "step"}:
                assert set(values) <= set(re.findall(r"\w+", descriptions[subject]))

    def test_is_stored_as_cloudwatch_takes_it_and_runs_with_its_defaults(self, name):
        query = QUERIES[name]
        stored, filled = query.stored_text(), query.filled()
        assert set(re.findall(r"\{\{(\w+)\}\}", stored)) == {parameter.name for parameter in query.parameters}
        assert "{{" not in filled
        assert "{%" not in stored
        assert len(stored) <= 10_000

    def test_says_what_its_parameters_are_and_never_limits_by_one(self, name):
        query = QUERIES[name]
        assert all(parameter.description for parameter in query.parameters)
        assert not re.search(r"limit\s+\{\{", query.text)

    def test_runs_over_log_groups_of_the_configuration_only(self, name):
        names = (
            "message", "stream", "retry", "admin", "admin-delete", "authorizer", "hot-key", "handoff", "data-requests",
            "data-subject", "data-access",
        )  # fmt: skip
        configured = {f"/aws/lambda/manga-assist-{name}" for name in names} | {ACCESS, "/manga-assist/cloudtrail"}
        assert groups(QUERIES[name]) <= configured

    def test_is_placed_at_its_own_definition(self, name):
        place = QUERIES[name].place
        line = (ROOT / place.file).read_text().splitlines()[place.line - 1]
        assert "saved_queries(" in line


# Given what section 7 of the design has, and each of AWS's alias rules broken, when it is read, then it is refused.
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-- slow\nfields @timestamp", "should be"),
        ("fields @timestamp, session_id, turn_count | filter event = 'x'", "session_id|cannot read"),
        ("stats max(turn_count) as turn_count by session", "already"),
        ("fields operation | fields coalesce(operation, table) as operation", "already"),
        ("stats count(*) as calls by operation | sort duration_ms desc", "after stats: duration_ms"),
        ("sort @timestamp desc | stats count(*) as calls by table", "before the last stats"),
        ("stats count(*) as calls by table | limit 5 | stats max(calls) as most by table", "before the last stats"),
        ("stats count(*) as calls by bin(300s)", "capped"),
        ("stats count(*) as calls by table | stats max(calls) as most by bin(1m)", "no @timestamp"),
        ("stats duration_ms as d by table", "outside an aggregate"),
        ("filter event = ", "where a value"),
        ('filter (event = "step"', "should be"),
        ("fields table | | limit 5", "should be"),
        ('limit "5"', "should be"),
    ],
)  # fmt: skip
def test_the_reader_of_these_tests_refuses_what_aws_refuses(text, why):
    with pytest.raises(MalformedQueryError, match=why):
        Query(text, fields_of(QUERIES["errors-by-type"]))


def test_the_four_queries_of_the_design_exist_and_so_do_their_neighbors():
    assert set(QUERIES) == {
        "slowest-operations", "errors-by-type", "latency-by-operation", "busiest-sessions", "request", "trace",
        "cold-starts", "timeouts", "near-timeouts", "slowest-steps", "bedrock-tokens", "bedrock-errors",
        "errors-by-effect", "abnormal-sessions", "throttled-operations", "rejected-requests", "hot-keys",
        "trail-activity", "data-request-steps", "open-data-requests",
    }  # fmt: skip


def test_every_query_that_an_alarm_or_a_runbook_names_exists():
    named = {alarm.next_query for alarm in (*MANGA.alarms, *MANGA.composites) if alarm.next_query}
    for file in (ROOT / "alarms" / "runbooks").glob("*.md"):
        named |= set(re.findall(r'query\("([^"]+)"\)', file.read_text(encoding="utf-8")))
    assert len(named) >= 10
    assert named <= set(QUERIES)


def test_abuse_is_judged_by_request_rate_since_the_number_of_turns_is_capped():
    for name in ("busiest-sessions", "abnormal-sessions"):
        assert "turn_count" not in read(QUERIES[name]).reads
        assert "bin(1m)" in QUERIES[name].text


def test_one_request_is_found_in_the_functions_and_in_the_access_log():
    for name in ("request", "trace", "rejected-requests"):
        assert ACCESS in groups(QUERIES[name])
        assert "/aws/lambda/manga-assist-message" in groups(QUERIES[name])
    assert {"request_id", "correlation_id", "@requestId", "record.requestId"} <= read(QUERIES["request"]).reads


def test_lambda_itself_is_read_in_text_and_in_json_format():
    assert {"@type", "@initDuration", "type", "record.metrics.initDurationMs"} <= read(QUERIES["cold-starts"]).reads
    timeouts = read(QUERIES["timeouts"])
    assert {"@message", "@requestId", "type", "record.status", "record.requestId"} <= timeouts.reads
    assert "Task timed out after" in QUERIES["timeouts"].text
    assert ("record.status", ["timeout"]) in timeouts.compared


def test_without_an_api_no_access_log_is_asked(load):
    observability = load(functions(2))
    by_name = {query.name: query for query in observability.queries}
    assert groups(by_name["request"]) == {"/aws/lambda/f0", "/aws/lambda/f1"}
    assert "trail-activity" not in by_name


def test_without_functions_only_what_reads_the_access_log_or_the_trail_is_there(load):
    trail = '[trail]\nlog_group = "/trail"\n'
    assert {query.name for query in load(API + trail).queries} == {
        "request",
        "trace",
        "rejected-requests",
        "trail-activity",
    }


def test_without_any_log_group_there_is_no_query(load):
    assert load("").queries == ()


def test_more_functions_than_a_query_takes_get_the_same_query_again(load):
    observability = load(functions(120))
    parts = [query for query in observability.queries if query.name.startswith("cold-starts")]
    assert [query.name for query in parts] == ["cold-starts", "cold-starts-2", "cold-starts-3"]
    assert [len(query.log_groups) for query in parts] == [50, 50, 20]
    assert [group for query in parts for group in query.log_groups] == [f"/aws/lambda/f{n}" for n in range(120)]
    assert parts[1].summary.endswith("(Log groups 51 to 100 of 120.)")
    assert len({query.text for query in parts}) == 1


def test_the_access_log_is_in_the_first_part_of_a_large_system(load):
    first = next(query for query in load(functions(60) + API).queries if query.name == "request")
    assert first.log_groups[0] == "/access"
    assert len(first.log_groups) == 50


def test_functions_that_share_a_log_group_ask_it_once(load):
    shared = functions(2).replace("timeout", 'log_group = "/all"\ntimeout')
    by_name = {query.name: query for query in load(shared).queries}
    assert by_name["timeouts"].log_groups == ("/all",)
