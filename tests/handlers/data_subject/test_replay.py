"""After a restore whoever was erased is erased again, before the table is used; everybody else is as they were."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from handlers.sessions import SessionRefused, Turn, tombstone_key
from handlers.subjects import HOLD_BEGUN, HOLD_ENDED, rehearsal
from handlers.subjects._ledger import Ledger
from handlers.subjects.replay import replay as replay_onto

from ..conftest import TABLE, create_table
from .world import AUDIT, DAY, KEY, World, digest, entry_key, later, subject_hash


@pytest.fixture
def restored(world: World):
    """Alice was erased after the moment that the table is restored to. Bob was not. Carol's erasure was under way."""
    alice, bob, carol = (world.register(name) for name in ("alice", "bob", "carol"))
    world.say(alice, "s1", 2)
    world.say(alice, "s2", 1, entered=False)
    world.say(bob, "s10", 2)
    world.say(carol, "c1", 1)
    # META has expired: only the entry tells whose the rest is.
    world.say(alice, "s3", 1)
    world.table.delete_item(TableName=TABLE, Key={"PK": {"S": "SESSION#s3"}, "SK": {"S": "META"}})
    under_way = world.ask(carol)
    backup = world.items()
    world.drive(world.ask(alice))
    world.drive(under_way)
    restore(world, backup)
    world.alice, world.bob, world.carol = alice, bob, carol
    return world


def restore(world: World, backup) -> None:
    """The table as it was: what point-in-time recovery gives."""
    world.table.delete_table(TableName=TABLE)
    create_table(world.table)
    for item in backup:
        world.table.put_item(TableName=TABLE, Item=item)


def replay(world: World):
    return replay_onto(world.table, world.buckets, TABLE, audit_bucket=AUDIT, secret=KEY).run()


def test_who_was_erased_is_back_after_a_restore_and_gone_after_the_replay(restored):
    assert restored.left_of(restored.alice, ["s1", "s2", "s3"]) != []
    bob = {digest(item) for item in restored.items() if item["PK"]["S"] == "SESSION#s10"}
    replayed = replay(restored)
    assert replayed.subjects == 2
    # s1: META, four turns, two markers; s2 and c1 four each; s3 three without META
    assert (replayed.sessions, replayed.items) == (3, 7 + 4 + 4 + 3)
    assert restored.left_of(restored.alice, ["s1", "s2", "s3"]) == []
    assert restored.left_of(restored.carol, ["c1"]) == []
    assert bob == {digest(item) for item in restored.items() if item["PK"]["S"] == "SESSION#s10"}


def test_an_erasure_that_was_not_over_goes_on_in_the_restored_table(world):
    # Given an erasure that waits for a lock, and the table of before it
    dan = world.register("dan")
    world.say(dan, "d1", 1)
    world.lock("d1", until_ms=later(world.now, days=30))
    request = world.ask(dan)
    backup = world.items()
    assert world.drive(request) == "PENDING_RETENTION"
    restore(world, backup)
    # When the ledger is replayed, then what was said is gone, and what leads to the copy stands
    replayed = replay(world)
    assert replayed.unfinished == {subject_hash(dan)}
    assert [item["PK"]["S"] for item in world.items() if item["PK"]["S"] == "SESSION#d1"] == []
    assert world.standing(dan).request_id == request.request_id
    assert world.drive(world.standing(dan)) == "PENDING_RETENTION"
    # And when the lock ends, the erasure does.
    world.unlock()
    world.now = later(world.now, days=31)
    assert world.drive(request) == "DONE"
    assert world.left_of(dan, ["d1"]) == []


def test_an_erasure_whose_request_is_lost_is_asked_for_again(world):
    world.say("dan", "d1", 1)
    world.lock("d1", until_ms=later(world.now, days=30))
    backup = world.items()
    assert world.drive(world.ask("dan", random="r1")) == "PENDING_RETENTION"
    restore(world, backup)
    assert replay(world).unfinished == {subject_hash("dan")}
    assert world.standing("dan") is None
    assert world.drive(world.ask("dan", random="r2")) == "PENDING_RETENTION"


