#!/usr/bin/env python3
"""Replay against its goals, as ratios within one run.

    python benchmarks/replay.py [--alarms N] [--events N]

Alarms: single-metric alarms over 7 days of one-minute data, every minute evaluated, beside one `np.cumsum` over the
same arrays, a plain loop that evaluates one window after the other, and, for p99, `np.percentile` over the same
windows. Patterns: 14 filter patterns over CloudTrail events, parsing included, beside orjson's parsing alone. The
events are made here, in the size of real ones (1.2 KB). Growth: the same for half of it and for all.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import statistics
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import orjson

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mangaobs.languages.filter_pattern import Compiled, parse  # noqa: E402
from mangaobs.replay import Ends, MetricId, Rule, Samples, State, Store, changes, decide  # noqa: E402

MINUTES = 7 * 1440
START, MINUTE = 1_767_225_600_000, 60_000
SHAPES = [("Sum", 60, 1, 1), ("Sum", 60, 3, 2), ("Average", 300, 3, 2), ("Maximum", 60, 5, 5)]


def timed(function):
    gc.collect()
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def store_of(alarms: int) -> tuple[Store, list[MetricId]]:
    chance = np.random.default_rng(7)
    store, metrics = Store(), []
    times = START + np.arange(MINUTES) * MINUTE
    for number in range(alarms):
        metric = MetricId.of("N", "M", {"number": str(number)})
        store.add_many(metric, Samples(times, chance.random(MINUTES), np.ones(MINUTES)))
        metrics.append(metric)
    return store, metrics


def run(store, metrics, statistic, period, n, m, minutes=MINUTES):
    """Evaluate an alarm a metric; how often one changed."""
    rule = Rule(n, m, n + 2)
    stride = period * 1000 // MINUTE
    lead = (rule.range - 1) * stride
    moved = 0
    for metric in metrics:
        values = store.points(metric, statistic, period, Ends(START - lead * MINUTE, MINUTE, minutes + lead)).values
        codes, _ = decide(~np.isnan(values), values > 0.999, rule, stride)
        moved += len(changes(codes)[0])
    return moved


def summed(arrays):
    for values in arrays:
        np.cumsum(values)


def naive(store, metric, statistic, period, n, m, minutes):
    """The same, one evaluation and one window at a time."""
    values = store.samples(metric).values.tolist()
    width = period // 60
    reduce = {"Sum": sum, "Average": lambda window: sum(window) / len(window), "Maximum": max}[statistic]
    moved, now = 0, State.INSUFFICIENT_DATA
    for minute in range(minutes):
        points = []
        for age in range(n + 2):
            end = minute - age * width
            window = values[max(end - width, 0) : max(end, 0)]
            points.append(reduce(window) if window else None)
        real = [point for point in points if point is not None]
        if not real:
            state = State.INSUFFICIENT_DATA
        else:
            bad = sum(point > 0.999 for point in real[:n])
            state = State.ALARM if bad >= m else State.OK
        moved += state is not now
        now = state
    return moved


def alarms(count: int) -> None:
    store, metrics = store_of(count)
    arrays = [store.samples(metric).values for metric in metrics]
    print(f"{count:,} alarms over 7 days of minutes, {count * MINUTES / 1e6:.0f} M evaluations")
    for shape in SHAPES:
        base, _ = timed(lambda: summed(arrays))
        spent, _ = timed(lambda shape=shape: run(store, metrics, *shape))
        slow, _ = timed(lambda shape=shape: naive(store, metrics[0], *shape, MINUTES // 4))
        half, _ = timed(lambda shape=shape: run(store, metrics[: count // 2], *shape))
        short, _ = timed(lambda shape=shape: run(store, metrics, *shape, MINUTES // 2))
        name = f"{shape[3]} of {shape[2]}, {shape[0]} of {shape[1]} s"
        print(
            f"  {name:28} {spent / base:5.1f} x np.cumsum (goal 12)   "
            f"{slow * 4 * count / spent:6.0f} x as fast as the loop (goal 30)   "
            f"half the alarms: {half / spent:.2f} of the time, half the minutes: {short / spent:.2f}"
        )
    few = metrics[: max(count // 100, 1)]
    spent, _ = timed(lambda: run(store, few, "p99", 300, 3, 3))
    windows = np.lib.stride_tricks.sliding_window_view(store.samples(few[0]).values, 5)
    one, _ = timed(lambda: [np.percentile(window, 99) for window in windows])
    print(f"  p99 of 300 s: {spent / (one * len(few)):.2f} x np.percentile over the same windows (goal 2)")
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB (goal 1,024)")


def events(count: int) -> list[bytes]:
    chance = random.Random(7)  # noqa: S311 - a benchmark's
    names = ["GetItem", "Query", "PutItem", "ConsoleLogin", "StopLogging", "DisableKey", "AssumeRole", "CreateRoute"]
    kinds = ["AssumedRole", "IAMUser", "AWSService", "Root"]
    made = []
    for number in range(min(count, 2000)):
        name = chance.choice(names)
        event = {
            "eventVersion": "1.09",
            "userIdentity": {
                "type": chance.choice(kinds),
                "principalId": f"AROA{number:016}:session",
                "arn": f"arn:aws:sts::123456789012:assumed-role/chat/{number}",
                "accountId": "123456789012",
                "sessionContext": {"attributes": {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "false"}},
            },
            "eventTime": "2026-01-01T00:00:00Z",
            "eventSource": chance.choice(["dynamodb", "kms", "ec2", "signin"]) + ".amazonaws.com",
            "eventName": name,
            "awsRegion": "us-east-1",
            "sourceIPAddress": "192.0.2.1",
            "userAgent": "aws-sdk-python/1.43 " * 3,
            "requestParameters": {"tableName": "sessions", "key": {"pk": f"SESSION#{number}"}, "x": ["y" * 40] * 4},
            "responseElements": None,
            "additionalEventData": {"MFAUsed": "No", "SignatureVersion": "SigV4"},
            "requestID": f"{number:032}",
            "eventID": f"{number:032}",
            "readOnly": True,
            "resources": [{"accountId": "123456789012", "type": "AWS::DynamoDB::Table", "ARN": "arn:aws:dynamodb"}],
            "eventType": "AwsApiCall",
            "managementEvent": False,
            "recipientAccountId": "123456789012",
            "eventCategory": "Data",
        }
        if number % 20 == 0:
            event["errorCode"] = "AccessDenied"
        made.append(orjson.dumps(event))
    return [made[number % len(made)] for number in range(count)]


def patterns(count: int) -> None:
    controls = tomllib.loads((ROOT / "tests/languages/filter_pattern/cis.toml").read_text())["control"]
    together = Compiled([parse(control["pattern"]) for control in controls])
    lines = events(count)

    def matched(some):
        decide_, loads, found = together.matched, orjson.loads, 0
        for line in some:
            found += len(decide_("", loads(line)))
        return found

    def parsed(some):
        loads = orjson.loads
        for line in some:
            loads(line)

    ratios = []
    for _ in range(3):
        base, _ = timed(lambda: parsed(lines))
        spent, found = timed(lambda: matched(lines))
        ratios.append(spent / base)
    half, _ = timed(lambda: matched(lines[: count // 2]))
    size = sum(map(len, lines)) / 1e9
    print(f"{len(controls)} patterns over {count:,} events, {size:.2f} GB, {found:,} matches")
    ratio = statistics.median(ratios)
    print(f"  {ratio:.2f} x orjson's parsing (goal 1.6)   half the events: {half / spent:.2f} of the time")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--alarms", type=int, default=1000)
    parser.add_argument("--events", type=int, default=1_000_000)
    given = parser.parse_args()
    alarms(given.alarms)
    patterns(given.events)


if __name__ == "__main__":
    main()
