"""A rule on the default bus and a rule on a custom bus are found under other dimensions."""

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.model.value import Parameter
from mangaobs.services.eventbridge import Rule

METHODS = [
    ("triggered_rules", "TriggeredRules"),
    ("throttled_rules", "ThrottledRules"),
    ("invocations", "Invocations"),
    ("failed_invocations", "FailedInvocations"),
    ("dead_letter_invocations", "DeadLetterInvocations"),
    ("invocations_sent_to_dlq", "InvocationsSentToDlq"),
    ("invocations_failed_to_be_sent_to_dlq", "InvocationsFailedToBeSentToDlq"),
]


@pytest.mark.parametrize(("method", "name"), METHODS)
def test_a_rule_on_the_default_bus_is_measured_under_its_name_alone(method, name):
    metric = getattr(Rule(key="nightly", name="nightly"), method)()

    assert (metric.namespace, metric.name) == ("AWS/Events", name)
    assert dict(metric.dimensions) == {"RuleName": "nightly"}


@pytest.mark.parametrize(("method", "name"), METHODS)
def test_a_rule_on_a_custom_bus_is_measured_under_the_bus_and_its_name(method, name):
    metric = getattr(Rule(key="orders", name="order-placed", bus="shop"), method)()

    assert metric.name == name
    assert dict(metric.dimensions) == {"EventBusName": "shop", "RuleName": "order-placed"}


def test_the_default_bus_may_be_named():
    rule = Rule(key="nightly", name="nightly", bus="default")

    assert dict(rule.failed_invocations().dimensions) == {"RuleName": "nightly"}


def test_a_bus_that_is_known_only_when_deployed_is_a_custom_bus():
    bus = Parameter("ShopBus")

    assert ("EventBusName", bus) in Rule(key="orders", name="order-placed", bus=bus).invocations().dimensions


def test_failures_of_a_bus_as_a_whole_cannot_be_made():
    with pytest.raises(DefinitionError, match="is no set that AWS/Events emits"):
        Rule(key="orders", name="order-placed", bus="shop").metric("FailedInvocations", EventBusName="shop")
