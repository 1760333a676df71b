"""The hot-key responder: who is hot, what they are taken for, what is done about it, and what never is."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import boto3
import fakeredis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from handlers.hot_key._classify import Limits, classify
from handlers.hot_key._decisions import Decisions
from handlers.hot_key._report import FileReports, minutes_of
from handlers.hot_key._responder import Responder
from handlers.hot_key._start import kill_switch
from handlers.hot_key.settings import Settings
from handlers.routing import Activity, Budget, Flag, Flags, Router
from handlers.sessions import ACTIVE, ENDED, Meta, Sessions, Transactions
from mangaobs.runtime import configure, observe, session_hash

from ..conftest import TABLE, Context, create_table
from ..faults import Crash, Crashes

KEY = b"a-key-of-the-tests"
HOT, WARM, COOL = 50_000.0, 20_000.0, 100.0


def hashed(text):
    return session_hash(text, KEY)


class Source:
    """Reports that the test gives: by session id, the units of the minutes before the window, the latest first."""

    def __init__(self, system):
        self.system = system
        self.units = {}

    def reports(self, start, end):
        window = self.system.window
        contributors = [
            {
                "Keys": [key if "#" in key else f"SESSION#{key}"],
                "Datapoints": [
                    {"Timestamp": (window - back) * 60, "ApproximateValue": units}
                    for back, units in enumerate(latest, 1)
                ],
            }
            for key, latest in self.units.items()
        ]
        from handlers.hot_key._report import _report

        return [_report({"Contributors": contributors})]


class System:
    """A responder on an embedded table and Redis, whose minutes the test counts."""

    def __init__(self, dynamodb, redis=None):
        self.dynamodb = dynamodb
        self.redis = redis if redis is not None else fakeredis.FakeRedis()
        self.window = time.time_ns() // 60_000_000_000
        self.after = 1_000  # ms after the minute
        self.on = True
        self.source = Source(self)
        # Far more than a call takes: the first one loads Lua, and this machine may be busy.
        self.flags = Flags(self.redis, Budget(20, monotonic=time.monotonic, rest=0))
        self.router = Router(self.redis, Budget(20, monotonic=time.monotonic, rest=0), clock=self.clock)
        self.decisions = Decisions(dynamodb, TABLE)
        self.written = []

    def clock(self):
        return self.window * 60_000 + self.after

    def responder(self, **more):
        whole = Settings(session_table=TABLE, mangaobs_session_key=KEY.decode(), **{"hot_key_mode": "act", **more})
        return Responder(
            whole,
            source=self.source,
            sessions=Sessions(
                self.dynamodb,
                TABLE,
                transactions=Transactions(self.dynamodb, sleep=lambda _: None, random=lambda: 0.5),
                customer_hash=hashed,
                days=1,
            ),
            decisions=self.decisions,
            flags=self.flags,
            switch=lambda: self.on,
            clock=self.clock,
            hashed=hashed,
        )

    def run(self, **more):
        """One minute's run."""
        configure(write=self.written.append, dimensions={"Environment": "test"}, tracer="off")
        at = datetime.fromtimestamp(self.window * 60, UTC).isoformat().replace("+00:00", "Z")
        return observe(self.responder(**more).__call__)({"time": at}, Context())

    def session(self, session_id, state=ACTIVE):
        from handlers.sessions._items import meta_item

        meta = Meta("alice", state, created_at=1, last_active_at=1, turn_count=2)
        self.dynamodb.put_item(TableName=TABLE, Item=meta_item(session_id, meta, expires_at=9_999_999_999))

    def busy(self, session_id, *, messages=1, addresses=1):
        for number in range(messages):
            self.router.arrive(hashed(session_id), f"address {number % addresses}")

    def lines(self, event):
        found = [json.loads(line) for line in b"".join(self.written).splitlines()]
        return [line for line in found if line["event"] == event]

    def flag(self, session_id):
        return self.flags.get(hashed(session_id))


@pytest.fixture
def system(dynamodb):
    return System(dynamodb)


