"""Everything that the functions talk to, on this machine: AWS over HTTP, the model, Redis, the daemon, the issuer.

Functions run under Lambda's own runtime client, each in a process of its own with credentials of its own, by which
the embedded AWS knows who called.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import boto3

from ...runtime.aws.daemon import Daemon
from ...runtime.aws.runtime_api import Function
from ..bedrock_standin import BedrockStandIn
from ..conftest import REGION
from ..moto_server import MotoServer
from ..redis_server import RedisServer

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
SESSION_KEY = "a-key-of-the-tests"
SERVICES = ("dynamodb", "sqs", "sns", "kinesis", "events", "s3", "kms", "ssm", "secretsmanager", "dynamodbstreams")


class System:
    """The system; ended by `with`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.aws = MotoServer()
        self.model = BedrockStandIn()
        self.redis = RedisServer(folder)
        self.daemon = Daemon()
        self._functions: dict[str, Function] = {}
        self._read: dict[str, str] = {}
        self._make()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for function in self._functions.values():
            function.__exit__()
        self.daemon.__exit__()
        self.redis.close()
        self.model.close()
        self.aws.__exit__()

    def client(self, service: str) -> Any:
        """A client of the test itself."""
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.aws.url, aws_access_key_id="TEST", aws_secret_access_key="t"
        )
