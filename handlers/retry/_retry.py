"""Messages of the queue, each written or given up; what fails stays in the queue."""

from __future__ import annotations

from typing import Any

import msgspec

from mangaobs.runtime import count, log_error, log_event

from .._deferred import Deferred, decode
from .._entry import Context
from .._sealed import Seal
from ..sessions import ASSISTANT, USER, SessionRefused, Sessions, TurnStands
from ..signals import DROPPED_WRITES, RETRY_FAILED, WRITE_DROPPED


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """A message of SQS, as Lambda passes it."""

    message_id: str
    body: str


class Batch(msgspec.Struct, frozen=True, rename={"records": "Records"}):
    """What Lambda passes. Source: Lambda developer guide, "Using Lambda with Amazon SQS"."""

    records: list[Record]


class Superseded(Exception):  # noqa: N818 - an answer of the database
    """What stands of this message is newer than what was deferred."""


class Retry:
    """The retry function. With less than `margin_ms` of the time left, the rest of a batch goes back to the queue."""

    def __init__(self, sessions: Sessions, seal: Seal, *, margin_ms: int) -> None:
        self._sessions = sessions
        self._seal = seal
        self._margin_ms = margin_ms

    def __call__(self, event: object, context: Context) -> dict[str, Any]:
        """Write a batch; the answer names the messages that failed, which SQS gives again.

        Raises msgspec's `ValidationError` if the event is none of SQS: then the whole batch fails.
        """
        batch = msgspec.convert(event, Batch)
        failed = [record for record in batch.records if not self._done(record, context)]
        return {"batchItemFailures": [{"itemIdentifier": record.message_id} for record in failed]}

    def _done(self, record: Record, context: Context) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        if context.get_remaining_time_in_millis() < self._margin_ms:
            return False
        try:
            self._write(decode(self._seal.open(record.body)))
        except SessionRefused as refused:
            _dropped(refused.reason)
        except Superseded:
            _dropped("superseded")
        except (ClientError, BotoCoreError, ValueError) as error:
            # Not readable or not writable: the queue gives it again, and to the dead letters in the end.
            log_error(RETRY_FAILED.name, error=error)
            return False
        return True

    def _write(self, deferred: Deferred) -> None:
        """Write what is missing of a message; raises `Superseded` if something newer stands in its place."""
        user, answer = deferred.user, deferred.assistant
        session_id, customer_id = deferred.session_id, deferred.customer_id
        if user is not None:
            try:
                self._sessions.begin(session_id, customer_id, user, new=deferred.new)
            except TurnStands as stands:
                # Ours, from an earlier attempt, or the customer's repetition, which came through meanwhile.
                if stands.at != user.at:
                    if answer is None or self._sessions.turn(session_id, stands.at, user.message_id, ASSISTANT):
                        raise Superseded from None
                    answer = msgspec.structs.replace(answer, at=stands.at)
                standing = self._sessions.turn(session_id, stands.at, user.message_id, USER)
                if standing is not None and standing.text != user.text:
                    raise Superseded from None
        if answer is None:
            return
        try:
            self._sessions.finish(session_id, customer_id, answer)
        except TurnStands:
            standing = self._sessions.turn(session_id, answer.at, answer.message_id, ASSISTANT)
            if standing is not None and standing.text != answer.text:
                raise Superseded from None


def _dropped(reason: str) -> None:
    log_event(WRITE_DROPPED, reason=reason)
    count(DROPPED_WRITES)
