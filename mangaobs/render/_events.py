"""EventBridge rules and Application Auto Scaling."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from troposphere import Ref, Tags, applicationautoscaling, events

from mangaobs.errors import RenderError
from mangaobs.model.value import ACCOUNT_ID, PARTITION, shown, text
from mangaobs.render._pieces import Piece, identify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.errors import Place
    from mangaobs.model.scaling import TargetTracking
    from mangaobs.model.trail import EventRule
    from mangaobs.render._pieces import Context


class _ScalableTarget(applicationautoscaling.ScalableTarget):  # type: ignore[misc] # troposphere has no types
    """With the tags that the type takes and troposphere 4.11.0 does not know."""

    props = {**applicationautoscaling.ScalableTarget.props, "Tags": (Tags, False)}  # noqa: RUF012 - as its base has it


def render(context: Context) -> Iterator[Piece]:
    """Every event rule, then every scaling target with its policy."""
    seen: dict[str, tuple[str, Place]] = {}
    for rule in context.observability.events:
        id = identify("EventRule", rule.name, rule.place, seen)
        context.observability.runbook(f"event rule {rule.name!r}", rule.runbook, rule.place)
        target = events.Target(Id=rule.severity.value, Arn=context.values.render(context.topics[rule.severity]))
        _check_length(rule)
        resource = events.Rule(
            id,
            Name=context.name("event rule", rule.name, rule.place),
            Description=rule.summary,
            EventPattern=context.values.render_tree(rule.pattern),
            State="ENABLED",
            Targets=[target],
            **context.tags(),
        )
        contract = context.contract(rule.place, name=rule.name, severity=rule.severity.value, runbook=rule.runbook)
        yield Piece(id, resource, contract)
    for tracking in context.observability.scaling:
        yield from _scaling(context, tracking, identify("Scaling", tracking.name, tracking.place, seen))


def _check_length(rule: EventRule) -> None:
    # Source: EventBridge quotas, event pattern size.
    length = len(json.dumps(rule.pattern, default=shown, separators=(",", ":")))
    if length > 2048:
        raise RenderError(
            f"event rule {rule.name!r}: its pattern has {length:,} characters",
            right="EventBridge takes at most 2,048: several rules",
            place=rule.place,
        )


def _scaling(context: Context, tracking: TargetTracking, id: str) -> Iterator[Piece]:
    kind = "table" if tracking.index is None else "index"
    resource_id = text("table/", tracking.table, *(("/index/", tracking.index) if tracking.index is not None else ()))
    # Application Auto Scaling makes this service-linked role itself, on first use.
    role = text(
        "arn:", PARTITION, ":iam::", ACCOUNT_ID,
        ":role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
    )  # fmt: skip
    target = _ScalableTarget(
        f"{id}Target",
        ServiceNamespace="dynamodb",
        ResourceId=context.values.render(resource_id),
        ScalableDimension=f"dynamodb:{kind}:{tracking.units}CapacityUnits",
        MinCapacity=tracking.minimum,
        MaxCapacity=tracking.maximum,
        RoleARN=context.values.render(role),
        **context.tags(),
    )
    metric = applicationautoscaling.PredefinedMetricSpecification(
        PredefinedMetricType=f"DynamoDB{tracking.units}CapacityUtilization"
    )
    policy = applicationautoscaling.ScalingPolicy(
        f"{id}Policy",
        PolicyName=context.name("target tracking", tracking.name, tracking.place),
        PolicyType="TargetTrackingScaling",
        ScalingTargetId=Ref(f"{id}Target"),
        TargetTrackingScalingPolicyConfiguration=applicationautoscaling.TargetTrackingScalingPolicyConfiguration(
            TargetValue=tracking.target, PredefinedMetricSpecification=metric
        ),
    )
    contract = context.contract(tracking.place, name=tracking.name)
    yield Piece(f"{id}Target", target, contract, group=id)
    yield Piece(f"{id}Policy", policy, contract, group=id)
