"""A person gets what there is of them: all of it, nothing of anybody else, whatever breaks off in between."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from handlers.data_access._export import Export, Parts
from handlers.data_access._records import fields, record_of, schema, types
from handlers.data_access._sources import Sources
from handlers.sessions import Summary, Transactions
from handlers.subjects import (
    ACCESS,
    PORTABILITY,
    Deadline,
    Discovery,
    Patience,
    Requests,
    Steps,
    Worker,
    export_of,
)

from ..conftest import INDEX, TABLE, Context
from ..data_subject.test_failures import refuse
from ..data_subject.world import AUDIT, BACKUP, EXPORTS, World, clients
from ..faults import Crash, Crashes


class Exporting(World):
    """The world of erasure, with the function that exports."""

    def exporter(self, *, most: int = 1_000_000, page: int = 200) -> Worker:
        dynamodb, s3, users, _ = self.clients
        deadline = Deadline()
        patience = Patience(sleep=self._sleep, random=lambda: 0.5, remaining=deadline, margin=1.0)
        transactions = Transactions(dynamodb, sleep=self._sleep, random=lambda: 0.5, attempts=1)
        requests = Requests(dynamodb, TABLE, transactions=transactions, patience=patience)
        parts = Parts(
            requests=requests,
            sources=Sources(
                dynamodb=dynamodb,
                table=TABLE,
                requests=requests,
                discovery=Discovery(dynamodb, TABLE, INDEX, patience),
                s3=s3,
                backups=BACKUP,
                users=users,
                pool=self.pool,
                patience=patience,
                page=page,
            ),
            steps=Steps(s3, AUDIT, patience=patience, clock=self.clock),
            s3=s3,
            bucket=EXPORTS,
            patience=patience,
            deadline=deadline,
            clock=self.clock,
            most=most,
            days=7,
        )
        return Worker(
            Export(parts),
            kinds=frozenset((ACCESS, PORTABILITY)),
            requests=parts.requests,
            steps=parts.steps,
            deadline=deadline,
            clock=self.clock,
        )

    def export(self, customer: str, *, kind: str = ACCESS, **more):
        request = self.ask(customer, kind=kind, random=f"x{self.clock()}")
        assert self.drive(request, erasure=self.exporter(**more)) == "DONE"
        return request

    def read(self, request) -> list[dict]:
        """The records of an export, after its manifest's checksums."""
        manifest = self.manifest(request)
        records = []
        for file in manifest["files"]:
            body = self.body(request, file["name"])
            assert (len(body), hashlib.sha256(body).hexdigest()) == (file["bytes"], file["sha256"])
            lines = [json.loads(line) for line in gzip.decompress(body).splitlines()]
            assert len(lines) == sum(file["records"].values())
            records += lines
        return records

    def manifest(self, request) -> dict:
        return json.loads(self.body(request, "manifest.json"))

    def audited_of(self, kind: str) -> list[str]:
        page = self.buckets.list_objects_v2(Bucket=AUDIT, Prefix=f"{kind}/").get("Contents", [])
        steps = [json.loads(self.buckets.get_object(Bucket=AUDIT, Key=one["Key"])["Body"].read()) for one in page]
        return [one["step"] for one in sorted(steps, key=lambda one: one["at"])]

    def body(self, request, name: str) -> bytes:
        return self.buckets.get_object(Bucket=EXPORTS, Key=export_of(request.request_id) + name)["Body"].read()


@pytest.fixture
def people(aws):
    world = Exporting()
    world.alice, world.bob = world.register("alice"), world.register("bob")
    world.say(world.alice, "s1", 3)
    world.say(world.alice, "s2", 1, entered=False)
    world.say(world.bob, "s10", 2)
    world.copy("s1", marker=False)
    world.copy("s10")
    world.writers.summarize("s1", Summary(world.now, "about turtles"), now=world.now)
    world.writers.brief("s1", "h1", "read this", now=world.now)
    return world


def told(world, customer: str) -> list[tuple[str, str, str]]:
    """What there is of a customer in the table, read a second way: a scan, and zlib."""
    items = world.items()
    own = {i["PK"]["S"] for i in items if i.get("customer_id", {}).get("S") == customer}
    return sorted(
        (item["PK"]["S"], item["SK"]["S"], zlib.decompress(item["content_compressed"]["B"]).decode())
        for item in items
        if item["PK"]["S"] in own and "content_compressed" in item
    )


