"""What a hot session is: a function of what is known of it."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from ..routing import Activity
from ..sessions import ACTIVE, Meta

Classification: TypeAlias = Literal["legitimate", "abuse", "unknown"]


class Limits(NamedTuple):
    """What no person does: messages a minute, and addresses in the last minutes."""

    messages_a_minute: int
    addresses: int


def classify(meta: Meta | None, activity: Activity | None, *, allowed: bool, limits: Limits) -> Classification:
    """What a session is. `activity` is None if nobody can tell, `allowed` if the session is on the allow-list.

    One sign alone is never abuse: a person may be fast, behind several addresses, or in a session that just ended.
    """
    if allowed:
        return "legitimate"
    if activity is None:
        return "unknown"
    signs = (
        meta is None or meta.state != ACTIVE,
        activity.messages_a_minute >= limits.messages_a_minute,
        activity.addresses >= limits.addresses,
    )
    if sum(signs) >= 2:
        return "abuse"
    return "unknown" if any(signs) else "legitimate"
