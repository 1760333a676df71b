"""ministack with what AWS puts into requests and ministack does not: run as a program.

That is dynamodb:LeadingKeys of every request and of each item of a transaction, kms:CallerAccount, the actions that
Bedrock's Converse needs, which are those of InvokeModel; and the loopback connection counts as one over TLS. Nothing
else is changed: the policies, and what decides on them, are the template's and ministack's own.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions, iam_evaluator

_ITEMS: ContextVar[list[str]] = ContextVar("_ITEMS")
PARTITION_KEY = "PK"


def _value(attributes: Any) -> list[str]:
    found = (attributes or {}).get(PARTITION_KEY, {})
    return [str(next(iter(found.values())))] if found else []


def leading_keys(body: dict[str, Any]) -> list[str]:
    """The partition keys that a request of DynamoDB names."""
    keys = _value(body.get("Key")) + _value(body.get("Item"))
    if "KeyConditionExpression" in body and "IndexName" not in body:
        placeholder = body["KeyConditionExpression"].partition("=")[2].split()[0]
        keys += [str(next(iter(body["ExpressionAttributeValues"][placeholder].values())))]
    for several in (body.get("RequestItems") or {}).values():
        requests = several.get("Keys", []) if isinstance(several, dict) else several
        for one in requests:
            keys += _value(one.get("PutRequest", {}).get("Item")) + _value(one.get("DeleteRequest", {}).get("Key"))
            keys += _value(one)
    return keys


service_context = iam_actions.dynamodb_service_context
transaction_checks = iam_actions.dynamodb_transaction_checks
enforce = iam_evaluator.enforce
pin_request_origin = iam_evaluator.pin_request_origin


def with_leading_keys(body: bytes) -> dict[str, Any]:
    keys = leading_keys(json.loads(body or b"{}"))
    return {**service_context(body), **({"dynamodb:LeadingKeys": keys} if keys else {})}


def remembered(action: str, body: bytes, region: str, account_id: str) -> Any:
    checks = transaction_checks(action, body, region, account_id)
    items = json.loads(body or b"{}").get("TransactItems", []) if checks else []
    _ITEMS.set([key for one in items for detail in one.values() for key in leading_keys(detail)])
    return checks


# Source: Bedrock API reference, "Converse" and "ConverseStream": the permission that each needs.
CONVERSE = {
    "bedrock:Converse": "bedrock:InvokeModel",
    "bedrock:ConverseStream": "bedrock:InvokeModelWithResponseStream",
}


def with_callers_keys(access_key: str, action: str, service: str, region: str, **more: Any) -> Any:
    action = CONVERSE.get(action, action)
    context = dict(more.pop("service_context", None) or {})
    if service == "dynamodb" and "dynamodb:EnclosingOperation" in context:
        context["dynamodb:LeadingKeys"] = [_ITEMS.get().pop(0)]
    if service == "kms":
        from ministack.core.responses import get_account_id

        context["kms:CallerAccount"] = get_account_id()
    return enforce(access_key, action, service, region, service_context=context, **more)


def over_tls(source_ip: str, _: bool) -> None:
    pin_request_origin(source_ip, True)


iam_evaluator.pin_request_origin = over_tls
iam_actions.dynamodb_service_context = with_leading_keys
iam_actions.dynamodb_transaction_checks = remembered
iam_evaluator.enforce = with_callers_keys

if __name__ == "__main__":
    from ministack.app import main

    main()
