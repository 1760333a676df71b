"""Contributor Insights: who contributes most. The rules read JSON lines as they arrive.

`session` is a keyed hash, never an id. `client_ip` is personal: only those who may see the access log should see that
rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from mangaobs.model.query import InsightRule, RuleFilter
from mangaobs.project.app import App

_OPERATION = RuleFilter("$.event", "In", ("dynamodb_operation",))
_THROTTLED = ("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded")
_GROUPS = 20  # as many as a rule is made for; the first functions are those that customers wait for


def contributors(app: App[object]) -> Iterator[InsightRule]:
    functions = app.function_log_groups[:_GROUPS]
    if functions:
        yield InsightRule(
            name="hottest-sessions",
            summary="Sessions by the capacity units that they consume.",
            log_groups=functions,
            keys=("$.session",),
            value_of="$.consumed_capacity",
            filters=(_OPERATION, RuleFilter("$.session", "IsPresent", value=True)),
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
            summary="DynamoDB operations by how often they are throttled.",
            log_groups=functions,
            keys=("$.table", "$.operation"),
            filters=(_OPERATION, RuleFilter("$.error_type", "In", _THROTTLED)),
        )
    if app.access_log_groups:
        yield InsightRule(
            name="heaviest-clients",
            summary="Client addresses by their requests.",
            log_groups=app.access_log_groups[:_GROUPS],
            keys=("$.client_ip",),
        )
