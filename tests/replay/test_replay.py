"""What would have paged whom, when, and why."""

from __future__ import annotations

import re

import pytest

from mangaobs.errors import RecordingError
from mangaobs.recording import Recording
from mangaobs.replay import Delays, Options, State, replay, runs
from mangaobs.template import read

from .recordings import MINUTE, START, moves


def test_an_alarm_sees_the_minute_before_and_recovers_when_its_point_is_replaced(world):
    world.alarm()
    world.series([0] * 10 + [5] + [0] * 49)
    assert world.moves() == ["1 OK", "11 ALARM", "12 OK"]


def test_a_sparse_metric_stays_in_alarm_for_the_evaluation_range(world):
    world.alarm()
    world.series([None] * 10 + [5])
    assert world.moves() == ["1 OK", "11 ALARM", "14 OK"]
    assert world.moves(options=Options(range_more=0)) == ["1 OK", "11 ALARM", "12 OK"]


def test_windows_longer_than_a_minute_slide_by_a_minute(world):
    # given an error in minute 7, in no five-minute window that begins at a multiple of five alone
    world.alarm(Period=300, Threshold=1)
    world.series([0] * 7 + [1, 1] + [0] * 51)
    assert world.moves() == ["1 OK", "9 ALARM", "13 OK"]


def test_m_of_n_need_not_be_in_a_row(world):
    world.alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
    world.series([0] * 10 + [1, 0, 1, 0, 0, 0] + [0] * 44)
    assert world.moves() == ["1 OK", "13 ALARM", "14 OK"]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (None, ["1 OK", "13 INSUFFICIENT_DATA"]),
        ("missing", ["1 OK", "13 INSUFFICIENT_DATA"]),
        ("ignore", ["1 OK"]),
        ("breaching", ["1 OK", "13 ALARM"]),
        ("notBreaching", ["1 OK"]),
    ],
)
def test_missing_data_is_treated_as_the_alarm_says(world, missing, expected):
    world.alarm(TreatMissingData=missing)
    world.series([0] * 10)
    assert world.moves() == expected


def test_alarms_on_dynamodb_ignore_missing_data_by_default_or_whatever_they_say(world):
    world.alarm("A", Namespace="AWS/DynamoDB", TreatMissingData=None)
    world.alarm("B", Namespace="AWS/DynamoDB", TreatMissingData="breaching")
    world.series([0] * 10, namespace="AWS/DynamoDB")
    assert world.moves("A") == ["1 OK"]
    assert world.moves("B") == ["1 OK", "13 ALARM"]
    assert world.moves("B", Options(dynamodb_ignores=True)) == ["1 OK"]


def test_an_alarm_of_high_resolution_is_evaluated_every_ten_seconds(world):
    world.alarm(Period=10)
    world.series([0] * 60 + [1] + [0] * 300, step=10_000)
    assert world.moves() == ["1 OK", "10.1667 ALARM", "10.3333 OK"]


def test_an_alarm_over_several_days_is_evaluated_by_the_hour(world):
    world.minutes = 4 * 1440
    world.alarm(Period=3600, EvaluationPeriods=25, DatapointsToAlarm=1)
    world.series([1], start=30)
    assert world.moves() == ["1 OK", "60 ALARM", "1680 OK"]


def test_a_percentile_of_few_samples_keeps_the_state_if_told_so(world):
    world.alarm("A", Statistic=None, ExtendedStatistic="p90", EvaluateLowSampleCountPercentile="ignore")
    world.alarm("B", Statistic=None, ExtendedStatistic="p90")
    world.series([[0] * 100] * 10 + [[9]] * 5 + [[0] * 100] * 45)
    assert world.moves("A") == ["1 OK"]
    assert world.moves("B") == ["1 OK", "11 ALARM", "16 OK"]


def test_a_metric_is_its_exact_set_of_dimensions(world):
    world.alarm("A", Dimensions=[{"Name": "TableName", "Value": "t"}])
    world.series([1] * 60, dimensions={"TableName": "t", "Operation": "Scan"})
    assert world.moves("A") == ["1 OK"]


