"""Sends what is told: to Kinesis and EventBridge in batches, to SNS one by one; what AWS takes in part is tried again.

Each method gets what is to be sent by the record's place in the batch, and returns the places whose sending failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from mangaobs.runtime import log_error, log_publish_operation

from ..signals import RECORD_FAILED
from ._route import BusEvent

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_events.type_defs import PutEventsRequestEntryTypeDef
    from types_boto3_kinesis import KinesisClient
    from types_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef
    from types_boto3_sns import SNSClient

E = TypeVar("E")

SOURCE: Final = "manga-assist.sessions"
_MOST_RECORDS, _MOST_EVENTS = 500, 10  # a call
_FIRST_WAIT = 0.1  # seconds


class Sender:
    """Sends to one stream, one bus and one topic. `sleep` gets seconds, `random` gives 0 to 1."""

    def __init__(
        self,
        *,
        kinesis: KinesisClient,
        stream: str,
        events: EventBridgeClient,
        bus: str,
        sns: SNSClient,
        topic: str,
        sleep: Callable[[float], object],
        random: Callable[[], float],
        attempts: int = 4,
    ) -> None:
        self._kinesis = kinesis
        self._stream = stream
        self._events = events
        self._bus = bus
        self._sns = sns
        self._topic = topic
        self._sleep = sleep
        self._random = random
        self._attempts = attempts

    def analytics(self, told: Mapping[int, tuple[str, Mapping[str, object]]]) -> set[int]:
        """Put analytics events, with their partition keys, into the stream."""
        entries: dict[int, PutRecordsRequestEntryTypeDef] = {
            place: {"PartitionKey": partition, "Data": msgspec.json.encode(content) + b"\n"}
            for place, (partition, content) in told.items()
        }
        return self._batched(entries, _MOST_RECORDS, self._put_records)

    def bus_events(self, told: Mapping[int, BusEvent]) -> set[int]:
        """Put events on the bus."""
        entries: dict[int, PutEventsRequestEntryTypeDef] = {
            place: {
                "Source": SOURCE,
                "DetailType": event.kind,
                "Detail": msgspec.json.encode(event.detail).decode(),
                "EventBusName": self._bus,
            }
            for place, event in told.items()
        }
        return self._batched(entries, _MOST_EVENTS, self._put_events)

    def handoffs(self, told: Mapping[int, Mapping[str, object]]) -> set[int]:
        """Publish hand-offs to the agents' topic."""
        return self._batched(dict(told), 1, self._publish)

    def _put_records(self, entries: list[PutRecordsRequestEntryTypeDef]) -> list[bool]:
        with log_publish_operation("PutRecords:Analytics", destination=self._stream):
            answer = self._kinesis.put_records(StreamName=self._stream, Records=entries)
        return ["ErrorCode" not in record for record in answer["Records"]]

    def _put_events(self, entries: list[PutEventsRequestEntryTypeDef]) -> list[bool]:
        with log_publish_operation("PutEvents:Sessions", destination=self._bus.rpartition("/")[2]):
            answer = self._events.put_events(Entries=entries)
        return ["ErrorCode" not in entry for entry in answer["Entries"]]

    def _publish(self, contents: list[Mapping[str, object]]) -> list[bool]:
        with log_publish_operation("Publish:HandOff", destination=self._topic.rpartition(":")[2]):
            for content in contents:
                self._sns.publish(TopicArn=self._topic, Message=msgspec.json.encode(content).decode())
        return [True] * len(contents)

    def _batched(self, entries: Mapping[int, E], most: int, send: Callable[[list[E]], list[bool]]) -> set[int]:
        """Send `entries`, `most` at a time; those that AWS does not take, again. The places of what failed for good."""
        from botocore.exceptions import BotoCoreError, ClientError

        failed: set[int] = set()
        for places in _chunks(entries, most):
            wait, left = _FIRST_WAIT, places
            for attempt in range(1, self._attempts + 1):
                try:
                    taken = send([entries[place] for place in left])
                except (ClientError, BotoCoreError) as error:
                    # boto3 has tried that again already.
                    log_error(RECORD_FAILED.name, error=error)
                    break
                left = [place for place, ok in zip(left, taken, strict=True) if not ok]
                if not left or attempt == self._attempts:
                    break
                self._sleep(wait * (0.5 + self._random()))
                wait *= 2
            failed.update(left)
        return failed


def _chunks(places: Iterable[int], most: int) -> Iterator[list[int]]:
    rest = iter(places)
    while chunk := list(islice(rest, most)):
        yield chunk
