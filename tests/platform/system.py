"""The platform, deployed on ministack with AUTH=true: every call is decided by the policies that the template has."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import jwt
from botocore.config import Config

from mangaobs.bundle import bundle
from mangaobs.platform import render_platform

from ..handlers.authorizer.test_authorizer import KEY, Issuer
from ..proof.configurations import ROOT
from ..proof.emulators import REGION, Ministack, running_ministack

STACK = "platform"
FUNCTIONS = (
    "admin", "admin_delete", "authorizer", "data_access", "data_requests", "data_subject", "handoff", "hot_key",
    "message", "retry", "stream",
)  # fmt: skip
SENDER = "privacy@example.com"
# The types that ministack's CloudFormation does not know.
REFUSED = {
    "AWS::CloudTrail::Trail",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::Events::Archive",
    "AWS::XRay::Group",
    "AWS::XRay::SamplingRule",
}
# What it creates without, or gives back otherwise. `Platform` gives the roles their boundary through IAM.
LOST: dict[str, set[str]] = {
    "AWS::ApiGateway::RestApi": {"EndpointConfiguration"},
    "AWS::ApiGateway::Stage": {"AccessLogSetting"},
    "AWS::DynamoDB::Table": {
        "ContributorInsightsSpecification",
        "PointInTimeRecoverySpecification",
        "ResourcePolicy",
        "SSESpecification",
        "TimeToLiveSpecification",
    },
    "AWS::EC2::VPCEndpoint": {"PolicyDocument", "PrivateDnsEnabled", "SecurityGroupIds"},
    "AWS::ElastiCache::ReplicationGroup": {
        "CacheSubnetGroupName",
        "EngineVersion",
        "KmsKeyId",
        "SecurityGroupIds",
    },
    "AWS::Events::EventBus": {"KmsKeyIdentifier"},
    "AWS::Kinesis::Stream": {"StreamEncryption"},
    "AWS::Lambda::EventSourceMapping": {"Tags"},
    "AWS::Lambda::Function": {"DeadLetterConfig", "KmsKeyArn", "ReservedConcurrentExecutions", "VpcConfig"},
    "AWS::Logs::LogGroup": {"DataProtectionPolicy"},
    "AWS::S3::Bucket": {
        "BucketEncryption",
        "LifecycleConfiguration",
        "LoggingConfiguration",
        "ObjectLockConfiguration",
        "ObjectLockEnabled",
        "Tags",
    },
    "AWS::Pipes::Pipe": {"SourceParameters", "TargetParameters"},
    "AWS::SNS::Topic": {"KmsMasterKeyId"},
    "AWS::SecretsManager::Secret": {"GenerateSecretString"},
    "AWS::StepFunctions::StateMachine": {"LoggingConfiguration", "TracingConfiguration"},
}


def without(template: dict[str, Any], refused: set[str]) -> dict[str, Any]:
    """The template without the types that are refused."""
    kept = {id: one for id, one in template["Resources"].items() if one["Type"] not in refused}
    return {**template, "Resources": kept}


def eventually(look: Callable[[], Any], *, seconds: float = 30) -> Any:
    """What `look` gives, once it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "nothing came of it"
        time.sleep(0.2)
    return found


