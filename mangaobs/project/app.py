"""The system as definitions see it: its tables, functions and the rest as services, from the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from mangaobs.errors import ConfigurationError
from mangaobs.model.value import Value
from mangaobs.services.api_gateway import Api
from mangaobs.services.bedrock import Model
from mangaobs.services.cognito import UserPoolClient
from mangaobs.services.dax import Cluster
from mangaobs.services.dynamodb import AccountCapacity, Capacity, Index, Table
from mangaobs.services.elasticache import Node, ServerlessCache
from mangaobs.services.eventbridge import Rule
from mangaobs.services.firehose import DeliveryStream
from mangaobs.services.kinesis import Stream
from mangaobs.services.lambda_ import AccountConcurrency, Function
from mangaobs.services.sns import Topic
from mangaobs.services.sqs import Queue
from mangaobs.services.step_functions import StateMachine
from mangaobs.signals import Signals

if TYPE_CHECKING:
    from mangaobs.project import configuration
    from mangaobs.project.configuration import Configuration

T = TypeVar("T")


class Trail(msgspec.Struct, frozen=True):
    """The CloudTrail trail: where its events arrive, and whether they include item reads and writes."""

    log_group: Value
    data_events: bool


class App(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What definitions are written against; every mapping is by the key in the configuration.

    `thresholds` is `[alarms]`, typed by the project.
    """

    application: str
    environment: str
    thresholds: T
    signals: Signals
    tables: dict[str, Table]
    functions: dict[str, Function]
    apis: dict[str, Api]
    models: dict[str, Model]
    streams: dict[str, Stream]
    delivery_streams: dict[str, DeliveryStream]
    topics: dict[str, Topic]
    queues: dict[str, Queue]
    state_machines: dict[str, StateMachine]
    rules: dict[str, Rule]
    cache_nodes: dict[str, Node]
    serverless_caches: dict[str, ServerlessCache]
    dax: dict[str, Cluster]
    user_pool_clients: dict[str, UserPoolClient]
    trail: Trail | None
    dynamodb: AccountCapacity = AccountCapacity(key="account")
    concurrency: AccountConcurrency = AccountConcurrency(key="account")

    @property
    def table(self) -> Table:
        """The one table of a system that has one; the first of several."""
        return _first("tables", self.tables)

    @property
    def api(self) -> Api:
        """The one API of a system that has one; the first of several."""
        return _first("apis", self.apis)

    @property
    def model(self) -> Model:
        """The one Bedrock model of a system that has one; the first of several."""
        return _first("models", self.models)

    @property
    def function_log_groups(self) -> tuple[Value, ...]:
        """The log group of every function, each once: the one source of these names."""
        return tuple(dict.fromkeys(function.log_group for function in self.functions.values()))

    @property
    def access_log_groups(self) -> tuple[Value, ...]:
        """The log group of every API's access log."""
        return tuple(
            dict.fromkeys(api.access_log_group for api in self.apis.values() if api.access_log_group is not None)
        )


K = TypeVar("K")


def _first(section: str, things: dict[str, K]) -> K:
    if not things:
        raise ConfigurationError(
            f"the definitions need one of [{section}], and there is none", right=f"add [{section}.NAME]"
        )
    return next(iter(things.values()))


def build_app(configuration: Configuration, thresholds: T, signals: Signals) -> App[T]:
    """The services of `configuration`."""
    return App(
        application=configuration.application,
        environment=configuration.environment,
        thresholds=thresholds,
        signals=signals,
        tables={key: _table(key, table) for key, table in configuration.tables.items()},
        functions={key: _function(key, function) for key, function in configuration.functions.items()},
        apis={key: _api(key, api) for key, api in configuration.apis.items()},
        models={
            key: Model(
                key=key,
                id=model.id.value(),
                tokens_per_minute=model.tokens_per_minute,
                requests_per_minute=model.requests_per_minute,
            )
            for key, model in configuration.models.items()
        },
        streams={key: Stream(key=key, name=stream.name.value()) for key, stream in configuration.streams.items()},
        delivery_streams={
            key: DeliveryStream(key=key, name=stream.name.value(), destination=stream.destination)
            for key, stream in configuration.delivery_streams.items()
        },
        topics={key: Topic(key=key, name=topic.name.value()) for key, topic in configuration.topics.items()},
        queues={
            key: Queue(key=key, name=queue.name.value(), dead_letter=queue.dead_letter)
            for key, queue in configuration.queues.items()
        },
        state_machines={
            key: StateMachine(key=key, arn=machine.arn.value(), kind=machine.kind)
            for key, machine in configuration.state_machines.items()
        },
        rules={
            key: Rule(key=key, name=rule.name.value(), bus=None if rule.bus is None else rule.bus.value())
            for key, rule in configuration.rules.items()
        },
        cache_nodes={
            f"{key}-{number}": Node(key=f"{key}-{number}", cluster_id=cluster.value())
            for key, cache in configuration.caches.items()
            for number, cluster in enumerate(cache.clusters, 1)
        },
        serverless_caches={
            key: ServerlessCache(key=key, name=cache.name.value())
            for key, cache in configuration.caches.items()
            if cache.name is not None
        },
        dax={
            key: Cluster(key=key, name=cluster.cluster.value(), nodes=tuple(node.value() for node in cluster.nodes))
            for key, cluster in configuration.dax.items()
        },
        user_pool_clients={
            f"{key}-{number}": UserPoolClient(key=f"{key}-{number}", pool=pool.id.value(), client=client.value())
            for key, pool in configuration.user_pools.items()
            for number, client in enumerate(pool.clients, 1)
        },
        trail=None
        if configuration.trail is None
        else Trail(configuration.trail.log_group.value(), configuration.trail.data_events),
    )


def _table(key: str, table: configuration.Table) -> Table:
    return Table(
        key=key,
        name=table.name.value(),
        billing=table.billing,
        operations=table.operations,
        indexes=tuple(
            Index(
                key=index_key,
                name=index.name.value(),
                read=_capacity(index.read_capacity),
                write=_capacity(index.write_capacity),
            )
            for index_key, index in table.indexes.items()
        ),
        read=_capacity(table.read_capacity),
        write=_capacity(table.write_capacity),
        max_read_request_units=table.max_read_request_units,
        max_write_request_units=table.max_write_request_units,
        auto_scaling=table.scales,
        stream=table.stream,
    )


def _capacity(capacity: configuration.Capacity | None) -> Capacity | None:
    return None if capacity is None else Capacity(capacity.min, capacity.max, capacity.target_utilization)


def _function(key: str, function: configuration.Function) -> Function:
    mapping = function.event_source_mapping
    return Function(
        key=key,
        name=function.name.value(),
        timeout=function.timeout,
        log_group=function.log_group_value,
        event_source=function.event_source,
        reads=function.reads,
        event_source_mapping=None if mapping is None else mapping.value(),
        reserved_concurrency=function.reserved_concurrency,
        asynchronous=function.invoked_asynchronously,
    )


def _api(key: str, api: configuration.Api) -> Api:
    identity = api.name if api.kind == "rest" else api.id
    if identity is None:
        raise ConfigurationError(f"apis.{key} has no {'name' if api.kind == 'rest' else 'id'}")
    access = api.access_log_group
    return Api(
        key=key,
        kind=api.kind,
        identity=identity.value(),
        stage=api.stage_value,
        access_log_group=None if access is None else access.value(),
    )
