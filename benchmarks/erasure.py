#!/usr/bin/env python3
"""What erasing a person takes: calls of AWS beside the least that could be, own CPU an item, memory; exports', too.

    python benchmarks/erasure.py [--sessions N] [--items N]

AWS is a stand-in that answers at once, so that what is measured is the function's own work with the runtime's: requests
made, answers read, lines written; what botocore takes to sign and send is not in it. The least calls, without copies:

    a session    one to close it, one to look for copies, one to read its keys, one for each hundred writes
    a search     a page of entries and one of the index, a look for exports, one to move the request
    a run        the lease, the request, the tombstone, the ledger, an object of the audit for each step
"""

# ruff: noqa: N803 - AWS's names

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
import tracemalloc
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from handlers.data_access._export import Export
from handlers.data_access._export import Parts as ExportParts
from handlers.data_access._sources import Cursor, Page
from handlers.data_subject._account import Accounts
from handlers.data_subject._erasure import Erasure, Parts
from handlers.sessions import Transactions
from handlers.signals import SIGNALS
from handlers.subjects import (
    ACCESS,
    ERASURE,
    VERIFIED,
    Deadline,
    Discovery,
    Eraser,
    Objects,
    Patience,
    Request,
    Requests,
    Steps,
    Worker,
    new_request_id,
)
from handlers.subjects._request import attributes
from mangaobs.runtime import configure, observe

GOAL_CALLS, GOAL_MS = 1.1, 0.3
SUBJECT, CUSTOMER = "0" * 32, "customer-1"
TEXT = "Which of the new series would you read to somebody who liked the quiet ones? "
_MOST = 100  # writes a transaction


class Failed(Exception):  # noqa: N818 - AWS's are called so
    """What AWS's client raises; never here."""


class Exceptions:
    """The exceptions of a client."""

    ClientError = ConditionalCheckFailedException = TransactionCanceledException = Failed


class Table:
    """DynamoDB, as far as an erasure needs it. Sessions are counted, not kept: the bench's own memory stays small."""

    exceptions = Exceptions

    def __init__(self, sessions, items):
        self.calls = Counter()
        self.seconds = 0.0
        self.sessions = sessions
        self.page = {
            "Items": [{"SK": {"S": f"TURN#{n:013d}#m{n}#1-user"}} for n in range(items - 1)] + [{"SK": {"S": "META"}}]
        }
        self.deleted = 0
        self.request = {}

    @property
    def _own(self):
        family = "ERASURE" if self.request["kind"]["S"] == ERASURE else "ACCESS"
        return f"{family}#{SUBJECT}"

    def _asked(self, name):
        self.calls[name] += 1

    def get_item(self, Key, **_):
        self._asked("GetItem")
        return {"Item": self.request} if Key["PK"]["S"] == self._own else {}

    def update_item(self, Key, ExpressionAttributeValues, UpdateExpression, **more):
        self._asked("UpdateItem")
        if Key["PK"]["S"] == self._own:
            sets, _, removes = UpdateExpression.removeprefix("SET ").partition(" REMOVE ")
            names = more.get("ExpressionAttributeNames", {})
            for one in sets.split(", ") if UpdateExpression.startswith("SET") else []:
                name, _, value = one.partition(" = ")
                self.request[names.get(name, name)] = ExpressionAttributeValues[value]
            for name in removes.split(", ") if removes else []:
                self.request.pop(names.get(name, name), None)
        return {"Attributes": self.request}

    def put_item(self, **_):
        self._asked("PutItem")
        return {}

    def query(self, IndexName=None, ExpressionAttributeValues=None, ExclusiveStartKey=None, Limit=0, **_):
        self._asked("Query")
        if IndexName is not None:
            return self._sessions("PK", ExclusiveStartKey, Limit)
        if ExpressionAttributeValues[":pk"]["S"].startswith("SUBJECT#"):
            found = self._sessions("SK", ExclusiveStartKey, Limit)
            if "LastEvaluatedKey" not in found:
                self.sessions = 0  # by the next look they are erased
            return found
        return self.page

    def _sessions(self, name, start, limit):
        first = int(start[name]["S"].rpartition("#")[2]) + 1 if start else 0
        last = min(first + limit, self.sessions)
        found = {"Items": [{name: {"S": f"SESSION#{n:08d}"}} for n in range(first, last)]}
        if last < self.sessions:
            found["LastEvaluatedKey"] = {"PK": {"S": "x"}, "SK": {"S": "x"}} | found["Items"][-1]
        return found

    def batch_get_item(self, RequestItems):
        self._asked("BatchGetItem")
        ((table, asked),) = RequestItems.items()
        return {"Responses": {table: [{"SK": key["SK"]} for key in asked["Keys"]]}, "UnprocessedKeys": {}}

    def transact_write_items(self, TransactItems, **_):
        self._asked("TransactWriteItems")
        self.deleted += len(TransactItems) - 2  # the entry and the count
        return {}


