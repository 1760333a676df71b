"""The drill itself: its checks, in their order, and what is cleaned away whatever came of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from mangaobs.drill._report import FAILED, PASSED, SKIPPED, Check, Report

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from mangaobs.drill._account import Clients, Names
    from mangaobs.drill._project import Person, Rehearsal

    Item = Mapping[str, AttributeValueTypeDef]

T = TypeVar("T")

CHECKS: Final = (
    "preconditions", "write", "restorable", "erase", "gone", "restore", "replay", "trace", "trail", "clean",
)  # fmt: skip
# These change nothing, and stand on their own.
READING: Final = frozenset(("preconditions", "trace"))
_ERASING: Final = frozenset(("TransactWriteItems", "DeleteItem", "BatchWriteItem"))
_MODULUS: Final = 1 << 256


class Limits(NamedTuple):
    """How long things are waited for, in seconds, and how often one looks."""

    restorable: float = 900
    erasure: float = 1800
    restore: float = 4 * 3600
    trail: float = 1200
    every: float = 10


class _Failed(Exception):  # noqa: N818 - a finding
    """A check that failed: what was seen, and what would be right."""

    def __init__(self, seen: str, right: str) -> None:
        super().__init__(seen)
        self.seen = seen
        self.right = right


class _Skipped(Exception):  # noqa: N818 - a finding
    """A check that could not be made."""


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
        self._side_table = f"{names.table}-drill-{id}"
        self._account = ""
        self._data_events = False
        self._began = 0.0
        self._written: list[str] = []
        self._restore_to: datetime | None = None
        self._changed = False
        self._restoring = False

    def changes(self) -> tuple[str, ...]:
        """What a drill changes, in sentences, before it is asked for."""
        return (
            f"writes somebody who is not, {self._person.customer_id}, into {self._names.table}, and erases them",
            f"restores {self._names.table} into {self._side_table}, which is priced by the table's size",
            f"reads all of {self._side_table} several times, changes it, and deletes it",
            f"leaves objects of the erasure in {self._names.audit_bucket}, which nobody can delete before their time",
        )

    def run(self, only: Collection[str] = ()) -> Report:
        """Make the checks, all or `only` some; what was made is cleaned away. AWS's errors are findings."""
        self._began = self._clock()
        checks: list[Check] = []
        interrupted = False
        wanted = [name for name in CHECKS if not only or name in only]
        try:
            for name in wanted:
                if name != "clean":
                    self._made(name, checks)
        except KeyboardInterrupt:
            interrupted = True
        if "clean" in wanted:
            self._made("clean", checks)
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
        self._changed = self._restoring = True
        return self.run(only=("clean",))

    def _made(self, name: str, checks: list[Check]) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        self._progress(name)
        before = [check for check in checks if check.status == FAILED and check.name not in ("trace", "trail")]
        began = self._clock()
        right = ""
        try:
            if before and name not in ("clean", "trace"):
                raise _Skipped(f"{before[0].name} failed")
            seen, status = str(getattr(self, f"_{name}")()), PASSED
        except _Skipped as skipped:
            seen, status = str(skipped), SKIPPED
        except _Failed as failed:
            seen, right, status = failed.seen, failed.right, FAILED
        except (ClientError, BotoCoreError) as error:
            seen, right, status = _told(error), "a role that may do this: docs/drill.md", FAILED
        except KeyboardInterrupt:
            checks.append(Check(name, FAILED, "interrupted", seconds=self._clock() - began))
            raise
        checks.append(Check(name, status, seen, right, self._clock() - began))  # type: ignore[arg-type]

    # The checks, in their order: each returns what it saw, or raises

    def _preconditions(self) -> str:
        clients, names = self._clients, self._names
        self._account = clients.sts.get_caller_identity()["Account"]
        backups = clients.dynamodb.describe_continuous_backups(TableName=names.table)["ContinuousBackupsDescription"]
        recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
        if recovery != "ENABLED":
            raise _Failed("point-in-time recovery is off", f"switch it on for {names.table}")
        machine = clients.states.describe_state_machine(stateMachineArn=names.machine)
        logging = clients.cloudtrail.get_trail_status(Name=names.trail)["IsLogging"]
        if not logging:
            raise _Failed("the trail does not log", "start-logging on it")
        selectors = clients.cloudtrail.get_event_selectors(TrailName=names.trail)
        self._data_events = _has_table_events(selectors)
        events = "with" if self._data_events else "without"
        return f"recovery is on, the machine is {machine['status']}, the trail logs {events} data events of tables"

    def _write(self) -> str:
        self._changed = True
        now = int(self._clock() * 1000)
        self._rehearsal.write_person(
            self._clients.dynamodb, self._names.table, secret=self._secret(), person=self._person, now_ms=now
        )
        self._written = sorted(_digest(item) for item in self._items(self._names.table))
        if not self._written:
            raise _Failed("nothing was written", "the project's writers write sessions")
        return f"{len(self._written)} items in {len(self._person.session_ids)} sessions"

    def _restorable(self) -> str:
        written = datetime.fromtimestamp(self._clock(), UTC) + timedelta(seconds=1)

        def latest() -> datetime | None:
            backups = self._clients.dynamodb.describe_continuous_backups(TableName=self._names.table)
            recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
            found = recovery.get("LatestRestorableDateTime")
            return found if found is not None and found >= written else None

        self._restore_to = self._until(
            latest, self._limits.restorable, "the table can be restored to after the writing"
        )
        return f"the table can be restored to {_iso(self._restore_to.timestamp())}"

    def _erase(self) -> str:
        states, now = self._clients.states, int(self._clock() * 1000)
        request_id = self._rehearsal.open_erasure(
            self._clients.dynamodb,
            self._names.table,
            secret=self._secret(),
            customer_id=self._person.customer_id,
            now_ms=now,
        )
        execution = states.start_execution(
            stateMachineArn=self._names.machine, name=request_id, input=json.dumps({"request_id": request_id})
        )["executionArn"]

        def ended() -> str | None:
            status = states.describe_execution(executionArn=execution)["status"]
            return status if status != "RUNNING" else None

        status = self._until(ended, self._limits.erasure, "the erasure has ended")
        if status != "SUCCEEDED":
            raise _Failed(f"the machine {status}", f"look at its execution {request_id}")
        return f"the machine {status}"

    def _gone(self) -> str:
        left = sum(1 for _ in self._items(self._names.table))
        if left:
            raise _Failed(f"{left} items of the person are left", "an erasure that leaves nothing")
        if not self._rehearsal.is_refused(
            self._clients.dynamodb,
            self._names.table,
            secret=self._secret(),
            person=self._person,
            now_ms=int(self._clock() * 1000),
        ):
            raise _Failed("writers take a turn of somebody who was erased", "a tombstone that they check")
        return "nothing is left, and writers refuse the person"

    def _restore(self) -> str:
        dynamodb = self._clients.dynamodb
        if self._restore_to is None:
            raise _Skipped("there is no time to restore to")
        self._restoring = True
        dynamodb.restore_table_to_point_in_time(
            SourceTableName=self._names.table, TargetTableName=self._side_table, RestoreDateTime=self._restore_to
        )
        self._until(self._is_active, self._limits.restore, f"{self._side_table} is ACTIVE")
        found = sorted(_digest(item) for item in self._items(self._side_table))
        if found != self._written:
            raise _Failed(
                f"{len(found)} items of the person, not the {len(self._written)} that were written", "the same"
            )
        return f"{len(found)} items as they were written"

    def _is_active(self) -> str | None:
        status = self._clients.dynamodb.describe_table(TableName=self._side_table)["Table"].get("TableStatus", "")
        return status if status == "ACTIVE" else None

    def _replay(self) -> str:
        dynamodb, s3, bucket, secret = (
            self._clients.dynamodb,
            self._clients.s3,
            self._names.audit_bucket,
            self._secret(),
        )
        theirs = self._rehearsal.is_erased(dynamodb, s3, self._side_table, audit_bucket=bucket, secret=secret)
        before = self._others(theirs)
        replayed = self._rehearsal.replay(dynamodb, s3, self._side_table, audit_bucket=bucket, secret=secret)
        left = sum(1 for _ in self._items(self._side_table))
        if left:
            raise _Failed(f"{left} items of the person are left after the replay", "a replay that leaves nothing")
        after = self._others(theirs)
        if after != before:
            raise _Failed("the replay touched items of others", "every other item as it was")
        return (
            f"{replayed.subjects} in the ledger, {replayed.sessions} sessions and {replayed.items} items erased; "
            f"{before[0]} items of others as they were"
        )

    def _trace(self) -> str:
        trace_id = self._trace_id or self._newest_trace()
        found = self._clients.xray.batch_get_traces(TraceIds=[trace_id])["Traces"]
        if not found:
            raise _Failed(f"there is no trace {trace_id}", "a trace of the last thirty days")
        seen = set().union(*(_parts(json.loads(one["Document"])) for one in found[0]["Segments"]))
        missing = [name for name in ("API Gateway", "Lambda", "DynamoDB") if name not in seen]
        if missing:
            raise _Failed(f"trace {trace_id} lacks {', '.join(missing)}", "active tracing on each, and patched clients")
        return f"trace {trace_id}: {', '.join(sorted(seen))}"

    def _newest_trace(self) -> str:
        end = datetime.fromtimestamp(self._clock(), UTC)
        pages = self._clients.xray.get_paginator("get_trace_summaries").paginate(
            StartTime=end - timedelta(hours=1),
            EndTime=end,
            FilterExpression='service(id(type: "AWS::ApiGateway::Stage"))',
        )
        ids = [one["Id"] for page in pages for one in page["TraceSummaries"]]
        if not ids:
            raise _Skipped("no request was traced in the last hour; --trace-id names one")
        return max(ids)  # 1-<epoch in hexadecimal>-…

    def _trail(self) -> str:
        if not self._changed:
            raise _Skipped("nothing was changed that could be recorded")
        if not self._data_events:
            raise _Skipped("the trail has no data events of tables")
        group, since = self._names.trail_log_group, int(self._began * 1000)
        wanted = {self._person.session_ids[0]: _ERASING}
        if self._restoring:
            wanted[self._side_table] = frozenset(("RestoreTableToPointInTime",))
        seen: dict[str, str] = {}

        def recorded() -> bool | None:
            for text, events in wanted.items():
                pages = self._clients.logs.get_paginator("filter_log_events").paginate(
                    logGroupName=group, startTime=since, filterPattern=f'"{text}"'
                )
                for page in pages:
                    names = {_event(one.get("message", "")) for one in page["events"]} & events
                    seen.update(dict.fromkeys(names, text))
            return True if {seen[name] for name in seen} >= wanted.keys() else None

        self._until(recorded, self._limits.trail, "CloudTrail has recorded the drill")
        return f"recorded: {', '.join(sorted(seen))}"

    def _clean(self) -> str:
        if not self._changed:
            raise _Skipped("nothing was changed")
        dynamodb = self._clients.dynamodb
        deleted = self._rehearsal.clean(dynamodb, self._names.table, secret=self._secret(), person=self._person)
        told = f"{deleted} items deleted"
        if self._restoring:
            told += f", {self._side_table} {self._without_side_table()}"
        return told

    def _without_side_table(self) -> str:
        dynamodb = self._clients.dynamodb

        def deleted() -> str | None:
            try:
                dynamodb.delete_table(TableName=self._side_table)
            except dynamodb.exceptions.ResourceNotFoundException:
                return "was not there"
            except dynamodb.exceptions.ResourceInUseException:
                return None  # it is still being made
            return "deleted"

        try:
            return self._until(deleted, self._limits.restore, "the side table can be deleted")
        except _Failed as failed:
            right = f"mangaobs drill --clean {self.id}, or aws dynamodb delete-table --table-name {self._side_table}"
            raise _Failed(failed.seen, right) from None

    # What they share

    def _secret(self) -> str:
        return self._clients.secrets.get_secret_value(SecretId=self._names.secret)["SecretString"]

    def _items(self, table: str) -> Iterable[Item]:
        return self._rehearsal.items_of(self._clients.dynamodb, table, secret=self._secret(), person=self._person)

    def _others(self, theirs: Callable[[Item], bool]) -> tuple[int, int]:
        """How many items are not of erased people, and a digest of them in whatever order, in bounded memory."""
        count = total = 0
        for page in self._clients.dynamodb.get_paginator("scan").paginate(
            TableName=self._side_table, ConsistentRead=True
        ):
            for item in page["Items"]:
                if not theirs(item):
                    count += 1
                    total = (total + int(_digest(item), 16)) % _MODULUS
        return count, total

    def _until(self, look: Callable[[], T | None], most: float, what: str) -> T:
        deadline = self._clock() + most
        while (found := look()) is None:
            if self._clock() >= deadline:
                raise _Failed(f"after {most:.0f} s it is not so that {what}", "look again later, or wait longer")
            self._sleep(self._limits.every)
        return found


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _digest(item: Item) -> str:
    written = json.dumps(item, sort_keys=True, default=lambda value: bytes(value).hex())
    return hashlib.sha256(written.encode()).hexdigest()


