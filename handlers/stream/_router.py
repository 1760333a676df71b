"""A batch of the table's stream, in its order: what failed first is named, and Lambda gives it again from there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mangaobs.runtime import log_error

from .._entry import Context
from ..signals import RECORD_FAILED
from ._route import Outputs, routed, sequence_number_of
from ._send import Sender
from ._summaries import Summaries


class Batch(msgspec.Struct, frozen=True):
    """What Lambda passes."""

    records: list[Any] = msgspec.field(name="Records")


class StreamRouter:
    """The stream router. Without `summaries` none are kept; `hashed` makes an id's keyed hash."""

    def __init__(self, sender: Sender, summaries: Summaries | None, *, hashed: Callable[[str], str]) -> None:
        self._sender = sender
        self._summaries = summaries
        self._hashed = hashed

    def __call__(self, event: object, context: Context) -> dict[str, Any]:
        """Tell what a batch says; the answer names the first record that failed, if one did.

        Raises msgspec's `ValidationError` if the event is none of a stream, or `KeyError` if a record has no place in
        it: then the whole batch fails.
        """
        records = msgspec.convert(event, Batch).records
        places = [sequence_number_of(record) for record in records]
        outputs, failed = self._read(records)
        failed |= self._sender.analytics(
            {place: (one.partition, one.analytics) for place, one in outputs.items() if one.analytics is not None}
        )
        failed |= self._sender.bus_events({place: one.event for place, one in outputs.items() if one.event is not None})
        failed |= self._sender.handoffs(
            {place: one.handoff for place, one in outputs.items() if one.handoff is not None}
        )
        first = min(failed, default=len(records))
        if self._summaries is not None:
            answered = dict.fromkeys(
                one.answered for place, one in outputs.items() if place < first and one.answered is not None
            )
            for session_id in answered:
                self._summaries.refresh(session_id, lambda: context.get_remaining_time_in_millis() / 1000)
        return {"batchItemFailures": [{"itemIdentifier": places[place]} for place in sorted(failed)[:1]]}

    def _read(self, records: list[Any]) -> tuple[dict[int, Outputs], set[int]]:
        """What is told of the records before the first that cannot be read, and the place of that one."""
        outputs: dict[int, Outputs] = {}
        for place, record in enumerate(records):
            try:
                outputs[place] = routed(record, self._hashed)
            except ValueError as error:
                log_error(RECORD_FAILED.name, error=error)
                return outputs, {place}
        return outputs, set()
