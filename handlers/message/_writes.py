"""The turns of one message, written as they come; what cannot be written waits in the queue."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from mangaobs.runtime import log_step

from .._clients import code_of
from .._deferred import Deferred
from .._http import Identity, Refused
from ..sessions import ASSISTANT, USER, Sessions, Turn, TurnStands
from ._deferral import Deferral

Stored: TypeAlias = Literal["now", "later"]


class Begun(msgspec.Struct, frozen=True):
    """A message whose first turn was written: `user` as it stands, `answer` if one stands already.

    `unwritten` is the code of the error for which the turn is not written yet, or may not be.
    """

    user: Turn
    new: bool
    answer: Turn | None = None
    unwritten: str | None = None


class Writes:
    """Writes the turns of messages. Every method raises `SessionRefused`, and `Refused` where nothing could be kept."""

    def __init__(self, sessions: Sessions, deferral: Deferral) -> None:
        self._sessions = sessions
        self._deferral = deferral

    def begin(self, who: Identity, user: Turn, *, new: bool, handoff: str | None = None) -> Begun:
        """Write the customer's turn, and with it that a human is asked for, if `handoff` is the id of that."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            with log_step("WriteTurns"):
                self._sessions.begin(who.session_id, who.customer_id, user, new=new, handoff=handoff)
        except TurnStands as stands:
            return self._resumed(who, msgspec.structs.replace(user, at=stands.at), new=new)
        except (ClientError, BotoCoreError) as error:
            return Begun(user, new, unwritten=code_of(error))
        return Begun(user, new)

    def finish(self, who: Identity, begun: Begun, answer: Turn) -> tuple[Stored, Turn]:
        """Write the answer; if one stands already, that is the answer. Tells when both turns are stored."""
        from botocore.exceptions import BotoCoreError, ClientError

        unwritten = begun.user if begun.unwritten is not None else None
        try:
            with log_step("WriteTurns"):
                if unwritten is not None:
                    begun = self._again(who, begun)
                    answer = msgspec.structs.replace(answer, at=begun.user.at)
                    unwritten = None
                self._sessions.finish(who.session_id, who.customer_id, answer)
        except TurnStands:
            standing = self._sessions.turn(who.session_id, answer.at, answer.message_id, ASSISTANT)
            return "now", standing or answer
        except (ClientError, BotoCoreError) as error:
            return self._later(who, begun, unwritten, answer, code_of(error)), answer
        return "now", answer

    def keep(self, who: Identity, begun: Begun) -> Stored:
        """See to it that the customer's turn is kept where there is no answer."""
        from botocore.exceptions import BotoCoreError, ClientError

        if begun.unwritten is None:
            return "now"
        try:
            with log_step("WriteTurns"):
                self._again(who, begun)
        except (ClientError, BotoCoreError) as error:
            return self._later(who, begun, begun.user, None, code_of(error))
        return "now"

    def _again(self, who: Identity, begun: Begun) -> Begun:
        """Write the customer's turn, which failed before or may have been written without our being told."""
        try:
            self._sessions.begin(who.session_id, who.customer_id, begun.user, new=begun.new)
        except TurnStands as stands:
            return Begun(msgspec.structs.replace(begun.user, at=stands.at), begun.new)
        return Begun(begun.user, begun.new)

    def _resumed(self, who: Identity, user: Turn, *, new: bool) -> Begun:
        """A message that was begun before: its turns, as far as they stand."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            before = self._sessions.turn(who.session_id, user.at, user.message_id, USER)
            answer = self._sessions.turn(who.session_id, user.at, user.message_id, ASSISTANT)
        except (ClientError, BotoCoreError):
            raise unavailable() from None
        if before is not None and before.text != user.text:
            raise reused()
        return Begun(user, new, answer)

    def _later(self, who: Identity, begun: Begun, user: Turn | None, answer: Turn | None, reason: str) -> Stored:
        from botocore.exceptions import BotoCoreError, ClientError

        deferred = Deferred(who.session_id, who.customer_id, user, answer, new=begun.new)
        try:
            self._deferral.defer(deferred, reason=reason)
        except (ClientError, BotoCoreError):
            raise not_stored() from None
        return "later"


def reused() -> Refused:
    """The id of one message was used for another."""
    return Refused(409, "message_id_reused", "a new message_id for a new message")


def unavailable() -> Refused:
    """The table cannot be read."""
    return Refused(503, "unavailable", "repeat the message, with the same message_id", effect="failed", retry_after=2)


def not_stored() -> Refused:
    """Neither the table nor the queue takes the turns. Repeated, the message is answered anew and stored once."""
    return Refused(503, "not_stored", "repeat the message, with the same message_id", effect="failed", retry_after=5)
