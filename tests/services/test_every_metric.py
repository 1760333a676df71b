"""Whatever can be asked of any service, AWS emits it: exactly so, and no finer.

Nothing is listed by hand but one or more examples of each class: a new class without an example fails, and a new
method is covered once it is written.
"""

import importlib
import inspect
import itertools
import pkgutil
import typing

import pytest

from mangaobs import catalog, services
from mangaobs.errors import DefinitionError
from mangaobs.languages.statistic import is_percentile
from mangaobs.model.metric import Math, Metric, MetricStat
from mangaobs.services._resource import Resource
from mangaobs.services.api_gateway import Api
from mangaobs.services.bedrock import Model
from mangaobs.services.cognito import UserPoolClient
from mangaobs.services.dax import Cluster
from mangaobs.services.dynamodb import AccountCapacity, Capacity, Index, Table
from mangaobs.services.elasticache import Node, ServerlessCache
from mangaobs.services.eventbridge import Rule
from mangaobs.services.firehose import DeliveryStream, Destination
from mangaobs.services.kinesis import Stream
from mangaobs.services.lambda_ import AccountConcurrency, Function
from mangaobs.services.sns import Topic
from mangaobs.services.sqs import Queue
from mangaobs.services.step_functions import StateMachine

OPERATIONS = ("GetItem", "PutItem", "Query", "Scan", "UpdateItem")
INDEXES = (Index(key="by-user", name="user-index"),)
ARN = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders"

EXAMPLES = [
    Table(key="on-demand", name="t", operations=OPERATIONS, indexes=INDEXES),
    Table(key="capped", name="t", indexes=INDEXES, max_read_request_units=9, max_write_request_units=9),
    Table(key="provisioned", name="t", billing="provisioned", indexes=INDEXES, read=Capacity(1, 9)),
    AccountCapacity(key="account"),
    Function(key="api", name="f", timeout=3, log_group="g", event_source="api", asynchronous=True),
    Function(
        key="stream", name="f", timeout=3, log_group="g", event_source="dynamodb-stream", event_source_mapping="uuid"
    ),
    AccountConcurrency(key="account"),
    Api(key="rest", kind="rest", identity="a", stage="s"),
    Api(key="http", kind="http", identity="a", stage="s"),
    Model(key="quota", id="m", tokens_per_minute=1000, requests_per_minute=10),
    Model(key="no-quota", id="m"),
    Stream(key="stream", name="s"),
    *(DeliveryStream(key=name, name="d", destination=name) for name in typing.get_args(Destination)),
    Topic(key="topic", name="t"),
    Queue(key="queue", name="q"),
    Queue(key="dead-letters", name="q", dead_letter=True),
    StateMachine(key="standard", arn=ARN, kind="standard"),
    StateMachine(key="express", arn=ARN, kind="express"),
    Rule(key="default", name="r"),
    Rule(key="custom", name="r", bus="b"),
    Node(key="node", cluster_id="c"),
    ServerlessCache(key="serverless", name="c"),
    Cluster(key="cluster", name="c"),
    UserPoolClient(key="client", pool="p", client="c"),
]

MEASURES = (Metric, MetricStat, Math, MetricStat | Math)


def classes():
    modules = [
        importlib.import_module(f"{services.__name__}.{m.name}") for m in pkgutil.iter_modules(services.__path__)
    ]
    found = {c for module in modules for c in vars(module).values() if inspect.isclass(c) and issubclass(c, Resource)}
    return sorted(found - {Resource}, key=lambda c: (c.__module__, c.__name__))


def methods(cls):
    """The public methods that give something to measure, `metric` (the way out for what has no method) excepted."""
    for name, method in inspect.getmembers(cls, inspect.isfunction):
        if not name.startswith("_") and name != "metric" and typing.get_type_hints(method).get("return") in MEASURES:
            yield name, method


def values(example, parameter, hint):
    """Every value that the example could be asked with."""
    if typing.get_origin(hint) is typing.Literal:
        return typing.get_args(hint)
    if parameter == "operation":
        return example.operations
    if parameter == "index":
        return (None, *example.indexes)
    if parameter == "node":
        return (None, "node-a")
    if parameter == "period":
        return (60, 300)
    pytest.fail(f"say here with which values of {parameter!r} {type(example).__name__} is to be tried")


