"""Amazon API Gateway: a stage of a REST API or of an HTTP API; the two name their metrics differently.

Source of what exists: the catalog's AWS.ApiGateway file, after the API Gateway Developer Guide, "Amazon API Gateway
dimensions and metrics" and "Monitor HTTP APIs".
"""

from __future__ import annotations

from typing import ClassVar, Literal

from mangaobs.model.metric import Metric
from mangaobs.model.value import Value
from mangaobs.services._resource import Resource, emitted


class Api(Resource, frozen=True, kw_only=True):
    """A stage of an API: a REST API is measured under its name, an HTTP API under its id (`identity`)."""

    namespace: ClassVar[str] = "AWS/ApiGateway"
    kind: Literal["rest", "http"]
    identity: Value
    stage: Value
    access_log_group: Value | None = None

    def count(self) -> Metric:
        """Requests."""
        return self._stage("Count", "Count")

    def client_errors(self) -> Metric:
        """Answers with a 4xx status; the average is their share of all requests, 0 to 1."""
        return self._stage("4XXError", "4xx")

    def server_errors(self) -> Metric:
        """Answers with a 5xx status; the average is their share of all requests, 0 to 1."""
        return self._stage("5XXError", "5xx")

    def latency(self) -> Metric:
        """Milliseconds between the request's arrival and the answer, the integration included."""
        return self._stage("Latency", "Latency")

    def integration_latency(self) -> Metric:
        """Milliseconds that the integration (the function) took."""
        return self._stage("IntegrationLatency", "IntegrationLatency")

    def _stage(self, rest: str, http: str) -> Metric:
        name, dimension = (rest, "ApiName") if self.kind == "rest" else (http, "ApiId")
        return emitted(self.namespace, name, ((dimension, self.identity), ("Stage", self.stage)), label=self.key)
