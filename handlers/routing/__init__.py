"""Routing flags in Redis: what the hot-key responder decides of a session, and the message function honors.

Redis is never needed: without it, or when it is slow, every message goes on as if there were no flags, but for blocks
that this process knows of and that have not expired.
"""

from ._budget import Budget, Unavailable
from ._connection import RedisSettings, connect
from ._flag import Flag, Mode
from ._flags import Activity, Flags
from ._router import Decision, Router

__all__ = [
    "Activity",
    "Budget",
    "Decision",
    "Flag",
    "Flags",
    "Mode",
    "RedisSettings",
    "Router",
    "Unavailable",
    "connect",
]
