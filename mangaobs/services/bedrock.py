"""Amazon Bedrock: a model, as its callers invoke it.

Source of what exists: the catalog's AWS.Bedrock file, after the Amazon Bedrock User Guide, "Monitoring the performance
of Amazon Bedrock". Calls to the `bedrock-mantle` endpoint are measured in another namespace and are not among these.
"""

from __future__ import annotations

from typing import ClassVar

from mangaobs.model._check import fail
from mangaobs.model.metric import MINUTE, Math, Metric, math
from mangaobs.model.value import Value
from mangaobs.services._resource import Resource


class Model(Resource, frozen=True, kw_only=True):
    """A model under the id by which it is invoked, with the account's quotas for it."""

    namespace: ClassVar[str] = "AWS/Bedrock"
    id: Value
    tokens_per_minute: int | None = None
    requests_per_minute: int | None = None

    def invocations(self) -> Metric:
        """Requests that succeeded; errors and throttled requests are not among them."""
        return self._model("Invocations")

    def latency(self) -> Metric:
        """Milliseconds between a request and the last token of its answer."""
        return self._model("InvocationLatency")

    def client_errors(self) -> Metric:
        """Invocations that ended in an error of the caller's; throttled requests are not among them."""
        return self._model("InvocationClientErrors")

    def server_errors(self) -> Metric:
        """Invocations that ended in an error of AWS's."""
        return self._model("InvocationServerErrors")

    def throttles(self) -> Metric:
        """Invocations that were throttled: counted neither as invocations nor as errors."""
        return self._model("InvocationThrottles")

    def input_token_count(self) -> Metric:
        """Tokens in the input."""
        return self._model("InputTokenCount")

    def output_token_count(self) -> Metric:
        """Tokens in the output."""
        return self._model("OutputTokenCount")

    def time_to_first_token(self) -> Metric:
        """Milliseconds between a request and the first token of its answer; exists for streaming operations only."""
        return self._model("TimeToFirstToken")

    def estimated_tpm_quota_usage(self) -> Metric:
        """Tokens that count against the quota of tokens a minute: an estimate, throttling does not rest on it."""
        return self._model("EstimatedTPMQuotaUsage")

    def token_quota_usage(self) -> Math:
        """Estimated use of the quota of tokens in percent, over one minute as the quota is."""
        if self.tokens_per_minute is None or self.tokens_per_minute <= 0:
            fail(
                f"model {self.key!r}",
                "token_quota_usage",
                "does not exist: no quota of tokens a minute is configured",
                f"set models.{self.key}.tokens_per_minute",
            )
        return math(
            f"100 * used / {self.tokens_per_minute}",
            used=self.estimated_tpm_quota_usage().sum(MINUTE),
            label=f"{self.key} token quota used, %",
        )

    def _model(self, name: str) -> Metric:
        return self.metric(name, ModelId=self.id)