def test_a_session_that_is_hot_two_minutes_in_a_row_is_found(system):
    system.session("s1")
    system.source.units = {"s1": [HOT, HOT], "s2": [HOT, COOL], "s3": [COOL, HOT], "CUSTOMER#x": [HOT, HOT]}
    assert system.run() == {"hot": 1, "blocked": 0, "dry_run": False}
    (line,) = system.lines("hot_key")
    assert (line["session"], line["units"], line["classification"]) == (hashed("s1"), HOT, "legitimate")
    (metrics,) = system.lines("metrics")
    assert (metrics["HotKeys"], metrics["BlockedSessions"]) in ((1, 0), ([1], 0))


def test_in_a_quiet_minute_the_metric_says_zero(system):
    system.run()
    (metrics,) = system.lines("metrics")
    assert metrics["HotKeys"] in (0, [0])
    assert system.lines("hot_key") == []


def test_a_legitimate_session_may_use_the_cache(system):
    system.session("s1")
    system.source.units = {"s1": [HOT, HOT]}
    system.run()
    assert system.flag("s1").mode == "cache"
    assert system.router.arrive(hashed("s1"), "a").mode == "cache"


def test_one_sign_alone_limits_and_two_block(system):
    system.session("one")
    system.busy("one", messages=80)
    system.session("two", ENDED)
    system.busy("two", messages=80)
    system.source.units = {"one": [HOT, HOT], "two": [HOT, HOT]}
    assert system.run()["blocked"] == 1
    assert (system.flag("one").mode, system.flag("two").mode) == ("limit", "block")
    assert not system.router.arrive(hashed("two"), "a").allowed


def test_who_is_on_the_allow_list_is_never_limited(system):
    system.busy("s1", messages=80, addresses=20)
    system.source.units = {"s1": [HOT, HOT]}
    system.run(allow_list=f"x, {hashed('s1')}")
    assert system.flag("s1").mode == "cache"


def test_a_hot_session_stays_so_down_to_a_lower_bound_and_then_its_flag_ends(system):
    system.session("s1")
    system.source.units = {"s1": [HOT, HOT]}
    system.run()
    first = system.flag("s1")
    # when it is cooler, but not cool, its flag is renewed
    system.window += 1
    system.source.units = {"s1": [WARM, HOT]}
    assert system.run()["hot"] == 1
    assert system.flag("s1").until == first.until + 60_000
    # when it is cool, it is not
    system.window += 1
    system.source.units = {"s1": [COOL, WARM]}
    assert system.run()["hot"] == 0
    system.window += 5
    assert system.router.arrive(hashed("s1"), "a").mode == "none"
    # and what is warm but was not hot is not hot
    system.source.units = {"s1": [WARM, WARM]}
    assert system.run()["hot"] == 0


@pytest.mark.parametrize("how", ["mode", "switch"])
def test_unless_it_is_told_to_act_it_only_notes(system, how):
    system.session("s1")
    system.source.units = {"s1": [HOT, HOT]}
    system.on = how != "switch"
    result = system.run(**({"hot_key_mode": "dry-run"} if how == "mode" else {}))
    assert result == {"hot": 1, "blocked": 0, "dry_run": True}
    assert system.flag("s1") is None
    assert system.redis.keys() == []
    (line,) = system.lines("hot_key")
    assert (line["action"], line["dry_run"]) == ("cache", True)


def test_no_more_sessions_are_blocked_in_a_minute_than_may_be(system):
    names = [f"s{number}" for number in range(5)]
    for name in names:
        system.busy(name, messages=80)
    system.source.units = {name: [HOT, HOT] for name in names}
    assert system.run(blocks_a_window=2) == {"hot": 5, "blocked": 2, "dry_run": False}
    assert sorted(system.flag(name).mode for name in names) == ["block", "block", "limit", "limit", "limit"]
    # and looked at again, the minute is as it was
    before = {name: system.flag(name) for name in names}
    system.after += 20_000
    assert system.run(blocks_a_window=2)["blocked"] == 2
    assert {name: system.flag(name) for name in names} == before


