"""Sessions in the table: loaded, begun, answered.

A message is written in two transactions, as the request goes: the customer's turn before the model is asked, so that
what was said survives whatever follows, and the answer after it, with META. Both are safe to repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from mangaobs.runtime import log_dynamodb_operation

from ._items import (
    ACTIVE,
    Meta,
    Role,
    Summary,
    Turn,
    brief_item,
    meta_item,
    meta_of,
    summary_item,
    summary_of,
    turn_item,
    turn_of,
)
from ._keys import SUMMARY, TURN, handoff_key, marker_key, session_key, subject_key, tombstone_key, turn_key
from ._transaction import Canceled, Check, Transactions

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import GetItemOutputTypeDef, QueryOutputTypeDef, TransactWriteItemTypeDef

    from ._items import Item, NewItem

_DAY = 24 * 3600
_MARKER_DAYS = 2  # longer than any client or queue tries a message again
_ABSENT = "attribute_not_exists(PK)"
_OWNED = "customer_id = :customer AND #state = :active"


class SessionRefused(Exception):  # noqa: N818 - an answer of the database
    """The session takes no writes of this customer: `reason` is session_unknown, not_owner, not_active or erased."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TurnStands(Exception):  # noqa: N818 - an answer of the database
    """The turn was written before; `at` is the time under which its message stands."""

    def __init__(self, at: int) -> None:
        super().__init__("the turn stands")
        self.at = at


class Conversation(msgspec.Struct, frozen=True):
    """What a session says so far: META (None where it is new), the newest turns, oldest first, and the summary."""

    meta: Meta | None
    turns: tuple[Turn, ...]
    summary: Summary | None


