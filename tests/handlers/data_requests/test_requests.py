"""People ask for their data or its end; officers verify, hold and resume; links are for their person, for minutes."""

from __future__ import annotations

import json
import logging
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from handlers._assembly import audit, hashing, subject_hashing
from handlers.data_requests._links import Links
from handlers.data_requests._machine import Machine
from handlers.data_requests._requests import DataRequests
from handlers.subjects import Request
from mangaobs.runtime import configure, observe

from ..administration import proxy_event
from ..conftest import TABLE, Context
from ..data_access.test_export import Exporting
from ..data_subject.world import AUDIT, EXPORTS, KEY, later
from ..faults import Crash, Crashes
from ..personal import found_in

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
            steps=self.audit(),
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
        self.headers = answered["headers"]
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

    def audits(self) -> list[dict]:
        """What the audit has of calls, in their order."""
        found = self.buckets.list_objects_v2(Bucket=AUDIT, Prefix="admin/").get("Contents", [])
        entries = [json.loads(self.buckets.get_object(Bucket=AUDIT, Key=one["Key"])["Body"].read()) for one in found]
        return sorted(entries, key=lambda one: one["at"])

    def end(self, name: str) -> None:
        """An execution ends, as whatever."""
        self.states.stop_execution(executionArn=self.arn.replace(":stateMachine:", ":execution:") + f":{name}")

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


@pytest.mark.parametrize("action", ["verify", "resume", "hold", "release", "reject"])
def test_an_officer_decides_nothing_about_themself_whoever_asked(office, action):
    path = "/privacy/customers/{customer_id}/requests"
    body = {"kind": "erasure"}
    _, asked = office.send("POST", path, body, who="otto", groups="privacy", customer_id="olga")
    because = {"reason": "litigation"} if action in ("hold", "reject") else None
    groups = "privacy-hold" if action in ("hold", "release") else "privacy"
    status, refused = office.officer(action, asked["request_id"], because, groups=groups)
    assert (status, refused["error"]["reason"]) == (409, "second_person_needed")
    assert office.standing("olga").state == "REQUESTED"


def test_one_person_alone_erases_nobody_whatever_fails(office):
    # Given a request that one officer made, of which every call failed
    path = "/privacy/customers/{customer_id}/requests"
    body = {"kind": "erasure"}
    _, asked = office.send("POST", path, body, who="olga", groups="privacy", customer_id="alice")
    office.call(office.standing("alice"), failed=True)
    # When that one resumes it, then it waits for another one as before.
    assert office.officer("resume", asked["request_id"])[1]["state"] == "REQUESTED"
    assert office.officer("verify", asked["request_id"])[0] == 409
    assert office.finish(asked["request_id"]) == "REQUESTED"
    assert office.steps() == []
    assert office.officer("verify", asked["request_id"], who="otto")[1]["state"] == "VERIFIED"


def test_an_own_export_that_failed_needs_no_second_person(office):
    request_id = office.ask_for("access")
    office.call(office.export_standing("alice"), erasure=office.exporter(), failed=True)
    assert office.officer("resume", request_id)[1]["state"] == "VERIFIED"
    assert office.finish(request_id) == "DONE"


def test_holds_and_their_ends_stand_beside_the_ledger_for_a_table_that_is_restored(office):
    request_id = office.ask_for("erasure")
    office.officer("hold", request_id, {"reason": "litigation"}, groups="privacy-hold")
    office.officer("release", request_id, groups="privacy-hold")
    found = office.buckets.list_objects_v2(Bucket=AUDIT, Prefix="decisions/")["Contents"]
    names = [one["Key"].removeprefix(f"decisions/{request_id}/") for one in found]
    assert [name.partition("-")[2] for name in names] == ["hold.json", "release.json"]
    hold = json.loads(office.buckets.get_object(Bucket=AUDIT, Key=found[0]["Key"])["Body"].read())
    assert (hold["step"], hold["detail"], hold["subject"]) == ("hold", "litigation", request_id[:32])