def test_a_wrong_unit_leaves_an_alarm_without_data(world):
    world.alarm(Unit="Seconds", TreatMissingData="missing")
    world.series([1] * 60, unit="Count")
    assert world.moves() == []


def test_math_over_two_metrics(world):
    world.alarm(
        Namespace=None,
        MetricName=None,
        Statistic=None,
        Period=None,
        Threshold=10,
        Metrics=[
            {"Id": "rate", "Expression": "100 * errors / all"},
            *[
                {
                    "Id": id_,
                    "ReturnData": False,
                    "MetricStat": {"Metric": {"Namespace": "N", "MetricName": id_}, "Period": 60, "Stat": "Sum"},
                }
                for id_ in ("errors", "all")
            ],
        ],
    )
    world.series([1] * 60, "errors")
    world.series([100] * 20 + [5] + [100] * 39, "all")
    assert world.moves() == ["1 OK", "21 ALARM", "22 OK"]


def test_a_metric_filter_counts_matches_and_its_default(world):
    world.add(
        "F",
        "AWS::Logs::MetricFilter",
        {
            "LogGroupName": "/g",
            "FilterPattern": '{ $.level = "ERROR" }',
            "MetricTransformations": [
                {"MetricNamespace": "N", "MetricName": "M", "MetricValue": "1", "DefaultValue": 0},
                {"MetricNamespace": "N", "MetricName": "Took", "MetricValue": "$.took.ms"},
            ],
        },
    )
    world.alarm("A", TreatMissingData="missing")
    world.alarm("B", MetricName="Took", Statistic="Maximum", Threshold=5)
    for minute in range(20):
        world.log(minute, {"level": "ERROR" if minute == 10 else "INFO", "took": {"ms": 7}})
    world.log(10, {"level": "ERROR", "took": {"ms": "none"}})
    # no logs, no datapoint: the default does not stand in for an idle log group
    made = world.replay()
    assert moves(made, "A") == ["1 OK", "11 ALARM", "12 OK", "23 INSUFFICIENT_DATA"]
    assert moves(made, "B") == ["1 OK", "11 ALARM", "14 OK"]
    assert made.warnings == ["F: 1 matched events have no number in $.took.ms"]


def test_metrics_within_logs_are_read(world):
    aws = {
        "CloudWatchMetrics": [{"Namespace": "N", "Dimensions": [["E"]], "Metrics": [{"Name": "M", "Unit": "Count"}]}]
    }
    world.alarm(Dimensions=[{"Name": "E", "Value": "test"}], Threshold=2)
    world.log(5, {"_aws": {**aws, "Timestamp": START + 5 * MINUTE}, "E": "test", "M": [1, 2]})
    assert world.moves() == ["1 OK", "6 ALARM", "9 OK"]


def test_cloudtrail_reaches_the_log_group_whose_filters_name_its_fields(world):
    world.add(
        "F",
        "AWS::Logs::MetricFilter",
        {
            "LogGroupName": "/trail",
            "FilterPattern": '{ $.eventName = "Scan" }',
            "MetricTransformations": [{"MetricNamespace": "N", "MetricName": "M", "MetricValue": "1"}],
        },
    )
    world.alarm()
    world.trail.append({"eventTime": "2026-01-01T00:05:30Z", "eventName": "Scan"})
    assert world.moves() == ["1 OK", "6 ALARM", "9 OK"]


def test_contributors_come_greatest_first(world):
    body = (
        '{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["/g"],"LogFormat":"JSON",'
        '"Contribution":{"Keys":["$.who"]},"AggregateOn":"Count"}'
    )
    world.add("R", "AWS::CloudWatch::InsightRule", {"RuleBody": body})
    for minute in range(5):
        world.log(minute, {"who": "a" if minute else "b"})
    assert world.replay().rules == {"R": [(("a",), 4), (("b",), 1)]}


