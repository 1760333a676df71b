"""People ask for their data or its end; officers verify, hold and resume; links are for their person, for minutes."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config

from handlers._assembly import audit, hashing, subject_hashing
from handlers.data_requests._links import Links
from handlers.data_requests._machine import Machine
from handlers.data_requests._requests import DataRequests
from mangaobs.runtime import configure, observe

from ..administration import proxy_event
from ..conftest import Context
from ..data_access.test_export import Exporting
from ..data_subject.world import AUDIT, EXPORTS, KEY, later
from ..faults import Crash, Crashes

ONE = "/privacy/requests/{request_id}"


class Office(Exporting):
    """The API beside the functions that it starts."""

    def __init__(self) -> None:
        super().__init__()
        self.states = boto3.client("stepfunctions")
        role = "arn:aws:iam::123456789012:role/machine"
        definition = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
        made = self.states.create_state_machine(name="data-requests", definition=definition, roleArn=role)
        self.arn = made["stateMachineArn"]
        self.calls = 0
        self.links = 100

    def send(self, method: str, resource: str, body=None, *, who="alice", groups="customer", **path):
        """A call of the API; the status, the content and the headers."""
        self.calls += 1
        api = DataRequests(
            self.requests(),
            machine=Machine(self.states, self.arn),
            links=Links(boto3.client("s3", config=Config(signature_version="s3v4")), EXPORTS, seconds=300),
            audit=audit(self.buckets, AUDIT, hashed=hashing(KEY)),
            subject=subject_hashing(KEY),
            hashed=hashing(KEY),
            clock=self.clock,
            random=lambda: f"{self.calls:032x}",
            most_links=self.links,
            again_after_hours=24,
            begin=lambda _: None,
        )
        configure(write=self.written.append, tracer="off", session_key=KEY.encode())
        event = proxy_event(method, resource, groups=groups, path=path or None)
        event["requestContext"]["authorizer"]["customer_id"] = who
        event["body"] = None if body is None else json.dumps(body)
        answered = observe(api.__call__)(event, Context(f"{self.calls:08x}-call", 20_000))
        return answered["statusCode"], json.loads(answered["body"])

    def ask_for(self, kind: str, *, who="alice"):
        status, content = self.send("POST", "/privacy/requests", {"kind": kind}, who=who)
        assert status == 202
        return content["request_id"]

    def officer(self, action: str, request_id: str, body=None, *, who="olga", groups="privacy"):
        return self.send("POST", f"{ONE}/{action}", body, who=who, groups=groups, request_id=request_id)

    def started(self) -> list[str]:
        found = self.states.list_executions(stateMachineArn=self.arn)["executions"]
        return sorted(one["name"] for one in found)

    def finish(self, request_id: str) -> str:
        """Do what the machine does."""
        standing = self.requests().load("access" if "-e-" not in request_id else "erasure", request_id[:32])
        worker = self.exporter() if "-e-" not in request_id else self.erasure()
        return self.drive(standing, erasure=worker)


@pytest.fixture
def office(aws):
    office = Office()
    office.say("alice", "s1", 2)
    office.say("bob", "s10", 1)
    return office


def test_an_export_begins_when_its_person_asks(office):
    request_id = office.ask_for("access")
    assert office.started() == [f"{request_id}-asked"]
    assert office.finish(request_id) == "DONE"
    status, shown = office.send("GET", ONE, request_id=request_id)
    assert (status, shown["state"], shown["files"]) == (200, "DONE", 1)
    assert "customer_id" not in shown


def test_an_erasure_waits_for_a_second_person(office):
    request_id = office.ask_for("erasure")
    assert office.finish(request_id) == "REQUESTED"
    assert office.officer("verify", request_id)[1]["state"] == "VERIFIED"
    assert office.started() == [f"{request_id}-asked", f"{request_id}-verified"]
    assert office.finish(request_id) == "DONE"
    assert office.left_of("alice", ["s1"]) == []


def test_who_asked_for_it_does_not_verify_it(office):
    body = {"kind": "erasure"}
    path = "/privacy/customers/{customer_id}/requests"
    status, asked = office.send("POST", path, body, who="olga", groups="privacy", customer_id="alice")
    assert (status, asked["state"]) == (202, "REQUESTED")
    status, refused = office.officer("verify", asked["request_id"])
    assert (status, refused["error"]["reason"]) == (409, "second_person_needed")
    assert office.officer("verify", asked["request_id"], who="otto")[1]["state"] == "VERIFIED"


def test_an_officer_does_not_verify_the_erasure_of_themself(office):
    request_id = office.ask_for("erasure", who="olga")
    assert office.officer("verify", request_id)[0] == 409


@pytest.mark.parametrize("action", ["verify", "resume", "hold", "release"])
def test_only_officers_do_what_officers_do(office, action):
    request_id = office.ask_for("erasure")
    body = {"reason": "litigation"} if action == "hold" else None
    status, refused = office.officer(action, request_id, body, who="alice", groups="customer")
    assert (status, refused["error"]["reason"]) == (403, "not_allowed")


def test_a_request_is_of_its_person_and_for_others_there_is_none(office):
    request_id = office.ask_for("access")
    office.finish(request_id)
    for method, resource, body in (("GET", ONE, None), ("POST", f"{ONE}/link", {"file": "manifest.json"})):
        status, refused = office.send(method, resource, body, who="bob", request_id=request_id)
        assert (status, refused["error"]["reason"]) == (404, "request_unknown")
    # An officer sees how far it is, and reads nothing of it.
    assert office.send("GET", ONE, who="olga", groups="privacy", request_id=request_id)[0] == 200
    link = {"file": "manifest.json"}
    assert office.send("POST", f"{ONE}/link", link, who="olga", groups="privacy", request_id=request_id)[0] == 404


def test_whoever_asks_again_joins(office):
    first = office.ask_for("erasure")
    status, second = office.send("POST", "/privacy/requests", {"kind": "erasure"})
    assert (status, second["request_id"], second["joined"]) == (202, first, True)


def test_nothing_is_given_out_after_erasure(office):
    request_id = office.ask_for("erasure")
    office.officer("verify", request_id)
    office.finish(request_id)
    status, refused = office.send("POST", "/privacy/requests", {"kind": "access"})
    assert (status, refused["error"]["reason"]) == (410, "erased")


def test_another_export_is_for_another_day(office):
    office.finish(office.ask_for("access"))
    status, refused = office.send("POST", "/privacy/requests", {"kind": "access"})
    assert (status, refused["error"]["reason"]) == (429, "exported_lately")
    office.now = later(office.now, hours=25)
    assert office.send("POST", "/privacy/requests", {"kind": "access"})[0] == 202


def test_a_hold_stops_it_and_a_release_goes_on(office):
    request_id = office.ask_for("erasure")
    office.officer("verify", request_id)
    status, held = office.officer("hold", request_id, {"reason": "litigation"}, groups="privacy-hold")
    assert (status, held["state"]) == (202, "HOLD")
    assert office.finish(request_id) == "HOLD"
    assert office.officer("release", request_id, groups="privacy-hold")[1]["state"] == "VERIFIED"
    assert len(office.started()) == 3
    assert office.finish(request_id) == "DONE"
    assert office.officer("hold", request_id, {"reason": "litigation"}, groups="privacy-hold")[0] == 409


def test_a_failed_request_begins_another_attempt(office):
    request_id = office.ask_for("erasure")
    office.officer("verify", request_id)
    office.call(office.standing("alice"), failed=True)
    assert office.officer("resume", request_id)[1]["state"] == "VERIFIED"
    assert office.standing("alice").attempt == 2
    assert office.finish(request_id) == "DONE"


class TestLinks:
    def link(self, office, file="manifest.json", **more):
        request_id = office.ask_for("access")
        office.finish(request_id)
        return office.send("POST", f"{ONE}/link", {"file": file}, request_id=request_id, **more)

    def test_a_link_reads_one_file_for_five_minutes(self, office):
        status, content = self.link(office)
        parts = urlsplit(content["url"])
        query = parse_qs(parts.query)
        assert (status, content["expires_in"], query["X-Amz-Expires"]) == (200, 300, ["300"])
        assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
        assert query["response-content-disposition"] == ['attachment; filename="manifest.json"']
        assert "alice" not in content["url"]
        assert parts.path.endswith("/manifest.json")

    def test_it_is_nowhere_but_in_the_answer(self, office):
        _, content = self.link(office)
        signature = parse_qs(urlsplit(content["url"]).query)["X-Amz-Signature"][0]
        logged = b"".join(office.written)
        assert b"X-Amz" not in logged
        assert signature.encode() not in logged
        audited = [
            office.buckets.get_object(Bucket=AUDIT, Key=one["Key"])["Body"].read()
            for one in office.buckets.list_objects_v2(Bucket=AUDIT)["Contents"]
        ]
        assert not [text for text in audited if b"X-Amz" in text or signature.encode() in text]
        assert [text for text in audited if b"link_export" in text]

    @pytest.mark.parametrize(
        "file",
        [
            "records-0002.jsonl.gz",
            "records-0000.jsonl.gz",
            "../x",
            "",
            "records-0001.jsonl.gz/../../y",
            "manifest.json\n",
        ],
    )
    def test_it_reads_no_other_file(self, office, file):
        status, refused = self.link(office, file)
        assert (status, refused["error"]["reason"]) == (404, "file_unknown")

    def test_there_are_only_so_many(self, office):
        office.links = 2
        request_id = office.ask_for("access")
        office.finish(request_id)
        sent = [
            office.send("POST", f"{ONE}/link", {"file": "manifest.json"}, request_id=request_id)[0] for _ in range(3)
        ]
        assert sent == [200, 200, 429]

    def test_there_is_none_before_it_is_done_nor_when_it_is_gone(self, office):
        request_id = office.ask_for("access")
        wanted = {"file": "manifest.json"}
        assert office.send("POST", f"{ONE}/link", wanted, request_id=request_id)[0] == 404
        office.finish(request_id)
        office.now = later(office.now, days=8)
        assert office.send("POST", f"{ONE}/link", wanted, request_id=request_id)[0] == 410


@pytest.mark.parametrize(
    ("method", "resource", "body", "path", "status"),
    [
        ("POST", "/privacy/requests", None, {}, 400),
        ("POST", "/privacy/requests", {"kind": "everything"}, {}, 400),
        ("POST", "/privacy/requests", {"kind": "erasure", "customer_id": "bob"}, {}, 400),
        ("GET", ONE, None, {"request_id": "x"}, 404),
        ("GET", ONE, None, {"request_id": "../x"}, 400),
        ("DELETE", ONE, None, {"request_id": "x"}, 404),
    ],
)
def test_what_is_wrong_is_said(office, method, resource, body, path, status):
    assert office.send(method, resource, body, **path)[0] == status


def test_a_hold_needs_a_reason_as_a_code(office):
    request_id = office.ask_for("erasure")
    for reason in ("", "Because Alice sued us", "x"):
        assert office.officer("hold", request_id, {"reason": reason}, groups="privacy-hold")[0] == 400


def test_a_crash_anywhere_and_the_same_call_again_start_it(office):
    crashes = Crashes(office.table, office.states, office.buckets)
    office.ask_for("erasure", who="points")
    points = crashes.points
    crashes.close()
    for at in range(1, points + 1):
        who = f"person-{at}"
        crashes = Crashes(office.table, office.states, office.buckets)
        crashes.at = at
        try:
            office.ask_for("erasure", who=who)
        except Crash:
            pass
        finally:
            crashes.close()
        request_id = office.ask_for("erasure", who=who)
        assert f"{request_id}-asked" in office.started()


def test_when_the_table_is_not_to_be_had_it_says_so(office):
    from ..data_subject.test_failures import refuse

    refuse(office.table, "TransactWriteItems", "AccessDeniedException", after=0, times=1)
    status, refused = office.send("POST", "/privacy/requests", {"kind": "erasure"})
    assert (status, refused["error"]["reason"]) == (503, "unavailable")