def _told(error: Exception) -> str:
    """AWS's code and the operation, never a message."""
    response: dict[str, Any] = getattr(error, "response", {})
    code = response.get("Error", {}).get("Code", type(error).__name__)
    return f"{getattr(error, 'operation_name', 'the call')}: {code}"


def _has_table_events(selectors: Mapping[str, Any]) -> bool:
    advanced = [field for one in selectors.get("AdvancedEventSelectors", []) for field in one.get("FieldSelectors", [])]
    return any(
        field["Field"] == "resources.type" and "AWS::DynamoDB::Table" in field.get("Equals", []) for field in advanced
    ) or any(
        resource.get("Type") == "AWS::DynamoDB::Table"
        for one in selectors.get("EventSelectors", [])
        for resource in one.get("DataResources", [])
    )


def _parts(segment: Mapping[str, Any]) -> set[str]:
    """The services that a segment and its subsegments are of."""
    origin = str(segment.get("origin", ""))
    found = {name for prefix, name in _ORIGINS.items() if origin.startswith(prefix)}
    if segment.get("namespace") == "aws":
        found |= {name for text, name in _CALLED.items() if text in str(segment.get("name", "")).lower()}
    for one in segment.get("subsegments", []):
        found |= _parts(one)
    return found


_ORIGINS: Final = {"AWS::ApiGateway": "API Gateway", "AWS::Lambda": "Lambda", "AWS::DynamoDB": "DynamoDB"}
_CALLED: Final = {"dynamodb": "DynamoDB", "bedrock": "Bedrock"}


def _event(message: str) -> str:
    """The name of the event that a line of the trail's log records."""
    try:
        return str(json.loads(message).get("eventName", ""))
    except (json.JSONDecodeError, AttributeError):
        return ""