def calls(example, method):
    hints = typing.get_type_hints(method)
    parameters = [name for name in inspect.signature(method).parameters if name != "self"]
    for arguments in itertools.product(*(values(example, name, hints[name]) for name in parameters)):
        yield dict(zip(parameters, arguments, strict=True))


def answers(example, name, method):
    """What the example answers; a refusal is an answer, too, and then there is no metric."""
    for arguments in calls(example, method):
        try:
            yield getattr(example, name)(**arguments)
        except DefinitionError as refusal:
            if not refusal.right:
                pytest.fail(f"{refusal}: a refusal says what would be right")


def measured(answer):
    if isinstance(answer, Metric):
        return [answer]
    return [stat.metric for stat in (answer.metric_stats() if isinstance(answer, Math) else [answer])]


ASKED = [
    pytest.param(example, name, method, id=f"{type(example).__name__}[{example.key}].{name}")
    for example in EXAMPLES
    for name, method in methods(type(example))
]
METHODS = [
    pytest.param(cls, name, method, id=f"{cls.__name__}.{name}") for cls in classes() for name, method in methods(cls)
]


@pytest.mark.parametrize("cls", classes(), ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_every_class_has_an_example_here(cls):
    assert any(type(example) is cls for example in EXAMPLES)


@pytest.mark.parametrize(("cls", "name", "method"), METHODS)
def test_every_method_gives_a_metric_for_some_example(cls, name, method):
    assert any(list(answers(example, name, method)) for example in EXAMPLES if type(example) is cls)


@pytest.mark.parametrize(("cls", "name", "method"), METHODS)
def test_every_method_says_what_it_measures(cls, name, method):
    assert method.__doc__


@pytest.mark.parametrize(("example", "name", "method"), ASKED)
def test_every_metric_is_emitted_under_exactly_its_dimensions(example, name, method):
    for answer in answers(example, name, method):
        for metric in measured(answer):
            names = [dimension for dimension, _ in metric.dimensions]
            assert len(names) == len(set(names))
            assert catalog.emits(metric.namespace, metric.name, names) is True, metric


@pytest.mark.parametrize(("example", "name", "method"), ASKED)
def test_every_metric_is_what_the_catalog_says(example, name, method):
    for answer in answers(example, name, method):
        for metric in measured(answer):
            facts = catalog.find(metric.namespace, metric.name)
            assert (metric.unit, metric.native_period, metric.percentiles) == (
                facts.unit,
                facts.native_period,
                facts.percentiles,
            )


@pytest.mark.parametrize(("example", "name", "method"), ASKED)
def test_no_metric_can_be_asked_for_at_a_finer_period_than_it_is_published(example, name, method):
    for answer in answers(example, name, method):
        for metric in measured(answer):
            assert metric.sum(metric.native_period).period == metric.native_period
            for finer in (p for p in (10, 20, 30, 60, 120, 180, 240) if p < metric.native_period):
                with pytest.raises(DefinitionError, match="finer than what AWS publishes"):
                    metric.sum(finer)


@pytest.mark.parametrize(("example", "name", "method"), ASKED)
def test_no_dimension_of_a_metric_can_be_left_out_unless_that_is_a_metric_too(example, name, method):
    for answer in answers(example, name, method):
        for metric in measured(answer):
            for left_out, _ in metric.dimensions:
                rest = {dimension: value for dimension, value in metric.dimensions if dimension != left_out}
                if catalog.emits(metric.namespace, metric.name, rest) is True:
                    assert example.metric(metric.name, **rest).name == metric.name
                else:
                    with pytest.raises(DefinitionError, match="dimensions"):
                        example.metric(metric.name, **rest)


@pytest.mark.parametrize(("example", "name", "method"), ASKED)
def test_math_is_over_one_period_and_over_published_statistics(example, name, method):
    for answer in answers(example, name, method):
        if isinstance(answer, Math):
            stats = answer.metric_stats()
            assert {stat.period for stat in stats} == {answer.period}
            assert all(stat.metric.percentiles for stat in stats if is_percentile(stat.stat))
