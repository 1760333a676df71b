"""Where a person's records are read: the account, then session by session, in the order of ids, a page at a time.

A cursor says how far somebody came. Of sessions that begin or end while an export is made it has what was read; each
page is as it was when it was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from mangaobs.runtime import log_dynamodb_operation, log_publish_operation

from ..sessions import META, session_key
from ..subjects import ERASURE
from ._records import Record, record_of

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import GetItemOutputTypeDef, QueryInputTypeDef, QueryOutputTypeDef
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ListObjectVersionsOutputTypeDef, ListObjectVersionsRequestTypeDef

    from ..sessions import Key
    from ..subjects import Discovery, Patience, Requests

# Behind every sort key: the session's items were read, and everything of it.
_ITEMS: Final = "~"
_ALL: Final = "~~"


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """How far somebody came: everything up to and with `sort` of `session_id`. An empty one: what is of no session.

    `key` and `version` say how far in the session's copies.
    """

    session_id: str = ""
    sort: str = ""
    key: str = ""
    version: str = ""


class Page(NamedTuple):
    """Some records, and the cursor behind them."""

    records: list[Record]
    cursor: Cursor


class Sources:
    """The stores that a person's data is read from. `page` is how many items are read at once."""

    def __init__(
        self,
        *,
        dynamodb: DynamoDBClient,
        table: str,
        requests: Requests,
        discovery: Discovery,
        s3: S3Client,
        backups: str,
        users: CognitoIdentityProviderClient | None,
        pool: str,
        patience: Patience,
        page: int = 200,
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._requests = requests
        self._discovery = discovery
        self._s3 = s3
        self._backups = backups
        self._users = users
        self._pool = pool
        self._patience = patience
        self._page = page

    def pages(self, subject: str, customer_id: str, wanted: frozenset[str], cursor: Cursor | None) -> Iterator[Page]:
        """Pages of records behind `cursor` whose types are `wanted`.

        Raises `OutOfTime`, `ValueError`, or what botocore does.
        """
        for records, reached in self._pages(subject, customer_id, cursor, copies="copy" in wanted):
            yield Page([one for one in records if one["type"] in wanted], reached)

    def _pages(self, subject: str, customer_id: str, cursor: Cursor | None, *, copies: bool) -> Iterator[Page]:
        if cursor is None:
            cursor = Cursor()
            yield Page(self._account(customer_id) + self._asked(subject), cursor)
        # First the rest of the session that it was in, whether its entry still stands or not.
        begun = [cursor] if cursor.session_id and cursor.sort != _ALL else []
        for at in chain(begun, map(Cursor, self._sessions(subject, customer_id, cursor.session_id))):
            if not self._is_theirs(at.session_id, customer_id):
                continue
            if not at.sort.startswith(_ITEMS):
                yield from self._items(at.session_id, at.sort)
            if copies:
                yield from self._copies(at)

    def _sessions(self, subject: str, customer_id: str, after: str) -> Iterator[str]:
        """Ids of their sessions, in order, those after `after`. Held are those alone that have no entry, and a page."""
        unentered = sorted(
            name for some in self._discovery.unentered(subject, customer_id) for name in some if name > after
        )
        last = after
        for session_id in merge(self._discovery.entered(subject, after=after), unentered):
            if session_id != last:  # entered meanwhile
                yield session_id
            last = session_id

    def _is_theirs(self, session_id: str, customer_id: str) -> bool:
        """Whether META says so, or says nothing: it is gone, and the rest was under the person's entry."""
        meta = self._patience(lambda: self._meta(session_id)).get("Item", {})
        return "customer_id" not in meta or meta["customer_id"]["S"] == customer_id

    def _items(self, session_id: str, after: str) -> Iterator[Page]:
        start: Key | None = session_key(session_id, after) if after else None
        while True:
            page = self._patience(lambda: self._query(session_id, start))  # noqa: B023 - called at once
            records = [one for item in page["Items"] if (one := record_of(session_id, item)) is not None]
            last = page.get("LastEvaluatedKey")
            if last is None:
                yield Page(records, Cursor(session_id, _ITEMS))
                return
            sort = last["SK"]["S"]
            yield Page(records, Cursor(session_id, sort))
            start = session_key(session_id, sort)

    def _copies(self, at: Cursor) -> Iterator[Page]:
        """Every version of the session's copies."""
        request: ListObjectVersionsRequestTypeDef = {"Bucket": self._backups, "Prefix": f"sessions/{at.session_id}/"}
        if at.key:
            request["KeyMarker"], request["VersionIdMarker"] = at.key, at.version
        while True:
            page = self._patience(lambda: self._list(request))
            records: list[Record] = [
                {
                    "type": "copy",
                    "session_id": at.session_id,
                    "key": one["Key"],
                    "bytes": one["Size"],
                    "modified_at": int(one["LastModified"].timestamp() * 1000),
                }
                for one in page.get("Versions", [])
            ]
            if not page.get("IsTruncated"):
                yield Page(records, Cursor(at.session_id, _ALL))
                return
            key, version = page["NextKeyMarker"], page["NextVersionIdMarker"]
            yield Page(records, Cursor(at.session_id, _ITEMS, key, version))
            request["KeyMarker"], request["VersionIdMarker"] = key, version

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

    def _asked(self, subject: str) -> list[Record]:
        """The request to be erased, if one stands. This export's own is in its manifest."""
        asked = self._requests.load(ERASURE, subject)
        if asked is None:
            return []
        record: Record = {
            "type": "request",
            "request_id": asked.request_id,
            "kind": asked.kind,
            "state": asked.shown,
            "requested_at": asked.requested_at,
        }
        return [{**record, "finished_at": asked.finished_at} if asked.finished_at else record]

    # The calls

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
            "Limit": self._page,
        }
        if start is not None:
            query["ExclusiveStartKey"] = start
        return self._dynamodb.query(**query)

    def _list(self, request: ListObjectVersionsRequestTypeDef) -> ListObjectVersionsOutputTypeDef:
        with log_publish_operation("ListObjectVersions:Copies", destination=self._backups):
            return self._s3.list_object_versions(**request)