def test_what_is_declined_is_over_forgets_whose_it_was_and_can_be_asked_for_again(office):
    request_id = office.ask_for("erasure")
    status, rejected = office.officer("reject", request_id, {"reason": "not_identified"})
    assert (status, rejected["state"]) == (202, "REJECTED")
    assert office.finish(request_id) == "REJECTED"
    assert office.send("GET", ONE, request_id=request_id)[1]["state"] == "REJECTED"
    assert "alice" not in json.dumps([one for one in office.items() if one["PK"]["S"].startswith("ERASURE#")])
    (found,) = office.buckets.list_objects_v2(Bucket=AUDIT, Prefix="decisions/")["Contents"]
    said = json.loads(office.buckets.get_object(Bucket=AUDIT, Key=found["Key"])["Body"].read())
    assert (said["step"], said["detail"]) == ("reject", "not_identified")
    # Nothing of the person is touched, and nothing can be done with it any more.
    assert office.left_of("alice", ["s1"]) != []
    for action, body, groups in (("verify", None, "privacy"), ("hold", {"reason": "order"}, "privacy-hold")):
        assert office.officer(action, request_id, body, groups=groups)[0] == 409
    assert office.officer("resume", request_id)[1]["state"] == "REJECTED"
    again = office.send("POST", "/privacy/requests", {"kind": "erasure"})[1]
    assert (again["state"], again["joined"]) == ("REQUESTED", False)


def test_who_may_not_end_a_hold_does_not_end_it_by_declining(office):
    request_id = office.ask_for("erasure")
    office.officer("hold", request_id, {"reason": "litigation"}, groups="privacy-hold")
    status, refused = office.officer("reject", request_id, {"reason": "not_identified"})
    assert (status, refused["error"]["reason"]) == (409, "on_hold")
    assert office.standing("alice").held == "litigation"


@pytest.mark.parametrize("action", ["hold", "release", "reject"])
def test_a_decision_whose_record_was_lost_is_recorded_once_when_it_is_repeated(office, action):
    request_id = office.ask_for("erasure")
    body = {"reason": "litigation"} if action != "release" else None
    groups = "privacy" if action == "reject" else "privacy-hold"
    if action == "release":
        office.officer("hold", request_id, {"reason": "litigation"}, groups="privacy-hold")

    def lost(params, **_):
        if "/decisions/" in params["url_path"]:
            raise EndpointConnectionError(endpoint_url="the audit")

    office.buckets.meta.events.register("before-call.s3.PutObject", lost)
    assert office.officer(action, request_id, body, groups=groups)[0] == 503
    office.buckets.meta.events.unregister("before-call.s3.PutObject", lost)
    for _ in range(2):
        assert office.officer(action, request_id, body, groups=groups)[0] == 202
    found = office.buckets.list_objects_v2(Bucket=AUDIT, Prefix="decisions/")["Contents"]
    assert [one["Key"].rpartition("-")[2] for one in found][-1:] == [f"{action}.json"]
    assert len(found) == (2 if action == "release" else 1)


def test_where_an_execution_has_ended_the_same_call_starts_another(office):
    # Given a request whose executions ended while its table was away, and that is as it was before
    before = office.items()
    request_id = office.ask_for("erasure")
    asked = office.items()
    office.officer("verify", request_id)
    for why in ("asked", "verified"):
        office.end(f"{request_id}-{why}")
    for item in asked:
        office.table.put_item(TableName=TABLE, Item=item)
    assert before != asked
    # When it is verified again, then an execution runs.
    assert office.officer("verify", request_id)[1]["state"] == "VERIFIED"
    assert office.started() == [f"{request_id}-{why}" for why in ("asked", "resume1-1", "verified")]


def test_one_that_is_done_and_lacks_its_end_in_the_audit_gets_it_when_it_is_resumed(office):
    request_id = office.ask_for("erasure")
    office.officer("verify", request_id)
    office.finish(request_id)
    for why in ("asked", "verified"):
        office.end(f"{request_id}-{why}")
    assert office.officer("resume", request_id)[1]["state"] == "DONE"
    assert f"{request_id}-resume1-1" in office.started()


