"""An export breaks off and is gone on with: nothing twice, nothing left out, no more memory for more, nothing after
erasure.
"""

from __future__ import annotations

import gc
import hashlib
import json
import tracemalloc
import zlib
from collections import Counter
from contextlib import suppress

import msgspec
import pytest
from botocore.awsrequest import AWSResponse

from handlers.data_access._sources import Cursor
from handlers.subjects import ACCESS, PORTABILITY, Broken, InvalidInput
from handlers.subjects._request import attributes
from mangaobs.runtime import configure

from ..conftest import TABLE, Context
from ..data_subject.test_failures import refuse
from ..data_subject.world import AUDIT, DAY, EXPORTS, clients, later, subject_hash
from ..moto_server import reset
from ..personal import found_in
from .test_export import Exporting


@pytest.fixture
def people(aws):
    world = Exporting()
    world.alice = world.register("alice")
    world.say(world.alice, "s1", 2)
    world.say(world.alice, "s2", 1, entered=False)
    world.say(world.alice, "s3", 1)
    world.say("bob", "s10", 1)
    world.copy("s1", marker=False)
    return world


def forget(world) -> None:
    """Let another export be asked for."""
    world.table.delete_item(
        TableName=TABLE, Key={"PK": {"S": f"ACCESS#{subject_hash(world.alice)}"}, "SK": {"S": "REQUEST"}}
    )


class Looks(Context):
    """A context of an invocation that has `left` looks at the clock, and then `after_ms` of time."""

    def __init__(self, request_id: str, left: int, after_ms: int) -> None:
        super().__init__(request_id)
        self.left, self.after_ms = left, after_ms

    def get_remaining_time_in_millis(self) -> int:
        self.left -= 1
        return 600_000 if self.left >= 0 else self.after_ms


@pytest.mark.slow
def test_the_time_may_end_at_every_point(people):
    # Given an invocation whose time ends, all of it, at one of its looks, every fourth in turn
    whole = people.read(people.export(people.alice, most=1, page=3))
    for left in range(2, 400, 4):
        forget(people)
        request = people.ask(people.alice, kind=ACCESS, random=f"t{left}")
        context = Looks(f"cut-{left}", left, after_ms=0)
        state = ""
        with suppress(Broken):  # before it had anything to keep
            state = people.exporter(most=1, page=3)({"request_id": request.request_id}, context)["state"]
        # When another one goes on, then the export is what it is without that.
        people.now += 1_000_000
        assert people.drive(request, erasure=people.exporter(most=1, page=3)) == "DONE"
        assert people.read(request) == whole
        if state == "DONE":
            break
    assert left > 30


@pytest.mark.parametrize("kind", [ACCESS, PORTABILITY])
def test_an_invocation_that_has_time_for_one_page_gets_one_page_further(people, kind):
    people.buckets.meta.events.register(
        "before-parameter-build.s3.ListObjectVersions", lambda params, **_: params.update(MaxKeys=1)
    )
    people.s3.meta.events.register(
        "before-parameter-build.s3.ListObjectVersions", lambda params, **_: params.update(MaxKeys=1)
    )
    whole = people.read(people.export(people.alice, kind=kind))
    forget(people)
    request = people.ask(people.alice, kind=kind, random="pages")
    for number in range(100):
        people.now += 1000
        # Less than a file takes to be put, so that each page is put by itself.
        context = Looks(f"page-{number}", 0, after_ms=15_000)
        if people.exporter(page=1)({"request_id": request.request_id}, context)["state"] == "DONE":
            break
    assert people.read(request) == whole
    # 15 items and the account; and of copies two pages of one each, one that was none, and one for each other session.
    assert number >= 16
    assert Counter(one["type"] for one in whole)["copy"] == (2 if kind == ACCESS else 0)


def test_what_is_read_of_which_nothing_comes_out_is_not_read_again(people):
    # Given that there is time for a page, and nothing on it is the person's to have
    request = people.ask(people.alice, kind=PORTABILITY, random="markers")
    cursors = []
    for number in range(100):
        people.now += 1000
        context = Looks(f"page-{number}", 0, after_ms=15_000)
        if people.exporter(page=1)({"request_id": request.request_id}, context)["state"] == "DONE":
            break
        cursors.append(json.loads(people.export_standing(people.alice).cursor))
    assert ["s1", "MESSAGE#message-0000", "", ""] in cursors
    assert len({json.dumps(one) for one in cursors}) == len(cursors)


