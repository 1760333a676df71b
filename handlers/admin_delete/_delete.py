"""Deleting a session, so that a crash anywhere leaves something to go on from.

First META says that the session is being erased, from which moment every writer refuses it; then everything else goes.
What stays of META for a month is that there was a session: a turn that still waits in a queue must not begin it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mangaobs.runtime import log_dynamodb_operation

from .._audit import Audit, Record
from .._entry import Context
from .._http import Refused, answer, identity_of, path_id, refusal, request_of, require_group
from ..sessions import ERASED, ERASING, META, session_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import DeleteItemOutputTypeDef, QueryOutputTypeDef, UpdateItemOutputTypeDef

_PAGE: Final = 100
_REMEMBERED_SECONDS: Final = 30 * 24 * 3600  # longer than a queue keeps anything


class Delete:
    """The delete function. With less than `margin_ms` of the time left it stops, and says that there is more.

    `clock` is in epoch milliseconds.
    """

    def __init__(
        self, client: DynamoDBClient, table: str, audit: Audit, *, clock: Callable[[], int], margin_ms: int
    ) -> None:
        self._client = client
        self._table = table
        self._audit = audit
        self._clock = clock
        self._margin_ms = margin_ms

    def __call__(self, event: object, context: Context) -> dict[str, Any]:
        """Answer one proxy event: 200 when the session is gone, 202 when the same request has to come again."""
        try:
            request = request_of(event)
            identity = identity_of(request)
            if (request.http_method, request.resource) != ("DELETE", "/admin/sessions/{session_id}"):
                raise Refused(404, "unknown_route", "DELETE /admin/sessions/{session_id}")
            require_group(identity, "admin-delete")
            session_id = path_id(request, "session_id")
            with self._audit.call(
                "delete_session",
                actor=identity.customer_id,
                subject=session_id,
                request_id=context.aws_request_id,
            ) as record:
                done = self._deleted(session_id, context, record)
            content = {"session_id": session_id, "deleted": record.item_count, "done": done}
            return answer(200 if done else 202, content)
        except Refused as refused:
            return refusal(refused)

    def _deleted(self, session_id: str, context: Context, record: Record) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._close(session_id)
            while sorts := self._rest(session_id):
                for sort in sorts:
                    if context.get_remaining_time_in_millis() < self._margin_ms:
                        return False
                    record.item_count += self._delete(session_id, sort)
            record.item_count += self._emptied(session_id)
        except (ClientError, BotoCoreError):
            raise Refused(503, "unavailable", "repeat the request", effect="failed", retry_after=2) from None
        return True

    def _close(self, session_id: str) -> None:
        """Say in META that the session is being erased. Raises `Refused` if there is none."""
        try:
            self._mark(session_id)
        except self._client.exceptions.ConditionalCheckFailedException:
            raise Refused(404, "session_unknown", "the id of a session that stands") from None

    def _emptied(self, session_id: str) -> int:
        """How many items that was: 1, or 0 if the customer's erasure took META meanwhile."""
        try:
            self._empty(session_id)
        except self._client.exceptions.ConditionalCheckFailedException:
            return 0
        return 1

    def _rest(self, session_id: str) -> list[str]:
        """Sort keys of items that stand beside META, the first page of them."""
        return [item["SK"]["S"] for item in self._query(session_id)["Items"] if item["SK"]["S"] != META]

    @log_dynamodb_operation("UpdateItem:MarkErasing")
    def _mark(self, session_id: str) -> UpdateItemOutputTypeDef:
        return self._client.update_item(
            TableName=self._table,
            Key=session_key(session_id),
            UpdateExpression="SET #state = :erasing",
            ConditionExpression="attribute_exists(customer_id)",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":erasing": {"S": ERASING}},
        )

    @log_dynamodb_operation("UpdateItem:EmptyMeta")
    def _empty(self, session_id: str) -> UpdateItemOutputTypeDef:
        """Leave of META that there was a session, and until when that is remembered. It goes from the index by this."""
        until = self._clock() // 1000 + _REMEMBERED_SECONDS
        return self._client.update_item(
            TableName=self._table,
            Key=session_key(session_id),
            UpdateExpression=(
                "SET #state = :erased, expires_at = :until REMOVE customer_id, created_at, last_active_at, turn_count"
            ),
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":erased": {"S": ERASED}, ":until": {"N": str(until)}},
        )

    @log_dynamodb_operation("Query:ItemsToDelete")
    def _query(self, session_id: str) -> QueryOutputTypeDef:
        return self._client.query(
            TableName=self._table,
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues={":pk": session_key(session_id)["PK"]},
            ProjectionExpression="SK",
            ConsistentRead=True,
            Limit=_PAGE,
        )

    def _delete(self, session_id: str, sort: str) -> int:
        """How many items that was: 1, or 0 if it was gone."""
        try:
            self._delete_item(session_id, sort)
        except self._client.exceptions.ConditionalCheckFailedException:
            return 0
        return 1

    @log_dynamodb_operation("DeleteItem:Session")
    def _delete_item(self, session_id: str, sort: str) -> DeleteItemOutputTypeDef:
        return self._client.delete_item(
            TableName=self._table,
            Key=session_key(session_id, sort),
            ConditionExpression="attribute_exists(PK)",
        )
