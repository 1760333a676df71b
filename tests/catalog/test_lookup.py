"""Finding a metric and its facts."""

import pytest

from mangaobs import catalog


def test_find_gives_the_facts_of_a_metric():
    facts = catalog.find("AWS/Lambda", "Duration")
    assert facts is not None
    assert (facts.namespace, facts.name) == ("AWS/Lambda", "Duration")
    assert (facts.unit, facts.native_period, facts.emission) == ("Milliseconds", 60, "sparse")
    assert facts.percentiles
    assert facts.source.startswith("https://docs.aws.amazon.com/lambda/")


@pytest.mark.parametrize(
    ("namespace", "name", "period"),
    [
        ("AWS/DynamoDB", "ProvisionedReadCapacityUnits", 300),
        ("AWS/DynamoDB", "ReplicationLatency", 300),
        ("AWS/DynamoDB", "ConsumedReadCapacityUnits", 60),
        ("AWS/S3", "BucketSizeBytes", 86400),
    ],
)
def test_native_period(namespace, name, period):
    facts = catalog.find(namespace, name)
    assert facts is not None
    assert facts.native_period == period


def test_percentiles_follow_from_the_statistics():
    errors = catalog.find("AWS/Lambda", "Errors")
    assert errors is not None
    assert not errors.percentiles


def test_a_set_is_sorted_and_a_shared_group_is_expanded():
    facts = catalog.find("AWS/ApiGateway", "5XXError")
    assert facts is not None
    assert facts.dimension_sets == (("ApiName",), ("ApiName", "Stage"), ("ApiName", "Method", "Resource", "Stage"))
    assert "detailed metrics" in facts.note  # the note of the group comes with it


@pytest.mark.parametrize("namespace", ["AWS/Nothing", "aws/lambda", "AWS.Lambda", "", "../data/AWS/Lambda", "README"])
def test_an_unknown_namespace_is_empty(namespace):
    assert catalog.metrics(namespace) == {}
    assert catalog.find(namespace, "Errors") is None
    assert not catalog.complete(namespace)


def test_metrics_cannot_be_changed():
    with pytest.raises(TypeError):
        catalog.metrics("AWS/SQS")["Mine"] = None


def test_namespaces_are_those_that_have_metrics():
    names = catalog.namespaces()
    assert list(names) == sorted(names)
    assert {"AWS/DynamoDB", "AWS/Bedrock", "AWS/Bedrock/Guardrails", "AWS/X-Ray", "ServiceMetrics/SDK"} <= set(names)
    assert all(catalog.metrics(name) for name in names)


@pytest.mark.parametrize(
    ("namespace", "wrong", "right"),
    [
        ("AWS/ApiGateway", "5XXErrors", "5XXError"),
        ("AWS/Lambda", "errors", "Errors"),
        ("AWS/States", "ExecutionsFailedCount", "ExecutionsFailed"),
        ("AWS/Cognito", "CompromisedCredentialsRisk", "CompromisedCredentialRisk"),
        ("AWS/DynamoDB", "ReadThrottledEvents", "ReadThrottleEvents"),
        ("AWS/DynamoDB", "Xyzzy", None),
    ],
)
def test_nearest_metric(namespace, wrong, right):
    assert catalog.nearest(wrong, catalog.metrics(namespace)) == right


def test_nearest_takes_any_names():
    assert catalog.nearest("Function", iter(["FunctionName", "Resource"])) == "FunctionName"
    assert catalog.nearest("FunctionName", []) is None
