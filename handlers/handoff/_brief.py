"""A task of the hand-off's state machine. Its input and output stand in the execution history: ids and counts only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from .._entry import Context
from ..sessions import ACTIVE, SessionRefused, Sessions, brief_key

_Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]+\Z")]


class InvalidInput(Exception):  # noqa: N818 - the name that the state machine catches
    """The task's input is wrong."""


class SessionNotActive(Exception):  # noqa: N818 - the name that the state machine catches
    """The session is unknown, was handed off or ended, or is being erased."""


class Task(msgspec.Struct, frozen=True):
    """The input: the hand-off of a session."""

    session_id: _Id
    handoff_id: _Id


class Brief:
    """Writes the summary and the newest `turns` turns of a session for an agent. `clock` is in epoch milliseconds."""

    def __init__(self, sessions: Sessions, *, turns: int, clock: Callable[[], int]) -> None:
        self._sessions = sessions
        self._turns = turns
        self._clock = clock

    def __call__(self, event: object, _: Context) -> dict[str, object]:
        """Write the brief, once; the answer has its sort key and how many turns it holds.

        Raises `InvalidInput`, `SessionNotActive`, or what botocore does, which the state machine tries again.
        """
        try:
            task = msgspec.convert(event, Task)
        except msgspec.ValidationError:
            raise InvalidInput("session_id and handoff_id, each an id") from None
        meta = self._sessions.meta(task.session_id)
        if meta is None or meta.state != ACTIVE:
            raise SessionNotActive
        try:
            conversation = self._sessions.load(task.session_id, meta.customer_id, turns=self._turns)
            earlier = [f"Earlier: {conversation.summary.text}"] if conversation.summary is not None else []
            text = "\n".join([*earlier, *(f"{turn.role}: {turn.text}" for turn in conversation.turns)])
            self._sessions.brief(task.session_id, task.handoff_id, text, now=self._clock())
        except SessionRefused:
            raise SessionNotActive from None
        return {
            "brief": brief_key(task.handoff_id),
            "turns": len(conversation.turns),
            "summarized": conversation.summary is not None,
        }
