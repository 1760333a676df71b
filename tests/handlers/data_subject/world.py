"""A small world in moto: two customers with sessions, copies and accounts, and the erasure that is tried on them.

`drive` does what the state machine does: it calls the function again after the seconds that it asks for.
"""

from __future__ import annotations

import copy
import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import boto3
from botocore.awsrequest import AWSResponse
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends

from handlers._assembly import sessions, subject_hashing
from handlers.data_subject._account import Accounts
from handlers.data_subject._erasure import Erasure, Parts
from handlers.sessions import Sessions, Transactions, Turn
from handlers.subjects import (
    ACCESS,
    ERASURE,
    HOLD_BEGUN,
    HOLD_ENDED,
    REQUESTED,
    VERIFIED,
    Deadline,
    Discovery,
    Eraser,
    Objects,
    Patience,
    Request,
    Requests,
    Steps,
    Worker,
    new_request_id,
)
from mangaobs.runtime import configure

from ..conftest import INDEX, TABLE, Context, create_table

KEY = "a-key-of-the-tests"
AUDIT, BACKUP, EXPORTS = "the-audit", "the-backups", "the-exports"
REST = 60  # seconds between two searches that find nothing
DAY = 24 * 3600
subject_hash = subject_hashing(KEY)


class Snapshot(NamedTuple):
    """Everything that is not the erased person's: items by key, objects' versions, accounts, each by a digest."""

    items: dict[str, str]
    versions: dict[str, str]
    accounts: frozenset[str]