def test_what_is_verified_is_not_declined_any_more(office):
    request_id = office.ask_for("erasure")
    office.officer("verify", request_id)
    assert office.officer("reject", request_id, {"reason": "not_identified"})[0] == 409


@pytest.mark.parametrize("action", ["verify", "resume", "hold", "release", "reject"])
def test_only_officers_do_what_officers_do(office, action):
    request_id = office.ask_for("erasure")
    body = {"reason": "litigation"} if action in ("hold", "reject") else None
    status, refused = office.officer(action, request_id, body, who="alice", groups="customer")
    assert (status, refused["error"]["reason"]) == (403, "not_allowed")
    other = "privacy" if action in ("hold", "release") else "privacy-hold"
    assert office.officer(action, request_id, body, groups=other)[0] == 403
    assert office.standing("alice").state == "REQUESTED"


def test_a_request_is_of_its_person_and_for_others_there_is_none(office):
    request_id = office.ask_for("access")
    office.finish(request_id)
    for method, resource, body in (("GET", ONE, None), ("POST", f"{ONE}/link", {"file": "manifest.json"})):
        refused = office.send(method, resource, body, who="bob", request_id=request_id)
        assert (refused[0], refused[1]["error"]["reason"]) == (404, "request_unknown")
        for other in (f"{request_id[:-1]}x", f"{'0' * 32}-a-{'0' * 32}", "x"):
            assert office.send(method, resource, body, who="bob", request_id=other) == refused
            assert office.send(method, resource, body, request_id=other) == refused
        # Who may only hold has no look at it.
        assert office.send(method, resource, body, who="hal", groups="privacy-hold", request_id=request_id) == refused
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


@pytest.mark.parametrize("buried", ["and it is remembered", "and a tombstone alone stands"])
def test_who_was_erased_is_not_asked_for_again_by_themself(office, buried):
    request_id = office.ask_for("erasure")
    office.officer("verify", request_id)
    # While it is under way, whoever asks again joins.
    office.call(office.standing("alice"))
    assert office.send("POST", "/privacy/requests", {"kind": "erasure"})[1]["joined"] is True
    assert office.finish(request_id) == "DONE"
    if "alone" in buried:
        office.forget("erasure", request_id[:32])
    # A token may outlive the account: nothing with its customer's id is written again.
    status, refused = office.send("POST", "/privacy/requests", {"kind": "erasure"})
    assert (status, refused["error"]["reason"]) == (410, "erased")
    assert "alice" not in json.dumps(office.items(), default=str)
    # An officer may, who saw that something came back.
    path = "/privacy/customers/{customer_id}/requests"
    status, _ = office.send("POST", path, {"kind": "erasure"}, who="olga", groups="privacy", customer_id="alice")
    assert status == 202


def test_a_request_of_the_other_kind_is_not_silently_joined(office):
    first = office.ask_for("portability")
    status, refused = office.send("POST", "/privacy/requests", {"kind": "access"})
    assert (status, refused["error"]["reason"]) == (409, "other_under_way")
    assert first in refused["error"]["right"]


def test_what_an_officer_asked_for_begins_when_the_person_asks_for_it(office):
    # Given an export that an officer asked for, which waits for a second one
    path = "/privacy/customers/{customer_id}/requests"
    _, asked = office.send("POST", path, {"kind": "access"}, who="olga", groups="privacy", customer_id="alice")
    assert asked["state"] == "REQUESTED"
    # When its person signs in and asks, then that is the proof.
    status, joined = office.send("POST", "/privacy/requests", {"kind": "access"})
    assert (status, joined) == (202, {"request_id": asked["request_id"], "state": "VERIFIED", "joined": True})
    assert office.started() == [f"{asked['request_id']}-asked", f"{asked['request_id']}-verified"]
    assert office.finish(asked["request_id"]) == "DONE"


def test_another_export_is_for_another_day(office):
    done = office.ask_for("access")
    office.finish(done)
    status, refused = office.send("POST", "/privacy/requests", {"kind": "access"})
    assert (status, refused["error"]["reason"]) == (429, "exported_lately")
    assert 23 * 3600 < int(office.headers["Retry-After"]) <= 24 * 3600
    # Whoever lost the answer to their first call finds the export by this one.
    assert done in refused["error"]["right"]
    office.now = later(office.now, hours=25)
    assert office.send("POST", "/privacy/requests", {"kind": "access"})[0] == 202


