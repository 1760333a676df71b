"""Keys of the table. They hold random ids and times, nothing that a person could be known by."""

from __future__ import annotations

from typing import TypeAlias

# A key as DynamoDB takes it: {"PK": {"S": …}, "SK": {"S": …}}.
Key: TypeAlias = dict[str, dict[str, str]]

SESSION = "SESSION#"
SUBJECT = "SUBJECT#"
META = "META"
TURN = "TURN#"
SUMMARY = "SUMMARY#"


def session_key(session_id: str, sort: str = META) -> Key:
    """The key of an item of a session, its META unless `sort` says else."""
    return {"PK": {"S": f"{SESSION}{session_id}"}, "SK": {"S": sort}}


def session_id_of(partition_key: str) -> str | None:
    """The session's id in a partition key; None if it is no session's."""
    return partition_key.removeprefix(SESSION) if partition_key.startswith(SESSION) else None


def turn_key(at: int, message_id: str, role: str) -> str:
    """The sort key of a turn: by time, then the two turns of one message beside each other, the user's first."""
    return f"{TURN}{at:013d}#{message_id}#{'1' if role == 'user' else '2'}-{role}"


def marker_key(message_id: str) -> str:
    """The sort key of a message's marker."""
    return f"MESSAGE#{message_id}"


def summary_key(until: int) -> str:
    """The sort key of a summary of the turns up to and with `until`."""
    return f"{SUMMARY}{until:013d}"


def handoff_key(handoff_id: str) -> str:
    """The sort key of a hand-off to a human agent."""
    return f"HANDOFF#{handoff_id}"


def brief_key(handoff_id: str) -> str:
    """The sort key of what the agent reads for a hand-off."""
    return f"BRIEF#{handoff_id}"


def subject_key(customer_hash: str, session_id: str) -> Key:
    """The key of a customer's entry for one session: it stands until the session's every copy is gone."""
    return {"PK": {"S": f"{SUBJECT}{customer_hash}"}, "SK": {"S": f"{SESSION}{session_id}"}}


def tombstone_key(customer_hash: str) -> Key:
    """The key of what stands where a customer was erased."""
    return {"PK": {"S": f"ERASURE#{customer_hash}"}, "SK": {"S": "TOMBSTONE"}}
