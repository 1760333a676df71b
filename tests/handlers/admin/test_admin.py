"""What administrators read: by group, in pages that lead nowhere else, each call audited or not made."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from botocore.awsrequest import AWSResponse

from handlers.admin._admin import Admin
from handlers.admin.settings import Settings
from mangaobs.runtime import configure, observe

from ..administration import AUDIT, BACKUP, KEY, Office, hashed, proxy_event
from ..conftest import INDEX, TABLE, Context
from ..faults import refuse

SESSIONS = "/admin/customers/{customer_id}/sessions"
TURNS = "/admin/sessions/{session_id}/turns"
ARN = f"arn:aws:dynamodb:us-east-1:123456789012:table/{TABLE}"


class Admins(Office):
    def ask(self, method, resource, *, request_id="request-1", **more):
        configure(write=self.written.append, tracer="off")
        settings = Settings(
            session_table=TABLE,
            session_table_arn=ARN,
            customer_index=INDEX,
            audit_bucket=AUDIT,
            backup_bucket=BACKUP,
            mangaobs_session_key=KEY,
        )
        admin = Admin(self.dynamodb, settings, self.audit())
        answered = observe(admin.__call__)(proxy_event(method, resource, **more), Context(request_id))
        return answered["statusCode"], json.loads(answered["body"])


@pytest.fixture
def admins(dynamodb):
    return Admins(dynamodb)


def pages(admins, resource, path, key, limit):
    found, following, count = [], None, 0
    while True:
        query = {"limit": str(limit)} | ({"next": following} if following else {})
        status, page = admins.ask("GET", resource, path=path, query=query, request_id=f"page-{count}")
        assert status == 200
        assert len(page[key]) <= limit
        found += page[key]
        following, count = page.get("next"), count + 1
        if following is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_customers_sessions_come_in_pages_the_newest_first_and_no_one_elses(admins, limit):
    for number in range(5):
        admins.say(f"s{number}", ["hello"], at=1_700_000_000_000 + number)
    admins.say("other", ["hello"], customer="bob")
    found = pages(admins, SESSIONS, {"customer_id": "alice"}, "sessions", limit)
    assert [session["session_id"] for session in found] == ["s4", "s3", "s2", "s1", "s0"]
    assert found[0]["turn_count"] == 2


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_a_sessions_turns_come_in_pages_in_their_order(admins, limit):
    admins.say("s1", ["one", "two", "three"])
    found = pages(admins, TURNS, {"session_id": "s1"}, "turns", limit)
    assert [turn["text"] for turn in found] == ["one", "re: one", "two", "re: two", "three", "re: three"]


def test_a_page_never_leads_to_another_customer_or_session(admins):
    admins.say("s1", ["one"])
    admins.say("s2", ["secret"], customer="bob")
    # given the places where others' pages begin
    position = base64.urlsafe_b64encode(b'[1700000000000,"s2"]').decode()
    _, page = admins.ask("GET", SESSIONS, path={"customer_id": "alice"}, query={"next": position})
    assert "s2" not in json.dumps(page.get("sessions"))
    turn = base64.urlsafe_b64encode(b"0000000000000#x#1-user").decode()
    _, page = admins.ask("GET", TURNS, path={"session_id": "s1"}, query={"next": turn}, request_id="r2")
    assert [one["text"] for one in page["turns"]] == ["one", "re: one"]


WRONG = [
    (SESSIONS, {"customer_id": "a#b"}, {}, 400, "invalid_parameter"),
    (SESSIONS, {}, {}, 400, "invalid_parameter"),
    (SESSIONS, {"customer_id": "alice"}, {"limit": "0"}, 400, "invalid_parameter"),
    (SESSIONS, {"customer_id": "alice"}, {"limit": "101"}, 400, "invalid_parameter"),
    (SESSIONS, {"customer_id": "alice"}, {"limit": "٣"}, 400, "invalid_parameter"),
    (SESSIONS, {"customer_id": "alice"}, {"next": "%%%"}, 400, "invalid_parameter"),
    (SESSIONS, {"customer_id": "alice"}, {"next": "e30="}, 400, "invalid_parameter"),
    (TURNS, {"session_id": "s1"}, {"next": base64.urlsafe_b64encode(b"../META").decode()}, 400, "invalid_parameter"),
    (TURNS, {"session_id": "nobody"}, {}, 404, "session_unknown"),
    ("/admin/everything", {}, {}, 404, "unknown_route"),
]


@pytest.mark.parametrize(("resource", "path", "query", "status", "reason"), WRONG)
def test_wrong_input_is_refused_with_its_reason(admins, resource, path, query, status, reason):
    admins.say("s1", ["one"])
    given, answer = admins.ask("GET", resource, path=path, query=query)
    assert (given, answer["error"]["reason"]) == (status, reason)
    assert answer["error"]["right"]


@pytest.mark.parametrize("groups", ["", "agents", "admin-delete", "admin-export", "admin-readers", "xadmin-read"])
def test_reading_is_for_its_group(admins, groups):
    admins.say("s1", ["one"])
    status, answer = admins.ask("GET", TURNS, path={"session_id": "s1"}, groups=groups)
    assert (status, answer["error"]["reason"]) == (403, "not_allowed")
    assert admins.audited() == []


def test_every_call_is_audited_before_and_after_in_hashes(admins):
    admins.say("s1", ["MARKER"])
    admins.ask("GET", TURNS, path={"session_id": "s1"})
    finish, start = admins.audited()
    assert (start["phase"], finish["phase"]) == ("start", "finish")
    assert (start["action"], start["actor"], start["subject"]) == ("read_turns", hashed("operator-1"), hashed("s1"))
    assert (finish["outcome"], finish["item_count"]) == ("success", 2)
    whole = json.dumps([start, finish]) + b"".join(admins.written).decode()
    assert not [word for word in ("MARKER", "operator-1", '"s1"') if word in whole]
    (line,) = admins.lines("admin_action")
    assert (line["action"], line["actor"], line["item_count"]) == ("read_turns", hashed("operator-1"), 2)
    today = datetime.now(UTC)
    keys = [one["Key"] for one in admins.s3.list_objects_v2(Bucket=AUDIT)["Contents"]]
    assert keys[0].startswith(f"admin/{today:%Y/%m/}")


def test_what_is_refused_in_the_work_is_audited_as_rejected(admins):
    admins.ask("GET", TURNS, path={"session_id": "nobody"})
    finish, _ = admins.audited()
    assert finish["outcome"] == "rejected"


@pytest.mark.parametrize("after", [0, 1])
def test_a_call_that_cannot_be_audited_is_refused(admins, after):
    admins.say("s1", ["one"])
    refuse(admins.s3, "PutObject", code="AccessDenied", after=after)
    read = []
    admins.dynamodb.meta.events.register("before-call.dynamodb.Query", lambda **_: read.append(1))
    status, answer = admins.ask("GET", TURNS, path={"session_id": "s1"})
    assert (status, answer["error"]["reason"]) == (503, "not_audited")
    # without a start nothing is even read
    assert len(read) == after


def test_a_table_that_does_not_answer_is_said_to_be_so(admins):
    admins.say("s1", ["one"])
    refuse(admins.dynamodb, "Query")
    status, answer = admins.ask("GET", TURNS, path={"session_id": "s1"})
    assert (status, answer["error"]["reason"]) == (503, "unavailable")


def test_an_export_is_started_and_read(admins):
    admins.dynamodb.update_continuous_backups(
        TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    status, started = admins.ask("POST", "/admin/exports", groups="admin-export")
    assert status == 202
    (listed,) = admins.dynamodb.list_exports(TableArn=ARN)["ExportSummaries"]
    assert listed["ExportArn"].endswith(started["export_id"])
    assert admins.ask("POST", "/admin/exports", groups="admin-read", request_id="request-3")[0] == 403


def test_an_exports_state_is_read_by_its_arn_as_aws_makes_it(admins):
    # moto gives exports the ARN of imports, so this answer is made up
    asked = []

    def answer(params, **_):
        asked.append(json.loads(params["body"]))
        return AWSResponse("http://test", 200, {}, None), {
            "ExportDescription": {"ExportStatus": "COMPLETED", "ItemCount": 7},
            "ResponseMetadata": {"HTTPStatusCode": 200},
        }

    admins.dynamodb.meta.events.register("before-call.dynamodb.DescribeExport", answer)
    path = {"export_id": "01700000000000-abcdef12"}
    status, found = admins.ask("GET", "/admin/exports/{export_id}", groups="admin-export", path=path)
    assert (status, found) == (200, {**path, "status": "COMPLETED", "item_count": 7})
    assert asked == [{"ExportArn": f"{ARN}/export/01700000000000-abcdef12"}]


def test_an_export_that_nobody_started_is_unknown(admins):
    refuse(admins.dynamodb, "DescribeExport", code="ExportNotFoundException")
    path = {"export_id": "01700000000000-abcdef12"}
    status, answer = admins.ask("GET", "/admin/exports/{export_id}", groups="admin-export", path=path)
    assert (status, answer["error"]["reason"]) == (404, "export_unknown")
