"""The table that a drill restores beside the live one: made, waited for, and deleted if it is the drill's.

Source: DynamoDB Developer Guide, "Restore a table" and "Using deletion protection".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.drill._findings import Failed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TableDescriptionTypeDef

# Seconds for which a table that was asked for may not be seen yet.
_UNSEEN: Final = 60.0


class SideTable:
    """The table called `name` that is restored from `source`. `clock` gives epoch seconds."""

    def __init__(self, client: DynamoDBClient, source: str, name: str, *, clock: Callable[[], float]) -> None:
        self.name = name
        # Whether there may be one that has to be deleted.
        self.asked_for = False
        self._client = client
        self._source = source
        self._clock = clock
        self._began = -_UNSEEN

    def restore(self, at: datetime) -> None:
        """Begin to restore. Raises what botocore does."""
        self.asked_for, self._began = True, self._clock()
        self._client.restore_table_to_point_in_time(
            SourceTableName=self._source, TargetTableName=self.name, RestoreDateTime=at
        )

    def is_active(self) -> bool | None:
        """True once it may be used, None until then. Raises what botocore does."""
        try:
            status = self._described().get("TableStatus")
        except self._client.exceptions.ResourceNotFoundException:
            if self._is_overdue():
                raise
            return None
        return True if status == "ACTIVE" else None

    def delete(self) -> str | None:
        """What became of it; None while it cannot be deleted yet.

        Raises `Failed` if it is none of ours, or what botocore does.
        """
        try:
            table = self._described()
            # The name says that it is the drill's; that it was restored from our table, that it is nobody else's.
            if table.get("RestoreSummary", {}).get("SourceTableArn", "").rpartition("/")[2] != self._source:
                raise Failed(f"{self.name} stays: it was not restored from {self._source}")
            if table.get("DeletionProtectionEnabled") and table.get("TableStatus") == "ACTIVE":
                self._client.update_table(TableName=self.name, DeletionProtectionEnabled=False)
            self._client.delete_table(TableName=self.name)
        except self._client.exceptions.ResourceNotFoundException:
            return "was not there" if self._is_overdue() else None
        except self._client.exceptions.ResourceInUseException:
            return None  # it is still being made, or changed
        return "deleted"

    def _described(self) -> TableDescriptionTypeDef:
        return self._client.describe_table(TableName=self.name)["Table"]

    def _is_overdue(self) -> bool:
        return self._clock() - self._began >= _UNSEEN
