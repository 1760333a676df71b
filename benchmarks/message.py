#!/usr/bin/env python3
"""What the message function costs by itself, without botocore and AWS: CPU a request, and memory over many.

    python benchmarks/message.py [--requests N]

Its clients are stand-ins that answer at once with what a busy session holds: 20 turns, a summary, a streamed answer of
40 tokens. So what is measured is the function's own work with the runtime's: the event checked, texts unpacked and
packed, the context built, the stream read, lines, metrics and the trace written. Beside it, as a ratio, the work that
no implementation could leave out: reading the event, unpacking 21 texts, packing two, writing the answer.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import socket
import statistics
import sys
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from handlers.message._message import Message
from handlers.message._writes import Writes
from handlers.message.settings import Settings
from handlers.sessions import Sessions, Transactions
from handlers.signals import SIGNALS
from mangaobs.runtime import configure, observe, session_hash

GOAL_MS = 1.0
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
TEXT = "Which of the new series would you read to somebody who liked the quiet ones of last spring? " * 3
PACKED = zlib.compress(TEXT.encode())


class Table:
    """DynamoDB's client, as far as a message needs it."""

    class exceptions:  # noqa: N801 - as botocore's clients have it
        """What the client raises."""

        class TransactionCanceledException(Exception):  # noqa: N818 - AWS's name
            """Never here."""

    def __init__(self):
        meta = {"customer_id": "customer-1", "state": "ACTIVE"}
        numbers = {"created_at": 1, "last_active_at": 20_000, "turn_count": 20}
        self.meta = {name: {"S": value} for name, value in meta.items()}
        self.meta |= {name: {"N": str(value)} for name, value in numbers.items()}
        self.turns = [
            {
                "SK": {"S": f"TURN#{1000 * number:013d}#message-{number}#{role}"},
                "content_compressed": {"B": PACKED},
            }
            for number in range(10, 0, -1)
            for role in ("2-assistant", "1-user")
        ]
        self.summary = [{"SK": {"S": f"SUMMARY#{0:013d}"}, "content_compressed": {"B": PACKED}}]

    def get_item(self, **_):
        return {"Item": self.meta}

    def query(self, ExpressionAttributeValues, **_):  # noqa: N803 - AWS's name
        turns = ExpressionAttributeValues[":prefix"]["S"] == "TURN#"
        items = self.turns if turns else self.summary
        return {"Items": items, "Count": len(items)}

    def transact_write_items(self, **_):
        return {}


class Stream(list):
    """The events of an answer."""

    def close(self):
        pass


class Bedrock:
    """Bedrock's client, whose answer streams at once."""

    events = Stream(
        [{"contentBlockDelta": {"delta": {"text": "answer "}}}] * 40
        + [
            {"messageStop": {"stopReason": "end_turn"}},
            {"metadata": {"usage": {"inputTokens": 900, "outputTokens": 40}}},
        ]
    )

    def converse_stream(self, **_):
        return {"stream": self.events}


class Context:
    """Lambda's context."""

    aws_request_id = "9f2b1c9e-0000-4000-8000-000000000001"

    def get_remaining_time_in_millis(self):
        return 30_000


def function(daemon):
    """The message function on its stand-ins, observed as in Lambda."""
    from handlers._model import Model

    environment = {
        "AWS_LAMBDA_FUNCTION_NAME": "manga-assist-message",
        "MANGAOBS_TRACER": "udp",
        "MANGAOBS_DIMENSIONS": "Environment=bench",
        "MANGAOBS_SESSION_KEY": "a-key-of-the-bench",
    }
    os.environ.update(LAMBDA_TASK_ROOT="/var/task", _X_AMZN_TRACE_ID=TRACE, AWS_XRAY_DAEMON_ADDRESS=daemon)
    sink = open(os.devnull, "wb", buffering=0)  # noqa: PTH123, SIM115 - open as long as the process runs
    configure(signals=SIGNALS, redaction="allow-list", environ={**os.environ, **environment}, write=sink.write)
    key = environment["MANGAOBS_SESSION_KEY"].encode()
    settings = Settings(
        session_table="sessions",
        model_id="a-model",
        failed_writes_queue_url="https://queue",
        failed_writes_key="key",
        mangaobs_session_key=key.decode(),
    )
    table = Table()
    sessions = Sessions(
        table,
        "sessions",
        transactions=Transactions(table, sleep=time.sleep, random=lambda: 0.5),
        customer_hash=lambda text: session_hash(text, key),
        days=90,
    )
    message = Message(
        settings,
        sessions=sessions,
        writes=Writes(sessions, None),
        model=Model(
            Bedrock(),
            "a-model",
            max_tokens=1024,
            read_seconds=6,
            reserve=7,
            monotonic=time.monotonic,
            sleep=time.sleep,
            random=lambda: 0.5,
        ),
        router=None,
        clock=lambda: time.time_ns() // 1_000_000,
        monotonic=time.monotonic,
        new_id=lambda: "id",
        hashed=lambda text: session_hash(text, key),
    )
    return observe(session=lambda event: event["requestContext"]["authorizer"]["session_id"])(message.__call__)


def event(number):
    return {
        "httpMethod": "POST",
        "resource": "/messages",
        "headers": {f"header-{n}": "value" for n in range(20)},
        "body": json.dumps({"message_id": f"message-new-{number}", "text": TEXT}),
        "requestContext": {
            "requestId": "11111111-2222-4333-8444-555555555555",
            "authorizer": {"customer_id": "customer-1", "session_id": "session-1"},
            "identity": {"sourceIp": "203.0.113.9"},
        },
    }


def least(number):
    """What no implementation could leave out."""
    body = json.loads(event(number)["body"])
    texts = [zlib.decompress(PACKED).decode() for _ in range(21)]
    packed = [zlib.compress(text.encode()) for text in (body["text"], "answer " * 40)]
    return json.dumps({"message_id": body["message_id"], "answer": "answer " * 40, "n": len(texts) + len(packed)})


def rss():
    """Resident memory now, in KiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    return pages * os.sysconf("SC_PAGESIZE") // 1024 or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def cpu(work, count, start=0):
    """Milliseconds of CPU a call."""
    began = time.process_time()
    for number in range(start, start + count):
        work(number)
    return (time.process_time() - began) * 1000 / count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    requests = parser.parse_args().requests
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        handle = function("{}:{}".format(*daemon.getsockname()))

        def ours(number):
            answer = handle(event(number), Context())
            assert answer["statusCode"] == 200, answer

        tenth = max(requests // 10, 1)
        ours(0)
        cpu(least, 100)
        mine, floor, memory = [], [], []
        for block in range(10):
            mine.append(cpu(ours, tenth, block * tenth))
            floor.append(cpu(least, tenth, block * tenth))
            gc.collect()
            memory.append(rss())
    own, base = statistics.median(mine), statistics.median(floor)
    verdict = "reached" if own <= GOAL_MS else "MISSED"
    print(f"message function, own CPU a request   {own:.3f} ms (goal {GOAL_MS} ms: {verdict})")
    print(f"what cannot be left out               {base:.3f} ms; ratio {own / base:.1f}")
    grown = memory[-1] - memory[0]
    print(f"memory over {10 * tenth:,} requests       {memory[0]:,} KiB after a tenth, {grown:+,} KiB at the end")


if __name__ == "__main__":
    main()
