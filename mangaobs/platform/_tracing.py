"""X-Ray: how much is sampled, and a group of what is slow or failed.

Source: X-Ray Developer Guide, "Configuring sampling rules", "Configuring groups".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import xray

if TYPE_CHECKING:
    from mangaobs.platform._stack import Stack


def build(stack: Stack) -> None:
    """The sampling rule and the group."""
    stack.add(
        xray.SamplingRule(
            "ChatSampling",
            SamplingRule=xray.SamplingRuleProperty(
                RuleName=stack.named("chat")[:32],
                Priority=100,
                # One a second, and a twentieth of the rest.
                ReservoirSize=1,
                FixedRate=0.05,
                Host="*",
                HTTPMethod="*",
                URLPath="*",
                ResourceARN="*",
                ServiceName="*",
                ServiceType="AWS::ApiGateway::Stage",
                Version=1,
            ),
        )
    )
    stack.add(
        xray.Group(
            "ChatTraces",
            GroupName=stack.named("slow-or-failed")[:32],
            FilterExpression="responsetime > 5 OR fault = true OR error = true",
            InsightsConfiguration=xray.InsightsConfiguration(InsightsEnabled=True, NotificationsEnabled=False),
        )
    )
