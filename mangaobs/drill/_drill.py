"""The drill itself: its checks, in their order, and what is cleaned away whatever came of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from mangaobs.drill import _trace, _trail
from mangaobs.drill._digest import Scanned, digest, scanned
from mangaobs.drill._findings import Failed, Skipped, right_for, words
from mangaobs.drill._report import FAILED, PASSED, SKIPPED, Check, Report, Status
from mangaobs.drill._side_table import SideTable

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef, PointInTimeRecoveryDescriptionTypeDef

    from mangaobs.drill._account import Clients, Names
    from mangaobs.drill._project import Person, Rehearsal

    Item = Mapping[str, AttributeValueTypeDef]

T = TypeVar("T")

CHECKS: Final = (
    "preconditions", "write", "restorable", "erase", "gone", "restore", "replay", "trace", "trail", "clean",
)  # fmt: skip
# These change nothing, and stand on their own.
READING: Final = ("preconditions", "trace", "trail")
_CLEAN: Final = "clean"
# What the drill goes on after if it fails, and what is done even so.
_ALONE: Final = frozenset(("trace", "trail"))
_ALWAYS: Final = frozenset(("trace", _CLEAN))
# AWS's clock and ours may differ; signatures would be refused long before it is minutes.
_SKEW: Final = timedelta(seconds=60)
_DAY: Final = 86400.0


class Limits(NamedTuple):
    """How long things are waited for, in seconds, and how often one looks."""

    restorable: float = 1800
    erasure: float = 1800
    restore: float = 4 * 3600
    trail: float = 1200
    every: float = 10


class Drill:
    """One drill, called `id`. `clock` gives epoch seconds, `sleep` gets seconds, `progress` is told what is done."""

    def __init__(
        self,
        id: str,
        clients: Clients,
        names: Names,
        rehearsal: Rehearsal,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], object],
        progress: Callable[[str], None] = lambda _: None,
        limits: Limits = Limits(),  # noqa: B008 - immutable
        trace_id: str = "",
    ) -> None:
        self.id = id
        self._clients = clients
        self._names = names
        self._rehearsal = rehearsal
        self._clock = clock
        self._sleep = sleep
        self._progress = progress
        self._limits = limits
        self._trace_id = trace_id
        self._person: Person = rehearsal.person_of(id)
        self._side = SideTable(clients.dynamodb, names.table, f"{names.table}-drill-{id}", clock=clock)
        self._account = ""
        self._doing = ""
        self._began = 0.0
        # What was done so far, and has to be looked for or cleaned away.
        self._records_items = True
        self._written: list[str] = []
        self._restore_to: datetime | None = None
        self._changed = False
        self._execution = ""

    def changes(self) -> tuple[str, ...]:
        """What a drill changes and costs, in sentences, before it is asked for."""
        table, side = self._names.table, self._side.name
        return (
            f"writes an invented person into {table}, and has the deployed machine erase them",
            f"restores {table} into {side}, and deletes it in the end: a restore costs by the gigabyte of the table",
            f"reads all of {side} four times, with strong consistency: twice the price of an eventual read",
            f"leaves what the erasure puts into {self._names.audit_bucket}: nobody can delete it before its time",
            "sets off the alarms on restores, scans and deleted tables: tell whoever is on call",
        )

    def run(self, only: Collection[str] = ()) -> Report:
        """Make the checks, all or `only` some; what was made is cleaned away. Whatever goes wrong is a finding."""
        self._began = self._clock()
        checks: list[Check] = []
        interrupted = False
        wanted = [name for name in CHECKS if not only or name in only]
        try:
            for name in wanted:
                if name != _CLEAN:
                    self._make(name, checks)
        except KeyboardInterrupt:
            interrupted = True
        if _CLEAN in wanted:
            try:
                self._make(_CLEAN, checks)
            except KeyboardInterrupt:
                interrupted = True
        return Report(
            drill=self.id,
            table=self._names.table,
            account=self._account,
            started_at=_iso(self._began),
            finished_at=_iso(self._clock()),
            checks=tuple(checks),
            interrupted=interrupted,
        )

    def clean(self) -> Report:
        """Clean away what an earlier drill of this id left."""
        self._changed = self._side.asked_for = True
        return self.run(only=(_CLEAN,))

    def _make(self, name: str, checks: list[Check]) -> None:
        began = self._clock()
        status: Status
        try:
            self._tell(name)
            self._skip_after_a_failure(name, checks)
            seen, right, status = str(getattr(self, f"_{name}")()), "", PASSED
        except Skipped as skipped:
            seen, right, status = skipped.seen, skipped.right, SKIPPED
        except Failed as failed:
            seen, right, status = failed.seen, failed.right, FAILED
        except KeyboardInterrupt:
            right = self._by_hand() if name == _CLEAN and self._changed else ""
            checks.append(Check(name, FAILED, "interrupted", right, self._clock() - began))
            raise
        except Exception as error:  # noqa: BLE001 - what the project's code raises, too: cleaning comes after
            seen, right, status = words(error), right_for(error), FAILED
        checks.append(Check(name, status, seen, right, self._clock() - began))

    @staticmethod
    def _skip_after_a_failure(name: str, checks: list[Check]) -> None:
        failed = [check.name for check in checks if check.status == FAILED and check.name not in _ALONE]
        if failed and name not in _ALWAYS:
            raise Skipped(f"{failed[0]} failed")

    # The checks, in their order: each returns what it saw, or raises

    def _preconditions(self) -> str:
        clients, names = self._clients, self._names
        self._account = clients.sts.get_caller_identity()["Account"]
        table = clients.dynamodb.describe_table(TableName=names.table)["Table"]
        recovery = self._recovery()
        if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
            raise Failed("point-in-time recovery is off", f"switch it on for {names.table}")
        machine = clients.states.describe_state_machine(stateMachineArn=names.machine)
        if not clients.cloudtrail.get_trail_status(Name=names.trail)["IsLogging"]:
            raise Failed("the trail does not log", "start-logging on it")
        selectors = clients.cloudtrail.get_event_selectors(TrailName=names.trail)
        self._records_items = _trail.records_items(selectors, table["TableArn"])
        events = "with" if self._records_items else "without"
        return (
            f"recovery is on, the machine is {machine['status']}, the trail logs {events} data events of the table; "
            f"about {table.get('ItemCount', 0)} items, {table.get('TableSizeBytes', 0)} bytes"
        )

    def _write(self) -> str:
        self._changed = True
        self._rehearsal.write_person(
            self._clients.dynamodb,
            self._names.table,
            secret=self._secret,
            person=self._person,
            now_ms=self._now_ms(),
        )
        self._written = sorted(digest(item) for item in self._items(self._names.table))
        if not self._written:
            raise Failed("nothing was written", "the project's writers write sessions")
        return f"{len(self._written)} items in {len(self._person.session_ids)} sessions"

    def _restorable(self) -> str:
        written = self._now() + _SKEW

        def latest() -> datetime | None:
            found = self._recovery().get("LatestRestorableDateTime")
            return found if found is not None and found >= written else None

        found = self._until(latest, self._limits.restorable, "the table can be restored to after the writing")
        self._restore_to = found
        return f"the table can be restored to {_iso(found.timestamp())}"

    def _erase(self) -> str:
        states = self._clients.states
        request_id = self._rehearsal.open_erasure(
            self._clients.dynamodb,
            self._names.table,
            secret=self._secret,
            customer_id=self._person.customer_id,
            now_ms=self._now_ms(),
        )
        self._execution = execution = states.start_execution(
            stateMachineArn=self._names.machine,
            name=request_id,
            input=json.dumps({"request_id": request_id, "attempt": 1}),
        )["executionArn"]

        def ended() -> str | None:
            status = states.describe_execution(executionArn=execution)["status"]
            if status != "RUNNING":
                return status
            # A machine waits for a person where every attempt failed.
            failed = self._rehearsal.has_failed(self._clients.dynamodb, self._names.table, request_id=request_id)
            return "waits: the request FAILED" if failed else None

        status = self._until(ended, self._limits.erasure, "the erasure has ended")
        if status in ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"):
            self._execution = ""  # it is over: there is nothing to stop
        if status != "SUCCEEDED":
            raise Failed(f"the machine {status}", f"look at its execution {request_id}")
        return f"the machine {status}, execution {request_id}"

    def _gone(self) -> str:
        left = self._left(self._names.table)
        if left:
            raise Failed(f"{left} items of the person are left", "an erasure that leaves nothing")
        if not self._rehearsal.is_refused(
            self._clients.dynamodb,
            self._names.table,
            secret=self._secret,
            person=self._person,
            now_ms=self._now_ms(),
        ):
            raise Failed("writers take a turn of somebody who was erased", "a tombstone that they check")
        return "nothing is left, and writers refuse the person"

    def _restore(self) -> str:
        if self._restore_to is None:
            raise Skipped("there is no time to restore to")
        self._side.restore(self._restore_to)
        self._until(self._side.is_active, self._limits.restore, f"{self._side.name} is ACTIVE")
        found = sorted(digest(item) for item in self._items(self._side.name))
        if found != self._written:
            same = len(set(found) & set(self._written))
            raise Failed(
                f"{len(found)} items of the person, {same} of them as written, not the {len(self._written)} that were",
                "a restore that has what was written before its time",
            )
        return f"{len(found)} items in {self._side.name}, as they were written"

    def _replay(self) -> str:
        dynamodb, s3, bucket, side = (
            self._clients.dynamodb,
            self._clients.s3,
            self._names.audit_bucket,
            self._side.name,
        )
        # The ledger is read once: who is erased meanwhile is in none of the three.
        replay = self._rehearsal.replay(dynamodb, s3, side, audit_bucket=bucket, secret=self._secret)
        theirs = replay.theirs()
        before = scanned(dynamodb, side, theirs)
        replayed = replay.run()
        left = self._left(side)
        if left:
            raise Failed(f"{left} items of the person are left after the replay", "a replay that leaves nothing")
        after = scanned(dynamodb, side, theirs)
        if not after.same(before):
            raise Failed(_touched(before, after), "every other item as it was")
        return (
            f"{replayed.subjects} people in the ledger, {replayed.sessions} sessions and {replayed.items} items "
            f"erased; {before.others} items of others as they were; {before.items + after.items} items read with "
            f"{before.units + after.units:g} read units"
        )

    def _trace(self) -> str:
        xray = self._clients.xray
        if self._trace_id:
            found = _trace.named(xray, self._trace_id)
            if found is None:
                raise Failed(f"there is no trace {self._trace_id}", "a trace of the last thirty days")
        else:
            found = _trace.newest(xray, now=self._now(), api=self._names.api)
            if found is None:
                raise Skipped("no request was traced in the last hour", "a request, or --trace-id")
        if found.missing:
            right = "active tracing on each, and calls of AWS that are traced"
            raise Failed(f"trace {found.id} lacks {', '.join(found.missing)}", right)
        return f"trace {found.id}: {', '.join(sorted(found.services))}"

    def _trail(self) -> str:
        if not self._records_items:
            raise Skipped(
                "the trail does not record what is written to the table",
                f"data events of AWS::DynamoDB::Table for {self._names.table}",
            )
        # By itself it is about an earlier drill, of an hour that is not known.
        since = self._began if self._changed else self._began - _DAY
        wanted = {
            f"the erasure of session {number}": (id, _trail.deletion(self._names.table, id))
            for number, id in enumerate(self._person.session_ids, 1)
        }
        wanted["the restore"] = (self._side.name, _trail.restore(self._side.name))
        seen: list[str] = []

        def recorded() -> bool | None:
            for what, (text, is_one) in wanted.items():
                if what not in seen and any(map(is_one, self._recorded(since, text))):
                    seen.append(what)
            return True if len(seen) == len(wanted) else None

        try:
            self._until(recorded, self._limits.trail, "CloudTrail has recorded the drill")
        except Failed as failed:
            lacking = ", ".join(what for what in wanted if what not in seen)
            raise Failed(
                f"{failed.seen}; it lacks {lacking}", f"mangaobs drill --only trail --drill {self.id}"
            ) from None
        return f"recorded: {', '.join(seen)}"

    def _recorded(self, since: float, text: str) -> Iterable[Mapping[str, Any]]:
        return _trail.events(self._clients.logs, self._names.trail_log_group, since_ms=int(since * 1000), text=text)

    # Cleaning: each part whatever came of the others

    def _clean(self) -> str:
        if not self._changed:
            raise Skipped("nothing was changed")
        told: list[str] = []
        left = False
        for part in (self._without_execution, self._without_person, self._without_side_table):
            try:
                told += part()
            except Exception as error:  # noqa: BLE001 - the next part is no less to be cleaned
                told, left = [*told, words(error)], True
        if left:
            raise Failed("; ".join(told), self._by_hand())
        return "; ".join(told)

    def _by_hand(self) -> str:
        table = f", or aws dynamodb delete-table --table-name {self._side.name}" if self._side.asked_for else ""
        return f"mangaobs drill --clean {self.id}{table}"

    def _without_execution(self) -> list[str]:
        if not self._execution:
            return []
        self._clients.states.stop_execution(executionArn=self._execution)
        return ["the machine was stopped"]

    def _without_person(self) -> list[str]:
        dynamodb, table = self._clients.dynamodb, self._names.table
        deleted = self._rehearsal.clean(dynamodb, table, secret=self._secret, person=self._person)
        return [f"{deleted} items deleted"]

    def _without_side_table(self) -> list[str]:
        if not self._side.asked_for:
            return []
        self._tell(f"{_CLEAN}: {self._side.name} can be deleted once it is restored")
        return [
            f"{self._side.name} "
            + self._until(self._side.delete, self._limits.restore, f"{self._side.name} can be deleted")
        ]

    # What they share

    @cached_property
    def _secret(self) -> str:
        return self._clients.secrets.get_secret_value(SecretId=self._names.secret)["SecretString"]

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    def _recovery(self) -> PointInTimeRecoveryDescriptionTypeDef:
        backups = self._clients.dynamodb.describe_continuous_backups(TableName=self._names.table)
        return backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})

    def _items(self, table: str) -> Iterable[Item]:
        return self._rehearsal.items_of(self._clients.dynamodb, table, secret=self._secret, person=self._person)

    def _left(self, table: str) -> int:
        return sum(1 for _ in self._items(table))

    def _tell(self, doing: str) -> None:
        self._doing = doing
        self._progress(doing)

    def _until(self, look: Callable[[], T | None], most: float, what: str) -> T:
        began = self._clock()
        while (found := look()) is None:
            waited = self._clock() - began
            if waited >= most:
                raise Failed(f"after {most:.0f} s it is not so that {what}", "look again later, or wait longer")
            self._progress(f"{self._doing}, {waited:.0f} s")
            self._sleep(self._limits.every)
        return found


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _touched(before: Scanned, after: Scanned) -> str:
    if before.others != after.others:
        return f"the replay touched items of others: {before.others} before, {after.others} after"
    return f"the replay touched items of others: of {before.others} not all are as they were"
