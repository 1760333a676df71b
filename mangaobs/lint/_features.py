"""What must be on for a metric to be published, held against the resource of the templates that a read is of.

Source: the pages of the catalog's files, where `emission` is opt-in, only-when-feature-enabled, destination-specific or
source-specific; the template reference of the properties named here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from mangaobs.lint import _tables
from mangaobs.lint._app import FUNCTIONS, TABLES
from mangaobs.lint._values import inside, listed, show, text, truth
from mangaobs.template import Unknown, holds_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mangaobs.catalog import MetricFacts
    from mangaobs.lint._app import App
    from mangaobs.lint._reads import Read
    from mangaobs.template import Resource

# What is off and what would be right; ("", why) where it cannot be told; None where nothing is needed, or it is on.
Answer: TypeAlias = tuple[str, str] | None

_MAPPING: Final = "AWS::Lambda::EventSourceMapping"
_TARGET: Final = "AWS::ApplicationAutoScaling::ScalableTarget"
_STREAMS: Final = ("DynamoDB", "Kinesis")
_DESTINATIONS: Final = {
    "DeliveryToRedshift": ("RedshiftDestinationConfiguration",),
    "DeliveryToSplunk": ("SplunkDestinationConfiguration",),
    "DeliveryToHttpEndpoint": ("HttpEndpointDestinationConfiguration",),
    "DeliveryToElasticsearch": ("ElasticsearchDestinationConfiguration",),
    "DeliveryToAmazonOpenSearchService": ("AmazonopensearchserviceDestinationConfiguration",),
    "DeliveryToAmazonOpenSearchServerless": ("AmazonOpenSearchServerlessDestinationConfiguration",),
    "DeliveryToSnowflake": ("SnowflakeDestinationConfiguration",),
    "DeliveryToIceberg": ("IcebergDestinationConfiguration",),
}


def needed(app: App, read: Read, facts: MetricFacts) -> Answer:
    """Whether what a metric needs is on."""
    check = _CHECKS.get(facts.namespace)
    return check(app, read, facts) if check is not None else None


def _lambda(app: App, read: Read, facts: MetricFacts) -> Answer:
    if "EventSourceMappingUUID" in (read.names or ()):
        return _mapping(app, read, facts)
    function = app.find(read.value("FunctionName"), *FUNCTIONS)
    if function is None:
        return None
    if facts.name == "IteratorAge" or facts.name.startswith("OffsetLag"):
        return _streams(app, function, facts)
    if facts.name == "DeadLetterErrors":
        if "DeadLetterConfig" in function.properties or "DeadLetterQueue" in function.properties:
            return None
        return f"{function.id} has no dead-letter queue, whose errors {facts.name} counts", "DeadLetterConfig"
    if facts.name.startswith("ProvisionedConcurrency"):
        return _provisioned(app, function)
    return None


def _provisioned(app: App, function: Resource) -> Answer:
    """Provisioned concurrency is set on an alias or a version, or by a scaling target."""
    aliases = [
        one
        for one in app.of("AWS::Lambda::Alias", "AWS::Lambda::Version")
        if app.find(one.properties.get("FunctionName"), *FUNCTIONS) is function
    ]
    scaled = [one for one in app.of(_TARGET) if "ProvisionedConcurrency" in str(one.properties)]
    if scaled or any("ProvisionedConcurrencyConfig" in one.properties for one in (function, *aliases)):
        return None
    return f"{function.id} has no provisioned concurrency", "ProvisionedConcurrencyConfig of an alias"


def _mapping(app: App, read: Read, facts: MetricFacts) -> Answer:
    mapping = app.find(read.value("EventSourceMappingUUID"), _MAPPING)
    if mapping is None:
        return None
    config = mapping.properties.get("MetricsConfig")
    if isinstance(config, Unknown) or holds_unknown(config):
        return "", f"whether {mapping.id} publishes metrics is not known"
    if config is None:
        return f"{mapping.id} publishes no metrics: {facts.name} is opt-in", "MetricsConfig: {Metrics: [EventCount]}"
    return None


def _streams(app: App, function: Resource, facts: MetricFacts) -> Answer:
    """IteratorAge is there for functions that a stream feeds."""
    for event in inside(function.properties.get("Events")).values():
        if inside(event).get("Type") in ("DynamoDB", "Kinesis", "MSK", "SelfManagedKafka", "DocumentDB") or isinstance(
            event, Unknown
        ):
            return None
    if isinstance(function.properties.get("Events"), Unknown):
        return None
    for one in app.of(_MAPPING):
        target = one.properties.get("FunctionName")
        found = app.find(target, *FUNCTIONS)
        if found is None and _mentions(target, function):
            found = function
        if found is not None and found is not function:
            continue
        source = one.properties.get("EventSourceArn")
        if found is None or not _is_queue(app, source):
            return None
    if f"${{{function.id}" in str(app.template.outputs):
        return "", f"{function.id} is handed to other stacks, which may feed it from a stream"
    return f"no stream feeds {function.id}, so that it has no {facts.name}", "an event source mapping from a stream"


def _mentions(value: object, function: Resource) -> bool:
    expression = value.expression if isinstance(value, Unknown) else str(value)
    return f"${{{function.id}" in expression or (isinstance(function.name, str) and function.name in expression)


def _is_queue(app: App, source: object) -> bool:
    return app.find(source, "AWS::SQS::Queue") is not None or (isinstance(source, str) and ":sqs:" in source)


def _dynamodb(app: App, read: Read, facts: MetricFacts) -> Answer:
    table = app.find(read.value("TableName"), *TABLES)
    if table is None:
        return None
    names = read.names or ()
    if "DelegatedOperation" in names:
        if table.type == "AWS::DynamoDB::Table" and "KinesisStreamSpecification" not in table.properties:
            return f"{table.id} feeds no Kinesis stream, which {facts.name} is about", "KinesisStreamSpecification"
    elif "ReceivingRegion" in names and facts.emission == "only-when-feature-enabled":
        if _tables.replicas(table) == 1:
            return f"{table.id} is in one region: it replicates nothing", "a global table with two replicas"
    elif facts.name == "TimeToLiveDeletedItemCount":
        ttl = table.properties.get("TimeToLiveSpecification")
        if ttl is None or truth(inside(ttl).get("Enabled")) is False:
            return f"{table.id} has no time to live", "TimeToLiveSpecification"
    return None


def _s3(app: App, read: Read, _: MetricFacts) -> Answer:
    if "FilterId" not in (read.names or ()):
        return None
    bucket = app.find(read.value("BucketName"), "AWS::S3::Bucket")
    if bucket is None:
        return None
    configured = bucket.properties.get("MetricsConfigurations")
    if isinstance(configured, Unknown):
        return "", f"whether {bucket.id} has request metrics is not known"
    ids = [text(inside(one).get("Id")) for one in listed(configured)]
    wanted = read.value("FilterId")
    if not ids:
        return f"{bucket.id} has no request metrics", "MetricsConfigurations with that Id"
    if isinstance(wanted, str) and None not in ids and wanted not in ids:
        return f"{bucket.id} has no metrics configuration {wanted!r}", f"one of {', '.join(map(str, ids))}"
    return None


def _api(app: App, read: Read, facts: MetricFacts) -> Answer:
    names = read.names or ()
    if "Method" in names:
        stages = app.of("AWS::ApiGateway::Stage", "AWS::Serverless::Api", "AWS::ApiGateway::Deployment")
        if "ApiId" in names:
            return _http(app, facts)
        if not stages:
            return None
        if not _is_api(app, read.value("ApiName")):
            return "", f"which API {show(read.value('ApiName'))} is, is not known"
        settings = [entry for one in stages for entry in _method_settings(one)]
        if any(isinstance(one, Unknown) for one in settings):
            return "", f"whether {facts.name} is published by method is not known"
        if not any(truth(inside(one).get("MetricsEnabled")) for one in settings):
            return f"no stage publishes {facts.name} by method", "MetricsEnabled: true in MethodSettings"
    return None


def _is_api(app: App, value: object) -> bool:
    """Whether a name is that of an API of the templates, of its own or in the title of its definition."""
    apis = app.of("AWS::ApiGateway::RestApi", "AWS::Serverless::Api")
    for one in apis:
        titles = [inside(one.properties, name, "info").get("title") for name in ("Body", "DefinitionBody")]
        if value is not None and str(value) in (str(one.properties.get("Name")), *map(str, titles)):
            return True
    return False


def _method_settings(stage: Resource) -> list[object]:
    given = stage.properties.get(
        "MethodSettings", inside(stage.properties.get("StageDescription")).get("MethodSettings")
    )
    return listed(given)


def _http(app: App, facts: MetricFacts) -> Answer:
    stages = app.of("AWS::ApiGatewayV2::Stage", "AWS::Serverless::HttpApi")
    if not stages:
        return None
    for one in stages:
        values = [one.properties.get("DefaultRouteSettings"), *inside(one.properties.get("RouteSettings")).values()]
        if any(isinstance(value, Unknown) for value in values):
            return "", f"whether {facts.name} is published by route is not known"
        if any(
            truth(inside(value).get("DetailedMetricsEnabled")) is not False
            and "DetailedMetricsEnabled" in inside(value)
            for value in values
        ):
            return None
    return f"no stage publishes {facts.name} by route", "DetailedMetricsEnabled: true"


def _firehose(app: App, read: Read, facts: MetricFacts) -> Answer:
    stream = app.find(read.value("DeliveryStreamName"), "AWS::KinesisFirehose::DeliveryStream")
    if stream is None:
        return None
    prefix = facts.name.partition(".")[0]
    wanted = _DESTINATIONS.get(prefix)
    if wanted and not any(one in stream.properties for one in wanted):
        return f"{stream.id} has no such destination, which {facts.name} is about", f"{wanted[0]}, or its own metric"
    if (
        facts.emission == "source-specific"
        and "KinesisStreamSourceConfiguration" not in stream.properties
        and "Kinesis" in facts.name
    ):
        return f"{stream.id} reads no Kinesis stream, which {facts.name} is about", "KinesisStreamSourceConfiguration"
    return None


def _insights(app: App, read: Read, _: MetricFacts) -> Answer:
    function = app.find(read.value("function_name"), *FUNCTIONS)
    if function is None:
        return None
    layers = function.properties.get("Layers")
    if isinstance(layers, Unknown) or any(isinstance(one, Unknown) for one in listed(layers)):
        return "", f"whether {function.id} has the extension of Lambda Insights is not known"
    image = function.properties.get("PackageType") == "Image"
    if image or any("LambdaInsightsExtension" in str(one) for one in listed(layers)):
        return None
    return f"{function.id} has no extension of Lambda Insights", "its layer LambdaInsightsExtension"


_CHECKS: Final[Mapping[str, Callable[[App, Read, MetricFacts], Answer]]] = {
    "AWS/Lambda": _lambda,
    "AWS/DynamoDB": _dynamodb,
    "AWS/S3": _s3,
    "AWS/ApiGateway": _api,
    "AWS/Firehose": _firehose,
    "LambdaInsights": _insights,
}
