"""`--engine cloudwatch`: StartQuery, polling, StopQuery; on moto, and on botocore's own shapes where moto has none."""

from __future__ import annotations

import time

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from mangaobs.errors import LanguageError, MangaobsError
from mangaobs.insights import cloudwatch

START, END = 1_767_225_600_000, 1_767_229_200_000
ASKED = {"queryString": "limit 5", "startTime": START // 1000, "endTime": END // 1000, "logGroupNames": ["g"]}


@pytest.fixture
def stubbed():
    client = boto3.client("logs", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    with Stubber(client) as stubber:
        yield client, stubber


@mock_aws
def test_a_query_runs_on_motos_cloudwatch():
    logs = boto3.client("logs", region_name="us-east-1")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    now = int(time.time() * 1000)  # CloudWatch takes no old events
    events = [{"timestamp": now - 5000 + place, "message": f"line {place}"} for place in range(3)]
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)
    query = "fields @timestamp, @message | sort @timestamp desc | limit 2"
    done = cloudwatch.run(logs, query, ["g"], now - 60_000, now + 60_000, sleep=lambda _: None)
    assert [row["@message"] for row in done.result.rows] == ["line 2", "line 1"]
    assert "@ptr" not in done.result.columns


def test_it_polls_until_the_end_joins_the_pages_and_says_what_was_scanned(stubbed):
    client, stubber = stubbed
    stubber.add_response("start_query", {"queryId": "q"}, ASKED)
    stubber.add_response("get_query_results", {"status": "Running", "results": []}, {"queryId": "q"})
    page = [[{"field": "a", "value": "1"}, {"field": "@ptr", "value": "x"}]]
    answer = {"status": "Complete", "results": page, "statistics": {"bytesScanned": 2e9, "recordsScanned": 7.0}}
    stubber.add_response("get_query_results", answer, {"queryId": "q"})
    slept = []
    done = cloudwatch.run(client, "limit 5", ["g"], START, END, sleep=slept.append)
    assert done.result.rows == [{"a": "1"}]
    assert done.told == "7 events, 2.000 GB scanned: about $0.0100"
    assert len(slept) == 1


def test_an_interrupt_stops_the_query(stubbed):
    client, stubber = stubbed
    stubber.add_response("start_query", {"queryId": "q"}, ASKED)
    stubber.add_response("get_query_results", {"status": "Running", "results": []}, {"queryId": "q"})
    stubber.add_response("stop_query", {"success": True}, {"queryId": "q"})

    def interrupted(_):
        raise KeyboardInterrupt

    said = []
    with pytest.raises(KeyboardInterrupt):
        cloudwatch.run(client, "limit 5", ["g"], START, END, sleep=interrupted, told=said.append)
    assert said == ["stopped the query on CloudWatch"]
    stubber.assert_no_pending_responses()


def test_a_refusal_has_cloudwatchs_offsets(stubbed):
    client, stubber = stubbed
    found = {"message": "unexpected symbol", "location": {"startCharOffset": 6, "endCharOffset": 7}}
    stubber.add_client_error(
        "start_query", "MalformedQueryException", "bad", modeled_fields={"queryCompileError": found}
    )
    with pytest.raises(LanguageError) as caught:
        cloudwatch.run(client, "limit x", ["g"], START, END)
    assert (caught.value.problem, caught.value.start, caught.value.end) == ("unexpected symbol", 6, 7)


def test_other_ends_are_said_in_a_sentence(stubbed):
    client, stubber = stubbed
    stubber.add_response("start_query", {"queryId": "q"}, ASKED)
    stubber.add_response("get_query_results", {"status": "Timeout", "results": []}, {"queryId": "q"})
    with pytest.raises(MangaobsError, match="ended the query as Timeout"):
        cloudwatch.run(client, "limit 5", ["g"], START, END)
    stubber.add_client_error("start_query", "ResourceNotFoundException", "no such group")
    with pytest.raises(MangaobsError, match="ResourceNotFoundException: no such group"):
        cloudwatch.run(client, "limit 5", ["g"], START, END)
