"""A session is deleted: bounded, resumable, audited, and nothing that waits anywhere brings it back."""

from __future__ import annotations

import json

import pytest

from handlers.admin_delete._delete import Delete
from handlers.sessions import SessionRefused, Turn
from mangaobs.runtime import configure, observe

from ..administration import Office, proxy_event
from ..conftest import INDEX, TABLE, Context, items_of
from ..faults import Crash, Crashes, refuse

RESOURCE = "/admin/sessions/{session_id}"


class Deleting(Office):
    def delete(self, session_id="s1", *, groups="admin-delete", context=None):
        configure(write=self.written.append, tracer="off")
        delete = Delete(self.dynamodb, TABLE, self.audit(), clock=lambda: 1_700_000_100_000, margin_ms=15_000)
        event = proxy_event("DELETE", RESOURCE, groups=groups, path={"session_id": session_id})
        answered = observe(delete.__call__)(event, context or Context())
        return answered["statusCode"], json.loads(answered["body"])


@pytest.fixture
def deleting(dynamodb):
    office = Deleting(dynamodb)
    office.say("s1", ["one", "two"])
    office.say("s10", ["of another"])
    return office


def gone(office):
    """Nothing stands of the session but that there was one; the other is whole."""
    (left,) = items_of(office.dynamodb, "s1")
    assert set(left) == {"PK", "SK", "state", "expires_at"}
    assert left["state"]["S"] == "ERASED"
    assert len([item for item in items_of(office.dynamodb, "s10") if item["SK"]["S"].startswith("TURN#")]) == 2
    found = office.dynamodb.query(
        TableName=TABLE,
        IndexName=INDEX,
        KeyConditionExpression="customer_id = :c",
        ExpressionAttributeValues={":c": {"S": "alice"}},
    )["Items"]
    assert [item["PK"]["S"] for item in found] == ["SESSION#s10"]


def test_a_session_is_deleted_and_counted(deleting):
    # four turns, two markers, META
    assert deleting.delete() == (200, {"session_id": "s1", "deleted": 7, "done": True})
    gone(deleting)
    finish, start = deleting.audited()
    assert (start["action"], finish["outcome"], finish["item_count"]) == ("delete_session", "success", 7)


def test_deleting_it_again_finds_nothing(deleting):
    deleting.delete()
    status, answer = deleting.delete(context=Context("request-2"))
    assert (status, answer["error"]["reason"]) == (404, "session_unknown")
    gone(deleting)


def test_a_deleted_session_takes_nothing_not_even_a_first_message_that_was_late(deleting):
    deleting.delete()
    for new in (True, False):
        with pytest.raises(SessionRefused, match="erased"):
            deleting.sessions.begin("s1", "alice", Turn(1, "late-message", "user", "x"), new=new)
    with pytest.raises(SessionRefused, match="erased"):
        deleting.sessions.finish("s1", "alice", Turn(1, "late-message", "assistant", "x"))
    with pytest.raises(SessionRefused, match="erased"):
        deleting.sessions.load("s1", "alice", turns=20)
    gone(deleting)


def test_while_it_is_deleted_nobody_writes(deleting):
    context = Context(remaining_ms=1)
    assert deleting.delete(context=context) == (202, {"session_id": "s1", "deleted": 0, "done": False})
    with pytest.raises(SessionRefused, match="not_active"):
        deleting.sessions.begin("s1", "alice", Turn(9_999_999_999_999, "message-9", "user", "x"), new=False)


def test_with_little_time_it_stops_and_the_same_request_goes_on(deleting):
    class Short(Context):
        asked = 0

        def get_remaining_time_in_millis(self):
            self.asked += 1
            return 30_000 if self.asked < 6 else 1_000

    status, first = deleting.delete(context=Short())
    assert (status, first["done"]) == (202, False)
    status, second = deleting.delete(context=Context("request-2"))
    assert (status, second["done"]) == (200, True)
    assert first["deleted"] + second["deleted"] == 7
    gone(deleting)


POINTS = 24  # twelve calls, before and after each


def test_those_are_all_the_points(deleting):
    crashes = Crashes(deleting.dynamodb, deleting.s3)
    deleting.delete()
    crashes.close()
    assert crashes.points == POINTS


@pytest.mark.parametrize("at", range(1, POINTS + 1))
def test_a_crash_anywhere_and_the_same_request_again_leave_nothing(deleting, at):
    crashes = Crashes(deleting.dynamodb, deleting.s3)
    crashes.at = at
    try:
        with pytest.raises(Crash):
            deleting.delete()
    finally:
        crashes.close()
    status, answer = deleting.delete(context=Context("request-2"))
    assert (status, answer.get("done", answer)) in ((200, True), (404, answer))
    gone(deleting)


@pytest.mark.parametrize("groups", ["", "admin-read", "admin-export"])
def test_deleting_is_for_its_group_alone(deleting, groups):
    assert deleting.delete(groups=groups)[0] == 403
    assert len(items_of(deleting.dynamodb, "s1")) == 7


def test_what_cannot_be_audited_is_not_deleted(deleting):
    refuse(deleting.s3, "PutObject", code="AccessDenied")
    assert deleting.delete()[0] == 503
    assert len(items_of(deleting.dynamodb, "s1")) == 7


def test_an_unknown_session_or_a_wrong_id_is_refused(deleting):
    assert deleting.delete("nobody")[0] == 404
    assert deleting.delete("s1#META")[0] == 400
