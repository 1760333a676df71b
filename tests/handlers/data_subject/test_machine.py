"""Whatever happens in whatever order, with the function dying in between: the invariants hold at every moment.

A state machine of Hypothesis's over moto: people talk, ask, are put on hold, are exported; the function is called, is
killed before or after a call of AWS, is refused one; the table is restored to an earlier day. After each step:

    I1  after DONE nothing of the person is left in any store
    I2  nobody else's items, versions or account are touched
    I5  one start, an end only when I1 holds, in this order
    I6  what is written meanwhile is refused or erased
    I9  no id of a person in the audit
    I12 no end under a hold or while a version is locked, and no replay over a hold

Nothing is begun that nobody has verified.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from moto import mock_aws

from handlers.sessions import SessionRefused, Turn
from handlers.subjects import AlreadyErased, Broken
from handlers.subjects.replay import replay

from ..conftest import TABLE
from ..faults import Crash, Crashes
from ..moto_server import reset
from ..personal import found_in
from .test_failures import client_of, refuse
from .test_replay import restore
from .world import AUDIT, BACKUP, KEY, World, clients, digest, later, subject_hash

PEOPLE = ("ada-lovelace", "ada-lovelace1", "boole")
# Ids of which some begin like others.
SESSIONS = dict(zip(PEOPLE, (("s1", "s2", "s"), ("s10", "s11", "s1x"), ("t", "t1", "t10")), strict=True))
who = st.sampled_from(PEOPLE)
which = st.integers(0, 2)
COUNTS: dict[str, int] = {}


class Fault(NamedTuple):
    """What befalls a call of the function: at which point, or which call of an operation."""

    kind: str
    at: int
    operation: str


faults = st.builds(
    Fault,
    kind=st.sampled_from(("none", "dies", "dies", "passes", "forbidden", "forbidden")),
    at=st.integers(1, 40),
    operation=st.sampled_from(
        ("TransactWriteItems", "UpdateItem", "Query", "DeleteObjects", "PutObject", "ListObjectVersions", "GetItem")
    ),
)


def note(what: str) -> None:
    COUNTS[what] = COUNTS.get(what, 0) + 1


class Erasing(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        reset()
        self.world = World()
        self.held: set[str] = set()
        self.locked: set[str] = set()
        self.backup: list[dict[str, Any]] | None = None
        self.ids = {name: name for name in PEOPLE}
        for name in PEOPLE:
            self.say(name, 0, entered=True)

    # What people and functions do

    @rule(name=who, which=which, entered=st.booleans(), copied=st.booleans())
    def talk(self, name: str, which: int, entered: bool, copied: bool) -> None:
        self.say(name, which, entered=entered)
        session_id = SESSIONS[name][which]
        # Only of what stands: who makes copies reads it first.
        if copied and not self.asked(name) and self.world.writers.meta(session_id) is not None:
            self.world.copy(session_id, versions=1)

    def say(self, name: str, which: int, *, entered: bool) -> None:
        session_id = SESSIONS[name][which]
        at = self.world.clock()
        message = f"message-{at}"
        erased = self.erased(name)
        try:
            new = self.world.writers.meta(session_id) is None
            self.world.writers.begin(session_id, name, Turn(at, message, "user", "hello"), new=new)
            self.world.writers.finish(session_id, name, Turn(at, message, "assistant", "re"))
        except SessionRefused:
            note("writes refused")
            return
        assert not erased, "a write after DONE"
        if not entered and new:
            from .world import entry_key

            self.world.table.delete_item(TableName=TABLE, Key=entry_key(name, session_id))

    @precondition(lambda self: not self.locked)
    @rule(name=who)
    def lock(self, name: str) -> None:
        if not self.asked(name) and self.world.writers.meta(SESSIONS[name][0]) is not None:
            self.world.lock(SESSIONS[name][0], until_ms=later(self.world.now, days=30))
            self.locked.add(name)

    @rule(name=who)
    def export(self, name: str) -> None:
        try:
            self.world.ask(name, kind="access", random=f"x{self.world.clock()}")
        except AlreadyErased:
            assert self.world.table.get_item(
                TableName=TABLE, Key={"PK": {"S": f"ERASURE#{subject_hash(name)}"}, "SK": {"S": "TOMBSTONE"}}
            ).get("Item")

    @rule(name=who)
    def hold(self, name: str) -> None:
        request = self.world.standing(name)
        if request is None or request.state == "DONE":
            return
        if request.held:
            self.world.end_hold(name)
        else:
            self.world.hold(name)
        self.held ^= {name}

    @rule(name=who)
    def ask(self, name: str) -> None:
        """Somebody asks, and nobody has looked yet."""
        if not self.asked(name):
            self.world.ask(name, state="REQUESTED", random=f"q{self.world.clock()}")

    @rule(name=who)
    def verify(self, name: str) -> None:
        request = self.world.standing(name)
        if request is not None and request.state == "REQUESTED":
            self.world.requests().verify(request, by="8899aabbccddeeff")

    # What the function does, and what becomes of it

    @rule(name=who, minutes=st.sampled_from((0, 1, 20)), faults=st.lists(faults, min_size=2, max_size=4))
    def call(self, name: str, minutes: int, faults: list[Fault]) -> None:
        for fault in faults:
            self._faulty(name, minutes, fault)

    @rule(name=who, faults=st.lists(faults, min_size=3, max_size=6))
    def call_in_a_row(self, name: str, faults: list[Fault]) -> None:
        self.call(name, 20, faults)

    @rule(name=who)
    def call_until_it_waits(self, name: str) -> None:
        """Nothing goes wrong for once: it is done, or waits for a person, a hold or a lock."""
        for _ in range(4):
            self._called(name, 20)

    def _faulty(self, name: str, minutes: int, fault: Fault) -> None:
        crashes = Crashes(*self.world.clients)
        if fault.kind == "dies":
            crashes.at = fault.at
        elif fault.kind != "none":
            code, status = ("InternalError", 500) if fault.kind == "passes" else ("AccessDenied", 403)
            client = client_of(self.world, fault.operation)
            refuse(client, fault.operation, code, after=fault.at % 4, times=2, status=status)
        try:
            self._called(name, minutes)
        except Crash:
            note("crashes")
        except Broken:
            note("refused calls")
        finally:
            crashes.close()
            clients()

    @rule(name=who)
    def gives_up(self, name: str) -> None:
        request = self.world.standing(name)
        if request is None:
            return
        self.world.call(request, failed=True)
        standing = self.world.standing(name)
        if standing is not None and standing.state == "FAILED":
            self.world.requests().begin_again(standing)
        # What nobody has verified is begun by no failure, and what is begun was verified.
        assert (self.world.standing(name).state == "REQUESTED") == (request.state == "REQUESTED")

    @rule(backed_up=st.booleans())
    def restored(self, backed_up: bool) -> None:
        """The table of an earlier day, and the ledger replayed onto it; or today's, kept for that."""
        if backed_up or self.backup is None:
            self.backup = self.world.items()
            return
        restore(self.world, self.backup)
        self._expire_copies()
        ledger = {name for name in PEOPLE if self._begun(name)}
        kept = {name: self._kept(name) for name in PEOPLE}
        replayed = replay(self.world.table, self.world.buckets, TABLE, audit_bucket=AUDIT, secret=KEY).run()
        note("restores")
        for name in PEOPLE:
            # I2, I12: nobody's who was not erased, nor what the law wants kept
            if name not in ledger or subject_hash(name) in replayed.held:
                assert self._kept(name) == kept[name], "I2"
        self.held = {name for name in PEOPLE if (one := self.world.standing(name)) is not None and one.held}
        assert {name for name in PEOPLE if subject_hash(name) in replayed.held and self.asked(name)} <= self.held, "I12"
        for name in ledger:
            if subject_hash(name) not in replayed.held:
                left = [line for line in self._left(name) if not line.startswith(BACKUP)]
                # Of one that is not over its request and its entries stay: what was said does not.
                stays = ("ERASURE#", "SUBJECT#") if subject_hash(name) in replayed.unfinished else ()
                assert [line for line in left if not line.startswith(stays)] == [], "I11"

    def _kept(self, name: str) -> set[str]:
        """What a person said, as it stands."""
        own = {f"SESSION#{one}" for one in SESSIONS[name]}
        return {digest(item) for item in self.world.standing_items() if item["PK"]["S"] in own}

    def _expire_copies(self) -> None:
        """Copies of sessions that are younger than the restored table are known to nobody: they expire."""
        known = {item["PK"]["S"].removeprefix("SESSION#") for item in self.backup or []}
        known |= {item["SK"]["S"].removeprefix("SESSION#") for item in self.backup or []}
        for key, version, _ in self.world.versions(BACKUP):
            if key.split("/")[1] not in known and not key.endswith("locked.json"):
                self.world.buckets.delete_object(Bucket=BACKUP, Key=key, VersionId=version)

    def _left(self, name: str) -> list[str]:
        return self.world.left_of(name, list(SESSIONS[name]))

    def _called(self, name: str, minutes: int) -> None:
        request = self.world.standing(name)
        if request is None or (request.state == "DONE" and minutes):
            request = self.world.ask(name, random=f"r{self.world.clock()}")
        self.world.now = later(self.world.now, minutes=minutes)
        others = self.world.others(name, list(SESSIONS[name]))
        try:
            self.world.call(request)
        finally:
            assert self.world.others(name, list(SESSIONS[name])) == others, "I2"
        note("calls")

    def asked(self, name: str) -> bool:
        return self.world.standing(name) is not None

    def erased(self, name: str) -> bool:
        request = self.world.standing(name)
        return request is not None and request.state == "DONE"

    def _begun(self, name: str) -> bool:
        page = self.world.buckets.list_objects_v2(Bucket=AUDIT, Prefix=f"erasure/ledger/{subject_hash(name)}")
        return bool(page.get("Contents"))

    # What always holds

    @invariant()
    def holds(self) -> None:
        steps: dict[str, list[str]] = {}
        for one in self.world.audited():
            assert one["subject"] in {subject_hash(name) for name in PEOPLE}
            assert found_in(json.dumps(one).encode(), PEOPLE) == set(), "I9"
            steps.setdefault(f"{one['request_id']} {one['attempt']}", []).append(one["step"])
        for found in steps.values():
            assert found.count("start") <= 1, "I5"
            assert found.count("finish") + found.count("failed") <= 1, "I5"
            assert "finish" not in found[:-1], "I5"
        for name in PEOPLE:
            if self.erased(name):
                assert name not in self.held, "I12"
                assert name not in self.locked, "I12"
                assert self._left(name) == [], "I1"

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        clients()
        for name in PEOPLE:
            request = self.world.standing(name)
            if request is None or name in self.held or request.state == "REQUESTED":
                continue
            self.world.now = later(self.world.now, hours=1)
            state = self.world.drive(request)
            if name in self.locked:
                assert state == "PENDING_RETENTION"
            else:
                assert state == "DONE"
        self.holds()


@pytest.mark.slow
def test_whatever_happens_the_invariants_hold(record_property):
    COUNTS.clear()
    with mock_aws():
        run_state_machine_as_test(
            Erasing,
            settings=settings(
                max_examples=20,
                stateful_step_count=16,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    for what, number in COUNTS.items():
        record_property(f"erasure {what} of the state machine", number)
    # How many is chance; that each was tried, and many in all, must not be.
    assert {"calls", "crashes", "refused calls"} <= COUNTS.keys(), COUNTS
    assert COUNTS["crashes"] + COUNTS["refused calls"] > 10, COUNTS
