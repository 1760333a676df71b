"""A flag, and the names of its keys. Sessions and addresses are keyed hashes; `{…}` keeps a session's keys together."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Mode: TypeAlias = Literal["cache", "limit", "block"]

FIELDS = ("mode", "until", "reason", "rule", "per_minute", "source", "version")


class Flag(msgspec.Struct, frozen=True):
    """What is done with a session's messages until `until` (epoch milliseconds).

    `cache`: its summary may come from a cache. `limit`: `per_minute` messages a minute. `block`: none.
    `source` is responder, or operator for what a person has set; of the responder's the later `version` goes.
    """

    mode: Mode
    until: int
    reason: str
    rule: str = ""
    per_minute: int = 6
    source: Literal["responder", "operator"] = "responder"
    version: int = 1


def route_key(session: str) -> str:
    """Where the flag is."""
    return f"route:{{{session}}}"


def bucket_key(session: str) -> str:
    """Where the tokens of a limited session are."""
    return f"bucket:{{{session}}}"


def rate_key(session: str, minute: int) -> str:
    """Where a session's messages of a minute (since the epoch) are counted."""
    return f"rate:{{{session}}}:{minute}"


def addresses_key(session: str, minute: int) -> str:
    """Where the addresses of these messages are counted."""
    return f"addresses:{{{session}}}:{minute}"


def summary_key(session: str) -> str:
    """Where a hot session's summary is kept."""
    return f"summary:{{{session}}}"
