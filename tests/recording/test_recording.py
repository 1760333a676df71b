"""Recordings and files of events: what is in them comes out in order, and what cannot be read is named."""

from __future__ import annotations

import gzip
import json

import pytest

from mangaobs.errors import RecordingError
from mangaobs.recording import Bad, Recording, Sample, Statistics, messages


def written(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


RECORDS = [{"eventName": "Scan", "eventTime": "2026-01-01T00:00:00Z"}, {"eventName": "Query"}]


@pytest.mark.parametrize("indent", [None, 2, 4])
@pytest.mark.parametrize("packed", [False, True])
def test_a_cloudtrail_file_is_its_records(tmp_path, indent, packed):
    text = json.dumps({"Records": RECORDS}, indent=indent).encode()
    path = tmp_path / "trail.json"
    path.write_bytes(gzip.compress(text) if packed else text)
    assert [json.loads(one.text) for one in messages(path, Bad())] == RECORDS


def test_the_answer_of_filter_log_events_is_its_messages(tmp_path):
    path = written(tmp_path / "events.json", json.dumps({"events": [{"timestamp": 5, "message": "one"}, {"x": 1}]}))
    bad = Bad()
    assert [one.text for one in messages(path, bad)] == ["one"]
    assert bad.total == 1


def test_the_answer_of_lookup_events_is_its_records(tmp_path):
    path = written(tmp_path / "events.json", json.dumps({"Events": [{"CloudTrailEvent": '{"eventName":"Scan"}'}]}))
    assert [one.text for one in messages(path, Bad())] == ['{"eventName":"Scan"}']


def test_lines_are_messages_and_what_is_no_text_is_named(tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b'{"events": 1}\n\nplain\r\n\xff\xfe\nlast')
    bad = Bad()
    assert [(one.text, one.line) for one in messages(path, bad)] == [('{"events": 1}', 1), ("plain", 3), ("last", 5)]
    assert [(one.place.line, one.why) for one in bad.lines] == [(4, "not UTF-8: byte 1")]


def test_lines_longer_than_the_first_look_stay_whole(tmp_path):
    path = written(tmp_path / "lines", "x" * 10_000, "y")
    assert [len(one.text) for one in messages(path, Bad())] == [10_000, 1]


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"\x1f\x8bnot gzip", "gzip"), (b'{"Records": [1,]}', "not JSON"), (b'{"Records": [', "not JSON")],
)
def test_a_file_that_is_broken_is_named_with_its_place(tmp_path, content, says):
    path = tmp_path / "broken"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=says):
        list(messages(path, Bad()))


def test_a_recording_reads_all_that_it_holds(tmp_path):
    written(tmp_path / "recording.json", '{"format_version": 1, "source": "demo"}')
    written(
        tmp_path / "logs" / "%2Faws%2Flambda%2Fchat.jsonl", '{"timestamp": 1, "message": "a"}', '{"timestamp": "x"}'
    )
    written(tmp_path / "cloudtrail" / "one.json", json.dumps({"Records": RECORDS}))
    written(
        tmp_path / "metrics.jsonl",
        '{"namespace": "N", "metric": "M", "dimensions": {"A": "b"}, "timestamp": 60000, "values": [1], "counts": [3]}',
        '{"namespace": "N", "metric": "M", "timestamp": 60000, "period": 60, "stats": {"Sum": 4}}',
        '{"namespace": "N", "metric": "M", "timestamp": 60000, "values": [1, 2], "counts": [3]}',
        "no json",
    )
    written(tmp_path / "traces.jsonl", '{"id": "1"}')
    written(tmp_path / "alarm_history.jsonl", '{"name": "a", "timestamp": 5, "state": "ALARM"}')
    recording = Recording(tmp_path)
    assert recording.information.source == "demo"
    assert [event.message for _, event in recording.logs("/aws/lambda/chat")] == ["a"]
    assert [trail.record["eventName"] for trail in recording.cloudtrail()] == ["Scan"]
    assert [type(one) for one in recording.metrics()] == [Sample, Statistics]
    assert [one["id"] for one in recording.traces()] == ["1"]
    assert [one.state for one in recording.alarm_history()] == ["ALARM"]
    # the broken lines are counted by file and named by line
    assert sorted((line.place.file.rpartition("/")[2], line.place.line) for line in recording.bad.lines) == [
        ("%2Faws%2Flambda%2Fchat.jsonl", 2),
        ("metrics.jsonl", 3),
        ("metrics.jsonl", 4),
        ("one.json", 0),
    ]


def test_what_is_no_recording_says_so(tmp_path):
    with pytest.raises(RecordingError, match="no recording"):
        Recording(tmp_path)
    with pytest.raises(RecordingError, match="no folder"):
        Recording(tmp_path / "none")
    written(tmp_path / "recording.json", '{"format_version": 9}')
    with pytest.raises(RecordingError, match="format version 9"):
        Recording(tmp_path)


def test_what_awss_tools_answer_is_read_as_it_is(tmp_path):
    written(
        tmp_path / "logs" / "%2Fa.json",
        json.dumps({"events": [{"logStreamName": "s", "timestamp": 1, "message": "m", "eventId": "1"}, {"x": 1}]}),
    )
    stat = {
        "Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": [{"Name": "A", "Value": "b"}]},
        "Period": 300,
        "Stat": "p99",
    }
    written(tmp_path / "metrics" / "x.queries.json", json.dumps([{"Id": "m1", "MetricStat": stat}]))
    results = [
        {
            "Id": "m1",
            "Label": "M",
            "Timestamps": ["2026-01-01T00:00:00+00:00"],
            "Values": [7],
            "StatusCode": "Complete",
        },
        {"Id": "m2", "Label": "M", "Timestamps": [], "Values": []},
    ]
    written(tmp_path / "metrics" / "x.json", json.dumps({"MetricDataResults": results}))
    written(tmp_path / "metrics" / "y.json", json.dumps({"MetricDataResults": []}))
    segments = [{"Id": "1", "Document": '{"id": "seg"}'}, {"Id": "2"}]
    written(tmp_path / "traces" / "t.json", json.dumps({"Traces": [{"Id": "1-2", "Segments": segments}]}))
    recording = Recording(tmp_path)
    assert [(event.message, event.log_stream) for _, event in recording.logs("/a")] == [("m", "s")]
    assert list(recording.metrics()) == [
        Statistics("N", "M", 1_767_225_600_000, 300, {"p99": 7.0}, {"A": "b"}),
    ]
    assert [one["id"] for one in recording.traces()] == ["seg"]
    assert sorted(line.place.file.rpartition("/")[2] for line in recording.bad.lines) == [
        "%2Fa.json",
        "t.json",
        "x.json",
        "y.json",
    ]


def test_times_that_no_clock_has_are_bad_lines(tmp_path):
    written(
        tmp_path / "metrics.jsonl",
        '{"namespace": "N", "metric": "M", "timestamp": 1' + "0" * 30 + ', "values": [1]}',
        '{"namespace": "N", "metric": "M", "timestamp": -1, "values": [1]}',
    )
    recording = Recording(tmp_path)
    assert list(recording.metrics()) == []
    assert recording.bad.total == 2