def test_sessions_that_begin_or_get_an_entry_meanwhile_are_not_told_twice(people):
    # Given an export that broke off in a session without an entry
    request = people.ask(people.alice, kind=ACCESS, random="meanwhile")
    for number in range(100):
        context = Looks(f"page-{number}", 0, after_ms=15_000)
        people.exporter(page=2)({"request_id": request.request_id}, context)
        if json.loads(people.export_standing(people.alice).cursor)[0] == "s2":
            break
    # When it gets one, and others begin before and after it
    people.table.put_item(
        TableName=TABLE, Item={"PK": {"S": f"SUBJECT#{subject_hash(people.alice)}"}, "SK": {"S": "SESSION#s2"}}
    )
    for name in ("s0", "s4"):
        people.say(people.alice, name, 1)
    people.now += 1_000_000
    assert people.drive(request, erasure=people.exporter(page=2)) == "DONE"
    # Then each turn is told once, and of those that began what comes behind.
    turns = Counter(
        (one["session_id"], one["at"], one["role"]) for one in people.read(request) if one["type"] == "turn"
    )
    assert set(turns.values()) == {1}
    assert Counter(session for session, *_ in turns) == {"s1": 4, "s2": 2, "s3": 2, "s4": 2}


def test_a_session_that_gets_its_entry_between_index_and_entries_is_told_once(people):
    whole = people.read(people.export(people.alice))
    forget(people)
    entry = {"PK": {"S": f"SUBJECT#{subject_hash(people.alice)}"}, "SK": {"S": "SESSION#s2"}}
    # The index is held against the entries, and then it is written.
    people.dynamodb.meta.events.register(
        "after-call.dynamodb.BatchGetItem", lambda **_: people.table.put_item(TableName=TABLE, Item=entry)
    )
    assert people.read(people.export(people.alice)) == whole


def test_of_a_session_whose_meta_is_gone_comes_what_is_left(people):
    people.table.delete_item(TableName=TABLE, Key={"PK": {"S": "SESSION#s3"}, "SK": {"S": "META"}})
    records = [one for one in people.read(people.export(people.alice)) if one.get("session_id") == "s3"]
    assert [one["type"] for one in records] == ["message", "turn", "turn"]


def test_a_session_that_is_anothers_does_not_come_out_whatever_the_entries_say(people):
    people.table.put_item(
        TableName=TABLE, Item={"PK": {"S": f"SUBJECT#{subject_hash(people.alice)}"}, "SK": {"S": "SESSION#s10"}}
    )
    assert "s10" not in json.dumps(people.read(people.export(people.alice)))


@pytest.mark.parametrize(
    ("client", "operation"),
    [
        (0, "Query"),
        (0, "BatchGetItem"),
        (0, "GetItem"),
        (1, "ListObjectVersions"),
        (1, "PutObject"),
        (2, "AdminGetUser"),
    ],
)
def test_what_is_forbidden_is_never_called_done_and_is_done_when_it_is_allowed(people, client, operation):
    request = people.ask(people.alice, kind=ACCESS, random="denied")
    refuse(
        people.clients[client], operation, "AccessDeniedException", after=1 if client == 0 else 0, times=1, status=403
    )
    try:
        people.drive(request, erasure=people.exporter())
    except Broken:
        assert people.export_standing(people.alice).state != "DONE"
    else:
        assert operation == "BatchGetItem"  # there is one
    people.now += 1_000_000
    assert people.drive(request, erasure=people.exporter()) == "DONE"
    assert {one["session_id"] for one in people.read(request) if one["type"] == "turn"} == {"s1", "s2", "s3"}


def test_one_that_goes_on_after_its_files_have_expired_is_made_from_the_beginning(people):
    # Given an export that failed after some files, which the bucket has deleted since
    whole = people.read(people.export(people.alice, most=1, page=3))
    forget(people)
    request = people.ask(people.alice, kind=ACCESS, random="late")
    refuse(people.s3, "PutObject", "AccessDenied", after=3, times=1)
    with pytest.raises(Broken):
        people.drive(request, erasure=people.exporter(most=1, page=3))
    assert people.call(request, erasure=people.exporter(), failed=True)["state"] == "FAILED"
    assert people.export_standing(people.alice).files == 2
    for key, version, _ in people.versions(EXPORTS):
        people.buckets.delete_object(Bucket=EXPORTS, Key=key, VersionId=version)
    # When somebody resumes it a week later
    people.now = later(people.now, days=8)
    again = people.requests().begin_again(people.export_standing(people.alice))
    assert people.drive(again, erasure=people.exporter(most=1, page=3)) == "DONE"
    # Then every file is there, and is as long as the answer says.
    assert people.read(again) == whole
    assert people.export_standing(people.alice).expires_at == pytest.approx(people.now / 1000 + 7 * DAY, abs=600)