def test_a_composite_follows_its_children_and_tells_whom_its_topic_tells(world):
    world.add("T", "AWS::SNS::Topic", {"TopicName": "pager"})
    world.add(
        "S", "AWS::SNS::Subscription", {"TopicArn": {"Ref": "T"}, "Protocol": "email", "Endpoint": "ops@example.com"}
    )
    world.alarm("A")
    world.alarm("B", MetricName="Other")
    world.composite("C", "ALARM(A) AND NOT ALARM(B)", AlarmActions=[{"Ref": "T"}])
    world.series([0] * 10 + [1] * 10 + [0] * 40)
    world.series([0] * 15 + [1] * 10 + [0] * 35, "Other")
    made = world.replay()
    assert moves(made, "C") == ["1 OK", "11 ALARM", "16 OK"]
    (told,) = made.notifications
    assert (told.at, told.alarm, told.state) == (START + 11 * MINUTE, "C", State.ALARM)
    assert told.subscribers == ("email ops@example.com",)
    assert told.reason == "in ALARM: A"


def test_a_subscription_within_its_topic_is_told(world):
    world.add("T", "AWS::SNS::Topic", {"Subscription": [{"Protocol": "email", "Endpoint": "ops@example.com"}]})
    world.alarm(AlarmActions=[{"Ref": "T"}])
    world.series([1] * 60)
    (told,) = world.replay().notifications
    assert (told.action, told.subscribers) == ("${T}", ("email ops@example.com",))


def test_actions_that_are_off_tell_nobody(world):
    world.alarm(ActionsEnabled=False, AlarmActions=["x"])
    world.series([1] * 60)
    made = world.replay()
    assert moves(made, "A") == ["1 ALARM"]
    assert made.notifications == []


# The guide's six rows: wait 2, extension 3. States and suppressor by time unit, and when which actions run.
ROWS = [
    ("..AAAAAAAA", "..........", [(4, "ALARM")]),
    ("..AAAAAAAA", "...AAAAAAA", []),
    ("..A.......", "..........", [(5, "OK")]),
    ("..AAAAAAAA", "AAAAAAAAAA", []),
    ("..AAAAAAAAAA", "...AAA......", [(9, "ALARM")]),
    ("..AAAAA.....", "...AAA......", [(9, "OK")]),
]


@pytest.mark.parametrize(("composite", "suppressor", "expected"), ROWS, ids=range(1, 7))
def test_a_row_of_the_guides_table_of_suppression(composite, suppressor, expected):
    import numpy as np

    def states(text):
        return np.array([State.ALARM if one == "A" else State.OK for one in text], np.int8)

    found = runs(states(composite), states(suppressor), 2, 3)
    # the first change, from INSUFFICIENT_DATA to OK, is none of the table's
    ran = [(one.at, one.state.name) for one in found if one.suppressed_by is None]
    assert [one for one in ran if one != (2, "OK")] == expected


def test_what_is_not_evaluated_is_named_and_why(world):
    world.alarm("Good")
    world.alarm("Anomaly", ThresholdMetricId="band")
    world.alarm("Unknown", Threshold={"Ref": "Nobody"})
    world.alarm("Dimension", Dimensions=[{"Name": "TableName", "Value": {"Ref": "Table"}}])
    world.alarm("Wrong", ComparisonOperator="Greater")
    world.alarm("Long", EvaluationPeriods=10**9)
    world.alarm("Many", DatapointsToAlarm=2)
    world.alarm("List", Metrics=[{"Id": "a"}, "b"])
    world.alarm("Zero", Period=0)
    world.alarm("Sql", Metrics=[{"Id": "q", "Expression": "SELECT AVG(x) FROM y", "Period": 60}])
    world.composite("Lost", "ALARM(nobody)")
    world.composite("Cycle1", "ALARM(Cycle2)")
    world.composite("Cycle2", "ALARM(Cycle1)")
    world.composite("Rests", "ALARM(Anomaly)")
    world.composite("Broken", "ALARM(Good")
    world.add(
        "Filter", "AWS::Logs::MetricFilter", {"LogGroupName": "g", "FilterPattern": "{", "MetricTransformations": []}
    )
    world.add("Rule", "AWS::CloudWatch::InsightRule", {"RuleBody": "{}"})
    world.alarm("Math", Metrics=[{"Id": "e", "Expression": "m1 +* m2"}])
    made = world.replay()
    assert [one.name for one in made.alarms] == ["Good"]
    assert set(made.unevaluated) == set(world.resources) - {"Good"}
    assert made.unevaluated["Unknown"] == "Threshold is not known: ${Nobody}"
    assert "${Table}" in made.unevaluated["Dimension"]
    assert "Metrics Insights" in made.unevaluated["Sql"]
    # a text that cannot be read is named with the place of the token in the template
    text = (world.folder / "template.json").read_text()
    for name, token in (("Math", "* m2"), ("Broken", '"'), ("Filter", '"')):
        place = re.search(r"template.json:1:(\d+)\)$", made.unevaluated[name])
        assert text[int(place[1]) - 1 :].startswith(token), made.unevaluated[name]