def said(world: World, *session_ids: str) -> int:
    return sum(item["PK"]["S"] in {f"SESSION#{name}" for name in session_ids} for item in world.items())


def test_what_the_law_wants_kept_is_kept_and_is_on_hold_again(world):
    # Given an erasure that was put on hold after the table's copy was made, so that the copy has no hold
    world.say("dan", "d1", 2)
    world.lock("d1", until_ms=later(world.now, days=30))
    request = world.ask("dan")
    backup = world.items()
    world.drive(request)
    world.hold("dan")
    restore(world, backup)
    # When the ledger is replayed
    replayed = replay(world)
    # Then nothing of it is deleted, no session begins, and the erasure waits
    assert (replayed.held, replayed.unfinished) == ({subject_hash("dan")}, frozenset())
    assert said(world, "d1") == 7
    assert world.standing("dan").shown == "HOLD"
    assert world.drive(request) == "HOLD"
    with pytest.raises(SessionRefused, match="erased"):
        world.writers.begin("d2", "dan", Turn(1, "message-1", "user", "x"), new=True)
    # And when the hold ends, it goes on.
    world.end_hold("dan")
    world.unlock()
    world.now = later(world.now, days=31)
    assert world.drive(request) == "DONE"
    assert world.left_of("dan", ["d1"]) == []


def test_a_hold_that_has_ended_keeps_nothing(world):
    world.say("dan", "d1", 2)
    request = world.ask("dan")
    backup = world.items()
    world.call(request)
    world.hold("dan")
    world.end_hold("dan")
    restore(world, backup)
    assert replay(world).held == frozenset()
    assert said(world, "d1") == 0


@pytest.mark.parametrize("state", ["REQUESTED", "VERIFIED"])
def test_a_hold_on_what_had_not_begun_is_put_again(world, state):
    world.say("dan", "d1", 2)
    request = world.ask("dan", state=state)
    backup = world.items()
    world.hold("dan")
    restore(world, backup)
    replayed = replay(world)
    assert (replayed.held, replayed.open) == ({subject_hash("dan")}, (request.request_id,))
    assert world.drive(request) == "HOLD"
    assert said(world, "d1") == 7


def test_a_hold_that_the_table_alone_knows_keeps_what_is_there(world):
    # Given an officer who got no answer, since the hold could not be recorded
    world.say("dan", "d1", 2)
    request = world.ask("dan")
    backup = world.items()
    world.call(request)
    restore(world, backup)
    world.requests().hold(request, reason="litigation", now=world.clock())
    assert replay(world).held == {subject_hash("dan")}
    assert said(world, "d1") == 7


def test_a_hold_that_the_table_still_has_and_that_has_ended_since_is_ended(world):
    world.say("dan", "d1", 2)
    request = world.ask("dan")
    world.hold("dan")
    backup = world.items()
    world.end_hold("dan")
    restore(world, backup)
    assert replay(world).held == frozenset()
    assert world.standing("dan").held == ""
    assert world.drive(request) == "DONE"


def test_whoever_records_a_decision_late_or_by_a_slow_clock_changes_nothing_of_their_order(world):
    # Given a hold that was ended, and another one by a function whose clock is behind, recorded before that end
    world.say("dan", "d1", 2)
    request = world.ask("dan")
    backup = world.items()
    world.call(request)
    world.hold("dan")
    ended = world.requests().end_hold(world.standing("dan"), now=world.clock())
    held = world.requests().hold(world.standing("dan"), reason="order", now=world.now - 5000)
    world.audit().decide(held, HOLD_BEGUN, "order")
    world.audit().decide(ended, HOLD_ENDED)
    restore(world, backup)
    # When the ledger is replayed, then the hold counts, which came last.
    assert replay(world).held == {subject_hash("dan")}
    assert said(world, "d1") == 7


