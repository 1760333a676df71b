"""Amazon Cognito: a client of a user pool.

Source of what exists: the catalog's AWS.Cognito file, after the Cognito Developer Guide, "User pool metrics in
CloudWatch" and "Viewing threat protection metrics".
"""

from __future__ import annotations

from typing import ClassVar, Literal

from mangaobs.model.metric import Metric
from mangaobs.model.value import Value
from mangaobs.services._resource import Resource

Operation = Literal["PasswordChange", "SignIn", "SignUp"]
RiskLevel = Literal["high", "medium", "low"]


class UserPoolClient(Resource, frozen=True, kw_only=True):
    """An app client of a user pool, both by their ids.

    Successes are 1 or 0 for each request: the sum counts what succeeded, the average is its share, 0 to 1.
    """

    namespace: ClassVar[str] = "AWS/Cognito"
    pool: Value
    client: Value

    def sign_in_successes(self) -> Metric:
        """Sign-ins that succeeded; throttled ones count as failed."""
        return self._client("SignInSuccesses")

    def sign_in_throttles(self) -> Metric:
        """Sign-ins that were throttled."""
        return self._client("SignInThrottles")

    def token_refresh_successes(self) -> Metric:
        """Refreshes of a token that succeeded; throttled ones count as failed."""
        return self._client("TokenRefreshSuccesses")

    def token_refresh_throttles(self) -> Metric:
        """Refreshes of a token that were throttled."""
        return self._client("TokenRefreshThrottles")

    def compromised_credential_risk(self, operation: Operation = "SignIn", risk_level: RiskLevel = "high") -> Metric:
        """Requests with credentials that are known to be compromised, over all clients of the pool.

        Exists where threat protection is switched on.
        """
        return self.metric("CompromisedCredentialRisk", UserPoolId=self.pool, Operation=operation, RiskLevel=risk_level)

    def _client(self, name: str) -> Metric:
        return self.metric(name, UserPool=self.pool, UserPoolClient=self.client)
