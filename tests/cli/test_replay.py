"""`mangaobs replay` as a person calls it."""

from __future__ import annotations

import json

import pytest

START = 1_767_225_600_000


@pytest.fixture
def world(tmp_path):
    """A template with one alarm and its topic, and a recording in which it fires in minute 11 and recovers in 12."""
    alarm = {
        "AlarmName": "errors",
        "Namespace": "N",
        "MetricName": "M",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": {"Ref": "Limit"},
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [{"Ref": "T"}],
    }
    template = {
        "Parameters": {"Limit": {"Type": "Number", "Default": 0}},
        "Resources": {
            "A": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm},
            "T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "pager"}},
        },
    }
    (tmp_path / "template.json").write_text(json.dumps(template))
    recording = tmp_path / "recording"
    recording.mkdir()
    lines = [
        json.dumps(
            {"namespace": "N", "metric": "M", "timestamp": START + minute * 60_000, "values": [int(minute == 10)]}
        )
        for minute in range(20)
    ]
    (recording / "metrics.jsonl").write_text("\n".join(lines))
    return tmp_path


def test_the_json_answer_has_transitions_notifications_and_what_is_not_evaluated(mangaobs, world):
    done = mangaobs("replay", "template.json", "--recording", "recording", "--format", "json", cwd=world)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    (alarm,) = answer["alarms"]
    assert alarm["name"] == "errors"
    topic = "arn:aws:sns:us-east-1:123456789012:pager"
    assert [(one["at"], one["from"], one["to"], one["actions"]) for one in alarm["transitions"]] == [
        ("2026-01-01T00:01:00Z", "INSUFFICIENT_DATA", "OK", []),
        ("2026-01-01T00:11:00Z", "OK", "ALARM", [topic]),
        ("2026-01-01T00:12:00Z", "ALARM", "OK", []),
    ]
    assert "1 of the last 1 datapoints [1 (00:10)] were greater than the threshold (0)" in str(alarm["transitions"])
    assert [(one["alarm"], one["action"]) for one in answer["notifications"]] == [("errors", topic)]
    assert answer["unevaluated"] == answer["rules"] == answer["differences"] == []


def test_the_text_is_for_a_person(mangaobs, world):
    done = mangaobs("replay", "template.json", "--recording", "recording", cwd=world)
    assert "OK → ALARM: 1 of the last 1 datapoints" in done.stdout
    assert "▁█│▁" in done.stdout
    assert "nobody in these templates" in done.stdout
    assert done.stdout.endswith("1 alarms fired, 0 did not, 0 resources were not evaluated\n")


def test_an_alarm_fails_the_command_only_if_told_so(mangaobs, world):
    given = ["replay", "template.json", "--recording", "recording", "--fail-on-alarm"]
    assert mangaobs(*given, cwd=world).returncode == 1
    assert mangaobs(*given, "--set", "Limit=5", cwd=world).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.json", "--recording", "recording"], "nowhere.json: cannot be read"),
        (["template.json", "--recording", "nowhere"], "nowhere is no folder"),
        (["template.json", "--recording", "recording", "--set", "Limt=5"], "no template has the parameter 'Limt'"),
        (["template.json", "--recording", "recording", "--set", "Limit"], "is no NAME=VALUE"),
        (["recording/metrics.jsonl", "--recording", "recording"], "neither JSON nor YAML"),
        (["template.json"], "--recording"),
    ],
)
def test_wrong_input_gets_a_sentence(mangaobs, world, arguments, says):
    done = mangaobs("replay", *arguments, cwd=world)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr


def test_broken_lines_are_named_and_the_rest_is_read(mangaobs, world):
    path = world / "recording" / "metrics.jsonl"
    path.write_text(path.read_text() + "\nbroken\n")
    done = mangaobs("replay", "template.json", "--recording", "recording", cwd=world)
    assert "metrics.jsonl:21" in done.stderr
    assert "1 alarms fired" in done.stdout