class World:
    """The clients are public, so that a test can put faults into them. `now` is the clock, in epoch milliseconds."""

    def __init__(self, *, mail: bool = True) -> None:
        # Later than the machine's own clock, by which moto ends a lock.
        self.now = self.began = 2_000_000_000_000
        self.slept = 0.0
        self.written: list[bytes] = []
        configure(write=self.written.append, tracer="off", session_key=KEY.encode())
        self.clients = clients()
        self.dynamodb, self.s3, self.users, self.mail = self.clients
        # What the test itself looks and writes with, untouched by faults.
        self.table, self.buckets, self.directory, _ = clients("the test")
        create_table(self.table)
        self.buckets.create_bucket(Bucket=AUDIT, ObjectLockEnabledForBucket=True)
        for bucket in (BACKUP, EXPORTS):
            self.buckets.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
        self.pool = user_pool(self.directory)
        if mail:
            self.mail.create_email_identity(EmailIdentity="privacy@example.com")
        self.writers = self.sessions()
        self.invocations = 0

    # The people

    def sessions(self) -> Sessions:
        """The project's own writers."""
        return sessions(self.table, TABLE, key=KEY)

    def register(self, name: str) -> str:
        """An account; its id is the customer's."""
        user = self.directory.admin_create_user(
            UserPoolId=self.pool,
            Username=f"{name}@example.com",
            UserAttributes=[
                {"Name": "email", "Value": f"{name}@example.com"},
                {"Name": "email_verified", "Value": "true"},
            ],
            MessageAction="SUPPRESS",
        )["User"]
        return str(user["Username"])

    def say(self, customer: str, session_id: str, turns: int = 1, *, entered: bool = True) -> None:
        """A conversation. Without `entered` it is one from before sessions had entries."""
        for number in range(turns):
            at, name = self.now + number * 1000, f"message-{number:04d}"
            self.writers.begin(
                session_id, customer, Turn(at, name, "user", f"{customer} says {number}"), new=number == 0
            )
            self.writers.finish(session_id, customer, Turn(at, name, "assistant", f"re {number}"))
        if not entered:
            self.table.delete_item(TableName=TABLE, Key=entry_key(customer, session_id))

    def copy(self, session_id: str, *, versions: int = 2, marker: bool = True, bucket: str = BACKUP) -> None:
        """A copy of a session in the backups, in several versions, with a delete marker over it."""
        key = f"sessions/{session_id}/turns.json"
        for number in range(versions):
            self.buckets.put_object(Bucket=bucket, Key=key, Body=f"copy {number} of {session_id}".encode())
        if marker:
            self.buckets.delete_object(Bucket=bucket, Key=key)

    def lock(self, session_id: str, *, until_ms: int) -> None:
        """A copy that Object Lock keeps."""
        self.buckets.put_object(
            Bucket=BACKUP,
            Key=f"sessions/{session_id}/locked.json",
            Body=b"kept",
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=datetime.fromtimestamp(until_ms / 1000, UTC),
        )

    def unlock(self) -> None:
        """Every lock has ended: it does by the clock, and moto's is the machine's."""
        keys = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[BACKUP].keys
        for one in (one for name in keys for one in keys.getlist(name)):
            if getattr(one, "lock_until", None):
                one.lock_until = "2020-01-01T00:00:00Z"

    # The erasure

    def erasure(self, *, clients: tuple[Any, ...] | None = None, attempts: int = 8) -> Worker:
        """The function, put together as its `_start` does."""
        dynamodb, s3, users, mail = clients or self.clients
        deadline = Deadline()
        patience = Patience(sleep=self._sleep, random=lambda: 0.5, remaining=deadline, margin=1.0, attempts=attempts)
        transactions = Transactions(dynamodb, sleep=self._sleep, random=lambda: 0.5, attempts=1)
        parts = Parts(
            requests=Requests(dynamodb, TABLE, transactions=transactions, patience=patience),
            discovery=Discovery(dynamodb, TABLE, INDEX, patience),
            eraser=Eraser(
                dynamodb,
                TABLE,
                transactions=transactions,
                copies=Objects(s3, BACKUP, patience),
                patience=patience,
                clock=self.clock,
            ),
            exports=Objects(s3, EXPORTS, patience),
            steps=Steps(s3, AUDIT, patience=patience, clock=self.clock),
            accounts=Accounts(users, mail, pool=self.pool, sender="privacy@example.com", patience=patience),
            clock=self.clock,
            rest=REST,
            keep_seconds=400 * DAY,
        )
        return Worker(
            Erasure(parts),
            kinds=frozenset((ERASURE,)),
            requests=parts.requests,
            steps=parts.steps,
            deadline=deadline,
            clock=self.clock,
        )

    def clock(self) -> int:
        """The time; a millisecond passes with each look at it."""
        self.now += 1
        return self.now

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds

    def requests(self) -> Requests:
        """Requests, as the API writes them."""
        patience = Patience(sleep=self._sleep, random=lambda: 0.5, remaining=lambda: 60.0, margin=0.0)
        transactions = Transactions(self.table, sleep=self._sleep, random=lambda: 0.5)
        return Requests(self.table, TABLE, transactions=transactions, patience=patience)

    def ask(self, customer: str, *, random: str = "r1", kind: str = ERASURE, state: str = VERIFIED) -> Request:
        """A request that was verified; the one that stands, if one does."""
        return self.requests().open(
            Request(
                request_id=new_request_id(kind, subject_hash(customer), random),  # type: ignore[arg-type]
                kind=kind,
                state=state,
                requested_at=self.now,
                requested_by="0011223344556677",
                customer_id=customer,
                verified_by="" if state == REQUESTED else "8899aabbccddeeff",
            )
        )

    def call(
        self, request: Request, *, remaining_ms: int = 900_000, erasure: Worker | None = None, **more: Any
    ) -> dict[str, Any]:
        """One invocation; `failed` is of the attempt that `request` is at."""
        self.invocations += 1
        if "failed" in more:
            more.setdefault("attempt", request.attempt)
        context = Context(f"invocation-{self.invocations}", remaining_ms)
        return dict((erasure or self.erasure())({"request_id": request.request_id, **more}, context))

    def drive(self, request: Request, *, most: int = 12, **more: Any) -> str:
        """What the state machine does, until the request is done, has failed, or waits for a person or a lock."""
        state = ""
        for _ in range(most):
            answer = self.call(request, **more)
            state = answer["state"]
            if state in ("DONE", "FAILED"):
                return state
            if answer["wait"] > 3600:
                return state
            self.now += answer["wait"] * 1000
        return state

    def standing(self, customer: str) -> Request | None:
        """The erasure's request as it stands."""
        return self.requests().load(ERASURE, subject_hash(customer))

    def hold(self, customer: str, reason: str = "litigation") -> None:
        """What an officer does whom the law tells to keep the data."""
        standing = self.standing(customer)
        assert standing is not None
        self.audit().decide(self.requests().hold(standing, reason=reason, now=self.clock()), HOLD_BEGUN, reason)

    def end_hold(self, customer: str) -> None:
        """What they do when it tells so no more."""
        standing = self.standing(customer)
        assert standing is not None
        self.audit().decide(self.requests().end_hold(standing, now=self.clock()), HOLD_ENDED)

    def audit(self) -> Steps:
        """The audit, as the API writes it."""
        patience = Patience(sleep=self._sleep, random=lambda: 0.5, remaining=lambda: 60.0, margin=0.0)
        return Steps(self.buckets, AUDIT, patience=patience, clock=self.clock)

    def forget(self, kind: str, subject: str) -> None:
        """Take a request away, whoever works on it."""
        family = "ERASURE" if kind == ERASURE else "ACCESS"
        self.table.delete_item(TableName=TABLE, Key={"PK": {"S": f"{family}#{subject}"}, "SK": {"S": "REQUEST"}})

    def export_standing(self, customer: str) -> Request | None:
        """The export's request as it stands."""
        return self.requests().load(ACCESS, subject_hash(customer))

    # What is left

    def items(self) -> list[dict[str, Any]]:
        """Every item of the table."""
        found: list[dict[str, Any]] = []
        for page in self.table.get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True):
            found += page["Items"]
        return found

    def standing_items(self) -> list[dict[str, Any]]:
        """Every item of the table, from moto itself: a test asks for them thousands of times."""
        items = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables[TABLE].all_items()
        return [{name: value.to_json() for name, value in item.attrs.items()} for item in items]

    def versions(self, bucket: str) -> list[tuple[str, str, str]]:
        """Every version and delete marker of a bucket, from moto itself: key, version, digest."""
        keys = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[bucket].keys
        return [
            (name, str(one.version_id), getattr(one, "etag", "marker")) for name in keys for one in keys.getlist(name)
        ]

    def accounts(self) -> set[str]:
        """Ids of the accounts, from moto itself."""
        return {user.username for user in _POOLS[0].users.values()}

    def left_of(self, customer: str, session_ids: list[str]) -> list[str]:
        """What is left of a person anywhere: invariant I1. The tombstone and the request are no personal data."""
        subject = subject_hash(customer)
        left = []
        for item in self.standing_items():
            key = f"{item['PK']['S']} {item['SK']['S']}"
            theirs = item["PK"]["S"] in {f"SESSION#{name}" for name in session_ids} | {
                f"SUBJECT#{subject}",
                f"ACCESS#{subject}",
            }
            if theirs or f'"{customer}"' in json.dumps(item, default=str):
                left.append(key)
        prefixes = tuple(f"sessions/{name}/" for name in session_ids)
        left += [f"{BACKUP} {key} {version}" for key, version, _ in self.versions(BACKUP) if key.startswith(prefixes)]
        left += [f"{EXPORTS} {key}" for key, *_ in self.versions(EXPORTS) if key.startswith(f"subjects/{subject}/")]
        if customer in self.accounts():
            left.append(f"account {customer}")
        return left

    def others(self, customer: str, session_ids: list[str]) -> Snapshot:
        """Everything that is not this person's: invariant I2."""
        subject = subject_hash(customer)
        own = {f"SESSION#{name}" for name in session_ids}
        items = {
            f"{item['PK']['S']} {item['SK']['S']}": digest(item)
            for item in self.standing_items()
            if item["PK"]["S"] not in own and subject not in item["PK"]["S"]
        }
        prefixes = (*(f"sessions/{name}/" for name in session_ids), f"subjects/{subject}/")
        versions = {
            f"{bucket} {key} {version}": tag
            for bucket in (BACKUP, EXPORTS)
            for key, version, tag in self.versions(bucket)
            if not key.startswith(prefixes)
        }
        return Snapshot(items, versions, frozenset(self.accounts() - {customer}))

    def audited(self, request: Request | None = None) -> list[dict[str, Any]]:
        """Objects of the audit, in the order in which they were put, without the ledger."""
        prefix = f"erasure/{request.request_id}/" if request is not None else "erasure/"
        keys = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[AUDIT].keys
        bodies = [keys[name].value for name in keys if name.startswith(prefix) and "/ledger/" not in name]
        return sorted((json.loads(body) for body in bodies), key=lambda one: one["at"])

    def steps(self, request: Request | None = None) -> list[str]:
        """The steps that the audit has."""
        return [one["step"] for one in self.audited(request)]

    def mails(self) -> list[Any]:
        """The messages that were sent."""
        from moto.ses.models import ses_backends

        return list(ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages)


