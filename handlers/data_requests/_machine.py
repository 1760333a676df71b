"""The state machine that works on requests. Two executions of one request do no harm: the lease lets one work.

An execution's name is made of the request and of why it is started, so that the same call again starts nothing twice.
Source: Step Functions API reference, StartExecution: the same name and input again are the same execution while it
runs, and `ExecutionAlreadyExists` for ninety days after; a name has 80 characters.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import msgspec

from mangaobs.runtime import log_publish_operation

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

    from ..subjects import Request


class Machine:
    """The state machine `arn`."""

    def __init__(self, client: SFNClient, arn: str) -> None:
        self._client = client
        self._arn = arn

    def start(self, request: Request, why: str) -> bool:
        """Start it for a request, once for each `why` (12 characters); False if that ran before and has ended.

        Raises what botocore does.
        """
        task = {"request_id": request.request_id, "attempt": request.attempt}
        try:
            with log_publish_operation("StartExecution:DataRequest", destination=self._arn.rpartition(":")[2]):
                self._client.start_execution(
                    stateMachineArn=self._arn,
                    name=f"{request.request_id}-{why}",
                    input=msgspec.json.encode(task).decode(),
                )
        except self._client.exceptions.ExecutionAlreadyExists:
            return False
        return True

    def go_on(self, request: Request) -> None:
        """See to it that an execution that was started here for this attempt runs. Raises what botocore does."""
        for number in count(1):
            if self.start(request, f"resume{request.attempt}-{number}"):
                return
