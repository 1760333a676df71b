"""Everything that the functions talk to, on this machine: AWS over HTTP, the model, Redis, the daemon, the issuer.

Functions run under Lambda's own runtime client, each in a process of its own with credentials of its own, by which
the embedded AWS and the model know who called.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import boto3

from handlers._assembly import hashing

from ...runtime.aws.daemon import Daemon
from ...runtime.aws.runtime_api import Function, Invocation
from ..authorizer.test_authorizer import Issuer
from ..bedrock_standin import BedrockStandIn
from ..conftest import INDEX, REGION, TABLE, create_table
from ..moto_server import MotoServer
from ..redis_server import PASSWORD, USER, RedisServer
from ..streams import records_of

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
KEY = "a-key-of-the-tests"
AUDIT, BACKUP, EXPORTS = "the-audit", "the-backup", "the-exports"
_SERVICES = (
    "COGNITO_IDENTITY_PROVIDER", "DYNAMODB", "SQS", "SNS", "KINESIS", "EVENTBRIDGE", "S3", "KMS", "SSM",
    "SECRETS_MANAGER", "SESV2", "SFN",
)  # fmt: skip
# What a function reads beside its settings.
_RUNTIME = {
    "MANGAOBS_TRACER": "udp",
    "MANGAOBS_DIMENSIONS": "Environment=test",
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
    "AWS_SECRET_ACCESS_KEY": "secret",
}


def hashed(text: str) -> str:
    return hashing(KEY)(text)


class System:
    """The system; ended by `with`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.redis = RedisServer(folder)  # first: it may skip
        self.aws, self.model, self.daemon, self.issuer = MotoServer(), BedrockStandIn(), Daemon(), Issuer()
        self.report = folder / "report.json"
        self.report.write_text('{"Contributors": []}')
        self.functions: dict[str, Function] = {}
        self._make()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for function in self.functions.values():
            function.__exit__()
        self.daemon.__exit__()
        self.redis.stop()
        self.model.close()
        self.issuer.close()
        self.aws.__exit__()

    def client(self, service: str) -> Any:
        """A client of the test itself."""
        return boto3.client(service, **self.reach)

    @property
    def reach(self) -> dict[str, str]:
        return {
            "region_name": REGION,
            "endpoint_url": self.aws.url,
            "aws_access_key_id": "TEST",
            "aws_secret_access_key": "secret",
        }

    def _make(self) -> None:
        self.dynamodb = self.client("dynamodb")
        create_table(self.dynamodb)
        self.sqs, self.s3, self.events, self.sns = (self.client(name) for name in ("sqs", "s3", "events", "sns"))
        self.queues = {name: self.sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("failed", "agents", "bus")}
        arns = {name: f"arn:aws:sqs:{REGION}:123456789012:{name}" for name in self.queues}
        self.key = self.client("kms").create_key()["KeyMetadata"]["KeyId"]
        self.topic = self.sns.create_topic(Name="handoffs")["TopicArn"]
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arns["agents"])
        self.events.create_event_bus(Name="the-bus")
        pattern = '{"source":["manga-assist.sessions"]}'
        self.events.put_rule(Name="all", EventBusName="the-bus", EventPattern=pattern)
        self.events.put_targets(Rule="all", EventBusName="the-bus", Targets=[{"Id": "1", "Arn": arns["bus"]}])
        self.client("kinesis").create_stream(StreamName="analytics", ShardCount=1)
        for bucket in (AUDIT, BACKUP, EXPORTS):
            self.s3.create_bucket(Bucket=bucket)
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        self.users = self.client("cognito-idp")
        self.pool = self.users.create_user_pool(PoolName="people", UsernameAttributes=["email"])["UserPool"]["Id"]
        self.client("sesv2").create_email_identity(EmailIdentity="privacy@example.com")
        definition = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
        role = "arn:aws:iam::123456789012:role/machine"
        machine = self.client("stepfunctions").create_state_machine(
            name="data-requests", definition=definition, roleArn=role
        )
        self.machine = machine["stateMachineArn"]
        self.client("ssm").put_parameter(Name="/hot-key/switch", Value="on", Type="String")
        self.client("secretsmanager").create_secret(Name="redis", SecretString=json.dumps({"password": PASSWORD}))

    def environment(self, name: str) -> dict[str, str]:
        """The environment of a function, as the platform would set it."""
        redis = {
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(self.redis.port),
            "REDIS_CA_FILE": str(self.redis.ca_file),
            "REDIS_USERNAME": USER,
            "REDIS_SECRET": "redis",
            "REDIS_BUDGET_MS": "1000",  # this machine is busy
        }
        table = {"SESSION_TABLE": TABLE, "MANGAOBS_SESSION_KEY": KEY}
        failed = {"FAILED_WRITES_KEY": self.key}
        personal = {
            "CUSTOMER_INDEX": INDEX,
            "AUDIT_BUCKET": AUDIT,
            "BACKUP_BUCKET": BACKUP,
            "SUBJECT_EXPORT_BUCKET": EXPORTS,
            "USER_POOL_ID": self.pool,
        }
        own = {
            "message": {
                **redis,
                **failed,
                "MODEL_ID": "chat-model",
                "FAILED_WRITES_QUEUE_URL": self.queues["failed"],
            },
            "retry": failed,
            "stream": {
                "EVENT_STREAM": "analytics",
                "EVENT_BUS": "the-bus",
                "HANDOFF_TOPIC_ARN": self.topic,
                "SUMMARY_MODEL_ID": "summary-model",
                "SUMMARY_EVERY": "4",
                "SUMMARY_KEEP": "2",
            },
            "handoff": {},
            "authorizer": {"ISSUER": self.issuer.url, "CLIENT_IDS": "app-1"},
            "admin": {
                "SESSION_TABLE_ARN": f"arn:aws:dynamodb:{REGION}:123456789012:table/{TABLE}",
                "CUSTOMER_INDEX": INDEX,
                "AUDIT_BUCKET": AUDIT,
                "BACKUP_BUCKET": BACKUP,
            },
            "admin_delete": {"AUDIT_BUCKET": AUDIT},
            "data_requests": {
                "AUDIT_BUCKET": AUDIT,
                "SUBJECT_EXPORT_BUCKET": EXPORTS,
                "DATA_REQUEST_MACHINE_ARN": self.machine,
            },
            "data_subject": {
                **personal,
                "CONFIRMATION_SENDER": "privacy@example.com",
                "REDISCOVER_SECONDS": "1",
            },
            "data_access": personal,
            "hot_key": {
                **redis,
                "HOT_KEY_MODE": "act",
                "KILL_SWITCH_PARAMETER": "/hot-key/switch",
                "REPORT_FILE": str(self.report),
            },
        }
        return {
            **_RUNTIME,
            **{f"AWS_ENDPOINT_URL_{service}": self.aws.url for service in _SERVICES},
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.model.url,
            "AWS_ACCESS_KEY_ID": f"OF-{name}",
            "AWS_XRAY_DAEMON_ADDRESS": self.daemon.address,
            "AWS_LAMBDA_FUNCTION_NAME": f"manga-assist-{name.replace('_', '-')}",
            **table,
            **own[name],
        }

    def function(self, name: str, **more: str) -> Function:
        """A function, started when it is first asked for."""
        if name not in self.functions:
            environment = {**self.environment(name), **more}
            self.functions[name] = Function(self.folder, f"handlers.{name}.handler", **environment)
        return self.functions[name]

    def invoke(self, name: str, event: Any, **more: Any) -> Any:
        """What a function answers; an error of its is one of the test."""
        invocation = self.invocation(name, event, **more)
        assert invocation.error is None, (invocation.error, self.function(name).errors())
        return invocation.result

    def invocation(self, name: str, event: Any, **more: Any) -> Invocation:
        return self.function(name).invoke(event, **{"trace": TRACE, **more})

    def deliver(self, name: str, event: dict[str, Any], *, times: int = 3) -> None:
        """Give a function messages of a queue, and again those that it failed on, as the queue would."""
        records = event["Records"]
        for _ in range(times):
            failed = self.invoke(name, {"Records": records})["batchItemFailures"]
            records = [one for one in records if {"itemIdentifier": one["messageId"]} in failed]
            if not records:
                return
        raise AssertionError(f"{name} failed {times} times: {self.lines(name)[-5 * times :]}")

    # What passes between functions

    def stream_batch(self, *, start: int = 0) -> list[dict[str, Any]]:
        """Records of the table's stream from the one numbered `start` on."""
        return records_of(self, **self.reach)[start:]

    def waiting(self, queue: str, *, remove: bool = False) -> list[dict[str, Any]]:
        """Messages of a queue."""
        found: list[dict[str, Any]] = []
        url = self.queues[queue]
        while batch := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += batch
            for message in batch if remove else []:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def retry_event(self) -> dict[str, Any]:
        """What Lambda passes of the queue of failed writes."""
        messages = self.waiting("failed", remove=True)
        return {"Records": [{"messageId": one["MessageId"], "body": one["Body"]} for one in messages]}

    def analytics(self) -> list[bytes]:
        """What is in the analytics stream."""
        kinesis = self.client("kinesis")
        shard = kinesis.list_shards(StreamName="analytics")["Shards"][0]["ShardId"]
        start = kinesis.get_shard_iterator(StreamName="analytics", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        return [one["Data"] for one in kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"]]

    def lines(self, *names: str) -> list[dict[str, Any]]:
        """The lines of these functions, or of all."""
        return [line for name in names or self.functions for line in self.functions[name].lines()]

    def audited(self) -> list[bytes]:
        """The objects of the audit."""
        found = self.s3.list_objects_v2(Bucket=AUDIT).get("Contents", [])
        return [self.s3.get_object(Bucket=AUDIT, Key=one["Key"])["Body"].read() for one in found]

    def hot(self, session_id: str, *, units: float) -> dict[str, Any]:
        """Let the report say that a session consumed so much in the last minutes; the event of this minute."""
        from datetime import UTC, datetime

        window = int(datetime.now(UTC).timestamp()) // 60
        points = [{"Timestamp": (window - back) * 60, "ApproximateValue": units} for back in (1, 2)]
        contributor = {"Keys": [f"SESSION#{session_id}"], "Datapoints": points}
        self.report.write_text(json.dumps({"Contributors": [contributor]}))
        return {"time": datetime.fromtimestamp(window * 60, UTC).isoformat().replace("+00:00", "Z")}


def message_event(
    text: str = "Hello",
    message_id: str = "message-1",
    *,
    session: str = "session-1",
    customer: str = "customer-1",
    **more: Any,
) -> dict[str, Any]:
    """A proxy event of the message function."""
    return {
        "httpMethod": "POST",
        "resource": "/messages",
        "body": json.dumps({"message_id": message_id, "text": text, **more}),
        "requestContext": {
            "requestId": "11111111-2222-4333-8444-555555555555",
            "authorizer": {"customer_id": customer, "session_id": session},
            "identity": {"sourceIp": "203.0.113.9"},
        },
    }