def test_an_item_that_cannot_be_read_stops_it_and_is_not_told(people):
    people.table.update_item(
        TableName=TABLE,
        Key={"PK": {"S": "SESSION#s3"}, "SK": {"S": "META"}},
        UpdateExpression="SET turn_count = :bytes",
        ExpressionAttributeValues={":bytes": {"B": b"private"}},
    )
    request = people.ask(people.alice, kind=ACCESS, random="broken")
    with pytest.raises(Broken) as caught:
        people.drive(request, erasure=people.exporter())
    assert str(caught.value) == "ValueError"
    # When it was given up, then a person sees that it failed, and nothing of it can be fetched.
    assert people.call(request, erasure=people.exporter(), failed=True)["state"] == "FAILED"
    assert people.audited_of("access") == ["start", "failed"]


def test_its_lines_and_its_audit_tell_nothing_of_the_person(people):
    request = people.export(people.alice, most=1, page=2)
    told = b"".join(people.written)
    found = people.buckets.list_objects_v2(Bucket=AUDIT, Prefix="access/")["Contents"]
    told += b"".join(people.buckets.get_object(Bucket=AUDIT, Key=one["Key"])["Body"].read() for one in found)
    assert request.request_id.encode() in told
    assert found_in(told, [people.alice, "alice@example.com", "alice says", "re 0"]) == set()


# Erasure at the same time


def export_calls(people) -> int:
    """How many calls of AWS an export makes."""
    calls = []
    for client in people.clients:
        client.meta.events.register("before-call", lambda **_: calls.append(1))
    people.export(people.alice, most=1)
    return len(calls)


@pytest.mark.slow
def test_erasure_at_any_moment_of_an_export_leaves_nothing_of_it(people, record_property):
    """Erasure has clients of its own. Its invocation runs between two calls of the export, which then goes on."""
    interleavings = 0
    for at in range(3, export_calls(people) + 1, 4):
        reset()
        world = Exporting()
        world.alice = world.register("alice")
        world.say(world.alice, "s1", 2)
        world.say(world.alice, "s2", 1, entered=False)
        erasure, other = world.ask(world.alice), clients("another")
        request = world.ask(world.alice, kind=ACCESS, random="x")
        passed = []

        def meanwhile(at=at, passed=passed, world=world, erasure=erasure, other=other, **_):
            passed.append(1)
            if len(passed) == at:
                world.call(erasure, erasure=world.erasure(clients=other))

        for client in world.clients:
            client.meta.events.register("before-call", meanwhile)
        try:
            world.drive(request, erasure=world.exporter(most=1))
        except InvalidInput:
            interleavings += 1
        assert world.drive(erasure, most=40, erasure=world.erasure(clients=other)) == "DONE"
        assert world.left_of(world.alice, ["s1", "s2"]) == [], at
        assert world.versions(EXPORTS) == []
    record_property("erasure interleavings with an export", interleavings)
    assert interleavings > 3


def test_a_put_that_is_tried_again_looks_at_the_lease_again(people):
    # Given a store that is busy, and an erasure that takes the request away while the export waits
    request = people.ask(people.alice, kind=ACCESS, random="busy")
    puts = []

    def busy(**_):
        puts.append(1)
        people.forget(ACCESS, subject_hash(people.alice))
        answer = {"Error": {"Code": "SlowDown"}, "ResponseMetadata": {"HTTPStatusCode": 503}}
        return AWSResponse("http://test", 503, {}, None), answer

    context = Context("busy", 600_000)
    # Only the export's own puts: the audit's start is put first.
    people.s3.meta.events.register(
        "before-call.s3.PutObject", lambda params, **_: busy() if EXPORTS in params["url"] else None
    )
    with pytest.raises(InvalidInput):
        people.exporter()({"request_id": request.request_id}, context)
    # Then it is put once and not again.
    assert len(puts) == 1
    assert people.versions(EXPORTS) == []


# Memory


