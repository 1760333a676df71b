"""What an engineer can, and cannot, ask of a Bedrock model."""

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.services.bedrock import Model

CLAUDE = Model(key="claude", id="anthropic.claude-sonnet", tokens_per_minute=200_000, requests_per_minute=50)
NO_QUOTA = Model(key="titan", id="amazon.titan-embed")


@pytest.mark.parametrize(
    ("method", "name", "unit"),
    [
        ("invocations", "Invocations", "Count"),
        ("latency", "InvocationLatency", "Milliseconds"),
        ("client_errors", "InvocationClientErrors", "Count"),
        ("server_errors", "InvocationServerErrors", "Count"),
        ("throttles", "InvocationThrottles", "Count"),
        ("input_token_count", "InputTokenCount", "Count"),
        ("output_token_count", "OutputTokenCount", "Count"),
        ("time_to_first_token", "TimeToFirstToken", "Milliseconds"),
        ("estimated_tpm_quota_usage", "EstimatedTPMQuotaUsage", "Count"),
    ],
)
def test_a_model_is_measured_under_its_id(method, name, unit):
    metric = getattr(CLAUDE, method)()

    assert (metric.namespace, metric.name, metric.unit) == ("AWS/Bedrock", name, unit)
    assert dict(metric.dimensions) == {"ModelId": "anthropic.claude-sonnet"}


def test_the_token_quota_is_compared_with_the_tokens_of_one_minute():
    usage = CLAUDE.token_quota_usage()

    (used,) = usage.metric_stats()
    assert usage.expression == "100 * used / 200000"
    assert (used.metric.name, used.stat, used.period) == ("EstimatedTPMQuotaUsage", "Sum", 60)
    assert usage.period == 60


@pytest.mark.parametrize("quota", [None, 0, -1])
def test_a_model_without_a_configured_quota_has_no_quota_usage(quota):
    with pytest.raises(DefinitionError, match=r"set models\.titan\.tokens_per_minute"):
        Model(key="titan", id="amazon.titan-embed", tokens_per_minute=quota).token_quota_usage()


def test_a_model_without_a_configured_quota_still_has_its_estimated_tokens():
    assert NO_QUOTA.estimated_tpm_quota_usage().sum().period == 60


def test_invocations_of_all_models_together_cannot_be_made():
    with pytest.raises(DefinitionError, match="is no set that AWS/Bedrock emits"):
        CLAUDE.metric("Invocations")