def test_a_hold_of_a_request_that_was_lost_is_over_with_the_one_in_its_place(world):
    backup = world.items()
    world.say("dan", "d1", 2)
    world.ask("dan", random="r1")
    world.hold("dan")
    restore(world, backup)
    assert replay(world).held == {subject_hash("dan")}
    time.sleep(1.1)  # S3 says to the second when an object was put
    world.drive(world.ask("dan", random="r2"))
    world.table.delete_item(TableName=TABLE, Key=tombstone_key(subject_hash("dan")))
    world.say("dan", "d1", 2)
    assert replay(world).held == frozenset()
    assert said(world, "d1") == 0


def test_an_entry_that_leads_to_another_persons_session_leads_to_nothing(restored):
    # Given an entry of Alice's by the id of Bob's session
    wrong = {**entry_key(restored.alice, "s10"), "created_at": {"N": "1"}}
    restored.table.put_item(TableName=TABLE, Item=wrong)
    bob = {digest(item) for item in restored.items() if item["PK"]["S"] == "SESSION#s10"}
    assert replay(restored).not_theirs == ("s10",)
    assert bob == {digest(item) for item in restored.items() if item["PK"]["S"] == "SESSION#s10"}


def test_what_stands_and_is_not_over_is_named_whatever_it_asks_for(world):
    # Given requests of people whom the ledger does not know
    erasure = world.ask("dan", state="REQUESTED")
    export = world.ask("eve", kind="access")
    done = world.ask("fay")
    world.drive(done)
    # When the ledger is replayed, then somebody can resume each, since executions ended while there was no table.
    assert replay(world).open == tuple(sorted((erasure.request_id, export.request_id)))


def test_the_receipt_has_what_the_replay_erased_and_the_audit_what_came_after_it(world):
    world.say("dan", "d1", 2)
    request = world.ask("dan")
    backup = world.items()
    world.call(request)  # all is erased, and searched for once in vain
    restore(world, backup)
    replay(world)
    standing = world.standing("dan")
    assert (standing.items, standing.sessions, standing.attempt) == (7, 1, 2)
    assert world.drive(standing) == "DONE"
    finish = world.audited()[-1]
    assert (finish["step"], finish["attempt"], finish["items"], finish["sessions"]) == ("finish", 2, 7, 1)
    assert [one["detail"] for one in world.audited() if one["step"].startswith("search-") and one["attempt"] == 2] == [
        "empty",
        "empty",
    ]


def test_a_tombstone_that_is_about_to_expire_is_put_anew(restored):
    key = tombstone_key(subject_hash(restored.alice))
    restored.table.put_item(TableName=TABLE, Item={**key, "expires_at": {"N": str(int(time.time()) + 5 * DAY)}})
    replay(restored)
    tombstone = restored.table.get_item(TableName=TABLE, Key=key)["Item"]
    assert int(tombstone["expires_at"]["N"]) > time.time() + 399 * DAY


def test_one_that_is_asked_for_again_and_not_begun_stands_with_what_leads_to_the_copies(world):
    # Given somebody who was erased, came back, asked again, and whose session has a copy
    world.drive(world.ask("dan", random="r1"))
    world.table.delete_item(TableName=TABLE, Key=tombstone_key(subject_hash("dan")))
    world.say("dan", "d1", 1)
    world.copy("d1")
    request = world.ask("dan", random="r2")
    # When the ledger is replayed, then what was said goes, and what finds the copy stands
    replayed = replay(world)
    assert (replayed.unfinished, said(world, "d1")) == ({subject_hash("dan")}, 0)
    assert world.drive(request) == "DONE"
    assert world.left_of("dan", ["d1"]) == []


def test_one_that_was_lost_is_over_with_the_one_that_was_asked_for_in_its_place(world):
    world.say("dan", "d1", 1)
    world.lock("d1", until_ms=later(world.now, days=30))
    backup = world.items()
    world.drive(world.ask("dan", random="r1"))
    restore(world, backup)
    assert replay(world).unfinished == {subject_hash("dan")}
    world.unlock()
    time.sleep(1.1)  # S3 says to the second when an object was put
    assert world.drive(world.ask("dan", random="r2")) == "DONE"
    assert replay(world).unfinished == frozenset()


