"""The state machine that works on requests. Two executions of one request do no harm: the lease lets one work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mangaobs.runtime import log_publish_operation

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient


class Machine:
    """The state machine `arn`."""

    def __init__(self, client: SFNClient, arn: str) -> None:
        self._client = client
        self._arn = arn

    def start(self, request_id: str, why: str) -> None:
        """Start it for a request, once for each `why`. Raises what botocore does."""
        try:
            with log_publish_operation("StartExecution:DataRequest", destination=self._arn.rpartition(":")[2]):
                self._client.start_execution(
                    stateMachineArn=self._arn,
                    name=f"{request_id}-{why}",
                    input=msgspec.json.encode({"request_id": request_id}).decode(),
                )
        except self._client.exceptions.ExecutionAlreadyExists:
            return
