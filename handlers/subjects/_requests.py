"""Requests in the table: opened once, leased by who works on them, moved on while the lease holds.

Source: DynamoDB Developer Guide, "Condition expressions".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from mangaobs.runtime import log_dynamodb_operation

from ..sessions import Canceled, Check, Transactions, tombstone_key
from ._request import (
    ERASURE,
    FAILED,
    OVER,
    PENDING_RETENTION,
    REJECTED,
    REQUESTED,
    RUNNING,
    VERIFIED,
    VERIFYING,
    Request,
    attributes,
    request_key,
    request_of,
    subject_of,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        DeleteItemInputTypeDef,
        GetItemOutputTypeDef,
        PutItemOutputTypeDef,
        TransactWriteItemTypeDef,
        UpdateItemInputTypeDef,
        UpdateItemOutputTypeDef,
    )

    from ..sessions import Key
    from ..sessions._items import NewItem
    from ._patience import Patience

# Whoever works on a request holds its lease, and nobody has put it on hold.
_MINE: Final = "lease_by = :me AND request_id = :request AND attribute_not_exists(held)"
_STATE: Final = {"#state": "state"}  # a word of DynamoDB's
_IS_OVER: Final = {f":{state.lower()}": state for state in sorted(OVER)}
# What can be worked on.
_AT_WORK: Final = {f":{state.lower()}": state for state in (VERIFIED, RUNNING, VERIFYING, PENDING_RETENTION)}


class LeaseLost(Exception):  # noqa: N818 - an answer of the database
    """Another one works on the request now, or it was put on hold, or it is gone."""


class Changed(Exception):  # noqa: N818 - an answer of the database
    """The request that stands is another one, or in another state, than what was to be done with it needs."""


class AlreadyErased(Exception):  # noqa: N818 - an answer of the database
    """The person was erased: there is nothing to give out."""


class Requests:
    """The requests in `table`."""

    def __init__(self, client: DynamoDBClient, table: str, *, transactions: Transactions, patience: Patience) -> None:
        self._client = client
        self._table = table
        self._transactions = transactions
        self._patience = patience

    def load(self, kind: str, subject: str) -> Request | None:
        """The request of a person, if one stands."""
        item = self._patience(lambda: self._get(request_key(kind, subject))).get("Item")
        return None if item is None else request_of(item)

    def open(self, request: Request, *, unless_erased: bool = False) -> Request:
        """Write a new request; the one that is under way, if there is one: then nothing is written.

        Raises `AlreadyErased` if it would give out the data of somebody who was erased; with `unless_erased`, which is
        for those who ask for themselves, if it would erase them again, too.
        """
        values = {**msgspec.to_builtins(request), "attempt": request.attempt}
        item: NewItem = {**_key(request), **attributes(values)}
        put: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self._table,
                "Item": item,
                "ConditionExpression": f"attribute_not_exists(PK) OR #state IN ({', '.join(_IS_OVER)})",
                "ExpressionAttributeNames": _STATE,
                "ExpressionAttributeValues": attributes(_IS_OVER),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }
        checks = [Check("request", put)]
        if request.kind != ERASURE or unless_erased:
            checks.append(Check("erased", self._not_erased(subject_of(request.request_id))))
        try:
            self._patience(lambda: self._write(checks))
        except Canceled as canceled:
            # An erasure that is under way has its tombstone, and is joined.
            if "erased" in canceled.checks and (request.kind != ERASURE or "request" not in canceled.checks):
                raise AlreadyErased from None
            return request_of(canceled.checks["request"])
        return request

    def bury(self, request: Request, *, expires_at: int) -> None:
        """Put the tombstone: from here on no session begins for this person. `expires_at` is in epoch seconds."""
        item: NewItem = {
            **tombstone_key(subject_of(request.request_id)),
            "request_id": {"S": request.request_id},
            "expires_at": {"N": str(expires_at)},
        }
        self._patience(lambda: self._put(item))

    def lease(self, request: Request, *, me: str, now: int, until: int) -> Request | None:
        """Take the lease from `now` to `until`; None if another one has it, or the request is not to be worked on.

        A lease of `me` is taken again.
        """
        values: dict[str, str | int] = {":me": me, ":now": now, ":until": until, ":request": request.request_id}
        try:
            updated = self._patience(
                lambda: self._update(
                    _key(request),
                    "SET lease_by = :me, lease_until = :until",
                    "request_id = :request AND attribute_not_exists(held) "
                    f"AND #state IN ({', '.join(_AT_WORK)}) "
                    "AND (attribute_not_exists(lease_by) OR lease_until <= :now OR lease_by = :me)",
                    {**values, **_AT_WORK},
                    names=_STATE,
                )
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return request_of(updated["Attributes"])

    def move(self, request: Request, *, me: str, remove: Iterable[str] = (), **values: str | int) -> Request:
        """Set fields of a request that `me` has leased, and remove others. Raises `LeaseLost`."""
        names = sorted(values)
        sets = ", ".join(f"#{name} = :{name}" for name in names)
        removed = sorted(remove)
        expression = f"SET {sets}" + (f" REMOVE {', '.join(f'#{name}' for name in removed)}" if removed else "")
        given: dict[str, str | int] = {f":{name}": values[name] for name in names}
        try:
            updated = self._patience(
                lambda: self._update(
                    _key(request),
                    expression,
                    _MINE,
                    {**given, ":me": me, ":request": request.request_id},
                    names={f"#{name}": name for name in (*names, *removed)},
                )
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            raise LeaseLost from None
        return request_of(updated["Attributes"])

    def fence(self, request: Request, *, me: str) -> None:
        """Raise `LeaseLost` if `me` may not go on: before what no transaction can hold together with the request."""
        self.move(request, me=me, lease_by=me)

    # What people decide, whoever works on the request. Each raises `Changed`.

    def verify(self, request: Request, *, by: str) -> Request:
        """A second person agrees, or the person themself: `by` is their keyed hash."""
        values = {":requested": REQUESTED, ":verified": VERIFIED, ":by": by}
        return self._change(request, "#state = :requested", values, "SET #state = :verified, verified_by = :by")

    # Each is of a time of its own, later than the last: what follows from them is told by that, whichever is recorded
    # first, and whatever the clock of a machine is.

    def reject(self, request: Request, *, now: int, keep_seconds: int) -> Request:
        """Decline what nobody has verified or put on hold: it forgets whose it was. `now` is in epoch milliseconds."""
        values: dict[str, str | int] = {":requested": REQUESTED, ":rejected": REJECTED, ":now": now}
        return self._decide(
            request,
            "#state = :requested AND attribute_not_exists(held)",
            {**values, ":expires": now // 1000 + keep_seconds},
            "#state = :rejected, finished_at = :now, expires_at = :expires REMOVE customer_id",
            now=now,
        )

    def hold(self, request: Request, *, reason: str, now: int) -> Request:
        """The law wants the data kept: from here on nothing is done."""
        condition = f"NOT #state IN ({', '.join(_IS_OVER)})"
        return self._decide(request, condition, {**_IS_OVER, ":held": reason}, "held = :held", now=now)

    def end_hold(self, request: Request, *, now: int) -> Request:
        """It goes on from the state that it had."""
        update = "releases = if_not_exists(releases, :zero) + :one REMOVE held"
        return self._decide(request, "attribute_exists(held)", {":one": 1, ":zero": 0}, update, now=now)

    def _decide(
        self, request: Request, condition: str, values: Mapping[str, str | int], update: str, *, now: int
    ) -> Request:
        at = max(now, request.decided_at + 1)
        return self._change(
            request,
            f"{condition} AND (attribute_not_exists(decided_at) OR decided_at < :at)",
            {**values, ":at": at},
            f"SET decided_at = :at, {update}",
        )

    def begin_again(self, request: Request) -> Request:
        """Another attempt at one that failed, which somebody verified before. It searches anew."""
        values: dict[str, str | int] = {":failed": FAILED, ":verified": VERIFIED, ":one": 1, ":none": 0}
        condition = "#state = :failed AND attribute_exists(verified_by)"
        update = "SET #state = :verified, attempt = attempt + :one, empty_passes = :none"
        return self._change(request, condition, values, update)

    def fail(self, request: Request, *, now: int) -> Request:
        """Every call of its attempt failed, and nobody has its lease at `now`.

        One that nobody has verified is at no attempt: it waits as before.
        """
        values: dict[str, str | int] = {**_AT_WORK, ":failed": FAILED, ":attempt": request.attempt, ":now": now}
        condition = (
            f"#state IN ({', '.join(_AT_WORK)}, :failed) AND attempt = :attempt "
            "AND (attribute_not_exists(lease_by) OR lease_until <= :now)"
        )
        return self._change(request, condition, values, "SET #state = :failed REMOVE lease_by, lease_until")

    def count_link(self, request: Request, *, most: int) -> None:
        """A link to an export, of which there are `most`."""
        values: dict[str, str | int] = {":one": 1, ":most": most}
        self._change(request, "attribute_not_exists(links) OR links < :most", values, "ADD links :one")

    def _change(self, request: Request, condition: str, values: Mapping[str, str | int], expression: str) -> Request:
        try:
            updated = self._patience(
                lambda: self._update(
                    _key(request),
                    expression,
                    f"request_id = :request AND ({condition})",
                    {":request": request.request_id, **values},
                    names=_STATE if "#state" in f"{expression} {condition}" else None,
                )
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            raise Changed from None
        return request_of(updated["Attributes"])

    # The end of an invocation, and of a request

    def release(self, request: Request, *, me: str) -> None:
        """Give the lease back, if it still is `me` who has it. One call, at the very end: no patience is left."""
        try:
            self._update(_key(request), "REMOVE lease_by, lease_until", "lease_by = :me", {":me": me})
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def delete(self, request: Request) -> bool:
        """Delete a request, whatever its state; False if its lease is another one than `request` has."""
        try:
            self._patience(lambda: self._delete(_key(request), request.lease_until))
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def counted(self, request: Request, *, me: str, items: int, sessions: int, versions: int) -> Check:
        """A write for a transaction: counts, while `me` has the lease and nobody has put the request on hold."""
        write: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self._table,
                "Key": _key(request),
                "UpdateExpression": "ADD #items :items, sessions :sessions, versions :versions",
                "ConditionExpression": _MINE,
                "ExpressionAttributeNames": {"#items": "items"},
                "ExpressionAttributeValues": attributes(
                    {
                        ":me": me,
                        ":request": request.request_id,
                        ":items": items,
                        ":sessions": sessions,
                        ":versions": versions,
                    }
                ),
            }
        }
        return Check("lease", write)

    def _not_erased(self, subject: str) -> TransactWriteItemTypeDef:
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": tombstone_key(subject),
                "ConditionExpression": "attribute_not_exists(PK)",
            }
        }

    # The calls

    @log_dynamodb_operation("GetItem:LoadRequest")
    def _get(self, key: Key) -> GetItemOutputTypeDef:
        return self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)

    @log_dynamodb_operation("TransactWriteItems:OpenRequest")
    def _write(self, checks: list[Check]) -> None:
        self._transactions.write(checks)

    @log_dynamodb_operation("PutItem:Tombstone")
    def _put(self, item: NewItem) -> PutItemOutputTypeDef:
        return self._client.put_item(TableName=self._table, Item=item)

    @log_dynamodb_operation("UpdateItem:MoveRequest")
    def _update(
        self,
        key: Key,
        expression: str,
        condition: str,
        values: Mapping[str, str | int],
        names: Mapping[str, str] | None = None,
    ) -> UpdateItemOutputTypeDef:
        update: UpdateItemInputTypeDef = {
            "TableName": self._table,
            "Key": key,
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": attributes(values),
            "ReturnValues": "ALL_NEW",
        }
        if names:
            update["ExpressionAttributeNames"] = names
        return self._client.update_item(**update)

    @log_dynamodb_operation("DeleteItem:Request")
    def _delete(self, key: Key, lease_until: int) -> object:
        seen = "lease_until = :lease" if lease_until else "attribute_not_exists(lease_until)"
        delete: DeleteItemInputTypeDef = {"TableName": self._table, "Key": key, "ConditionExpression": seen}
        if lease_until:
            # It may be gone already: an answer was lost.
            delete["ConditionExpression"] = f"attribute_not_exists(PK) OR {seen}"
            delete["ExpressionAttributeValues"] = attributes({":lease": lease_until})
        return self._client.delete_item(**delete)


def _key(request: Request) -> Key:
    return request_key(request.kind, subject_of(request.request_id))