class Much:
    """Answers of DynamoDB and S3 for a person with many items, made up as they are asked for; puts are weighed only."""

    def __init__(self, world, request, *, sessions: int, turns: int) -> None:
        self.request = attributes({**msgspec.to_builtins(request), "attempt": 1})
        self.sessions, self.turns, self.bytes, self.put, self.peak = sessions, turns, 0, 0, 0
        for client, operation, answer in (
            (world.dynamodb, "Query", self.query),
            (world.dynamodb, "GetItem", self.get_item),
            (world.dynamodb, "UpdateItem", self.update_item),
            (world.s3, "PutObject", self.put_object),
        ):
            event = f"before-call.{client.meta.service_model.service_id.lower()}.{operation}"
            client.meta.events.register(event, answer)

    def query(self, params, **_):
        asked = json.loads(params["body"])
        if "IndexName" in asked:
            return said({"Items": []})
        (key,) = (value["S"] for value in asked["ExpressionAttributeValues"].values())
        start = int(asked.get("ExclusiveStartKey", {}).get("SK", {}).get("S", "#0").split("#")[1])
        last = min(start + asked["Limit"], self.sessions if key.startswith("SUBJECT#") else self.turns)
        sorts = [
            f"SESSION#{n:09d}" if key.startswith("SUBJECT#") else f"TURN#{n:013d}#m#1-user"
            for n in range(start + 1, last + 1)
        ]
        more = last < (self.sessions if key.startswith("SUBJECT#") else self.turns)
        items = [{"PK": {"S": key}, "SK": {"S": sort}, "content_compressed": {"B": text(key + sort)}} for sort in sorts]
        return said(
            {"Items": items, **({"LastEvaluatedKey": {"PK": {"S": key}, "SK": {"S": sorts[-1]}}} if more else {})}
        )

    def get_item(self, params, **_):
        key = json.loads(params["body"])["Key"]["PK"]["S"]
        return said({"Item": self.request} if key.startswith("ACCESS#") else {})

    def update_item(self, params, **_):
        # moto would keep something of every one.
        asked = json.loads(params["body"])
        named = asked.get("ExpressionAttributeNames", {})
        sets, _, removes = asked["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
        for one in sets.split(", "):
            name, _, value = one.partition(" = ")
            self.request[named.get(name, name)] = asked["ExpressionAttributeValues"][value]
        for name in removes.split(", ") if removes else []:
            self.request.pop(named[name], None)
        return said({"Attributes": self.request})

    def put_object(self, params, **_):
        if EXPORTS in params["url"]:
            self.put += 1
            # What lies about until it is collected is not what an export holds.
            self.peak = max(self.peak, tracemalloc.get_traced_memory()[1])
            gc.collect()
            tracemalloc.reset_peak()
            self.bytes += len(params["body"].getvalue())
            return said({})
        return None


def text(seed: str) -> bytes:
    """A text that does not become shorter when it is compressed."""
    return zlib.compress("".join(hashlib.sha256(f"{seed}{n}".encode()).hexdigest() for n in range(4)).encode())


def said(content):
    return AWSResponse("http://test", 200, {}, None), {**content, "ResponseMetadata": {"HTTPStatusCode": 200}}


def peak(*, sessions: int, turns: int) -> tuple[int, int]:
    """The most memory in bytes that an export takes, and how many files it is."""
    reset()
    world = Exporting()
    request = world.ask("ann", kind=PORTABILITY, random="much")
    much = Much(world, request, sessions=sessions, turns=turns)
    exporter = world.exporter(most=50_000)
    configure(write=lambda _: None, tracer="off", session_key=b"a-key-of-the-tests")
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    assert world.drive(request, erasure=exporter) == "DONE"
    tracemalloc.stop()
    assert much.bytes > sessions * turns * 100
    return much.peak - before, much.put


@pytest.mark.slow
def test_twenty_thousand_items_take_no_more_memory_than_a_thousand(aws):
    peak(sessions=1, turns=500)  # what is loaded at the first time
    few, files = peak(sessions=1, turns=1_000)
    many, more = peak(sessions=1, turns=20_000)
    assert more > 5 * files > 5
    assert many < 1.25 * few
    # Nor do many sessions.
    few, _ = peak(sessions=100, turns=5)
    many, _ = peak(sessions=500, turns=5)
    assert many < 1.25 * few


def test_a_cursor_is_what_it_was_after_it_was_kept():
    for cursor in (Cursor(), Cursor("s1", "TURN#1"), Cursor("s1", "~", "sessions/s1/é", "v1")):
        assert msgspec.json.decode(msgspec.json.encode(cursor), type=Cursor) == cursor
    # As one that was kept before copies were read page by page.
    assert msgspec.json.decode(b'["s1","~"]', type=Cursor) == Cursor("s1", "~")