def test_statistics_from_an_account_are_marked_approximate(world):
    world.alarm(Statistic=None, ExtendedStatistic="p99", Period=300)
    for period in range(12):
        world.samples.append(
            {
                "namespace": "N",
                "metric": "M",
                "timestamp": START + period * 5 * MINUTE,
                "period": 300,
                "stats": {"p99": 9.0 if period == 4 else 0.0},
            }
        )
    made = world.replay()
    assert moves(made, "A") == ["1 OK", "25 ALARM", "30 OK"]
    assert all(change.approximate for change in made.alarms[0].changes[1:])


def test_statistics_of_shorter_periods_are_put_together_and_what_they_do_not_tell_is_named(world):
    # given sums of a minute from an account, and alarms on five minutes
    world.alarm("A", Period=300, Threshold=4)
    world.alarm("B", Period=300, Statistic=None, ExtendedStatistic="p99")
    for minute in range(20):
        world.samples.append(
            {
                "namespace": "N",
                "metric": "M",
                "timestamp": START + minute * MINUTE,
                "period": 60,
                "stats": {"Sum": 1.0 if 5 <= minute < 10 else 0.0},
            }
        )
    made = world.replay()
    assert moves(made, "A") == ["1 OK", "10 ALARM", "11 OK"]
    assert made.unevaluated == {"B": "the recording has M as other statistics than p99 of 300 s"}


def test_embedded_metrics_that_are_none_are_counted(world):
    world.alarm()
    world.log(1, {"_aws": {"CloudWatchMetrics": [{"Namespace": "N", "Metrics": [{"Name": "M"}]}]}})
    assert world.replay().warnings == ["1 events have embedded metrics that cannot be read"]


@pytest.mark.parametrize("value", ["$.took[1].ms", "$.['took.ms']"])
def test_a_metrics_value_is_any_selector(world, value):
    transformation = {"MetricNamespace": "N", "MetricName": "M", "MetricValue": value}
    world.add(
        "F",
        "AWS::Logs::MetricFilter",
        {"LogGroupName": "/g", "FilterPattern": "{ $.a = 1 }", "MetricTransformations": [transformation]},
    )
    world.alarm(Threshold=6)
    world.log(5, {"a": 1, "took": [0, {"ms": 7}], "took.ms": "7"})
    assert world.moves()[1] == "6 ALARM"


def test_where_cloudwatch_did_otherwise_it_is_said(world):
    world.alarm()
    world.series([0] * 10 + [5] + [0] * 49)
    world.history = [
        {"name": "A", "timestamp": START + 1 * MINUTE, "state": "OK"},
        {"name": "A", "timestamp": START + 11 * MINUTE + 20_000, "state": "ALARM"},
        {"name": "A", "timestamp": START + 20 * MINUTE, "state": "OK"},
    ]
    differences = [(one.at - START, one.cloudwatch, one.replay) for one in world.replay().differences]
    assert differences == [(12 * MINUTE, None, "OK"), (20 * MINUTE, "OK", None)]


def test_the_same_twice_is_the_same(world):
    world.alarm()
    world.series([0, 1, None, 3] * 15)
    assert world.replay().alarms[0].changes == world.replay().alarms[0].changes


def test_a_recording_of_two_parts_is_the_parts_one_after_the_other(world):
    # given a recording, and the same one cut in two by a quiet while
    world.alarm(TreatMissingData="missing")
    first, second = [0, 0, 5, 5, 0, None, 0], [0, 5, 0, 0]
    world.series(first)
    world.minutes = 20
    alone = world.moves()
    world.series(second, start=20)
    world.minutes = 40
    both = world.moves()
    assert both[: len(alone)] == alone
    world.samples.clear()
    world.series(second, start=20)
    assert [move for move in world.moves() if int(move.split()[0]) > 20] == both[len(alone) :]


