#!/usr/bin/env python3
"""What the runtime costs in a Lambda function, beside hand-written limits and the best peers, in one run.

    python benchmarks/runtime.py [--rounds N] [--only SECTION,…]

Every row runs in a process of its own, since these libraries keep state for the whole process. Rounds are interleaved,
so that a busy machine hits all rows alike; shown are CPU times, the median over rounds, and ratios within a round. What
the first call wrote is parsed, so that a row that drops its line is seen.

Lines go to /dev/null; subsegments over UDP to a socket that is bound and not read. A receiver that has to be woken by
each datagram would charge the sender for it, and the more the longer the sender does something else in between.

Rows are functions under `@row(section, name)`, ours in `runtime_rows.py`, limits and peers in `runtime_peers.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TRACE_ID = "1-5759e988-bd862e3fe1be46a994272793"
LAMBDA_ENV = {
    "LAMBDA_TASK_ROOT": "/var/task",
    "AWS_LAMBDA_FUNCTION_NAME": "orders",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "_X_AMZN_TRACE_ID": f"Root={TRACE_ID};Parent=53995c3f42cd8ad8;Sampled=1",
    "POWERTOOLS_SERVICE_NAME": "orders",
    "POWERTOOLS_METRICS_NAMESPACE": "Orders",
}
ROWS: dict[str, dict[str, object]] = {}

# What is to be reached: section, row of ours, the row it is held against, the largest ratio, where that comes from.
GOALS = [
    ("imports", "mangaobs.runtime, two functions decorated", "stdlib of a lean library, no socket", 3.3, "1 ms to 0.3"),
    ("imports", "mangaobs.runtime, the lean tracer", "stdlib of a lean library", 1.5, "1.5 times the socket row"),
    ("log", "mangaobs log_info, stdlib, redaction off", "LIMIT", 14.5, "10 µs to 0.69"),
    ("log", "mangaobs log_info, stdlib, redaction on", "LIMIT", 20.3, "14 µs to 0.69"),
    ("log", "mangaobs log_info, orjson, redaction off", "LIMIT", 5.8, "4 µs to 0.69"),
    ("log", "mangaobs log_info, orjson, redaction on", "LIMIT", 10.1, "7 µs to 0.69"),
    ("debug", "mangaobs log_debug, fields as a dict", "stdlib logging", 1.03, "0.3 µs to 0.29"),
    ("debug", "mangaobs log_debug, fields as keywords", "stdlib logging", 1.03, "0.3 µs to 0.29"),
    ("op", "mangaobs log_dynamodb_operation, stdlib, line", "LIMIT, line", 2.0, "twice the limit"),
    ("op", "mangaobs log_dynamodb_operation, orjson, line", "LIMIT, line", 2.0, "twice the limit"),
    (
        "op",
        "mangaobs log_dynamodb_operation, stdlib, line + subsegment sampled",
        "LIMIT, line + subsegment",
        1.6,
        "1.6 times the limit",
    ),
    (
        "op",
        "mangaobs log_dynamodb_operation, orjson, line + subsegment sampled",
        "LIMIT, line + subsegment",
        1.6,
        "1.6 times the limit",
    ),
    ("handler", "mangaobs observe, all of it, 1 metric, stdlib, sampled", "LIMIT", 4.0, "4 times the limit"),
    ("handler", "mangaobs observe, all of it, 1 metric, orjson, sampled", "LIMIT", 4.0, "4 times the limit"),
    ("emf", "mangaobs count + flush, stdlib", "LIMIT", 2.0, "twice the limit"),
    ("redact", "mangaobs redact", "LIMIT recursive key set + one regex", 1.05, "6 µs to 5.74"),
]
MOST_MODULES = 8


def row(section, name):
    """Register what measures a row."""

    def add(function):
        ROWS.setdefault(section, {})[name] = function
        return function

    return add


class Unbuffered:
    """Standard output as the Lambda runtime wraps it: flushed at each write."""

    def __init__(self, stream):
        self.stream = stream

    def write(self, text):
        self.stream.write(text)
        self.stream.flush()

    def flush(self):
        self.stream.flush()


class LambdaContext:
    """What Lambda hands a handler."""

    function_name = "orders"
    memory_limit_in_mb = "512"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    aws_request_id = "6bc28136-0e5f-4365-b021-0ce6b2e64ab0"
    function_version = "$LATEST"
    log_stream_name = "2026/01/01/[$LATEST]abc"

    @staticmethod
    def get_remaining_time_in_millis():
        return 3000


class Env:
    """What a row may use: an event, a context, fields to log, and a standard output that is looked at once."""

    def __init__(self):
        self.context = LambdaContext()
        self.event = {"session_id": "s-42", "body": "hello"}
        self.bound = {"request_id": self.context.aws_request_id, "function_name": "orders", "cold_start": False}
        self.fields = {
            "session_id": "s-42",
            "operation": "Query:LoadTurns",
            "table": "turns",
            "duration_ms": 12.345,
            "status": "ok",
            "item_count": 17,
        }
        self.probe = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self.fd = os.dup(self.probe.fileno())
        os.dup2(self.fd, 1)
        self.stdout = sys.stdout = Unbuffered(open(1, "w", encoding="utf-8", closefd=False))  # noqa: SIM115

    def first_output(self):
        sys.stdout.flush()
        text = os.pread(self.fd, 1 << 20, 0)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.fd)
        os.dup2(null, 1)
        return text

    def xray_daemon(self):
        """An address that takes datagrams."""
        self.receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.receiver.bind(("127.0.0.1", 0))
        address = os.environ["AWS_XRAY_DAEMON_ADDRESS"] = f"127.0.0.1:{self.receiver.getsockname()[1]}"
        return address

    def ops(self):
        def load_turns(session_id, limit=50):
            return session_id

        return load_turns


def call(function):
    return lambda: function("s-42", limit=10)


def call_failing(decorate):
    def load_turns(session_id, limit=50):
        raise ValueError("no such session")

    function = decorate(load_turns)

    def op():
        try:
            function("s-42", limit=10)
        except ValueError:
            return

    return op


RECORD = {
    "session_id": "s-42",
    "email": "ada@example.com",
    "phone": "+44 20 7946 0958",
    "user": {"name": "Ada", "address": {"street": "1 Main St", "postcode": "N1"}},
    "items": [{"sku": "a1", "price": 3.5, "note": "gift"}, {"sku": "b2", "price": 4.0}],
    "count": 2,
}

for _file in ("runtime_peers.py", "runtime_rows.py"):
    exec(compile((HERE / _file).read_text(), str(HERE / _file), "exec"))  # noqa: S102 - this folder's own


# --- one row, in a process of its own ---


def worker(section, name):
    """Print the nanoseconds of a call, and how many lines and bytes the first call wrote."""
    report = os.fdopen(os.dup(1), "w")
    env = Env()
    try:
        op = ROWS[section][name](env)
    except ImportError as error:
        answer = {"missing": str(error)}
    else:
        os.ftruncate(env.fd, 0)
        os.lseek(env.fd, 0, os.SEEK_SET)
        op()
        first = env.first_output()
        lines = [json.loads(line) for line in first.splitlines()]
        count = 1
        while (took := batch(op, count)) < 0.005:
            count *= 4
        count = max(1, int(count * 0.02 / took))
        batch(op, count)
        samples = [batch(op, count) / count * 1e9 for _ in range(5)]
        answer = {"ns": statistics.median(samples), "lines": len(lines), "bytes": len(first)}
    report.write(json.dumps(answer))
    report.flush()
    os._exit(0)


def batch(op, count):
    loop = range(count)
    start = time.process_time()
    for _ in loop:
        op()
    return time.process_time() - start


def spawn(section, name):
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("POWERTOOLS", "MANGAOBS"))}
    command = [sys.executable, __file__, "--worker", section, name]
    done = subprocess.run(command, env={**environ, **LAMBDA_ENV}, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.stdout else {"missing": (done.stderr.splitlines() or ["?"])[-1]}


PROBE = """
import sys, time
import awslambdaric.bootstrap
modules, start = len(sys.modules), time.process_time()
{statement}
end = time.process_time()
sys.stderr.write('\\n@@%.6f %d' % ((end - start) * 1e3, len(sys.modules) - modules))
"""


def spawn_import(section, name):
    found = ROWS[section][name]()
    statement, more = found if isinstance(found, tuple) else (found, {})
    site = sysconfig.get_paths()["purelib"]
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "MANGAOBS"))}
    environ |= {**LAMBDA_ENV, "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9", **more}
    environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), site])
    code = PROBE.format(statement=statement.replace("; ", "\n"))
    # -S: no .pth files; what is imported comes from the two folders alone.
    command = [
        str(Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")),
        "-S",
        "-c",
        code,
    ]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    _, mark, tail = done.stderr.rpartition("\n@@")
    if not mark:
        return {"missing": (done.stderr.splitlines() or ["?"])[-1]}
    took, modules = tail.split()
    return {"ns": float(took) * 1e6, "modules": int(modules)}


# --- all rows ---


def measure(section, rounds):
    """For each row, its answers over the rounds."""
    run = spawn_import if section == "imports" else spawn
    answers = {name: [] for name in ROWS[section]}
    for number in range(rounds + (section == "imports")):  # the first imports write .pyc files
        for name, found in answers.items():
            got = run(section, name)
            if "missing" in got:
                print(f"  {name}: {got['missing']}", file=sys.stderr)
            elif number or section != "imports":
                found.append(got)
    return answers


def show(section, answers):
    unit = "ms" if section == "imports" else "µs"
    print(f"\n## {section}\n\n| row | {unit} | range | {'modules' if section == 'imports' else 'lines/bytes'} |")
    print("|---|---:|---:|---:|")
    scale = 1e6 if section == "imports" else 1e3
    for name, found in answers.items():
        if not found:
            print(f"| {name} | missing | | |")
            continue
        times = [got["ns"] / scale for got in found]
        last = found[-1]
        size = last["modules"] if section == "imports" else f"{last['lines']}/{last['bytes']}"
        print(f"| {name} | {statistics.median(times):.2f} | {min(times):.2f} to {max(times):.2f} | {size} |")


def judge(measured):
    print("\n## goals\n\n| what | against | ratio | goal | |\n|---|---|---:|---:|---|")
    for section, ours, against, largest, source in GOALS:
        if section not in measured:
            continue
        pairs = list(zip(measured[section].get(ours, ()), measured[section].get(against, ()), strict=False))
        if not pairs:
            print(f"| {ours} | {against} | missing | {largest} | |")
            continue
        ratio = statistics.median(one["ns"] / other["ns"] for one, other in pairs)
        verdict = "" if ratio <= largest else "**missed**"
        print(f"| {ours} | {against} | {ratio:.2f} | {largest} ({source}) | {verdict} |")
    if "imports" in measured:
        modules = measured["imports"][GOALS[0][1]][-1]["modules"]
        verdict = "" if modules <= MOST_MODULES else "**missed**"
        print(f"| {GOALS[0][1]}: modules | | {modules} | {MOST_MODULES} | {verdict} |")


def main():
    sections = list(ROWS)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(sections), help="of " + ",".join(sections))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(*options.worker)
    wanted = options.only.split(",")
    for name in wanted:
        if name not in sections:
            parser.error(f"no section {name}; there are {', '.join(sections)}")
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, CPU time, {options.rounds} interleaved rounds")
    measured = {}
    for section in wanted:
        measured[section] = measure(section, options.rounds)
        show(section, measured[section])
    judge(measured)


if __name__ == "__main__":
    main()
