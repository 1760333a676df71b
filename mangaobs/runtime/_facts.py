"""What AWS's answers and errors tell of a call, without what belongs to the customer.

Shapes: botocore's parsed responses and `ClientError.response`. Nothing here imports botocore; an answer is known by its
`ResponseMetadata`.
"""

from __future__ import annotations

import os

from mangaobs.runtime._interruption import is_interruption

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    Facts = dict[str, object]

_DEEPEST_STACK = 12


def error_facts(error: BaseException) -> Facts:
    """`error_type`, and for an AWS error `http_status` and `retries`; never the message, which may quote a person."""
    facts: Facts = {"error_type": type_name(error)}
    try:
        response = getattr(error, "response", None)
        if type(response) is dict:
            code = _within(response, "Error").get("Code")
            if type(code) is str and code:
                facts["error_type"] = code
            facts.update(_metadata_facts(response))
    except BaseException as problem:
        # An exception's own property may do anything.
        if is_interruption(problem):
            raise
    return facts


def type_name(value: object) -> str:
    """The name of the class of `value`, whatever its metaclass says."""
    name: object = type.__dict__["__name__"].__get__(type(value))
    return name if type(name) is str else "object"


def stack_of(error: BaseException) -> str:
    """Where an exception came through, the innermost place last: `handler.py:12 handler > turns.py:40 load`."""
    places = []
    trace: TracebackType | None = BaseException.__dict__["__traceback__"].__get__(error)  # whatever its class says
    while trace is not None:
        code = trace.tb_frame.f_code
        if trace.tb_frame.f_globals.get("__package__") != __package__:
            places.append(f"{os.path.basename(code.co_filename)}:{trace.tb_lineno} {code.co_name}")  # noqa: PTH119
        trace = trace.tb_next
    return " > ".join(places[-_DEEPEST_STACK:])


_ADD_UP = frozenset(("retries", "consumed_capacity", "item_count", "input_tokens", "output_tokens"))


def add_up(facts: Facts, told: Facts) -> None:
    """Add what one more call told to what others did: amounts are summed, of the rest the last counts."""
    for name, value in told.items():
        before = facts.get(name)
        if name == "table":
            # Several tables are none that could be named.
            facts[name] = value if name not in facts or before == value else None
        elif name in _ADD_UP and isinstance(before, (int, float)) and isinstance(value, (int, float)):
            facts[name] = before + value
        else:
            facts[name] = value


def request_id(response: object) -> object:
    """AWS's id of the call that a response answers."""
    return _within(response, "ResponseMetadata").get("RequestId") if type(response) is dict else None


def response_facts(result: object) -> Facts:
    """What a response of any AWS service tells: `http_status`, `retries`."""
    return _metadata_facts(result) if type(result) is dict and "ResponseMetadata" in result else {}


def dynamodb_facts(result: object) -> Facts:
    """`table`, `consumed_capacity` (units, of all tables and indexes together), `item_count`."""
    if type(result) is not dict:
        return {}
    facts = response_facts(result)
    consumed = result.get("ConsumedCapacity")
    if consumed is not None:
        tables = consumed if type(consumed) is list else [consumed]
        units = [float(table["CapacityUnits"]) for table in tables if type(table) is dict and "CapacityUnits" in table]
        if units:
            facts["consumed_capacity"] = sum(units)
        names = {table["TableName"] for table in tables if type(table) is dict and "TableName" in table}
        if len(names) == 1:
            facts["table"] = names.pop()
    number = result.get("Count")
    if type(number) is int:
        facts["item_count"] = number
    elif type(result.get("Item")) is dict:
        facts["item_count"] = 1
    elif type(result.get("Responses")) is dict:
        facts["item_count"] = sum(len(items) for items in result["Responses"].values())
    return facts


def dynamodb_request_facts(operation: str, parameters: object) -> Facts:
    """`table` and the `item_count` of a write, by what was asked for; a table of several is None."""
    if type(parameters) is not dict:
        return {}
    facts: Facts = {}
    tables = {parameters["TableName"]} if "TableName" in parameters else set()
    requests = parameters.get("RequestItems")
    if type(requests) is dict:
        tables = set(requests)
    parts = parameters.get("TransactItems")
    if type(parts) is list:
        tables = {action["TableName"] for part in parts for action in part.values() if "TableName" in action}
    if tables:
        facts["table"] = tables.pop() if len(tables) == 1 else None
    if operation in ("PutItem", "UpdateItem", "DeleteItem"):
        facts["item_count"] = 1
    elif operation == "BatchWriteItem" and type(requests) is dict:
        facts["item_count"] = sum(len(writes) for writes in requests.values())
    elif operation == "TransactWriteItems" and type(parts) is list:
        facts["item_count"] = len(parts)
    return facts


def bedrock_facts(result: object) -> Facts:
    """`input_tokens` and `output_tokens`, of InvokeModel (in its headers) and of Converse (in its answer)."""
    if type(result) is not dict:
        return {}
    facts = response_facts(result)
    headers = _within(_within(result, "ResponseMetadata"), "HTTPHeaders")
    usage = _within(result, "usage")
    for name, header, key in (
        ("input_tokens", "x-amzn-bedrock-input-token-count", "inputTokens"),
        ("output_tokens", "x-amzn-bedrock-output-token-count", "outputTokens"),
    ):
        number = usage.get(key, headers.get(header))
        if number is not None:
            facts[name] = int(number)  # type: ignore[call-overload]
    return facts


def _metadata_facts(response: dict[str, object]) -> Facts:
    metadata = _within(response, "ResponseMetadata")
    facts: Facts = {}
    for name, key in (("http_status", "HTTPStatusCode"), ("retries", "RetryAttempts")):
        number = metadata.get(key)
        if type(number) is int:
            facts[name] = number
    return facts


def _within(mapping: dict[str, object], key: str) -> dict[str, object]:
    value = mapping.get(key)
    return value if type(value) is dict else {}