def test_an_empty_recording_says_so(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "t.json").write_text('{"Resources": {}}')
    with pytest.raises(RecordingError, match="no event and no metric"):
        replay(read([tmp_path / "t.json"]), Recording(tmp_path))


def test_times_that_are_no_milliseconds_are_an_error_not_a_long_wait(tmp_path):
    (tmp_path / "t.json").write_text('{"Resources": {}}')
    (tmp_path / "metrics.jsonl").write_text(
        '{"namespace":"N","metric":"M","timestamp":1767225600,"values":[1]}\n'
        '{"namespace":"N","metric":"M","timestamp":1767225600000,"values":[1]}\n'
    )
    with pytest.raises(RecordingError, match="goes from"):
        replay(read([tmp_path / "t.json"]), Recording(tmp_path))


@pytest.mark.parametrize(
    ("delay", "expected"),
    [
        (0, ["1 OK", "11 ALARM", "12 OK"]),
        (60, ["1 OK", "12 ALARM", "13 OK"]),
        (120, ["1 OK", "13 ALARM", "14 OK"]),
        (90, ["1 OK", "13 ALARM", "14 OK"]),  # rounded up to a whole minute
        (180, ["1 OK"]),  # later than the evaluation range reaches: it is never seen
    ],
)
def test_what_comes_late_is_seen_late(world, delay, expected):
    world.alarm()
    world.series([0] * 10 + [5] + [0] * 49)
    assert world.moves(options=Options(delays=Delays(metrics=delay))) == expected


def test_of_a_long_period_the_part_that_has_come_is_seen(world):
    # given an error in minute 7, periods of five minutes, and data that is two minutes late
    world.alarm(Period=300)
    world.series([0] * 7 + [1] + [0] * 52)
    assert world.moves() == ["1 OK", "8 ALARM", "13 OK"]
    assert world.moves(options=Options(delays=Delays(metrics=120))) == ["1 OK", "10 ALARM", "13 OK"]


def test_a_reason_names_what_was_seen_and_not_what_came_later(world):
    world.alarm(TreatMissingData="missing")
    world.series([0] * 10 + [5, 7, 9] + [0] * 47)
    change = world.replay(Options(delays=Delays(metrics=60))).alarms[0].changes[1]
    assert (change.at - START) / MINUTE == 12
    assert "[5 (00:10)]" in change.reason


def test_delays_are_of_the_source(world):
    world.add(
        "F",
        "AWS::Logs::MetricFilter",
        {
            "LogGroupName": "/g",
            "FilterPattern": "ERROR",
            "MetricTransformations": [{"MetricNamespace": "N", "MetricName": "M", "MetricValue": "1"}],
        },
    )
    world.alarm()
    world.log(5, "ERROR")
    assert world.moves(options=Options(delays=Delays(metrics=600)))[1] == "6 ALARM"
    assert world.moves(options=Options(delays=Delays(logs=120)))[1] == "8 ALARM"


def test_a_wall_clock_window_sees_a_period_once_it_has_ended_and_no_more_than_n(world):
    world.minutes = 30
    window = {"WallClockWindow": {"Timezone": "Asia/Kolkata"}}
    world.alarm(Period=300, EvaluationWindow=window)
    world.series([None] * 7 + [1])
    # minute 7 is in 5 to 10, which is seen from 10 until 15
    assert world.moves() == ["1 OK", "10 ALARM", "15 OK"]


def test_a_wall_clock_day_begins_at_local_midnight(world):
    world.minutes = 2 * 1440
    window = {"WallClockWindow": {"Timezone": "America/New_York"}}
    world.alarm(Period=86_400, EvaluationWindow=window)
    world.series([1], start=60)  # 01:00 in UTC is the evening before in New York, which ends at 05:00
    assert world.moves() == ["1 OK", "300 ALARM", "1740 OK"]