@cache
def _made(who: str) -> tuple[tuple[Any, Any], ...]:
    """Clients of somebody, with what listens to each from the beginning. Making one takes longer than an erasure."""
    made = [boto3.client(name) for name in ("dynamodb", "s3", "cognito-idp", "sesv2")]
    made[1].meta.events.register_last("before-call.s3.GetObjectRetention", retention)
    return tuple((client, copy.copy(client.meta.events)) for client in made)


def clients(who: str = "the function") -> tuple[Any, ...]:
    """Clients of DynamoDB, S3, Cognito and SES, to which nobody listens any more who did in another test."""
    for client, pristine in _made(who):
        client.meta.events = copy.copy(pristine)
    return tuple(client for client, _ in _made(who))


_POOLS: list[Any] = []


def user_pool(directory: Any) -> str:
    """The id of a user pool without users: the same each time, since moto takes a while to make one's keys."""
    from moto.cognitoidp.models import cognitoidp_backends

    pools = cognitoidp_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].user_pools
    if not _POOLS:
        made = directory.create_user_pool(PoolName="people", UsernameAttributes=["email"])["UserPool"]["Id"]
        _POOLS.append(pools[made])
    (pool,) = _POOLS
    pool.users.clear()
    pools[pool.id] = pool
    return str(pool.id)


