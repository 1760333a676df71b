"""Where a person's records are read: the account, then session by session, in the order of ids, a page at a time.

A cursor says how far somebody came: the session's id and the last sort key that was read. Sessions that begin while an
export is made may be in it or not; each session is as it was when it was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mangaobs.runtime import log_dynamodb_operation, log_publish_operation

from ..sessions import META, session_key
from ._records import Record, record_of

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import GetItemOutputTypeDef, QueryInputTypeDef, QueryOutputTypeDef
    from types_boto3_s3 import S3Client

    from ..sessions import Key
    from ..subjects import Discovery, Patience

_COPIES = "~"  # behind every sort key: the session's copies were read, too
_PAGE = 200  # items


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """How far somebody came: everything up to and with `sort` of `session_id`. An empty one: the account."""

    session_id: str = ""
    sort: str = ""


class Page(NamedTuple):
    """Some records, and the cursor behind them."""

    records: list[Record]
    cursor: Cursor


class Sources:
    """The stores that a person's data is read from."""

    def __init__(
        self,
        *,
        dynamodb: DynamoDBClient,
        table: str,
        discovery: Discovery,
        s3: S3Client,
        backups: str,
        users: CognitoIdentityProviderClient | None,
        pool: str,
        patience: Patience,
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._discovery = discovery
        self._s3 = s3
        self._backups = backups
        self._users = users
        self._pool = pool
        self._patience = patience

    def pages(self, subject: str, customer_id: str, cursor: Cursor | None) -> Iterator[Page]:
        """Pages of records behind `cursor`. Raises `OutOfTime`, `ValueError`, or what botocore does."""
        if cursor is None:
            yield Page(self._account(customer_id), Cursor())
            cursor = Cursor()
        ids = set(self._discovery.entered(subject))
        for unentered in self._discovery.unentered(subject, customer_id):
            ids.update(unentered)
        for session_id in sorted(ids):
            if session_id < cursor.session_id or (session_id == cursor.session_id and cursor.sort == _COPIES):
                continue
            after = cursor.sort if session_id == cursor.session_id else ""
            yield from self._session(session_id, customer_id, after)

    def _session(self, session_id: str, customer_id: str, after: str) -> Iterator[Page]:
        meta = self._patience(lambda: self._meta(session_id)).get("Item", {})
        if "customer_id" in meta and meta["customer_id"]["S"] != customer_id:
            return
        start: Key | None = session_key(session_id, after) if after else None
        while True:
            page = self._patience(lambda: self._query(session_id, start))  # noqa: B023 - called at once
            records = [one for item in page["Items"] if (one := record_of(session_id, item)) is not None]
            last = page.get("LastEvaluatedKey")
            if last is None:
                yield Page(records + self._copies(session_id), Cursor(session_id, _COPIES))
                return
            start = session_key(session_id, last["SK"]["S"])
            yield Page(records, Cursor(session_id, last["SK"]["S"]))

    def _account(self, customer_id: str) -> list[Record]:
        users = self._users
        if users is None:
            return []
        try:
            user = self._patience(lambda: users.admin_get_user(UserPoolId=self._pool, Username=customer_id))
        except users.exceptions.UserNotFoundException:
            return []
        return [
            {
                "type": "account",
                "customer_id": customer_id,
                "created_at": int(user["UserCreateDate"].timestamp() * 1000),
                "attributes": {one["Name"]: one.get("Value", "") for one in user["UserAttributes"]},
            }
        ]

    def _copies(self, session_id: str) -> list[Record]:
        """Records of the copies: there are a few of a session."""
        found: list[Record] = []
        pages = self._s3.get_paginator("list_object_versions")
        with log_publish_operation("ListObjectVersions:Copies", destination=self._backups):
            listed = self._patience(
                lambda: list(pages.paginate(Bucket=self._backups, Prefix=f"sessions/{session_id}/"))
            )
        for page in listed:
            found += [
                {
                    "type": "copy",
                    "session_id": session_id,
                    "key": one["Key"],
                    "bytes": one["Size"],
                    "modified_at": int(one["LastModified"].timestamp() * 1000),
                }
                for one in page.get("Versions", [])
            ]
        return found

    @log_dynamodb_operation("GetItem:LoadMeta")
    def _meta(self, session_id: str) -> GetItemOutputTypeDef:
        return self._dynamodb.get_item(TableName=self._table, Key=session_key(session_id, META), ConsistentRead=True)

    @log_dynamodb_operation("Query:ItemsToExport")
    def _query(self, session_id: str, start: Key | None) -> QueryOutputTypeDef:
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :pk",
            "ExpressionAttributeValues": {":pk": session_key(session_id)["PK"]},
            "ConsistentRead": True,
            "Limit": _PAGE,
        }
        if start is not None:
            query["ExclusiveStartKey"] = start
        return self._dynamodb.query(**query)