class Platform:
    """The deployed platform."""

    def __init__(self, ministack: Ministack, issuer: Issuer, folder: Path, archives: Path) -> None:
        self.ministack = ministack
        self.issuer = issuer
        own = "platform.environment.authorizer"
        self.template = render_platform(
            ROOT,
            None,
            [
                f"{own}.ISSUER={issuer.url}",
                f"{own}.JWKS_URL={issuer.url}/keys",
                f"{own}.CLIENT_IDS=app-1",
                "platform.environment.data-subject.REDISCOVER_SECONDS=1",
                f'platform.confirmation_sender="{SENDER}"',
            ],
        )
        s3 = self.client("s3")
        s3.create_bucket(Bucket="code")
        for name in FUNCTIONS:
            s3.put_object(Bucket="code", Key=f"functions/{name}.zip", Body=(archives / f"{name}.zip").read_bytes())
        self.ids = ministack.create_stack(
            STACK,
            without(self.template, REFUSED),
            Parameters=[{"ParameterKey": "CodeBucket", "ParameterValue": "code"}],
            Capabilities=["CAPABILITY_IAM"],
        )
        self.table = "manga-assist-sessions"
        self.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        self._bound()

    def _bound(self) -> None:
        """The roles' boundary, which ministack's CloudFormation loses and its IAM enforces."""
        for id, one in self.template["Resources"].items():
            if one["Type"] == "AWS::IAM::Role":
                self.client("iam").put_role_permissions_boundary(
                    RoleName=self.ids[id], PermissionsBoundary=self.ids["RoleBoundary"]
                )

    def client(self, service: str) -> Any:
        """A client of the account's root."""
        return self.ministack.client(service)

    def as_role(self, role: str, service: str, **options: Any) -> Any:
        """A client with a role's own policies; that it may be assumed here is the one thing that is changed."""
        iam, name = self.client("iam"), self.ids[role]
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        iam.update_assume_role_policy(
            RoleName=name, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
        arn = iam.get_role(RoleName=name)["Role"]["Arn"]
        made = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="a-test")["Credentials"]
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.ministack.url,
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
            aws_session_token=made["SessionToken"],
            config=Config(retries={"total_max_attempts": 1}, **options),
        )

    def token(self, *, customer: str = "customer-1", session: str = "session-1", groups: tuple[str, ...] = ()) -> str:
        """A token of the issuer."""
        now = int(time.time())
        claims = {
            "iss": self.issuer.url,
            "sub": customer,
            "client_id": "app-1",
            "token_use": "access",
            "origin_jti": session,
            "iat": now - 10,
            "exp": now + 600,
            "cognito:groups": list(groups),
        }
        return jwt.encode(claims, KEY, "RS256", headers={"kid": "k1"})

    def ask(self, method: str, path: str, body: Any = None, *, token: str | None) -> tuple[int, Any]:
        """What the API answers: the status, and the body."""
        url = f"{self.ministack.url}/restapis/{self.ids['ChatApiResource']}/live/_user_request_{path}"
        request = urllib.request.Request(url, method=method)  # noqa: S310 - our own process
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        content = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, content, timeout=60) as answer:  # noqa: S310 - our own process
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def items(self, session: str = "session-1") -> dict[str, Any]:
        """The items of a session by their sort keys."""
        found = self.client("dynamodb").query(
            TableName=self.table,
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues={":pk": {"S": f"SESSION#{session}"}},
        )["Items"]
        return {item["SK"]["S"]: item for item in found}

    def partitions(self) -> set[str]:
        """The partition keys of the whole table."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.table)
        return {item["PK"]["S"] for page in pages for item in page["Items"]}

    def versions(self, bucket: str) -> list[str]:
        """The keys of every version and marker in a bucket."""
        pages = self.client("s3").get_paginator("list_object_versions").paginate(Bucket=self.ids[bucket])
        return [one["Key"] for page in pages for kind in ("Versions", "DeleteMarkers") for one in page.get(kind, [])]

    def histories(self, machine: str, name: str) -> dict[str, tuple[str, str]]:
        """The executions whose names begin so: the status of each, and its history as text."""
        states = self.client("stepfunctions")
        found = states.list_executions(stateMachineArn=self.ids[machine])["executions"]
        return {
            one["name"]: (
                one["status"],
                json.dumps(states.get_execution_history(executionArn=one["executionArn"])["events"], default=str),
            )
            for one in found
            if one["name"].startswith(name)
        }

    def mails(self) -> list[dict[str, Any]]:
        """What SES sent."""
        with urllib.request.urlopen(f"{self.ministack.url}/_ministack/ses/messages") as answer:  # noqa: S310 - our own
            found = json.loads(answer.read())
        sent = found.get("messages", found)
        return [one for several in sent.values() for one in several] if isinstance(sent, dict) else sent

    def lines(self, function: str) -> list[dict[str, Any]]:
        """What a function logged."""
        logs, group = self.client("logs"), f"/aws/lambda/manga-assist-{function.replace('_', '-')}"
        found = []
        for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
            events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
            found += [json.loads(one["message"]) for one in events if one["message"].startswith("{")]
        return found

    def pass_hand_offs(self) -> bool:
        """What the pipe does, with its role: ministack polls streams for pipes, and no queues."""
        url = self.ids["HandoffRequestsQueue"]
        sqs, states = self.as_role("HandoffPipeRole", "sqs"), self.as_role("HandoffPipeRole", "stepfunctions")
        pipe = self.template["Resources"]["HandoffPipe"]["Properties"]
        found = sqs.receive_message(QueueUrl=url).get("Messages", [])
        for message in found:
            given = pipe["TargetParameters"]["InputTemplate"]
            for name, value in json.loads(message["Body"]).items():
                given = given.replace(f"<$.body.{name}>", str(value))
            assert "<$" not in given
            states.start_execution(stateMachineArn=self.ids["HandoffMachine"], input=given)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bool(found)

    def messages(self, id: str) -> list[str]:
        """What waits in a queue."""
        sqs = self.client("sqs")
        answer = sqs.receive_message(QueueUrl=self.ids[id], MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [one["Body"] for one in answer.get("Messages", [])]


@contextmanager
def running_platform(folder: Path) -> Iterator[Platform]:
    """Bundle the functions, start ministack and the issuer, deploy; end all of it."""
    archives = folder / "archives"
    bundle(ROOT, archives, rounds=1)
    issuer = Issuer()
    try:
        program = str(Path(__file__).with_name("keyed_ministack.py"))
        with running_ministack(folder, program, AUTH="true") as ministack:
            yield Platform(ministack, issuer, folder, archives)
    finally:
        issuer.close()