def retention(params: dict[str, Any], **_: Any) -> Any:
    """S3's GetObjectRetention, which moto has not, from what moto knows of the version."""
    key = params["url_path"].lstrip("/").partition("?")[0]
    bucket = next(name for name in (BACKUP, EXPORTS) if name in params["url"])
    key = key.removeprefix(f"{bucket}/")
    found = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_object(
        bucket, key, version_id=params["query_string"]["versionId"]
    )
    until = getattr(found, "lock_until", None)
    if until is None:
        answer = {"Error": {"Code": "NoSuchObjectLockConfiguration"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
        return AWSResponse("http://test", 404, {}, None), answer
    end = datetime.fromisoformat(until) if isinstance(until, str) else until
    return AWSResponse("http://test", 200, {}, None), {"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": end}}


def entry_key(customer: str, session_id: str) -> dict[str, Any]:
    """The key of a session's entry."""
    return {"PK": {"S": f"SUBJECT#{subject_hash(customer)}"}, "SK": {"S": f"SESSION#{session_id}"}}


def digest(item: dict[str, Any]) -> str:
    """A digest of an item."""
    return hashlib.sha256(json.dumps(item, sort_keys=True, default=lambda value: value.hex()).encode()).hexdigest()


def later(milliseconds: int, **more: int) -> int:
    """A time after one, in epoch milliseconds."""
    return milliseconds + int(timedelta(**more).total_seconds() * 1000)
