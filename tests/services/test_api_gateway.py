"""A REST API and an HTTP API measure the same things under other names."""

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.services.api_gateway import Api

REST = Api(key="chat", kind="rest", identity="manga-chat", stage="prod")
HTTP = Api(key="chat", kind="http", identity="a1b2c3", stage="prod")


@pytest.mark.parametrize(
    ("method", "rest", "http"),
    [
        ("count", "Count", "Count"),
        ("client_errors", "4XXError", "4xx"),
        ("server_errors", "5XXError", "5xx"),
        ("latency", "Latency", "Latency"),
        ("integration_latency", "IntegrationLatency", "IntegrationLatency"),
    ],
)
def test_each_kind_of_api_has_its_own_names(method, rest, http):
    assert getattr(REST, method)().name == rest
    assert getattr(HTTP, method)().name == http


def test_a_rest_api_is_found_by_its_name_and_an_http_api_by_its_id():
    assert dict(REST.latency().dimensions) == {"ApiName": "manga-chat", "Stage": "prod"}
    assert dict(HTTP.latency().dimensions) == {"ApiId": "a1b2c3", "Stage": "prod"}


def test_the_name_of_one_kind_cannot_be_used_with_the_other():
    with pytest.raises(DefinitionError, match="is no set that AWS/ApiGateway emits"):
        HTTP.metric("5XXError", ApiId="a1b2c3", Stage="prod")


def test_a_name_in_the_wrong_case_is_refused_with_the_right_one():
    with pytest.raises(DefinitionError, match="did you mean 5XXError"):
        REST.metric("5xxError", ApiName="manga-chat", Stage="prod")


def test_latency_has_percentiles_and_error_counts_have_none():
    assert REST.latency().p99().stat == "p99"
    with pytest.raises(DefinitionError, match="is not published for it"):
        REST.server_errors().p99()
