"""TransactWriteItems: which check failed, and trying again where two writers met.

boto3 does not try a transaction again that was canceled, though of its reasons some pass by themselves.
Source: DynamoDB API reference, TransactWriteItems, CancellationReasons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from mangaobs.runtime import summarize_operation

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from ._items import Item

_CONDITION = "ConditionalCheckFailed"
# Reasons that pass: another transaction had an item, or there was no capacity at the moment.
_PASSING = frozenset(("TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"))
_FIRST_WAIT, _LONGEST_WAIT = 0.02, 0.4  # seconds


class Check(NamedTuple):
    """One write of a transaction, with a name for what its condition checks."""

    name: str
    write: TransactWriteItemTypeDef


class Canceled(Exception):  # noqa: N818 - an answer of the database
    """A condition did not hold: `checks` are the names of those, with the items that stood in the way."""

    def __init__(self, checks: Mapping[str, Item]) -> None:
        super().__init__(", ".join(checks))
        self.checks = checks


class Transactions:
    """Writes several items or none. `sleep` gets seconds, `random` gives 0 to 1."""

    def __init__(
        self,
        client: DynamoDBClient,
        *,
        sleep: Callable[[float], object],
        random: Callable[[], float],
        attempts: int = 6,
    ) -> None:
        self._client = client
        self._sleep = sleep
        self._random = random
        self._attempts = attempts

    def write(self, checks: Sequence[Check]) -> None:
        """Write all of `checks`, or nothing.

        Raises `Canceled` if a condition does not hold, botocore's `ClientError` or `BotoCoreError` if it cannot be told
        or done: another attempt may then find it done.
        """
        wait = _FIRST_WAIT
        for attempt in range(1, self._attempts + 1):
            try:
                self._client.transact_write_items(
                    TransactItems=[check.write for check in checks], ReturnConsumedCapacity="TOTAL"
                )
            except self._client.exceptions.TransactionCanceledException as error:
                reasons = cast("list[dict[str, object]]", error.response.get("CancellationReasons", []))
                failed = {
                    check.name: cast("Item", reason.get("Item") or {})
                    for check, reason in zip(checks, reasons, strict=False)
                    if reason.get("Code") == _CONDITION
                }
                if failed:
                    raise Canceled(failed) from None
                passing = any(reason.get("Code") in _PASSING for reason in reasons)
                if not passing or attempt == self._attempts:
                    raise
            else:
                if attempt > 1:
                    summarize_operation(retries=attempt - 1)
                return
            self._sleep(wait * (0.5 + self._random()))
            wait = min(2 * wait, _LONGEST_WAIT)
