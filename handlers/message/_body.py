"""What a customer sends."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message. `message_id` is the client's own: the same id again is the same message again.

    `agent`: the customer asks for a human.
    """

    message_id: Annotated[str, Meta(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+\Z")]
    text: Annotated[str, Meta(min_length=1, pattern=r"\S")]
    agent: bool = False
