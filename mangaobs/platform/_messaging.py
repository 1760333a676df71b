"""Queues, the topic of hand-offs, the stream of analytics on its way to S3 and Athena, the event bus.

Source: SNS Developer Guide, "Fanout to Amazon SQS queues", "Encryption at rest"; EventBridge User Guide, "Archiving and
replaying events", "Using dead-letter queues"; Firehose Developer Guide, "Grant Firehose access to an
Amazon S3 destination"; Athena User Guide, "Partition projection".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from awacs.aws import Statement
from troposphere import GetAtt, Ref, Sub, athena, events, firehose, glue, kinesis, logs, sns, sqs

from mangaobs.errors import RenderError
from mangaobs.platform import _buckets, _keys, _logs, _roles
from mangaobs.platform._policy import allow, deny, document, everyone, service
from mangaobs.platform._stack import ACCOUNT, Stack, attribute, here

if TYPE_CHECKING:
    from mangaobs.platform._policy import Text

FAILED_WRITES, DEAD_LETTERS, AGENTS = "FailedWritesQueueResource", "DeadLetterQueueResource", "AgentsQueue"
REQUESTS = "HandoffRequestsQueue"  # what the state machine is started with
HANDOFFS, EVENTS, BUS = "HandoffTopicResource", "EventStreamResource", "SessionBus"
DELIVERY, DELIVERY_ROLE = "AnalyticsDeliveryResource", "DeliveryRole"
SOURCE = "manga-assist.sessions"
_DAY = 24 * 3600
# What the stream function writes to analytics: handlers/stream/_route.py.
_COLUMNS = (
    ("event_id", "string"), ("session", "string"), ("type", "string"), ("at", "bigint"), ("role", "string"),
    ("compressed_bytes", "int"), ("input_tokens", "int"), ("output_tokens", "int"), ("model", "string"),
)  # fmt: skip


def build(stack: Stack, *, retry_timeout: int) -> None:
    """All of it. `retry_timeout` is that of the function that reads the failed writes, in seconds."""
    _queues(stack, retry_timeout)
    _topic(stack)
    _analytics(stack)
    _bus(stack)


def dead_letters() -> Text:
    """The ARN of the queue of dead letters."""
    return attribute(DEAD_LETTERS)


def _named(stack: Stack, section: str, key: str) -> Text:
    """The configured name of a thing. Raises `RenderError` where mangaobs.toml has none."""
    found = getattr(stack.configuration, section)
    if key not in found:
        raise RenderError(
            f"the platform needs [{section}.{key}], which mangaobs.toml has not",
            right=f"[{section}.{key}] with its name",
        )
    return stack.value(found[key].name)


def _queues(stack: Stack, retry_timeout: int) -> None:
    _queue(stack, DEAD_LETTERS, _named(stack, "queues", "dead-letters"), MessageRetentionPeriod=14 * _DAY)
    redrive = sqs.RedrivePolicy(deadLetterTargetArn=attribute(DEAD_LETTERS), maxReceiveCount=5)
    _queue(
        stack,
        FAILED_WRITES,
        _named(stack, "queues", "failed-writes"),
        # Six times the function's timeout. Source: Lambda Developer Guide, "Using Lambda with Amazon SQS".
        VisibilityTimeout=6 * retry_timeout,
        MessageRetentionPeriod=4 * _DAY,
        RedrivePolicy=redrive,
    )
    for id, name in ((AGENTS, "agents"), (REQUESTS, "handoff-requests")):
        _queue(
            stack,
            id,
            stack.named(name),
            VisibilityTimeout=300,
            MessageRetentionPeriod=4 * _DAY,
            RedrivePolicy=redrive,
        )
        from_topic = allow(
            "HandoffsFromTheTopic",
            ["sqs:SendMessage"],
            [attribute(id)],
            principal=service("sns"),
            conditions={**here(), "ArnEquals": {"aws:SourceArn": Ref(HANDOFFS)}},
        )
        _queue_policy(stack, id, [from_topic])
    _queue_policy(stack, FAILED_WRITES)
    _queue_policy(
        stack,
        DEAD_LETTERS,
        [
            allow(
                "FailuresOfRules",
                ["sqs:SendMessage"],
                [attribute(DEAD_LETTERS)],
                principal=service("events"),
                conditions={**here(), "ArnLike": {"aws:SourceArn": stack.arn("events", "rule/*")}},
            )
        ],
    )
    for id, name in ((FAILED_WRITES, "FailedWritesQueue"), (DEAD_LETTERS, "DeadLetterQueue")):
        stack.output(f"{name}Name", f"Name of the queue: {name} of the observability stack", GetAtt(id, "QueueName"))


def _queue(stack: Stack, id: str, name: Text, **more: Any) -> None:  # noqa: ANN401 - of the resource
    stack.add(
        sqs.Queue(id, QueueName=name, KmsMasterKeyId=_keys.arn(_keys.DATA), KmsDataKeyReusePeriodSeconds=3600, **more)
    )


def _queue_policy(stack: Stack, id: str, statements: list[Statement] | None = None) -> None:
    tls = deny(
        "OnlyOverTls",
        ["sqs:*"],
        [attribute(id)],
        principal=everyone(),
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )
    stack.add(sqs.QueuePolicy(f"{id}Policy", Queues=[Ref(id)], PolicyDocument=document(tls, *(statements or []))))


def _topic(stack: Stack) -> None:
    stack.add(sns.Topic(HANDOFFS, TopicName=_named(stack, "topics", "handoffs"), KmsMasterKeyId=_keys.arn(_keys.DATA)))
    for id, queue in (("AgentsSubscription", AGENTS), ("RequestsSubscription", REQUESTS)):
        stack.add(
            sns.SubscriptionResource(
                id, TopicArn=Ref(HANDOFFS), Protocol="sqs", Endpoint=attribute(queue), RawMessageDelivery=True
            )
        )
    tls = deny(
        "OnlyOverTls",
        ["sns:Publish"],
        [Ref(HANDOFFS)],
        principal=everyone(),
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )
    stack.add(sns.TopicPolicy(f"{HANDOFFS}Policy", Topics=[Ref(HANDOFFS)], PolicyDocument=document(tls)))
    stack.output(
        "HandoffTopicName", "Name of the topic: HandoffTopic of the observability stack", GetAtt(HANDOFFS, "TopicName")
    )


def _analytics(stack: Stack) -> None:
    settings = stack.settings
    stack.add(
        kinesis.Stream(
            EVENTS,
            Name=_named(stack, "streams", "events"),
            RetentionPeriodHours=24,
            StreamEncryption=kinesis.StreamEncryption(EncryptionType="KMS", KeyId=_keys.arn(_keys.DATA)),
            StreamModeDetails=kinesis.StreamModeDetails(StreamMode="ON_DEMAND"),
        )
    )
    name = _named(stack, "delivery_streams", "analytics")
    group = logs.LogGroup(
        "DeliveryLogGroup",
        LogGroupName=Sub("/aws/kinesisfirehose/${Name}", Name=name),
        RetentionInDays=stack.configuration.logs.retention_days,
        KmsKeyId=_keys.arn(_keys.LOGS),
    )
    stack.add(group)
    stack.add(logs.LogStream("DeliveryLogStream", LogGroupName=Ref(group), LogStreamName="S3Delivery"))
    _roles.add_role(
        stack,
        DELIVERY_ROLE,
        trusted=_roles.trusted("firehose", here()),
        statements=[
            allow(
                "ReadEvents",
                ["kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards"],
                [attribute(EVENTS)],
            ),
            allow(
                "WriteAnalytics",
                ["s3:AbortMultipartUpload", "s3:PutObject"],
                [_buckets.objects(_buckets.ANALYTICS, "events/*"), _buckets.objects(_buckets.ANALYTICS, "errors/*")],
            ),
            allow(
                "LookAtAnalytics",
                ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
                [attribute(_buckets.ANALYTICS)],
            ),
            allow("WriteLogs", ["logs:PutLogEvents"], [attribute("DeliveryLogGroup")]),
            allow(
                "UseKeys",
                ["kms:Decrypt", "kms:GenerateDataKey"],
                [_keys.arn(_keys.DATA)],
                conditions={
                    "StringEquals": {
                        "kms:ViaService": [
                            Sub("kinesis.${AWS::Region}.amazonaws.com"),
                            Sub("s3.${AWS::Region}.amazonaws.com"),
                        ]
                    }
                },
            ),
        ],
    )
    stack.add(
        firehose.DeliveryStream(
            DELIVERY,
            DeliveryStreamName=name,
            DeliveryStreamType="KinesisStreamAsSource",
            KinesisStreamSourceConfiguration=firehose.KinesisStreamSourceConfiguration(
                KinesisStreamARN=attribute(EVENTS), RoleARN=attribute(DELIVERY_ROLE)
            ),
            ExtendedS3DestinationConfiguration=firehose.ExtendedS3DestinationConfiguration(
                BucketARN=attribute(_buckets.ANALYTICS),
                RoleARN=attribute(DELIVERY_ROLE),
                Prefix="events/day=!{timestamp:yyyy-MM-dd}/",
                ErrorOutputPrefix="errors/!{firehose:error-output-type}/day=!{timestamp:yyyy-MM-dd}/",
                BufferingHints=firehose.BufferingHints(IntervalInSeconds=300, SizeInMBs=64),
                CompressionFormat="GZIP",
                EncryptionConfiguration=firehose.EncryptionConfiguration(
                    KMSEncryptionConfig=firehose.KMSEncryptionConfig(AWSKMSKeyARN=_keys.arn(_keys.DATA))
                ),
                CloudWatchLoggingOptions=firehose.CloudWatchLoggingOptions(
                    Enabled=True, LogGroupName=Ref(group), LogStreamName=Ref("DeliveryLogStream")
                ),
            ),
            DependsOn=[f"{_buckets.ANALYTICS}Policy"],
        )
    )
    _athena(stack, settings.analytics_days)


def _athena(stack: Stack, days: int) -> None:
    database = stack.named("analytics").replace("-", "_")
    stack.add(glue.Database("AnalyticsDatabase", CatalogId=ACCOUNT, DatabaseInput=glue.DatabaseInput(Name=database)))
    location = Sub(f"s3://${{{_buckets.ANALYTICS}}}/events/")
    stack.add(
        glue.Table(
            "AnalyticsTable",
            CatalogId=ACCOUNT,
            DatabaseName=Ref("AnalyticsDatabase"),
            TableInput=glue.TableInput(
                Name="events",
                TableType="EXTERNAL_TABLE",
                # Days are worked out, so that no crawler need find them.
                Parameters={
                    "projection.enabled": "true",
                    "projection.day.type": "date",
                    "projection.day.format": "yyyy-MM-dd",
                    "projection.day.range": f"NOW-{days}DAYS,NOW",
                    "storage.location.template": Sub(f"s3://${{{_buckets.ANALYTICS}}}/events/day=${{!day}}/"),
                },
                PartitionKeys=[glue.Column(Name="day", Type="string")],
                StorageDescriptor=glue.StorageDescriptor(
                    Columns=[glue.Column(Name=name, Type=kind) for name, kind in _COLUMNS],
                    Location=location,
                    InputFormat="org.apache.hadoop.mapred.TextInputFormat",
                    OutputFormat="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                    SerdeInfo=glue.SerdeInfo(SerializationLibrary="org.openx.data.jsonserde.JsonSerDe"),
                ),
            ),
        )
    )
    stack.add(
        athena.WorkGroup(
            "AnalyticsWorkGroup",
            Name=stack.named("analytics"),
            WorkGroupConfiguration=athena.WorkGroupConfiguration(
                EnforceWorkGroupConfiguration=True,
                PublishCloudWatchMetricsEnabled=True,
                ResultConfiguration=athena.ResultConfiguration(
                    OutputLocation=Sub(f"s3://${{{_buckets.ANALYTICS}}}/{_buckets.ATHENA_PREFIX}"),
                    EncryptionConfiguration=athena.EncryptionConfiguration(
                        EncryptionOption="SSE_KMS", KmsKey=_keys.arn(_keys.DATA)
                    ),
                ),
            ),
        )
    )


def _bus(stack: Stack) -> None:
    name = stack.named("sessions")
    stack.add(events.EventBus(BUS, Name=name, KmsKeyIdentifier=_keys.arn(_keys.DATA)))
    stack.add(
        events.Archive(
            "SessionArchive",
            ArchiveName=stack.named("sessions")[:48],
            SourceArn=attribute(BUS),
            KmsKeyIdentifier=_keys.arn(_keys.DATA),
            # Hashed ids alone; kept for less than a month.
            RetentionDays=14,
            EventPattern={"source": [SOURCE]},
        )
    )
    _bus_log(stack)


def _bus_log(stack: Stack) -> None:
    """What passes the bus as lines that Logs Insights reads: sessions and hand-offs, without a metric of each."""
    group = "SessionEventsLogGroup"
    # EventBridge takes groups that begin so. Source: EventBridge User Guide, "CloudWatch Logs as a target".
    _logs.add_group(stack, group, f"/aws/events/{stack.named('sessions')}")
    rule = "SessionEventsRule"
    stack.add(
        events.Rule(
            rule,
            Name=stack.named("session-events"),
            Description="Sessions and hand-offs, into their log",
            EventBusName=Ref(BUS),
            EventPattern={"source": [SOURCE]},
            Targets=[
                events.Target(
                    Id="log",
                    Arn=_logs.without_star(attribute(group)),
                    RetryPolicy=events.RetryPolicy(MaximumRetryAttempts=10, MaximumEventAgeInSeconds=3600),
                    DeadLetterConfig=events.DeadLetterConfig(Arn=attribute(DEAD_LETTERS)),
                )
            ],
        )
    )
    # CloudWatch Logs takes the policy as text.
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "EventsIntoTheirLog",
                "Effect": "Allow",
                "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": f"${{{group}.Arn}}",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"},
                    "ArnEquals": {"aws:SourceArn": f"${{{rule}.Arn}}"},
                },
            }
        ],
    }
    written = Sub(json.dumps(policy, separators=(",", ":")))
    stack.add(
        logs.ResourcePolicy("SessionEventsPolicy", PolicyName=stack.named("session-events"), PolicyDocument=written)
    )