def test_who_came_back_after_the_tombstone_had_expired_is_left_alone(world):
    world.drive(world.ask("dan"))
    world.table.delete_item(TableName=TABLE, Key=tombstone_key(subject_hash("dan")))
    world.say("dan", "d1", 1)
    ledger = Ledger(world.buckets, AUDIT, now=datetime.now(UTC) + timedelta(days=401), days=400)
    assert ledger.subjects == frozenset()
    assert Ledger(world.buckets, AUDIT, now=datetime.now(UTC), days=400).subjects == {subject_hash("dan")}


def test_the_tombstones_of_a_replay_stand_as_long_as_the_ledger_counts(restored):
    replay(restored)
    tombstone = restored.table.get_item(TableName=TABLE, Key=tombstone_key(subject_hash(restored.alice)))["Item"]
    assert int(tombstone["expires_at"]["N"]) == pytest.approx(time.time() + 400 * DAY, abs=600)


def test_writers_refuse_them_in_the_restored_table(restored):
    replay(restored)
    with pytest.raises(SessionRefused, match="erased"):
        restored.writers.begin("s9", restored.alice, Turn(1, "message-1", "user", "x"), new=True)
    restored.writers.begin("s11", restored.bob, Turn(1, "message-1", "user", "x"), new=True)


def test_a_second_replay_finds_nothing(restored):
    replay(restored)
    items = restored.items()
    again = replay(restored)
    assert (again.sessions, again.items) == (0, 0)
    assert [digest(item) for item in restored.items()] == [digest(item) for item in items]


def test_what_is_theirs_is_told_before_the_replay(restored):
    theirs = replay_onto(restored.table, restored.buckets, TABLE, audit_bucket=AUDIT, secret=KEY).theirs()
    kept = {item["PK"]["S"] for item in restored.items() if not theirs(item)}
    assert kept == {"SESSION#s10", f"SUBJECT#{subject_hash(restored.bob)}"}


def test_without_a_ledger_nothing_is_touched(world):
    world.say("bob", "s1")
    before = world.items()
    assert replay(world) == (0, 0, 0, frozenset(), frozenset(), (), ())
    assert world.items() == before


def test_another_secret_finds_nobody_so_it_must_not_change(restored):
    replayed = replay_onto(restored.table, restored.buckets, TABLE, audit_bucket=AUDIT, secret="another" * 4).run()
    assert replayed.sessions == 0


class TestRehearsal:
    def test_a_person_who_is_not_is_written_erased_refused_and_cleaned_away(self, world):
        person = rehearsal.person_of("d1")
        rehearsal.write_person(world.table, TABLE, secret=KEY, person=person, now_ms=world.now)
        items = list(rehearsal.items_of(world.table, TABLE, secret=KEY, person=person))
        assert len(items) == 2 * (1 + 6 + 3) + 2
        assert not rehearsal.is_refused(world.table, TABLE, secret=KEY, person=person, now_ms=world.now)
        request_id = rehearsal.open_erasure(
            world.table, TABLE, secret=KEY, customer_id=person.customer_id, now_ms=world.now
        )
        request = world.standing(person.customer_id)
        assert request.request_id == request_id
        assert world.drive(request) == "DONE"
        assert list(rehearsal.items_of(world.table, TABLE, secret=KEY, person=person)) == []
        assert rehearsal.is_refused(world.table, TABLE, secret=KEY, person=person, now_ms=world.now)
        assert rehearsal.clean(world.table, TABLE, secret=KEY, person=person) == 2
        assert world.items() == []

    def test_cleaning_takes_what_was_not_erased(self, world):
        person = rehearsal.person_of("d1")
        rehearsal.write_person(world.table, TABLE, secret=KEY, person=person, now_ms=world.now)
        assert rehearsal.clean(world.table, TABLE, secret=KEY, person=person) == 22
        assert world.items() == []