def test_with_no_blocks_at_all_nobody_is_blocked(system):
    system.busy("s1", messages=80)
    system.source.units = {"s1": [HOT, HOT]}
    assert system.run(blocks_a_window=0)["blocked"] == 0
    assert system.flag("s1").mode == "limit"


def test_an_operators_flag_goes_first_until_its_end(system):
    operators = Flag("block", until=system.clock() + 1_800_000, reason="fraud", source="operator")
    assert system.decisions.set_route(hashed("s1"), operators, now=system.clock())
    system.session("s1")
    system.source.units = {"s1": [HOT, HOT]}
    system.run()
    # it was restored in Redis, and is what stands
    assert system.flag("s1") == operators
    assert system.decisions.routes(system.clock()) == {hashed("s1"): operators}


def test_what_redis_lost_comes_back_a_minute_later_and_ends_when_it_was_to(system):
    system.session("s1")
    system.source.units = {"s1": [HOT, HOT]}
    system.run()
    before = system.flag("s1")
    system.redis.flushall()
    system.window += 1
    system.source.units = {}
    system.run()
    assert system.flag("s1") == before


def test_without_redis_it_notes_limits_and_does_not_fail(system):
    import redis

    system.source.units = {"s1": [HOT, HOT]}
    system.flags = Flags(redis.Redis(port=1, socket_connect_timeout=0.1), Budget(1, monotonic=time.monotonic, rest=0))
    assert system.run()["hot"] == 1
    (line,) = system.lines("hot_key")
    assert (line["classification"], line["action"]) == ("unknown", "limit")
    assert system.decisions.routes(system.clock())[hashed("s1")].mode == "limit"


# Every call of the table is a point to die at, before it and after it.
@pytest.mark.parametrize("at", range(1, 25))
def test_a_crash_anywhere_and_the_same_minute_again_is_as_if_there_was_none(dynamodb, at):
    def minute(system, crash_at):
        system.busy("bad", messages=80)
        system.session("good")
        system.source.units = {"bad": [HOT, HOT], "good": [HOT, HOT], "bad2": [HOT, HOT]}
        system.busy("bad2", messages=80)
        crashes = Crashes(dynamodb)
        crashes.at = crash_at
        try:
            system.run(blocks_a_window=1)
        except Crash:
            system.run(blocks_a_window=1)
        finally:
            crashes.close()
        blocks = [name for name in ("bad", "bad2", "good") if system.flag(name).mode == "block"]
        items = dynamodb.query(
            TableName=TABLE,
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues={":pk": {"S": "CONTROL#HOTKEY"}},
        )["Items"]
        return blocks, items

    blocks, items = minute(System(dynamodb), at)
    assert len(blocks) == 1
    audits = [item for item in items if item["SK"]["S"].startswith("AUDIT#")]
    assert len(audits) == 3
    assert all("expires_at" in item for item in items)
    # nothing of the sessions' ids is kept
    assert "bad" not in json.dumps(items)


@given(st.data())
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_over_many_minutes_no_flag_outlives_its_end_nor_a_minute_its_blocks(data):
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_table(client)
        system = System(client)
        names = ["a", "b", "c", "d"]
        for _ in range(data.draw(st.integers(2, 6))):
            levels = st.sampled_from([HOT, WARM, COOL])
            system.source.units = {name: [data.draw(levels), data.draw(levels)] for name in names[:3]}
            if data.draw(st.booleans()):
                system.busy(data.draw(st.sampled_from(names[:3])), messages=70)
            system.on = data.draw(st.booleans())
            if data.draw(st.integers(0, 5)) == 0:
                system.redis.flushall()
            blocked = system.run(blocks_a_window=1)["blocked"]
            assert blocked <= 1
            assert system.run(blocks_a_window=1)["blocked"] == blocked
            now = system.clock()
            for name in names:
                flag = system.flag(name)
                # Redis lives by its own clock here; the router looks at the flag's end by ours.
                assert flag is None or flag.until <= now + 300_000
                if flag is None or flag.until <= now:
                    assert system.router.arrive(hashed(name), "x").mode == "none"
            # who was never hot has no flag, and passes
            assert system.flag("d") is None
            assert system.router.arrive(hashed("d"), "x").allowed
            system.window += data.draw(st.integers(1, 3))