def test_a_warm_up_keeps_the_first_state_until_the_window_is_full_or_the_time_over(world):
    warm_up = {"WarmUpPeriodDurationInMinutes": 30}
    world.alarm("A", EvaluationPeriods=3, WarmUpConfiguration=warm_up)
    world.alarm(
        "B", EvaluationPeriods=3, WarmUpConfiguration={**warm_up, "OnlyStartEvaluatingAfterWarmUpPeriodEnds": True}
    )
    world.series([1] * 60)
    assert world.moves("A") == ["3 ALARM"]
    assert world.moves("B") == ["31 ALARM"]


def mute(world, expression, duration="PT10M", **more):
    schedule = {"Expression": expression, "Duration": duration, **more}
    rule = {"Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": ["A"]}}
    world.add("Mute", "AWS::CloudWatch::AlarmMuteRule", rule)


@pytest.mark.parametrize(
    ("expression", "more", "muted"),
    [
        ("cron(5 0 * * *)", {}, True),
        ("cron(5 0 * * thu)", {}, True),  # the first of 2026 is a Thursday
        ("cron(5 0 * * fri)", {}, False),
        ("cron(*/5 1-3 1 jan *)", {"Timezone": "Europe/Berlin"}, True),
        ("cron(5 0 * * *)", {"Timezone": "Europe/Berlin"}, False),
        ("at(2026-01-01T00:05)", {}, True),
        ("at(2025-12-31T19:05)", {"Timezone": "America/New_York"}, True),
        ("at(2026-01-01T00:12)", {}, False),
    ],
)
def test_a_muted_alarm_changes_and_tells_nobody(world, expression, more, muted):
    world.alarm(AlarmActions=["x"])
    world.series([0] * 10 + [5] + [0] * 49)
    before = world.moves()
    mute(world, expression, **more)
    made = world.replay()
    assert not made.unevaluated
    assert moves(made, "A") == before
    assert [one.suppressed_by for one in made.notifications] == ["MuteRule" if muted else None]


@pytest.mark.parametrize(
    ("expression", "duration"),
    [("cron(5 0 * *)", "PT10M"), ("cron(99 0 * * *)", "PT10M"), ("rate(5)", "PT1M"), ("cron(5 0 * * *)", "P16D")],
)
def test_a_mute_rule_that_cannot_be_is_named(world, expression, duration):
    world.alarm()
    world.series([1])
    mute(world, expression, duration)
    assert set(world.replay().unevaluated) == {"Mute"}


JUNK = [
    None,
    [],
    {},
    "x",
    "",
    -1,
    0,
    1e308,
    "nan",
    "1e400",
    True,
    [{}],
    ["a"],
    {"Ref": "Nobody"},
    {"Fn::Sub": []},
    10**30,
]


def test_whatever_stands_in_a_property_an_alarm_is_evaluated_or_named(world):
    # given an alarm for each property and each thing that could stand there by mistake
    world.alarm()
    world.composite("C", "ALARM(A)", ActionsSuppressor="A", ActionsSuppressorWaitPeriod=60, AlarmActions=["x"])
    world.add(
        "F",
        "AWS::Logs::MetricFilter",
        {
            "LogGroupName": "/g",
            "FilterPattern": "ERROR",
            "MetricTransformations": [{"MetricNamespace": "N", "MetricName": "M", "MetricValue": "1"}],
        },
    )
    window = {"EvaluationWindow": {"WallClockWindow": {}}, "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 1}}
    world.resources["A"]["Properties"].update(window, Dimensions=[], ActionsEnabled=True)
    for name, resource in list(world.resources.items()):
        for wrong in resource["Properties"]:
            for number, junk in enumerate(JUNK):
                world.add(f"{name}{wrong}{number}", resource["Type"], {**resource["Properties"], wrong: junk})
    mute(world, "cron(5 0 * * *)")
    world.series([1] * 5)
    world.log(5, "ERROR")
    made = world.replay()
    alarms = [
        name for name, one in world.resources.items() if one["Type"].startswith("AWS::CloudWatch") and name != "Mute"
    ]
    named = {course.alarm.acting.resource for course in made.alarms} | set(made.unevaluated)
    assert set(alarms) <= named