def test_a_hold_stops_it_and_a_release_goes_on(office):
    request_id = office.ask_for("erasure")
    office.officer("verify", request_id)
    status, held = office.officer("hold", request_id, {"reason": "litigation"}, groups="privacy-hold")
    assert (status, held["state"]) == (202, "HOLD")
    assert office.finish(request_id) == "HOLD"
    assert office.officer("release", request_id, groups="privacy-hold")[1]["state"] == "VERIFIED"
    assert f"{request_id}-release1" in office.started()
    # The same call again starts nothing, and another hold's end does.
    assert office.officer("release", request_id, groups="privacy-hold")[0] == 202
    assert len(office.started()) == 3
    office.officer("hold", request_id, {"reason": "litigation"}, groups="privacy-hold")
    office.officer("release", request_id, groups="privacy-hold")
    assert f"{request_id}-release2" in office.started()
    assert office.finish(request_id) == "DONE"
    assert office.officer("hold", request_id, {"reason": "litigation"}, groups="privacy-hold")[0] == 409


def test_a_failed_request_begins_another_attempt(office):
    request_id = office.ask_for("erasure")
    office.officer("verify", request_id)
    office.call(office.standing("alice"), failed=True)
    assert office.officer("resume", request_id)[1]["state"] == "VERIFIED"
    assert office.standing("alice").attempt == 2
    # The same call again begins no third one.
    assert office.officer("resume", request_id)[1]["state"] == "VERIFIED"
    assert office.standing("alice").attempt == 2
    assert office.started() == [f"{request_id}-{why}" for why in ("asked", "resume2-1", "verified")]
    assert office.finish(request_id) == "DONE"
    assert office.officer("resume", request_id)[1]["state"] == "DONE"
    assert len(office.started()) == 3


def test_a_request_whose_execution_ended_too_soon_is_gone_on_with(office):
    request_id = office.ask_for("erasure")
    office.officer("verify", request_id)
    for number in (1, 2, 3):
        for _ in range(2):  # while one runs, none is started beside it
            assert office.officer("resume", request_id)[0] == 202
        assert f"{request_id}-resume1-{number}" in office.started()
        assert len(office.started()) == 2 + number
        office.end(f"{request_id}-resume1-{number}")
    assert all(len(name) <= 80 for name in office.started())


def test_what_officers_do_is_audited_by_hashes_whatever_came_of_it(office):
    path = "/privacy/customers/{customer_id}/requests"
    _, asked = office.send("POST", path, {"kind": "erasure"}, who="olga", groups="privacy", customer_id="alice")
    request_id = asked["request_id"]
    office.officer("verify", request_id)
    office.officer("verify", f"{request_id[:34]}-unknown", who="otto")
    office.send("GET", ONE, who="otto", groups="privacy", request_id=request_id)
    office.officer("hold", request_id, {"reason": "litigation"}, groups="privacy-hold")
    office.officer("release", request_id, groups="privacy-hold")
    office.officer("resume", request_id)
    ends = [(one["action"], one["outcome"]) for one in office.audits() if one["phase"] == "finish"]
    assert ends == [
        ("ask_erasure", "success"), ("verify", "rejected"), ("verify", "rejected"), ("show", "success"),
        ("hold", "success"), ("release", "success"), ("resume", "success"),
    ]  # fmt: skip
    assert {one["actor"] for one in office.audits()} == {hashing(KEY)("olga"), hashing(KEY)("otto")}
    told = json.dumps(office.audits()).encode() + b"".join(office.written)
    assert found_in(told, ["alice", "olga", "otto"]) == set()