class Sessions:
    """The table's sessions. `days` is how long items stay; `customer_hash` makes a customer's tombstone be found."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        transactions: Transactions,
        customer_hash: Callable[[str], str],
        days: int,
    ) -> None:
        self._client = client
        self._table = table
        self._transactions = transactions
        self._customer_hash = customer_hash
        self._seconds = days * _DAY

    # Reading

    def load(
        self,
        session_id: str,
        customer_id: str,
        *,
        turns: int,
        summary: Callable[[], Summary | None] | None = None,
    ) -> Conversation:
        """META, the newest `turns` turns and the newest summary, each as it was last written.

        `summary` gives the summary where it comes from elsewhere.

        Raises `SessionRefused` if the session is another's or takes no more turns.
        """
        item = self._meta(session_id).get("Item")
        if item is None:
            return Conversation(None, (), None)
        _refuse_unless_open(item, customer_id)
        meta = meta_of(item)
        newest = self._turns(session_id, turns)["Items"]
        return Conversation(
            meta=meta,
            turns=tuple(turn_of(item) for item in reversed(newest)),
            summary=summary() if summary is not None else self.summary(session_id),
        )

    def turn(self, session_id: str, at: int, message_id: str, role: Role) -> Turn | None:
        """One turn, if it stands."""
        item = self._turn(session_id, turn_key(at, message_id, role)).get("Item")
        return None if item is None else turn_of(item)

    def after(self, session_id: str, until: int, *, most: int) -> tuple[Turn, ...]:
        """The oldest `most` turns after the time `until`, oldest first."""
        items = self._turns_after(session_id, until, most)["Items"]
        return tuple(turn_of(item) for item in items)

    def summary(self, session_id: str) -> Summary | None:
        """The newest summary."""
        items = self._summary(session_id)["Items"]
        return summary_of(items[0]) if items else None

    def meta(self, session_id: str) -> Meta | None:
        """META, whoever owns it; None where there is no session, or only that there was one."""
        item = self._meta(session_id).get("Item")
        return meta_of(item) if item is not None and "customer_id" in item else None

    # Writing

    @log_dynamodb_operation("TransactWriteItems:BeginMessage")
    def begin(self, session_id: str, customer_id: str, turn: Turn, *, new: bool, handoff: str | None = None) -> None:
        """Write the customer's turn and its message's marker; a `new` session is begun with it.

        `handoff` is the id of a hand-off to a human agent that the customer asks for with this turn.

        Raises `TurnStands` if the message was begun before, `SessionRefused`, or what `Transactions.write` does.
        """
        expires_at = turn.at // 1000 + self._seconds
        marker_until = turn.at // 1000 + _MARKER_DAYS * _DAY
        marker: NewItem = {
            **session_key(session_id, marker_key(turn.message_id)),
            "at": {"N": str(turn.at)},
            "expires_at": {"N": str(marker_until)},
        }
        puts = [
            Check("marker", self._put(marker)),
            Check("turn", self._put(turn_item(session_id, turn, expires_at=expires_at))),
        ]
        if handoff is not None:
            item: NewItem = {
                **session_key(session_id, handoff_key(handoff)),
                "reason": {"S": "customer_asked"},
                "created_at": {"N": str(turn.at)},
                "expires_at": {"N": str(expires_at)},
            }
            puts.append(Check("handoff", self._put(item)))
        if new:
            meta = Meta(customer_id, ACTIVE, created_at=turn.at, last_active_at=turn.at, turn_count=0)
            first = [
                Check("erased", self._not_erased(customer_id)),
                Check("meta", self._put(meta_item(session_id, meta, expires_at=expires_at))),
                Check("listed", self._listed(session_id, customer_id, turn.at)),
            ]
            try:
                self._transactions.write([*first, *puts])
            except Canceled as canceled:
                if "erased" in canceled.checks:
                    raise SessionRefused("erased") from None
                # Another message has begun the session in the meantime.
            else:
                return
        owned: TransactWriteItemTypeDef = {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": session_key(session_id),
                "ConditionExpression": _OWNED,
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {":customer": {"S": customer_id}, ":active": {"S": ACTIVE}},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }
        try:
            self._transactions.write([Check("owner", owned), *puts])
        except Canceled as canceled:
            _refuse(canceled, customer_id)
            standing = canceled.checks.get("marker") or {}
            raise TurnStands(int(standing["at"]["N"]) if "at" in standing else turn.at) from None

    @log_dynamodb_operation("TransactWriteItems:WriteAnswer")
    def finish(self, session_id: str, customer_id: str, turn: Turn) -> None:
        """Write the answer's turn, and in META that the session is active and has two turns more.

        META's time never goes back: where a later message was answered first, it stays.

        Raises `TurnStands` if the answer was written before, `SessionRefused`, or what `Transactions.write` does.
        """
        put = Check(
            "turn", self._put(turn_item(session_id, turn, expires_at=turn.at // 1000 + self._seconds), returned=False)
        )
        try:
            self._transactions.write([Check("owner", self._counted(session_id, customer_id, turn.at, moved=True)), put])
        except Canceled as canceled:
            _refuse(canceled, customer_id)
            if "turn" in canceled.checks:
                raise TurnStands(turn.at) from None
        else:
            return
        # The owner is right and the session ACTIVE: what failed is the time.
        try:
            self._transactions.write(
                [Check("owner", self._counted(session_id, customer_id, turn.at, moved=False)), put]
            )
        except Canceled as canceled:
            _refuse(canceled, customer_id)
            raise TurnStands(turn.at) from None

    @log_dynamodb_operation("TransactWriteItems:WriteSummary")
    def summarize(self, session_id: str, summary: Summary, *, now: int) -> bool:
        """Write a summary where none of its time stands; False if one does. `now` is in epoch milliseconds.

        Raises `SessionRefused` if the session is not ACTIVE, or what `Transactions.write` does.
        """
        item = summary_item(session_id, summary, created_at=now, expires_at=now // 1000 + self._seconds)
        return self._put_while_active(item, session_id)

    @log_dynamodb_operation("TransactWriteItems:WriteBrief")
    def brief(self, session_id: str, handoff_id: str, text: str, *, now: int) -> bool:
        """Write what a human agent reads for a hand-off, where nothing stands; False if it does.

        Raises as `summarize` does.
        """
        item = brief_item(session_id, handoff_id, text, created_at=now, expires_at=now // 1000 + self._seconds)
        return self._put_while_active(item, session_id)

    def _put_while_active(self, item: NewItem, session_id: str) -> bool:
        active: TransactWriteItemTypeDef = {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": session_key(session_id),
                "ConditionExpression": "#state = :active",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {":active": {"S": ACTIVE}},
            }
        }
        try:
            self._transactions.write([Check("active", active), Check("item", self._put(item, returned=False))])
        except Canceled as canceled:
            if "active" in canceled.checks:
                raise SessionRefused("not_active") from None
            return False
        return True

    # The calls

    @log_dynamodb_operation("GetItem:LoadMeta")
    def _meta(self, session_id: str) -> GetItemOutputTypeDef:
        return self._client.get_item(TableName=self._table, Key=session_key(session_id), ConsistentRead=True)

    @log_dynamodb_operation("GetItem:LoadTurn")
    def _turn(self, session_id: str, sort: str) -> GetItemOutputTypeDef:
        return self._client.get_item(TableName=self._table, Key=session_key(session_id, sort), ConsistentRead=True)

    @log_dynamodb_operation("Query:LoadTurns", turn_count=lambda response: response["Count"])
    def _turns(self, session_id: str, most: int) -> QueryOutputTypeDef:
        return self._newest(session_id, TURN, most)

    @log_dynamodb_operation("Query:LoadSummary")
    def _summary(self, session_id: str) -> QueryOutputTypeDef:
        return self._newest(session_id, SUMMARY, 1)

    @log_dynamodb_operation("Query:LoadTurnsAfter", turn_count=lambda response: response["Count"])
    def _turns_after(self, session_id: str, until: int, most: int) -> QueryOutputTypeDef:
        return self._client.query(
            TableName=self._table,
            KeyConditionExpression="PK = :pk AND SK BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":pk": session_key(session_id)["PK"],
                ":first": {"S": f"{TURN}{until + 1:013d}"},
                ":last": {"S": f"{TURN}~"},
            },
            Limit=most,
            ConsistentRead=True,
            ReturnConsumedCapacity="TOTAL",
        )

    def _newest(self, session_id: str, prefix: str, most: int) -> QueryOutputTypeDef:
        return self._client.query(
            TableName=self._table,
            KeyConditionExpression="PK = :pk AND begins_with(SK, :prefix)",
            ExpressionAttributeValues={":pk": session_key(session_id)["PK"], ":prefix": {"S": prefix}},
            ScanIndexForward=False,
            Limit=most,
            ConsistentRead=True,
            ReturnConsumedCapacity="TOTAL",
        )

    def _put(self, item: NewItem, *, returned: bool = True) -> TransactWriteItemTypeDef:
        """A put where nothing stands; what does is `returned`, or left where it is."""
        return {
            "Put": {
                "TableName": self._table,
                "Item": item,
                "ConditionExpression": _ABSENT,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD" if returned else "NONE",
            }
        }

    def _not_erased(self, customer_id: str) -> TransactWriteItemTypeDef:
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": tombstone_key(self._customer_hash(customer_id)),
                "ConditionExpression": _ABSENT,
            }
        }

    def _listed(self, session_id: str, customer_id: str, at: int) -> TransactWriteItemTypeDef:
        """The customer's entry for a session: by it the session is found when META has expired and copies have not."""
        entry = subject_key(self._customer_hash(customer_id), session_id)
        return {"Put": {"TableName": self._table, "Item": {**entry, "created_at": {"N": str(at)}}}}

    def _counted(self, session_id: str, customer_id: str, at: int, *, moved: bool) -> TransactWriteItemTypeDef:
        """META with two turns more and, if `moved`, its times at those of the message, unless they are later."""
        values: NewItem = {":customer": {"S": customer_id}, ":active": {"S": ACTIVE}, ":two": {"N": "2"}}
        update, condition = "ADD turn_count :two", _OWNED
        if moved:
            values |= {":at": {"N": str(at)}, ":expires": {"N": str(at // 1000 + self._seconds)}}
            update = f"SET last_active_at = :at, expires_at = :expires {update}"
            condition = f"{condition} AND last_active_at <= :at"
        return {
            "Update": {
                "TableName": self._table,
                "Key": session_key(session_id),
                "UpdateExpression": update,
                "ConditionExpression": condition,
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": values,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def _refuse(canceled: Canceled, customer_id: str) -> None:
    """Raise `SessionRefused` if the check of the owner failed for the owner or the state."""
    if "owner" not in canceled.checks:
        return
    item = canceled.checks["owner"]
    if not item:
        raise SessionRefused("session_unknown") from None
    _refuse_unless_open(item, customer_id)


def _refuse_unless_open(meta: Item, customer_id: str) -> None:
    if "customer_id" not in meta:
        raise SessionRefused("erased") from None
    if meta["customer_id"]["S"] != customer_id:
        raise SessionRefused("not_owner") from None
    if meta["state"]["S"] != ACTIVE:
        raise SessionRefused("not_active") from None
