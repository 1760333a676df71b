"""What an engineer can, and cannot, ask of a client of a user pool."""

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.services.cognito import UserPoolClient

WEB = UserPoolClient(key="web", pool="eu-west-1_abc", client="4f9k")


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("sign_in_successes", "SignInSuccesses"),
        ("sign_in_throttles", "SignInThrottles"),
        ("token_refresh_successes", "TokenRefreshSuccesses"),
        ("token_refresh_throttles", "TokenRefreshThrottles"),
    ],
)
def test_sign_ins_are_measured_under_the_pool_and_the_client(method, name):
    metric = getattr(WEB, method)()

    assert (metric.namespace, metric.name) == ("AWS/Cognito", name)
    assert dict(metric.dimensions) == {"UserPool": "eu-west-1_abc", "UserPoolClient": "4f9k"}


def test_compromised_credentials_are_measured_for_the_whole_pool_by_operation_and_risk():
    risk = WEB.compromised_credential_risk("SignUp", "medium")

    assert risk.name == "CompromisedCredentialRisk"
    assert dict(risk.dimensions) == {"UserPoolId": "eu-west-1_abc", "Operation": "SignUp", "RiskLevel": "medium"}


def test_throttles_under_the_dimension_of_threat_protection_are_refused():
    with pytest.raises(DefinitionError, match=r"UserPool\+UserPoolClient"):
        WEB.metric("SignInThrottles", UserPoolId="eu-west-1_abc")