# --- classification ---

LIMITS = Limits(60, 8)
OF = Meta("c", ACTIVE, 1, 1, 2)


@pytest.mark.parametrize(
    ("meta", "activity", "expected"),
    [
        (OF, Activity(1, 1), "legitimate"),
        (OF, Activity(59, 7), "legitimate"),
        (OF, Activity(60, 1), "unknown"),
        (OF, Activity(1, 8), "unknown"),
        (None, Activity(1, 1), "unknown"),
        (Meta("c", ENDED, 1, 1, 2), Activity(1, 1), "unknown"),
        (OF, Activity(60, 8), "abuse"),
        (None, Activity(60, 1), "abuse"),
        (OF, None, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_what_a_session_is_taken_for(meta, activity, expected):
    assert classify(meta, activity, allowed=False, limits=LIMITS) == expected
    assert classify(meta, activity, allowed=True, limits=LIMITS) == "legitimate"


# --- where it reads ---


def test_a_file_has_the_shape_of_cloudwatchs_answer(tmp_path):
    file = tmp_path / "report.json"
    file.write_text(
        json.dumps(
            {
                "KeyLabels": ["PK"],
                "AggregationStatistic": "SUM",
                "Contributors": [
                    {
                        "Keys": ["SESSION#s1"],
                        "ApproximateAggregateValue": 3,
                        "Datapoints": [
                            {"Timestamp": "2026-01-01T00:00:00Z", "ApproximateValue": 1.0},
                            {"Timestamp": 1767225660, "ApproximateValue": 2.0},
                        ],
                    }
                ],
            }
        )
    )
    now = datetime.now(UTC)
    assert minutes_of(FileReports(file).reports(now, now)) == {"SESSION#s1": {29453760: 1.0, 29453761: 2.0}}


def test_cloudwatch_is_asked_for_the_rules_of_the_table_by_partition_key():
    from botocore.stub import Stubber

    from handlers.hot_key._report import CloudWatchReports

    dynamodb, cloudwatch = (boto3.client(name, region_name="us-east-1") for name in ("dynamodb", "cloudwatch"))
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 2, tzinfo=UTC)
    rules = [f"DynamoDBContributorInsights-{kind}-{TABLE}-1700000000000" for kind in ("PKC", "PKT", "SKC", "SKT")]
    with Stubber(dynamodb) as tables, Stubber(cloudwatch) as reports:
        tables.add_response(
            "describe_contributor_insights", {"ContributorInsightsRuleList": rules}, {"TableName": TABLE}
        )
        reports.add_response(
            "get_insight_rule_report",
            {
                "Contributors": [
                    {
                        "Keys": ["SESSION#s1"],
                        "ApproximateAggregateValue": 5.0,
                        "Datapoints": [{"Timestamp": start, "ApproximateValue": 5.0}],
                    }
                ]
            },
            {
                "RuleName": rules[0],
                "StartTime": start,
                "EndTime": end,
                "Period": 60,
                "MaxContributorCount": 25,
                "OrderBy": "Maximum",
            },
        )
        found = CloudWatchReports(cloudwatch, dynamodb, TABLE).reports(start, end)
    assert minutes_of(found) == {"SESSION#s1": {29453760: 5.0}}


@pytest.mark.parametrize(
    ("value", "on"), [("on", True), (" ON ", True), ("off", False), ("true", False), (None, False)]
)
def test_the_switch_is_on_only_if_it_says_so(aws, value, on):
    ssm = boto3.client("ssm")
    if value is not None:
        ssm.put_parameter(Name="/switch", Value=value, Type="String")
    assert kill_switch(ssm, "/switch")() is on
    assert kill_switch(ssm, "")() is False
