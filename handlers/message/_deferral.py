"""Turns that could not be written go to a queue, from which the retry function writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.runtime import count, log_event, log_publish_operation

from .._deferred import Deferred, encode
from .._sealed import Seal
from ..signals import DEFERRED_WRITES, WRITE_DEFERRED

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class Deferral:
    """Puts what could not be written into the queue at `url`, sealed."""

    def __init__(self, client: SQSClient, url: str, seal: Seal) -> None:
        self._client = client
        self._url = url
        self._seal = seal

    def defer(self, deferred: Deferred, *, reason: str) -> None:
        """Queue `deferred`; `reason` is the code of what went wrong. Raises what botocore does."""
        with log_publish_operation("SendMessage:DeferWrite", destination=self._url.rpartition("/")[2]):
            self._client.send_message(QueueUrl=self._url, MessageBody=self._seal.seal(encode(deferred)))
        log_event(WRITE_DEFERRED, reason=reason)
        count(DEFERRED_WRITES)
