"""Reading and exporting, each call audited. Pages: `limit` items at most, and `next` for what follows."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta

from mangaobs.runtime import log_dynamodb_operation

from .._audit import Audit, Record
from .._entry import Context
from .._http import Id, Refused, Request, answer, identity_of, path_id, refusal, request_of, require_group
from ..sessions import META, TURN, meta_of, session_id_of, session_key, turn_of
from .settings import Settings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        ExportTableToPointInTimeOutputTypeDef,
        GetItemOutputTypeDef,
        QueryInputTypeDef,
        QueryOutputTypeDef,
    )

Page: TypeAlias = dict[str, object]

_TURN: Final = re.compile(r"\d{13}#[A-Za-z0-9_-]{1,64}#(?:1-user|2-assistant)")
_LARGEST_PAGE: Final = 100


class _Position(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page of sessions begins. The customer is not in it: a page never leads to another's."""

    last_active_at: Annotated[int, Meta(ge=0)]
    session_id: Id


class Admin:
    """The admin function."""

    def __init__(self, client: DynamoDBClient, settings: Settings, audit: Audit) -> None:
        self._client = client
        self._settings = settings
        self._audit = audit
        # By method and resource: the action's name, the group that may, the parameter that says whose, the work.
        self._routes: dict[tuple[str, str], tuple[str, str, str, Callable[[Request, str, Record, str], Page]]] = {
            ("GET", "/admin/customers/{customer_id}/sessions"): (
                "list_sessions",
                "admin-read",
                "customer_id",
                self._list_sessions,
            ),
            ("GET", "/admin/sessions/{session_id}/turns"): ("read_turns", "admin-read", "session_id", self._read_turns),
            ("POST", "/admin/exports"): ("start_export", "admin-export", "", self._start_export),
            ("GET", "/admin/exports/{export_id}"): ("read_export", "admin-export", "export_id", self._read_export),
        }

    def __call__(self, event: object, context: Context) -> dict[str, Any]:
        """Answer one proxy event."""
        try:
            request = request_of(event)
            identity = identity_of(request)
            route = self._routes.get((request.http_method, request.resource))
            if route is None:
                raise Refused(404, "unknown_route", "one of the routes in handlers/admin/README.md")
            action, group, parameter, work = route
            require_group(identity, group)
            subject = path_id(request, parameter) if parameter else self._settings.session_table
            request_id = context.aws_request_id
            with self._audit.call(action, actor=identity.customer_id, subject=subject, request_id=request_id) as record:
                page = _done(work, request, subject, record, request_id)
            return answer(202 if action == "start_export" else 200, page)
        except Refused as refused:
            return refusal(refused)

    def _list_sessions(self, request: Request, customer_id: str, record: Record, _: str) -> Page:
        query: QueryInputTypeDef = {
            "TableName": self._settings.session_table,
            "IndexName": self._settings.customer_index,
            "KeyConditionExpression": "customer_id = :customer",
            "ExpressionAttributeValues": {":customer": {"S": customer_id}},
            "ScanIndexForward": False,
            "Limit": _limit(request),
        }
        position = _decoded(request)
        if position is not None:
            try:
                start = msgspec.json.decode(position, type=_Position)
            except msgspec.DecodeError:
                raise _wrong_next() from None
            query["ExclusiveStartKey"] = {
                **session_key(start.session_id),
                "customer_id": {"S": customer_id},
                "last_active_at": {"N": str(start.last_active_at)},
            }
        found = self._query_sessions(query)
        sessions = []
        for item in found["Items"]:
            meta = meta_of(item)
            sessions.append(
                {
                    "session_id": session_id_of(item["PK"]["S"]),
                    "state": meta.state,
                    "created_at": meta.created_at,
                    "last_active_at": meta.last_active_at,
                    "turn_count": meta.turn_count,
                }
            )
        record.item_count = len(sessions)
        last = found.get("LastEvaluatedKey")
        if last is None:
            return {"sessions": sessions}
        following = _Position(int(last["last_active_at"]["N"]), str(session_id_of(last["PK"]["S"])))
        return {"sessions": sessions, "next": _encoded(msgspec.json.encode(following))}

    def _read_turns(self, request: Request, session_id: str, record: Record, _: str) -> Page:
        item = self._get_meta(session_id).get("Item")
        if item is None or "customer_id" not in item:
            raise Refused(404, "session_unknown", "the id of a session that stands")
        query: QueryInputTypeDef = {
            "TableName": self._settings.session_table,
            "KeyConditionExpression": "PK = :pk AND begins_with(SK, :prefix)",
            "ExpressionAttributeValues": {":pk": session_key(session_id)["PK"], ":prefix": {"S": TURN}},
            "ConsistentRead": True,
            "Limit": _limit(request),
        }
        position = _decoded(request)
        if position is not None:
            text = position.decode("ascii", "replace")
            if not _TURN.fullmatch(text):
                raise _wrong_next()
            query["ExclusiveStartKey"] = session_key(session_id, TURN + text)
        found = self._query_turns(query)
        turns = [msgspec.to_builtins(turn_of(item)) for item in found["Items"]]
        record.item_count = len(turns)
        last = found.get("LastEvaluatedKey")
        page: Page = {"session_id": session_id, "state": meta_of(item).state, "turns": turns}
        return page if last is None else {**page, "next": _encoded(last["SK"]["S"].removeprefix(TURN).encode())}

    def _start_export(self, _: Request, __: str, record: Record, request_id: str) -> Page:
        started = self._export(request_id)["ExportDescription"]
        record.item_count = 1
        return {"export_id": started["ExportArn"].rpartition("/")[2], "status": started["ExportStatus"]}

    def _read_export(self, _: Request, export_id: str, record: Record, __: str) -> Page:
        arn = f"{self._settings.session_table_arn}/export/{export_id}"
        try:
            found = self._client.describe_export(ExportArn=arn)["ExportDescription"]
        except self._client.exceptions.ExportNotFoundException:
            raise Refused(404, "export_unknown", "the id of an export that was started") from None
        record.item_count = 1
        page: Page = {"export_id": export_id, "status": found["ExportStatus"]}
        return {**page, "item_count": found["ItemCount"]} if "ItemCount" in found else page

    # The calls

    @log_dynamodb_operation("Query:ListSessions")
    def _query_sessions(self, query: QueryInputTypeDef) -> QueryOutputTypeDef:
        return self._client.query(**query)

    @log_dynamodb_operation("Query:ReadTurns", turn_count=lambda response: response["Count"])
    def _query_turns(self, query: QueryInputTypeDef) -> QueryOutputTypeDef:
        return self._client.query(**query)

    @log_dynamodb_operation("GetItem:LoadMeta")
    def _get_meta(self, session_id: str) -> GetItemOutputTypeDef:
        return self._client.get_item(
            TableName=self._settings.session_table, Key=session_key(session_id, META), ConsistentRead=True
        )

    @log_dynamodb_operation("ExportTableToPointInTime:Start")
    def _export(self, token: str) -> ExportTableToPointInTimeOutputTypeDef:
        return self._client.export_table_to_point_in_time(
            TableArn=self._settings.session_table_arn,
            S3Bucket=self._settings.backup_bucket,
            S3Prefix="exports",
            ExportFormat="DYNAMODB_JSON",
            ClientToken=token,
        )


def _done(
    work: Callable[[Request, str, Record, str], Page], request: Request, subject: str, record: Record, request_id: str
) -> Page:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return work(request, subject, record, request_id)
    except (ClientError, BotoCoreError):
        raise Refused(503, "unavailable", "repeat in a moment", effect="failed", retry_after=2) from None


def _limit(request: Request) -> int:
    text = (request.query_string_parameters or {}).get("limit", "50")
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:4]) <= _LARGEST_PAGE):
        raise Refused(400, "invalid_parameter", f"limit: 1 to {_LARGEST_PAGE}")
    return int(text)


def _decoded(request: Request) -> bytes | None:
    text = (request.query_string_parameters or {}).get("next")
    if text is None:
        return None
    try:
        return base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise _wrong_next() from None


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


def _wrong_next() -> Refused:
    return Refused(400, "invalid_parameter", "next: as the page before gave it")