class Sessions:
    """The pages of sessions that the export reads: what `Sources` gives, made as it is asked for."""

    def __init__(self, sessions, items):
        self.sessions, self.items = sessions, items

    def pages(self, *_):
        for session in range(self.sessions):
            session_id = f"{session:08d}"
            turns = [
                {"type": "turn", "session_id": session_id, "message_id": f"m{n}", "at": n, "role": "user", "text": TEXT}
                for n in range(self.items)
            ]
            yield Page(turns, Cursor(session_id, "~"))


class Bucket:
    """S3, with nothing in it."""

    def __init__(self, calls):
        self.calls = calls

    def list_object_versions(self, **_):
        self.calls["ListObjectVersions"] += 1
        return {"IsTruncated": False}

    def put_object(self, **_):
        self.calls["PutObject"] += 1
        return {}


class Context:
    """Lambda's context, with time enough."""

    def __init__(self, number):
        self.aws_request_id = f"9f2b1c9e-0000-4000-8000-{number:012d}"

    def get_remaining_time_in_millis(self):
        return 900_000


class Clock:
    """Epoch milliseconds, which the bench moves on."""

    now = 1_700_000_000_000

    def __call__(self):
        return self.now


def erase(sessions, items):
    """Erase a person; the table with its calls, and the seconds of CPU."""
    sink = open(os.devnull, "wb", buffering=0)  # noqa: PTH123, SIM115 - open as long as the process runs
    environment = {"MANGAOBS_TRACER": "off", "MANGAOBS_DIMENSIONS": "Environment=bench"}
    configure(signals=SIGNALS, redaction="allow-list", environ={**os.environ, **environment}, write=sink.write)
    table, clock, deadline = Table(sessions, items), Clock(), Deadline()
    bucket = Bucket(table.calls)
    request = Request(new_request_id(ERASURE, SUBJECT, "1"), ERASURE, VERIFIED, clock.now, "officer", CUSTOMER)
    table.request = attributes({"request_id": request.request_id, "kind": ERASURE, "state": VERIFIED})
    table.request |= attributes({"requested_at": clock.now, "requested_by": "officer", "customer_id": CUSTOMER})
    patience = Patience(sleep=time.sleep, random=lambda: 0.5, remaining=deadline, margin=15)
    transactions = Transactions(table, sleep=time.sleep, random=lambda: 0.5, attempts=1)
    parts = Parts(
        requests=Requests(table, "sessions", transactions=transactions, patience=patience),
        discovery=Discovery(table, "sessions", "customer", patience),
        eraser=Eraser(
            table,
            "sessions",
            transactions=transactions,
            copies=Objects(bucket, "backups", patience),
            patience=patience,
            clock=clock,
        ),
        exports=Objects(bucket, "exports", patience),
        steps=Steps(bucket, "audit", patience=patience, clock=clock),
        accounts=Accounts(None, None, pool="", sender="", patience=patience),
        clock=clock,
        rest=60,
        keep_seconds=400 * 24 * 3600,
    )
    worker = Worker(
        Erasure(parts),
        kinds=frozenset((ERASURE,)),
        requests=parts.requests,
        steps=parts.steps,
        deadline=deadline,
        clock=clock,
    )
    handler = observe(worker.__call__)
    began = time.process_time()
    for number in range(5):
        answer = handler({"request_id": request.request_id}, Context(number))
        if answer["state"] == "DONE":
            break
        clock.now += answer["wait"] * 1000
    else:
        raise SystemExit("the erasure did not end")
    return table, time.process_time() - began


