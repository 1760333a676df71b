"""What `mangaobs.toml` says, typed.

Every field carries its meaning and its limits, from which errors and `docs/configuration.md` are made; the block of
TOML in a docstring is the section's example there, and a test reads it. What single values cannot show (impossible
combinations, the same table twice) is in `_combinations`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from mangaobs.project._name import Name, Reference
from mangaobs.project._section import Section
from mangaobs.project.lint import Ignored, Lint
from mangaobs.project.platform import Domain, Platform

if TYPE_CHECKING:
    from mangaobs.model.value import Value

__all__ = [
    "Account",
    "Api",
    "Cache",
    "Capacity",
    "Configuration",
    "Dax",
    "DeliveryStream",
    "Domain",
    "Function",
    "Ignored",
    "Index",
    "Lint",
    "Logs",
    "Model",
    "Name",
    "Platform",
    "Queue",
    "Reference",
    "Route",
    "Routing",
    "Rule",
    "Runbooks",
    "StateMachine",
    "Stream",
    "Subscriber",
    "Table",
    "Topic",
    "Trail",
    "UserPool",
]

Operation = Literal[
    "BatchExecuteStatement",
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "ExecuteStatement",
    "ExecuteTransaction",
    "GetItem",
    "GetRecords",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
]
EventSource = Literal["none", "api", "authorizer", "dynamodb-stream", "kinesis", "sqs", "schedule", "step-functions"]
# The days that CloudWatch Logs' PutRetentionPolicy takes.
Retention = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]

Kebab = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        max_length=64,
        extra={"right": "lower-case words and digits joined by hyphens, for example manga-assist"},
    ),
]
# Keys become part of logical ids.
Key = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_-]*$",
        max_length=64,
        extra={"right": "a letter, then letters, digits, - and _"},
    ),
]
Positive = Annotated[int, Meta(ge=1, le=1_000_000_000_000)]
AccountId = Annotated[
    str,
    Meta(pattern=r"^[0-9]{12}$", extra={"right": 'twelve digits in quotes, for example "123456789012"'}),
]
Region = Annotated[str, Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", extra={"right": "for example us-east-1"})]


class Account(Section, frozen=True):
    """The account and region that the stack is deployed to.

    ```toml
    [account]
    id = "123456789012"
    region = "us-east-1"
    wide = true
    ```
    """

    id: Annotated[AccountId | None, Meta(description="Account id; without it the stack knows its own")] = None
    region: Annotated[Region | None, Meta(description="Region; without it the stack knows its own")] = None
    wide: Annotated[
        bool,
        Meta(
            description="Render the alarms that watch the whole account (user errors, account utilization, trail "
            "filters). Switch it on in one stack per account and region"
        ),
    ] = True


class Runbooks(Section, frozen=True):
    """Where on-call finds the runbooks.

    ```toml
    [runbooks]
    base_url = "https://wiki.example.com/runbooks"
    ```
    """

    base_url: Annotated[
        str,
        Meta(
            description="Address under which the runbook pages are; an alarm links to `<base_url>/<runbook>`",
            pattern=r"^(https?://[^\s]+)?$",
            extra={"right": "an https:// address"},
        ),
    ] = ""


class Subscriber(Section, frozen=True):
    """Who is told: PagerDuty, Slack or any HTTPS endpoint, an e-mail address, a queue, a function.

    ```toml
    [[routing.critical.subscribers]]
    protocol = "https"
    endpoint = { parameter = "PagerDutyUrl", secret = true, description = "PagerDuty's integration URL" }
    ```
    """

    protocol: Annotated[Literal["https", "email", "sqs"], Meta(description="How SNS delivers")]
    endpoint: Annotated[
        Name,
        Meta(
            description="Address to deliver to: a URL, an e-mail address, or the ARN of a queue whose policy lets SNS "
            "in. A URL with a key in it is a secret: make it a parameter with `secret = true`"
        ),
    ]


class Route(Section, frozen=True):
    """Where the alarms of one severity go: a topic that exists, or one that this stack creates.

    ```toml
    [routing.warning]
    topic = { import = "shared-tickets-topic" }
    ```
    """

    topic: Annotated[
        Name | None,
        Meta(description="ARN of an existing SNS topic; without it the stack creates one"),
    ] = None
    subscribers: Annotated[tuple[Subscriber, ...], Meta(description="Who the created topic tells")] = ()
    kms_key: Annotated[
        Name | None,
        Meta(
            description="ARN of an existing KMS key for the created topic, whose policy lets CloudWatch and "
            "EventBridge use it; without it the stack creates one",
        ),
    ] = None


class Routing(Section, frozen=True):
    """Who is told of what: critical pages, warning makes a ticket, info is recorded.

    ```toml
    [routing.info]
    subscribers = [{ protocol = "email", endpoint = "manga-team@example.com" }]
    ```
    """

    critical: Annotated[Route, Meta(description="Alarms that page")] = Route()
    warning: Annotated[Route, Meta(description="Alarms that make a ticket")] = Route()
    info: Annotated[Route, Meta(description="Alarms that are recorded")] = Route()


class Capacity(Section, frozen=True):
    """Provisioned capacity of a table or index, in one direction.

    ```toml
    read_capacity = { min = 5, max = 200, target_utilization = 70 }
    ```
    """

    min: Annotated[int, Meta(description="Least capacity units", ge=1, le=10_000_000)]
    max: Annotated[int, Meta(description="Most capacity units", ge=1, le=10_000_000)]
    target_utilization: Annotated[
        float, Meta(description="Percent of the capacity that auto scaling aims to have in use", ge=20, le=90)
    ] = 70


class Index(Section, frozen=True):
    """A global secondary index. On a provisioned table it has capacity of its own.

    ```toml
    [tables.sessions.indexes.by-customer]
    name = "customer-index"
    ```
    """

    name: Annotated[Name, Meta(description="Name of the index")]
    read_capacity: Annotated[Capacity | None, Meta(description="Read capacity; provisioned tables only")] = None
    write_capacity: Annotated[Capacity | None, Meta(description="Write capacity; provisioned tables only")] = None


class Table(Section, frozen=True):
    """A DynamoDB table. What cannot happen to it (its billing mode, operations) gets no alarm.

    ```toml
    [tables.sessions]
    name = "manga-assist-sessions"
    billing = "on-demand"
    operations = ["GetItem", "PutItem", "Query", "UpdateItem"]
    stream = true
    ```
    """

    name: Annotated[Name, Meta(description="Name of the table")]
    billing: Annotated[Literal["on-demand", "provisioned"], Meta(description="How its capacity is paid")] = "on-demand"
    read_capacity: Annotated[Capacity | None, Meta(description="Read capacity; provisioned only, needed there")] = None
    write_capacity: Annotated[Capacity | None, Meta(description="Write capacity; provisioned only, needed there")] = (
        None
    )
    max_read_request_units: Annotated[
        Positive | None, Meta(description="Most read request units a second; on-demand only")
    ] = None
    max_write_request_units: Annotated[
        Positive | None, Meta(description="Most write request units a second; on-demand only")
    ] = None
    auto_scaling: Annotated[
        bool | None,
        Meta(
            description="Render Application Auto Scaling target tracking for the table and its indexes; provisioned "
            "only, where it is on unless this says `false`"
        ),
    ] = None
    operations: Annotated[
        tuple[Operation, ...],
        Meta(description="The DynamoDB operations that the system calls on it", min_length=1),
    ] = ("GetItem", "PutItem", "Query", "UpdateItem")
    stream: Annotated[bool, Meta(description="Whether its stream is read")] = False
    indexes: Annotated[dict[Key, Index], Meta(description="Global secondary indexes")] = {}

    @property
    def provisioned(self) -> bool:
        """Whether it has provisioned capacity."""
        return self.billing == "provisioned"

    @property
    def scales(self) -> bool:
        """Whether auto scaling is rendered for it."""
        return self.provisioned and self.auto_scaling is not False


class Function(Section, frozen=True):
    """A Lambda function.

    ```toml
    [functions.message]
    name = "manga-assist-message"
    timeout = 30
    event_source = "api"
    ```
    """

    name: Annotated[Name, Meta(description="Name of the function")]
    timeout: Annotated[int, Meta(description="Its timeout in seconds", ge=1, le=900)]
    event_source: Annotated[EventSource, Meta(description="What invokes it")] = "none"
    event_source_mapping: Annotated[
        Name | None,
        Meta(
            description="UUID of its event source mapping, where the mapping's own metrics are switched on; "
            "dynamodb-stream, kinesis and sqs only"
        ),
    ] = None
    reads: Annotated[
        Key | None,
        Meta(
            description="Key of the table or Kinesis stream whose records it reads; dynamodb-stream and kinesis only, "
            "needed where there are several"
        ),
    ] = None
    reserved_concurrency: Annotated[Annotated[int, Meta(ge=0)] | None, Meta(description="Its reserved concurrency")] = (
        None
    )
    memory: Annotated[int, Meta(description="Its memory in MB; platform only", ge=128, le=10_240)] = 512
    routes: Annotated[
        tuple[
            Annotated[
                str,
                Meta(
                    pattern=r"^(GET|POST|PUT|PATCH|DELETE) (/[A-Za-z0-9._-]+|/\{[A-Za-z0-9_]+\})+$",
                    extra={"right": "a method and a path, for example GET /sessions/{session_id}"},
                ),
            ],
            ...,
        ],
        Meta(description="Routes of the API that it serves; platform only"),
    ] = ()
    asynchronous: Annotated[
        bool, Meta(description="Whether it is invoked asynchronously; a schedule always does so")
    ] = False
    log_group: Annotated[Name | None, Meta(description="Its log group; without it `/aws/lambda/<name>`")] = None

    @property
    def log_group_value(self) -> "Value":
        """The log group, its default worked out."""
        if self.log_group is not None:
            return self.log_group.value()
        from mangaobs.model.value import text

        return text("/aws/lambda/", self.name.value())

    @property
    def invoked_asynchronously(self) -> bool:
        """Whether Lambda queues its invocations."""
        return self.asynchronous or self.event_source == "schedule"


class Api(Section, frozen=True):
    """An API in API Gateway: CloudWatch knows a REST API by its name, an HTTP API by its id.

    ```toml
    [apis.chat]
    kind = "rest"
    name = "manga-assist"
    stage = "prod"
    access_log_group = "/manga-assist/api-access"
    ```
    """

    kind: Annotated[Literal["rest", "http"], Meta(description="REST API or HTTP API")]
    name: Annotated[Name | None, Meta(description="Name of the API; REST only, needed there")] = None
    id: Annotated[Name | None, Meta(description="Id of the API; HTTP only, needed there")] = None
    stage: Annotated[
        Name | None, Meta(description="Its stage; REST needs one, for HTTP it is `$default` if left out")
    ] = None
    access_log_group: Annotated[Name | None, Meta(description="Log group of its access log")] = None

    @property
    def stage_value(self) -> "Value":
        """The stage, its default worked out."""
        return self.stage.value() if self.stage is not None else "$default"


class Model(Section, frozen=True):
    """A Bedrock model that is called.

    ```toml
    [models.chat]
    id = "anthropic.claude-3-5-sonnet-20241022-v2:0"
    tokens_per_minute = 400_000
    ```
    """

    id: Annotated[Name, Meta(description="Model id or inference profile id, as it is passed to Bedrock")]
    tokens_per_minute: Annotated[Positive | None, Meta(description="The account's token quota for it")] = None
    requests_per_minute: Annotated[Positive | None, Meta(description="The account's request quota for it")] = None


class Stream(Section, frozen=True):
    """A Kinesis data stream.

    ```toml
    [streams.events]
    name = "manga-assist-events"
    ```
    """

    name: Annotated[Name, Meta(description="Name of the stream")]


class DeliveryStream(Section, frozen=True):
    """A Firehose delivery stream.

    ```toml
    [delivery_streams.archive]
    name = "manga-assist-archive"
    ```
    """

    name: Annotated[Name, Meta(description="Name of the delivery stream")]
    destination: Annotated[Literal["s3"], Meta(description="Where it delivers to")] = "s3"


class Topic(Section, frozen=True):
    """An SNS topic of the application (those for alarms are under `routing`).

    ```toml
    [topics.handoff]
    name = "manga-assist-handoff"
    ```
    """

    name: Annotated[Name, Meta(description="Name of the topic")]


class Queue(Section, frozen=True):
    """An SQS queue.

    ```toml
    [queues.stream-failures]
    name = "manga-assist-stream-dlq"
    dead_letter = true
    ```
    """

    name: Annotated[Name, Meta(description="Name of the queue")]
    dead_letter: Annotated[bool, Meta(description="Whether it holds what failed, and so ought to be empty")] = False


class StateMachine(Section, frozen=True):
    """A state machine in Step Functions.

    ```toml
    [state_machines.escalation]
    arn = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:manga-assist-escalation"
    kind = "standard"
    ```
    """

    arn: Annotated[Name, Meta(description="ARN of the state machine")]
    kind: Annotated[Literal["standard", "express"], Meta(description="Its type")] = "standard"


class Rule(Section, frozen=True):
    """An EventBridge rule.

    ```toml
    [rules.nightly]
    name = "manga-assist-nightly"
    ```
    """

    name: Annotated[Name, Meta(description="Name of the rule")]
    bus: Annotated[Name | None, Meta(description="Its event bus, where that is not the default one")] = None


class Cache(Section, frozen=True):
    """A Redis or Valkey cache in ElastiCache.

    ```toml
    [caches.sessions]
    kind = "node"
    clusters = ["manga-assist-redis-001", "manga-assist-redis-002"]
    ```
    """

    kind: Annotated[Literal["node", "serverless"], Meta(description="Node-based or serverless")]
    clusters: Annotated[
        tuple[Name, ...], Meta(description="Cache cluster ids, one a node; node only, needed there")
    ] = ()
    name: Annotated[Name | None, Meta(description="Name of the cache; serverless only, needed there")] = None


class Dax(Section, frozen=True):
    """A DAX cluster.

    ```toml
    [dax.sessions]
    cluster = "manga-assist-dax"
    nodes = ["manga-assist-dax-a", "manga-assist-dax-b"]
    ```
    """

    cluster: Annotated[Name, Meta(description="Id of the cluster")]
    nodes: Annotated[tuple[Name, ...], Meta(description="Ids of its nodes, for metrics per node")] = ()


class UserPool(Section, frozen=True):
    """A Cognito user pool.

    ```toml
    [user_pools.customers]
    id = { parameter = "UserPool", default = "us-east-1_Ab1Cd2Ef3" }
    clients = [{ parameter = "UserPoolClient", default = "1h57kf5cpq17m0eml12EXAMPLE" }]
    ```
    """

    id: Annotated[Name, Meta(description="Id of the user pool")]
    clients: Annotated[
        tuple[Name, ...], Meta(description="Ids of its app clients: its metrics exist per client", min_length=1)
    ]


class Trail(Section, frozen=True):
    """The CloudTrail trail whose log group the security filters read.

    ```toml
    [trail]
    log_group = "/manga-assist/cloudtrail"
    data_events = true
    ```
    """

    log_group: Annotated[Name, Meta(description="Log group that the trail delivers to")]
    data_events: Annotated[
        bool, Meta(description="Whether the trail records the data events of the tables (item reads and writes)")
    ] = False


class Logs(Section, frozen=True):
    """The log groups of the functions and access logs.

    ```toml
    [logs]
    create = true
    retention_days = 30
    ```
    """

    create: Annotated[bool, Meta(description="Create the log groups here; else they exist already")] = False
    retention_days: Annotated[
        Retention, Meta(description="Days that a created log group keeps its events, of those CloudWatch allows")
    ] = 30
    kms_key: Annotated[
        Name | None,
        Meta(description="ARN of an existing KMS key to encrypt the created log groups with"),
    ] = None


class Configuration(Section, frozen=True):
    """A whole configuration: the base, the chosen environment over it, then every `--set`.

    ```toml
    application = "manga-assist"
    naming = "{application}-{environment}-{name}"

    [tags]
    team = "manga"
    ```
    """

    application: Annotated[Kebab, Meta(description="Name of the application, in lower-case words joined by hyphens")]
    environment: Annotated[
        Kebab, Meta(description="Name of the environment; `--env NAME` sets it to NAME unless `[env.NAME]` says else")
    ] = "dev"
    naming: Annotated[
        str,
        Meta(
            description="How alarms and other resources are named, from `{application}`, `{environment}`, `{name}`",
        ),
    ] = "{application}-{environment}-{name}"
    dashboard_naming: Annotated[
        str,
        Meta(
            description="How dashboards are named, from the same and `{region}`: they are global to an account",
        ),
    ] = "{application}-{environment}-{name}-{region}"
    query_folder: Annotated[
        str,
        Meta(
            description="Folder of the saved queries, from `{application}` and `{environment}`",
        ),
    ] = "{application}/{environment}"
    tags: Annotated[
        dict[
            Annotated[
                str,
                Meta(
                    pattern=r"^(?!aws:)[\w\s.:/=+@-]+$",
                    max_length=128,
                    extra={"right": "1 to 128 characters, not starting with aws:"},
                ),
            ],
            Annotated[str, Meta(max_length=256)],
        ],
        Meta(description="Tags on every resource that takes them", max_length=50),
    ] = {}
    account: Annotated[Account, Meta(description="Account and region")] = Account()
    runbooks: Annotated[Runbooks, Meta(description="Where runbooks are found")] = Runbooks()
    routing: Annotated[Routing, Meta(description="Who is told of what")] = Routing()
    tables: Annotated[dict[Key, Table], Meta(description="DynamoDB tables")] = {}
    functions: Annotated[dict[Key, Function], Meta(description="Lambda functions")] = {}
    apis: Annotated[dict[Key, Api], Meta(description="APIs in API Gateway")] = {}
    models: Annotated[dict[Key, Model], Meta(description="Bedrock models")] = {}
    streams: Annotated[dict[Key, Stream], Meta(description="Kinesis data streams")] = {}
    delivery_streams: Annotated[dict[Key, DeliveryStream], Meta(description="Firehose delivery streams")] = {}
    topics: Annotated[dict[Key, Topic], Meta(description="SNS topics of the application")] = {}
    queues: Annotated[dict[Key, Queue], Meta(description="SQS queues")] = {}
    state_machines: Annotated[dict[Key, StateMachine], Meta(description="State machines in Step Functions")] = {}
    rules: Annotated[dict[Key, Rule], Meta(description="EventBridge rules")] = {}
    caches: Annotated[dict[Key, Cache], Meta(description="ElastiCache caches")] = {}
    dax: Annotated[dict[Key, Dax], Meta(description="DAX clusters")] = {}
    user_pools: Annotated[dict[Key, UserPool], Meta(description="Cognito user pools")] = {}
    trail: Annotated[Trail | None, Meta(description="The CloudTrail trail; without it no trail filters")] = None
    logs: Annotated[Logs, Meta(description="Log groups")] = Logs()
    lint: Annotated[Lint, Meta(description="The linter")] = Lint()
    platform: Annotated[Platform, Meta(description="The platform's template")] = Platform()
    alarms: Annotated[
        Any, Meta(description="Thresholds, as the `Thresholds` type in the project's `alarms/` declares them")
    ] = None

    def named(self, name: str) -> str:
        """`name` through the naming template."""
        return self.naming.format(application=self.application, environment=self.environment, name=name)

    def sections(self) -> "Mapping[str, Mapping[str, msgspec.Struct]]":
        """The sections that hold one table per thing, by their names."""
        return {
            field: value
            for field in self.__struct_fields__
            if field != "tags" and isinstance(value := getattr(self, field), dict) and field != "alarms"
        }
