"""Contributor Insights: who contributes most.

The rules read lines as they arrive, JSON ones only; a line without one of a rule's keys counts for nobody. A report's
keys are seen by whoever may call `cloudwatch:GetInsightRuleReport`, not only by those who may read the log groups:
`session` is a keyed hash, never an id, but `client_ip` belongs to a person, so give that permission on
`heaviest-clients` to those alone who may see the access log.
"""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.query import InsightRule, RuleFilter
from mangaobs.model.value import Value
from mangaobs.project.app import App

from ._codes import THROTTLING

_OPERATION = RuleFilter("$.event", "In", ("dynamodb_operation",))
_GROUPS = 20  # as many as a rule takes: in a larger system the functions that customers wait for go first
_WAITED_FOR = ("api", "authorizer")


def contributors(app: App[object]) -> Iterator[InsightRule]:
    functions = _function_log_groups(app)
    if functions:
        yield InsightRule(
            name="hottest-sessions",
            summary="Sessions by their DynamoDB operations, throttled ones included.",
            log_groups=functions,
            keys=("$.session",),
            filters=(_OPERATION,),
        )
        yield InsightRule(
            name="heaviest-sessions",
            summary="Sessions by the DynamoDB capacity units that they consume.",
            log_groups=functions,
            keys=("$.session",),
            value_of="$.consumed_capacity",
            filters=(_OPERATION,),
        )
        yield InsightRule(
            name="top-error-types",
            summary="Error types by how often they occur, with the operation.",
            log_groups=functions,
            keys=("$.error_type", "$.operation"),
            filters=(RuleFilter("$.status", "In", ("error",)),),
        )
        yield InsightRule(
            name="most-throttled-operations",
            summary="DynamoDB operations by how often they are throttled, after the SDK has tried again in vain.",
            log_groups=functions,
            keys=("$.table", "$.operation"),
            filters=(_OPERATION, RuleFilter("$.error_type", "In", THROTTLING)),
        )
    if app.access_log_groups:
        yield InsightRule(
            name="heaviest-clients",
            summary="Client addresses by their requests.",
            log_groups=app.access_log_groups[:_GROUPS],
            keys=("$.client_ip",),
        )


def _function_log_groups(app: App[object]) -> tuple[Value, ...]:
    functions = sorted(app.functions.values(), key=lambda function: function.event_source not in _WAITED_FOR)
    return tuple(dict.fromkeys(function.log_group for function in functions))[:_GROUPS]
