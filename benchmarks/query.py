#!/usr/bin/env python3
"""Logs Insights queries against their goals, as ratios within one run.

    python benchmarks/query.py [--mb N] [--large-mb N]

Lines: p50, p95 and p99 by operation over JSON lines, beside SQL by hand over four typed columns, and a loop with
orjson; the exact path over the same lines with a REPORT line after every ninth. Recording: the same on what was
ingested, beside SQL by hand on the same Parquet; ingestion beside DuckDB's COPY of the same lines. Check: CPU of a
whole process of `query check`, and of each further query. Growth: ten times the lines, and the peak memory of each.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

QUERY = (
    'fields @timestamp, operation, duration_ms | filter event = "dynamodb_operation" and status = "success"'
    " | stats avg(duration_ms), pct(duration_ms, 50), pct(duration_ms, 95), pct(duration_ms, 99) by operation"
)
BY_HAND = (
    "SELECT operation, avg(duration_ms), quantile_cont(duration_ms, 0.5), quantile_cont(duration_ms, 0.95),"
    " quantile_cont(duration_ms, 0.99) FROM {} WHERE event = 'dynamodb_operation' AND status = 'success'"
    " GROUP BY operation ORDER BY operation"
)
TYPED = "{event: 'VARCHAR', operation: 'VARCHAR', status: 'VARCHAR', duration_ms: 'DOUBLE'}"
OPERATIONS = ["LoadTurns", "SaveTurn", "LoadSession", "CountTurn", "Archive", "ListSessions", "DeleteTurn", "Commit"]
REPORT = (
    "REPORT RequestId: 6a1ad2e3-0000-4000-8000-%012d\tDuration: %.2f ms\tBilled Duration: %d ms\t"
    "Memory Size: 128 MB\tMax Memory Used: 77 MB\t"
)


def line(chance: random.Random, number: int) -> str:
    """A line in the size and shape of those that the bundled handlers write."""
    fine = chance.random() > 0.03
    second = 1_767_225_600 + number // 50
    made = {
        "timestamp": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(second))}.{number % 1000:03d}Z",
        "level": "INFO" if fine else "ERROR",
        "function": "message",
        "request_id": f"{chance.getrandbits(128):032x}",
        "trace_id": f"1-{second:08x}-{chance.getrandbits(96):024x}",
        "cold_start": chance.random() < 0.01,
        "event": "dynamodb_operation"
        if chance.random() < 0.8
        else chance.choice(["bedrock_invocation", "http_request"]),
        "operation": chance.choices(OPERATIONS, [30, 25, 20, 8, 5, 6, 4, 2])[0],
        "session": f"session-{chance.randrange(200_000):06d}",
        "turns": chance.randrange(80),
        "status": "success" if fine else "error",
        "duration_ms": round(chance.lognormvariate(2.3, 0.8), 3),
        "consumed": {"read": chance.randrange(40) / 2, "write": chance.randrange(10)},
        "items": [{"key": f"S#{chance.randrange(999)}", "n": chance.randrange(9)} for _ in range(chance.randrange(3))],
    }
    if not fine:
        made["error"] = chance.choice(["ThrottlingException", "ConditionalCheckFailedException", "TimeoutError"])
        made["detail"] = "x" * chance.randrange(20, 200)
    return json.dumps(made)


def lines_of(folder: Path, mb: int) -> tuple[Path, Path, Path]:
    """Lines, the same with REPORT lines among them, and a recording of the latter."""
    chance = random.Random(7)  # noqa: S311 - no secret
    clean, mixed = folder / "clean.jsonl", folder / "mixed.jsonl"
    (folder / "recording" / "logs").mkdir(parents=True)
    size = number = 0
    with (
        clean.open("w") as one,
        mixed.open("w") as other,
        (folder / "recording" / "logs" / "g.jsonl").open("w") as third,
    ):
        while size < mb * 1_000_000:
            number += 1
            text = line(chance, number)
            size += len(text) + 1
            one.write(text + "\n")
            texts = [text]
            if number % 9 == 0:
                duration = chance.lognormvariate(3, 1)
                texts.append(REPORT % (number, duration, duration + 1))
            for place, each in enumerate(texts):
                other.write(each + "\n")
                at = 1_767_225_600_000 + number * 20 + place
                event = {"timestamp": at, "message": each, "logStream": "s", "ingestionTime": at + 90}
                third.write(json.dumps(event) + "\n")
    return clean, mixed, folder / "recording"


def median(function, times=5):
    return statistics.median(function() for _ in range(times))


def typed_source(path: Path, more: str = "") -> str:
    return f"read_json('{path}', format = 'newline_delimited', columns = {TYPED}{more})"


def by_hand(source: str) -> float:
    import duckdb

    start = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute(BY_HAND.format(source)).fetchall()
    return time.perf_counter() - start


def ours(files, **more) -> float:
    from mangaobs.insights import Options, Window, run
    from mangaobs.languages.logs_insights import parse

    start = time.perf_counter()
    rows = run(parse(QUERY), files, Options(Window(0), **more)).rows
    assert len(rows) == len(OPERATIONS)
    return time.perf_counter() - start


def orjson_loop(path: Path) -> float:
    import orjson

    start = time.perf_counter()
    groups: dict[str, list[float]] = {}
    with path.open("rb") as stream:
        for text in stream:
            one = orjson.loads(text)
            if one.get("event") == "dynamodb_operation" and one.get("status") == "success":
                groups.setdefault(one["operation"], []).append(one["duration_ms"])
    for values in groups.values():
        statistics.quantiles(values, n=100)
    return time.perf_counter() - start


def copied(path: Path, target: Path) -> float:
    import duckdb

    start = time.perf_counter()
    with duckdb.connect() as connection:
        source = f"read_json('{path}', format = 'newline_delimited', ignore_errors = true)"
        connection.execute(f"COPY (SELECT * FROM {source}) TO '{target}'")  # noqa: S608
    return time.perf_counter() - start


def ingestion(recording: Path) -> float:
    from mangaobs.insights import _ingest, recorded
    from mangaobs.insights._engine import Connection

    shutil.rmtree(recording / ".cache", ignore_errors=True)
    (file,) = recorded(recording)
    with Connection() as connection:
        start = time.perf_counter()
        _ingest.ingested(connection, file, recording / ".cache" / "logs")
        return time.perf_counter() - start


def parquet_source(recording: Path) -> str:
    """The four columns of the ingested Parquet, as a table."""
    facts = json.loads(next((recording / ".cache" / "logs").glob("*.json")).read_text())
    path = next((recording / ".cache" / "logs").glob("*.parquet"))
    wanted = ("event", "operation", "status", "duration_ms")
    columns = ", ".join(f"{facts['columns'][name][0]} AS {name}" for name in wanted)
    return f"(SELECT {columns} FROM '{path}')"  # noqa: S608


def cpu(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(arguments, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# The peak of a process that another one started is not what getrusage says: that begins at the starter's.
PEAK = """
def peak():
    status = open('/proc/self/status').read()
    return int(status.split('VmHWM:')[1].split()[0]) // 1024