def export(sessions, items):
    """Export a person, files of a quarter of a megabyte."""
    table, clock, deadline = Table(sessions, items), Clock(), Deadline()
    bucket = Bucket(table.calls)
    request = Request(new_request_id(ACCESS, SUBJECT, "1"), ACCESS, VERIFIED, clock.now, "customer", CUSTOMER)
    table.request = attributes({"request_id": request.request_id, "kind": ACCESS, "state": VERIFIED})
    table.request |= attributes({"requested_at": clock.now, "requested_by": "customer", "customer_id": CUSTOMER})
    patience = Patience(sleep=time.sleep, random=lambda: 0.5, remaining=deadline, margin=15)
    parts = ExportParts(
        requests=Requests(table, "sessions", transactions=None, patience=patience),
        sources=Sessions(sessions, items),
        steps=Steps(bucket, "audit", patience=patience, clock=clock),
        s3=bucket,
        bucket="exports",
        patience=patience,
        deadline=deadline,
        clock=clock,
        most=250_000,
        days=7,
    )
    worker = Worker(
        Export(parts),
        kinds=frozenset((ACCESS,)),
        requests=parts.requests,
        steps=parts.steps,
        deadline=deadline,
        clock=clock,
    )
    answer = worker({"request_id": request.request_id}, Context(1))
    if answer["state"] != "DONE":
        raise SystemExit("the export did not end")


def least(sessions, items):
    """The least calls: what a session, a search and a run cannot do without."""
    a_session = 3 + -(-(items + 1) // _MOST)
    # Three searches: one that finds, two that find nothing; the index is compared with the entries, a hundred a call.
    searches = 3 * 4 + -(-sessions // 100)
    # Each of the two invocations reads the request and takes the lease; one gives it back. Tombstone and ledger, the
    # start, the sign-out, what was verified, told and deleted, each with its object; and the end.
    run = 2 * 2 + 1 + 2 + 9 + 4
    return sessions * a_session + searches + run


def peak(work, sessions, items):
    """The most that Python held while a person was erased, or exported, in bytes."""
    gc.collect()
    tracemalloc.start()
    work(sessions, items)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def main():
    """Print the figures, and whether the goals are reached."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--items", type=int, default=50)
    given = parser.parse_args()
    erase(10, given.items)
    runs = [erase(given.sessions, given.items) for _ in range(3)]
    table, seconds = min(runs, key=lambda run: run[1])
    calls, fewest = sum(table.calls.values()), least(given.sessions, given.items)
    total = given.sessions * given.items
    print(f"erased {given.sessions:,} sessions of {given.items} items: {table.deleted:,} items")
    print(f"  calls          {calls:,} beside {fewest:,} at least: {calls / fewest:.3f} (goal {GOAL_CALLS})")
    print("                 " + ", ".join(f"{name} {number:,}" for name, number in table.calls.most_common()))
    milliseconds = 1000 * seconds / total
    print(f"  own CPU        {milliseconds:.4f} ms an item (goal {GOAL_MS}), the stand-in's in it")
    few = max(1, given.sessions // 50)
    small, large = peak(erase, few, given.items), peak(erase, given.sessions, given.items)
    print(
        f"  peak memory    {small / 1024:,.0f} KiB for {few * given.items:,} items, {large / 1024:,.0f} for {total:,}"
    )
    small, large = peak(export, few, given.items), peak(export, given.sessions, given.items)
    print(f"  of exports     {small / 1024:,.0f} KiB and {large / 1024:,.0f}, in files of 250 kB")
    ok = calls / fewest <= GOAL_CALLS and milliseconds <= GOAL_MS
    print("goals reached" if ok else "goals MISSED")


if __name__ == "__main__":
    main()
