"""What the tests of the administrators' functions share: an audited bucket, sessions to look at, proxy events."""

from __future__ import annotations

import json
from typing import Any

import boto3

from handlers._assembly import audit, hashing, sessions
from handlers._audit import Audit
from handlers.sessions import Turn

from .conftest import TABLE

KEY = "a-key-of-the-tests"
AUDIT, BACKUP = "the-audit", "the-backup"


def hashed(text: str) -> str:
    return hashing(KEY)(text)


class Office:
    """The buckets and the table, with what was said in them."""

    def __init__(self, dynamodb: Any) -> None:
        self.dynamodb = dynamodb
        self.s3 = boto3.client("s3")
        for bucket in (AUDIT, BACKUP):
            self.s3.create_bucket(Bucket=bucket)
        self.sessions = sessions(dynamodb, TABLE, key=KEY)
        self.written: list[bytes] = []

    def audit(self) -> Audit:
        return audit(self.s3, AUDIT, hashed=hashed)

    def say(self, session_id: str, texts: list[str], *, customer: str = "alice", at: int = 1_700_000_000_000) -> None:
        """A conversation: each text is answered."""
        for number, text in enumerate(texts):
            time = at + number * 1000
            name = f"message-{number}"
            self.sessions.begin(session_id, customer, Turn(time, name, "user", text), new=number == 0)
            self.sessions.finish(session_id, customer, Turn(time, name, "assistant", f"re: {text}"))

    def audited(self) -> list[dict[str, Any]]:
        """What the audit holds, by key."""
        found = self.s3.list_objects_v2(Bucket=AUDIT).get("Contents", [])
        return [json.loads(self.s3.get_object(Bucket=AUDIT, Key=one["Key"])["Body"].read()) for one in found]

    def lines(self, event: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in b"".join(self.written).splitlines()]
        return [line for line in found if line["event"] == event]


def proxy_event(
    method: str,
    resource: str,
    *,
    groups: str = "admin-read",
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "httpMethod": method,
        "resource": resource,
        "pathParameters": path,
        "queryStringParameters": query,
        "body": None,
        "requestContext": {
            "requestId": "11111111-2222-4333-8444-555555555555",
            "authorizer": {"customer_id": "operator-1", "session_id": "of-the-operator", "groups": groups},
        },
    }
