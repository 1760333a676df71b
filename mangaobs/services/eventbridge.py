"""Amazon EventBridge: a rule of the default event bus or of a custom one; the two are measured differently.

Source of what exists: the catalog's AWS.Events file, after the EventBridge User Guide, "Monitoring Amazon EventBridge".
"""

from __future__ import annotations

from typing import ClassVar

from mangaobs.model.metric import Metric
from mangaobs.model.value import Value
from mangaobs.services._resource import Resource, emitted


class Rule(Resource, frozen=True, kw_only=True):
    """A rule; `bus` names a custom event bus, without one the rule is on the default bus.

    Failures and dead letters are published only when there are any.
    """

    namespace: ClassVar[str] = "AWS/Events"
    name: Value
    bus: Value | None = None

    def triggered_rules(self) -> Metric:
        """Times that an event matched the rule and it ran."""
        return self._rule("TriggeredRules")

    def throttled_rules(self) -> Metric:
        """Times that the rule was throttled: its targets were invoked late."""
        return self._rule("ThrottledRules")

    def invocations(self) -> Metric:
        """Times that a target was invoked, failures included; retries count once they failed for good."""
        return self._rule("Invocations")

    def failed_invocations(self) -> Metric:
        """Invocations that failed for good, after all retries."""
        return self._rule("FailedInvocations")

    def dead_letter_invocations(self) -> Metric:
        """Events for which no target was invoked, such as those that would run the same rule again and again.

        Not those that went to a dead-letter queue: `invocations_sent_to_dlq`.
        """
        return self._rule("DeadLetterInvocations")

    def invocations_sent_to_dlq(self) -> Metric:
        """Failed invocations whose event went to the target's dead-letter queue."""
        return self._rule("InvocationsSentToDlq")

    def invocations_failed_to_be_sent_to_dlq(self) -> Metric:
        """Failed invocations whose event could not be put into the dead-letter queue: it is lost."""
        return self._rule("InvocationsFailedToBeSentToDlq")

    def _rule(self, name: str) -> Metric:
        bus = () if self.bus is None or self.bus == "default" else (("EventBusName", self.bus),)
        return emitted(self.namespace, name, (*bus, ("RuleName", self.name)), label=self.key)
