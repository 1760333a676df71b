"""Turns that could not be written and wait in the queue: what the retry needs, sealed, and no more."""

from __future__ import annotations

import msgspec

from .sessions import Turn

PURPOSE = "deferred-write"


class Deferred(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message whose turns are still to be written: the customer's unless it stands, the answer if there is one.

    `new`: the message began the session.
    """

    session_id: str
    customer_id: str
    user: Turn | None
    assistant: Turn | None
    new: bool = False
    version: int = 1


def encode(deferred: Deferred) -> bytes:
    """`deferred` as it is sealed."""
    return msgspec.json.encode(deferred)


def decode(content: bytes) -> Deferred:
    """What was deferred. Raises `ValueError` if it is none."""
    try:
        return msgspec.json.decode(content, type=Deferred)
    except msgspec.DecodeError:
        raise ValueError("not a deferred write") from None