"""
PROGRAM = """
import sys, time
from pathlib import Path
from mangaobs.insights import Options, Window, given, run
from mangaobs.languages.logs_insights import parse
files = given([sys.argv[1]], Path('.'))
start = time.perf_counter()
run(parse(sys.argv[2]), files, Options(Window(0), exact=sys.argv[3] == 'exact'))
print(time.perf_counter() - start, peak())
"""
RECORDED = """
import sys, time
from pathlib import Path
from mangaobs.insights import Options, Window, recorded, run
from mangaobs.languages.logs_insights import parse
start = time.perf_counter()
run(parse(sys.argv[2]), recorded(Path(sys.argv[1])), Options(Window(0)))
print(time.perf_counter() - start, peak())
"""
GROWING = [
    ("p50, p95, p99 by operation", QUERY, "fast"),
    ("the same, exact path", QUERY, "exact"),
    ("the newest 100 errors, whole lines", 'fields @timestamp, @message | filter level = "ERROR" | limit 100', "fast"),
    ("the 20 slowest", "fields operation, duration_ms | sort duration_ms desc | limit 20", "fast"),
    ("10,000 whole lines", "fields @timestamp, @message", "fast"),
]


def grown(path: Path, query: str, way: str, program: str = PROGRAM) -> tuple[float, int]:
    done = subprocess.run(
        [sys.executable, "-c", PEAK + program, str(path), query, way],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    seconds, mb = done.stdout.split()
    return float(seconds), int(mb)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--mb", type=int, default=300)
    arguments.add_argument("--large-mb", type=int, default=3000)
    asked = arguments.parse_args()
    import duckdb  # noqa: F401 - both sides have it loaded
    import sqlglot  # noqa: F401

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clean, mixed, recording = lines_of(folder, asked.mb)
        beside_lines(folder, clean, mixed)
        beside_parquet(folder, clean, recording)
        checking()
        growing(folder, clean, recording, asked.large_mb)


def beside_lines(folder: Path, clean: Path, mixed: Path) -> None:
    from mangaobs.insights import given

    gb = clean.stat().st_size / 1e9
    hand = median(lambda: by_hand(typed_source(clean)))
    fast = median(lambda: ours(given([str(clean)], folder)))
    hand_mixed = median(lambda: by_hand(typed_source(mixed, ", ignore_errors = true")))
    exact = median(lambda: ours(given([str(mixed)], folder)))
    print(f"{gb * 1000:.0f} MB of lines: by hand {gb / hand:.2f} GB/s, orjson loop {gb / orjson_loop(clean):.2f} GB/s")
    print(f"  clean lines, fast path   {gb / fast:.2f} GB/s: {hand / fast:.2f} of the SQL by hand (goal 0.9)")
    print(f"  REPORT lines, exact path {gb / exact:.2f} GB/s: {hand_mixed / exact:.2f} of the SQL by hand (goal 0.25)")


def beside_parquet(folder: Path, clean: Path, recording: Path) -> None:
    from mangaobs.insights import recorded

    gb = clean.stat().st_size / 1e9
    copy = median(lambda: copied(clean, folder / "copy.parquet"), 3)
    copy_events = median(lambda: copied(recording / "logs" / "g.jsonl", folder / "copy.parquet"), 3)
    ingest = median(lambda: ingestion(recording), 3)
    print(
        f"  ingestion {gb / ingest:.2f} GB/s: {copy / ingest:.2f} of a COPY of the lines (goal 0.5),"
        f" {copy_events / ingest:.2f} of a COPY of the recording's file, whose messages stay text"
    )
    source, files = parquet_source(recording), recorded(recording)
    hand = median(lambda: by_hand(source), 9)
    cached = median(lambda: ours(files), 9)
    print(f"  ingested: {gb / cached:.2f} GB/s of source, {hand / cached:.2f} of the SQL by hand (goal 0.8)")


def checking() -> None:
    from mangaobs.languages.logs_insights import check

    process = min(cpu(sys.executable, "-m", "mangaobs", "query", "check", QUERY) for _ in range(9))
    bare = min(cpu(sys.executable, "-c", "pass") for _ in range(9))
    begun = time.process_time()
    for _ in range(100):
        check(QUERY)
    further = (time.process_time() - begun) / 100
    print(
        f"query check: {process * 1000:.0f} ms of CPU (goal 60; Python alone {bare * 1000:.0f}),"
        f" {further * 1000:.2f} ms a further query (goal 5)"
    )


def repeated(path: Path, target: Path, mb: int) -> None:
    with target.open("wb") as large:
        while large.tell() < mb * 1_000_000:
            with path.open("rb") as one:
                shutil.copyfileobj(one, large, 1 << 22)


def growing(folder: Path, clean: Path, recording: Path, mb: int) -> None:
    large = folder / "large.jsonl"
    repeated(clean, large, mb)
    factor = large.stat().st_size / clean.stat().st_size
    print(f"{factor:.1f} times the lines, {large.stat().st_size / 1e9:.1f} GB (goal: linear, under 512 MB)")
    for what, query, way in GROWING:
        small, big = grown(clean, query, way), grown(large, query, way)
        print(f"  {what}: {big[0] / small[0]:.1f} times as long, {small[1]} and {big[1]} MB")
    large.unlink()
    (folder / "larger" / "logs").mkdir(parents=True)
    repeated(recording / "logs" / "g.jsonl", folder / "larger" / "logs" / "g.jsonl", mb)
    shutil.rmtree(recording / ".cache")
    for what, query in (("ingestion and the first query", QUERY), ("10,000 whole lines", GROWING[-1][1])):
        small, big = (grown(one, query, "", RECORDED) for one in (recording, folder / "larger"))
        print(f"  a recording, {what}: {big[0] / small[0]:.1f} times as long, {small[1]} and {big[1]} MB")


if __name__ == "__main__":
    main()