def test_everything_of_a_person_comes_out_and_nothing_of_anybody_else(people):
    records = people.read(people.export(people.alice))
    kinds = {kind: len([one for one in records if one["type"] == kind]) for kind in types("access")}
    assert kinds == {
        "account": 1, "request": 0, "session": 2, "turn": 8, "message": 4, "summary": 1, "handoff": 0, "brief": 1,
        "copy": 2,
    }  # fmt: skip
    texts = sorted(one["text"] for one in records if "text" in one)
    assert texts == sorted(text for *_, text in told(people, people.alice))
    assert people.bob not in json.dumps(records)
    assert "s10" not in json.dumps(records)
    (account,) = [one for one in records if one["type"] == "account"]
    assert account["attributes"]["email"] == "alice@example.com"


def test_portability_has_what_the_person_provided(people):
    records = people.read(people.export(people.alice, kind=PORTABILITY))
    assert {one["type"] for one in records} == {"account", "session", "turn"}
    assert types("portability") == {"account", "session", "turn"}


def test_every_line_is_as_the_schema_says(people):
    request = people.export(people.alice)
    assert people.body(request, "schema.json") == schema()
    defined = json.loads(schema())["$defs"]
    python = {"string": str, "integer": int, "object": dict}
    for record in people.read(request):
        shape = defined[record["type"]]
        assert set(shape["required"]) <= set(record) <= set(shape["properties"])
        for name, value in record.items():
            rule = shape["properties"][name]
            if "const" in rule or "enum" in rule:
                assert value in rule.get("enum", [rule.get("const")])
            else:
                assert isinstance(value, python[rule["type"]])


def test_every_sort_of_item_that_functions_write_has_a_type(people):
    # A new sort of item has to be given out, too, or this fails.
    import handlers.sessions._keys as keys

    written = {
        keys.META, keys.turn_key(1, "m", "user"), keys.marker_key("m"), keys.summary_key(1), keys.handoff_key("h"),
        keys.brief_key("h"),
    }  # fmt: skip
    makers = {name for name in vars(keys) if name.endswith("_key")} - {"session_key", "subject_key", "tombstone_key"}
    assert len(makers) + 1 == len(written)
    for sort in written:
        item = {"PK": {"S": "SESSION#s"}, "SK": {"S": sort}, "content_compressed": {"B": zlib.compress(b"x")}}
        assert record_of("s", item) is not None
    for item in people.items():
        if item["PK"]["S"].startswith("SESSION#"):
            record = record_of("s", item)
            assert set(record) <= fields(record["type"])


def test_every_record_is_valid_under_the_schema_and_nothing_beside_it_is(people):
    jsonschema = pytest.importorskip("jsonschema")
    shape = json.loads(schema())
    jsonschema.Draft202012Validator.check_schema(shape)
    valid = jsonschema.Draft202012Validator(shape)
    people.ask(people.alice, state="REQUESTED")
    records = people.read(people.export(people.alice))
    assert {one["type"] for one in records} == types("access") - {"handoff"}
    for record in records:
        assert list(valid.iter_errors(record)) == []
        assert list(valid.iter_errors({**record, "agent_name": "Ms. Agent"}))
        assert list(valid.iter_errors({**record, "type": "else"}))


def test_a_request_to_be_erased_that_stands_beside_is_told_without_who_else_is_in_it(people):
    people.ask(people.alice, state="REQUESTED", random="beside")
    (request,) = [one for one in people.read(people.export(people.alice)) if one["type"] == "request"]
    assert set(request) == {"type", "request_id", "kind", "state", "requested_at"}
    assert (request["request_id"].rpartition("-")[2], request["state"]) == ("beside", "REQUESTED")


def test_who_works_here_is_not_in_it(people):
    people.table.update_item(
        TableName=TABLE,
        Key={"PK": {"S": "SESSION#s1"}, "SK": {"S": "BRIEF#h1"}},
        UpdateExpression="SET agent_name = :a, reviewed_by = :a",
        ExpressionAttributeValues={":a": {"S": "Ms. Agent"}},
    )
    records = people.read(people.export(people.alice))
    assert "Ms. Agent" not in json.dumps(records)


def test_the_manifest_says_how_many_of_what(people):
    request = people.export(people.alice)
    manifest = people.manifest(request)
    assert manifest["records"] == {
        "account": 1, "brief": 1, "copy": 2, "message": 4, "session": 2, "summary": 1, "turn": 8,
    }  # fmt: skip
    assert (manifest["kind"], manifest["request_id"]) == ("access", request.request_id)
    keys = [one["Key"] for one in people.buckets.list_objects_v2(Bucket=EXPORTS)["Contents"]]
    assert not [key for key in keys if people.alice in key]


def test_when_it_is_done_the_request_forgets_whose_it_was(people):
    people.export(people.alice)
    standing = people.export_standing(people.alice)
    assert (standing.state, standing.customer_id, standing.files) == ("DONE", "", 1)
    assert people.audited_of("access") == ["start", "finish"]