def test_nothing_is_done_that_cannot_be_audited(office):
    from ..data_subject.test_failures import refuse

    request_id = office.ask_for("erasure")
    for action, body, groups in (
        ("verify", None, "privacy"),
        ("hold", {"reason": "litigation"}, "privacy-hold"),
        ("resume", None, "privacy"),
    ):
        refuse(office.buckets, "PutObject", "AccessDenied", after=0, times=1)
        assert office.officer(action, request_id, body, groups=groups)[0] == 503
    standing = office.standing("alice")
    assert (standing.state, standing.held) == ("REQUESTED", "")


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
            office.send("POST", f"{ONE}/link", {"file": "manifest.json"}, request_id=request_id)[0] for _ in range(7)
        ]
        # Each file can be fetched twice, however many there are: here one, the schema and the manifest.
        assert sent == [200] * 6 + [429]

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


def test_a_crash_anywhere_and_the_same_call_again_start_it(office, record_property):
    def asked(who):
        return office.send("POST", "/privacy/requests", {"kind": "access"}, who=who)[1]["request_id"]

    def asked_for(who):
        path = "/privacy/customers/{customer_id}/requests"
        called = office.send("POST", path, {"kind": "erasure"}, who="olga", groups="privacy", customer_id=who)
        return called[1]["request_id"]

    standing = {}

    def erasure(who, *, state="REQUESTED", held=""):
        request = office.ask(who, random=who, state=state)
        if held:
            office.requests().hold(request, reason=held, now=office.clock())
        return request.request_id

    def officer(action, body=None, groups="privacy"):
        return lambda who: (standing[who], office.officer(action, standing[who], body, groups=groups))[0]

    routes = {
        "asked": (None, asked, "asked"),
        "asked-for": (None, asked_for, "asked"),
        "verify": (erasure, officer("verify"), "verified"),
        "release": (lambda who: erasure(who, held="litigation"), officer("release", groups="privacy-hold"), "release1"),
        "resume": (lambda who: erasure(who, state="FAILED"), officer("resume"), "resume2-1"),
    }
    tried = 0
    for name, (before, call, why) in routes.items():
        at, crashed = 0, True
        while crashed:
            at, crashed = at + 1, False
            who = f"{name}-{at}"
            if before is not None:
                standing[who] = before(who)
            crashes = Crashes(office.table, office.states, office.buckets)
            crashes.at = at
            try:
                call(who)
            except Crash:
                crashed = True
            finally:
                crashes.close()
            tried += crashed
            request_id = call(who)
            assert [one for one in office.started() if one.startswith(request_id)].count(f"{request_id}-{why}") == 1
            stands = office.requests().load("access" if "-a-" in request_id else "erasure", request_id[:32])
            assert (stands.attempt, stands.held) == (2 if name == "resume" else 1, "")
        assert at > 4
    record_property("erasure crash points of the requests' API", tried)


def test_when_the_table_is_not_to_be_had_it_says_so(office):
    from ..data_subject.test_failures import refuse

    refuse(office.table, "TransactWriteItems", "AccessDeniedException", after=0, times=1)
    status, refused = office.send("POST", "/privacy/requests", {"kind": "erasure"})
    assert (status, refused["error"]["reason"]) == (503, "unavailable")


class TestInLambda:
    """The function as it is put together there."""

    @pytest.fixture
    def environ(self, office, monkeypatch):
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        return {
            "SESSION_TABLE": TABLE,
            "AUDIT_BUCKET": AUDIT,
            "SUBJECT_EXPORT_BUCKET": EXPORTS,
            "DATA_REQUEST_MACHINE_ARN": office.arn,
            "MANGAOBS_SESSION_KEY": KEY,
        }

    def test_a_link_goes_to_the_bucket_in_its_own_region_and_into_no_line_even_of_botocore(self, environ, caplog):
        from handlers.data_requests._start import started

        # Given that the function's log level is DEBUG, which the root logger gets in Lambda
        caplog.set_level(logging.DEBUG)
        work = started(environ)
        request = Request("0" * 32 + "-a-r1", "access", "DONE", 1, "x", files=1)
        url = work._links.sign(request, "records-0001.jsonl.gz")
        assert urlsplit(url).netloc == f"{EXPORTS}.s3.eu-central-1.amazonaws.com"
        signature = parse_qs(urlsplit(url).query)["X-Amz-Signature"][0]
        assert "X-Amz" not in caplog.text
        assert signature not in caplog.text
