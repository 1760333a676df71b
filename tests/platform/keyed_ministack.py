"""ministack with what AWS puts into requests and ministack does not: run as a program.

That is dynamodb:LeadingKeys of every request and of each item of a transaction, dynamodb:Attributes of a batch,
kms:CallerAccount, the sender of a mail and its identity, how and when a call of S3 was signed; as aws:PrincipalArn the
role, not its session; the actions that Bedrock's Converse needs, which are those of InvokeModel; and the loopback
connection counts as one over TLS. Nothing else is changed: the policies, and what decides on them, are the template's
and ministack's own.
"""

from __future__ import annotations

import json
import time
from calendar import timegm
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id

_ITEMS: ContextVar[list[str]] = ContextVar("_ITEMS")
_SENDER: ContextVar[str] = ContextVar("_SENDER")
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


def attributes(body: dict[str, Any]) -> list[str]:
    """The attributes that a batch names, whose projection is each table's own."""
    found = []
    for one in (body.get("RequestItems") or {}).values():
        if isinstance(one, dict) and "ProjectionExpression" in one:
            names = one.get("ExpressionAttributeNames", {})
            found += [names.get(name.strip(), name.strip()) for name in one["ProjectionExpression"].split(",")]
    return found


service_context = iam_actions.dynamodb_service_context
object_context = iam_actions.s3_service_context
extract_action = iam_actions.extract_iam_action
transaction_checks = iam_actions.dynamodb_transaction_checks
enforce = iam_evaluator.enforce
condition_key = iam_evaluator._resolve_condition_key
pin_request_origin = iam_evaluator.pin_request_origin


def with_leading_keys(body: bytes) -> dict[str, Any]:
    asked = json.loads(body or b"{}")
    keys, named = leading_keys(asked), attributes(asked)
    context = {**service_context(body), **({"dynamodb:LeadingKeys": keys} if keys else {})}
    if named:
        context |= {"dynamodb:Attributes": named, "dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    return context


def with_signatures(action: str, query: Any, *more: Any) -> dict[str, Any]:
    """Source: S3 API reference, "Amazon S3 Signature Version 4 authentication specific policy keys"."""
    context = object_context(action, query, *more)
    asked = {name: one[0] if isinstance(one, list) else one for name, one in (query or {}).items()}
    if "X-Amz-Date" in asked:
        at = timegm(time.strptime(asked["X-Amz-Date"], "%Y%m%dT%H%M%SZ"))
        context |= {"s3:authType": "REST-QUERY-STRING", "s3:signatureAge": str(int((time.time() - at) * 1000))}
    elif "Signature" in asked:
        return {**context, "s3:authType": "REST-QUERY-STRING", "s3:signatureversion": "AWS"}
    return {**context, "s3:signatureversion": "AWS4-HMAC-SHA256"}


def remembering_the_sender(service: str, method: str, path: str, headers: Any, body: bytes, *more: Any) -> Any:
    if service == "ses" and body[:1] == b"{":
        _SENDER.set(json.loads(body).get("FromEmailAddress", ""))
    return extract_action(service, method, path, headers, body, *more)


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
    if action == "ses:SendEmail":
        context["ses:FromAddress"] = _SENDER.get()
        more["resource_arn"] = f"arn:aws:ses:{region}:{get_account_id()}:identity/{_SENDER.get()}"
    if service == "kms":
        context["kms:CallerAccount"] = get_account_id()
    return enforce(access_key, action, service, region, service_context=context, **more)


def with_the_roles_arn(key: str, context: Any) -> Any:
    """Source: IAM User Guide, "AWS global condition context keys": of a role's session it is the role."""
    found = condition_key(key, context)
    if key.lower() == "aws:principalarn" and ":assumed-role/" in str(found):
        parts = str(found).split(":", 5)
        return f"arn:{parts[1]}:iam::{parts[4]}:role/{parts[5].split('/')[1]}"
    return found


def over_tls(source_ip: str, _: bool) -> None:
    pin_request_origin(source_ip, True)


iam_evaluator.pin_request_origin = over_tls
iam_actions.dynamodb_service_context = with_leading_keys
iam_actions.dynamodb_transaction_checks = remembered
iam_actions.s3_service_context = with_signatures
iam_actions.extract_iam_action = remembering_the_sender
iam_evaluator.enforce = with_callers_keys
iam_evaluator._resolve_condition_key = with_the_roles_arn

if __name__ == "__main__":
    from ministack.app import main

    main()