def test_small_files_hold_the_same_as_one(people):
    whole = people.read(people.export(people.alice))
    people.table.delete_item(TableName=TABLE, Key={"PK": {"S": _family(people)}, "SK": {"S": "REQUEST"}})
    parts = people.export(people.alice, most=1)
    assert len(people.manifest(parts)["files"]) > 1
    assert people.read(parts) == whole


def _family(people) -> str:
    from ..data_subject.world import subject_hash

    return f"ACCESS#{subject_hash(people.alice)}"


def test_a_person_of_whom_there_is_nothing_gets_an_empty_export(people):
    request = people.export("nobody")
    assert people.read(request) == []
    assert people.manifest(request)["files"] == []


def calls(people, request, *, most=200):
    crashes = Crashes(*people.clients[:3])
    people.drive(request, erasure=people.exporter(most=most))
    crashes.close()
    return crashes.points


def test_a_crash_anywhere_and_the_next_call_gives_the_same_export(people, record_property):
    whole = people.read(people.export(people.alice, most=200))
    key = {"PK": {"S": _family(people)}, "SK": {"S": "REQUEST"}}
    people.table.delete_item(TableName=TABLE, Key=key)
    points = calls(people, people.ask(people.alice, kind=ACCESS, random="points"))
    for at in range(1, points + 1):
        people.table.delete_item(TableName=TABLE, Key=key)
        clients()
        request = people.ask(people.alice, kind=ACCESS, random=f"c{at}")
        crashes = Crashes(*people.clients[:3])
        crashes.at = at
        with pytest.raises(Crash):
            people.drive(request, erasure=people.exporter(most=200))
        crashes.close()
        people.now += 1_000_000
        assert people.drive(request, erasure=people.exporter(most=200)) == "DONE"
        assert people.read(request) == whole
    record_property("erasure crash points of exports", points)


def test_with_little_time_it_stops_and_goes_on_where_it_was(people):
    people.say(people.alice, "s3", 30)
    whole = people.read(people.export(people.alice))
    people.table.delete_item(TableName=TABLE, Key={"PK": {"S": _family(people)}, "SK": {"S": "REQUEST"}})

    class Short(Context):
        def __init__(self, number):
            super().__init__(f"short-{number}")
            self.left = 12

        def get_remaining_time_in_millis(self):
            self.left -= 1
            return 60_000 if self.left > 0 else 5_000

    request = people.ask(people.alice, kind=ACCESS, random="short")
    for number in range(60):
        answer = people.exporter()({"request_id": request.request_id}, Short(number))
        people.now += 1000 * answer["wait"]
        if answer["state"] == "DONE":
            break
    assert number >= 2
    assert people.read(request) == whole


def test_erasure_takes_the_request_away_and_nothing_more_is_put(people):
    request = people.ask(people.alice, kind=ACCESS, random="late")
    erased = []

    def meanwhile(**_):
        if not erased:
            erased.append(people.versions(EXPORTS))
            people.forget(ACCESS, request.request_id.partition("-")[0])

    # While it reads, when the lease is its own.
    people.dynamodb.meta.events.register("before-call.dynamodb.Query", meanwhile)
    from handlers.subjects import InvalidInput

    with pytest.raises(InvalidInput):
        people.drive(request, erasure=people.exporter(most=1))
    assert people.audited_of("access") == ["start"]
    assert people.versions(EXPORTS) == erased[0]


@pytest.mark.parametrize("operation", ["Query", "GetItem", "BatchGetItem", "UpdateItem"])
def test_throttles_are_waited_for(people, operation):
    refuse(people.dynamodb, operation, "ThrottlingException", after=0, times=3)
    assert people.read(people.export(people.alice)) != []
    assert people.slept > 0


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    texts=st.lists(st.text(max_size=200), min_size=1, max_size=12),
    most=st.sampled_from((1, 200, 10_000)),
    page=st.sampled_from((1, 2, 3, 5, 200)),
)
def test_whatever_was_said_comes_out_as_it_was_said(aws, texts, most, page):
    from handlers.sessions import Turn

    from ..moto_server import reset

    reset()
    world = Exporting()
    for number, text in enumerate(texts):
        turn = Turn(world.now + number, f"message-{number}", "user", text)
        world.writers.begin("s1", "ann", turn, new=number == 0)
    records = world.read(world.export("ann", most=most, page=page))
    assert [one["text"] for one in records if one["type"] == "turn"] == texts
    assert len(records) == 2 * len(texts) + 1


def test_the_same_data_is_the_same_bytes(people):
    first = people.manifest(people.export(people.alice))["files"]
    people.table.delete_item(TableName=TABLE, Key={"PK": {"S": _family(people)}, "SK": {"S": "REQUEST"}})
    assert people.manifest(people.export(people.alice))["files"] == first
