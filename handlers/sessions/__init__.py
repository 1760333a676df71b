"""The table of sessions: who owns one, what was said in it, and how that is written.

Every write is a transaction that checks, in the database, that the session is the customer's and ACTIVE. Turns are put,
never overwritten; a message that comes twice finds the marker of the first.
"""

from ._items import (
    ACTIVE,
    ASSISTANT,
    ENDED,
    ERASED,
    ERASING,
    HANDOFF,
    USER,
    Meta,
    Summary,
    Turn,
    meta_of,
    turn_of,
    uncompressed,
)
from ._keys import (
    META,
    SESSION,
    SUBJECT,
    TURN,
    Key,
    brief_key,
    session_id_of,
    session_key,
    subject_key,
    summary_key,
    tombstone_key,
)
from ._table import Conversation, SessionRefused, Sessions, TurnStands
from ._transaction import Canceled, Check, Transactions

__all__ = [
    "ACTIVE",
    "ASSISTANT",
    "ENDED",
    "ERASED",
    "ERASING",
    "HANDOFF",
    "META",
    "SESSION",
    "SUBJECT",
    "TURN",
    "USER",
    "Canceled",
    "Check",
    "Conversation",
    "Key",
    "Meta",
    "SessionRefused",
    "Sessions",
    "Summary",
    "Transactions",
    "Turn",
    "TurnStands",
    "brief_key",
    "meta_of",
    "session_id_of",
    "session_key",
    "subject_key",
    "summary_key",
    "tombstone_key",
    "turn_of",
    "uncompressed",
]
