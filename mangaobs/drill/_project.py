"""The project's side of a drill: its own writers, its own replay. Loaded as definitions are, under a private name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from mangaobs.errors import Place, ProjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from types_boto3_s3 import S3Client

    Item = Mapping[str, AttributeValueTypeDef]

MODULE = "handlers.subjects.rehearsal"


class Person(Protocol):
    """An invented person."""

    @property
    def customer_id(self) -> str:
        """The id of the customer."""

    @property
    def session_ids(self) -> tuple[str, ...]:
        """The ids of their sessions."""


class Replayed(Protocol):
    """What a replay erased."""

    @property
    def subjects(self) -> int:
        """How many people the ledger has."""

    @property
    def sessions(self) -> int:
        """Sessions that were erased from the table."""

    @property
    def items(self) -> int:
        """Items that were."""


class Replay(Protocol):
    """The ledger, and a table that it is replayed onto."""

    def theirs(self) -> Callable[[Item], bool]:
        """What tells whether an item of the table, as it stands now, is of somebody in the ledger."""

    def run(self) -> Replayed:
        """Replay it."""


class Rehearsal(Protocol):
    """`handlers/subjects/rehearsal.py` of a project. `secret` is what keys the hashes of ids."""

    def person_of(self, drill: str) -> Person:
        """The person of a drill: the same for the same id."""

    def write_person(self, dynamodb: DynamoDBClient, table: str, *, secret: str, person: Person, now_ms: int) -> None:
        """Write their sessions, as functions do."""

    def open_erasure(self, dynamodb: DynamoDBClient, table: str, *, secret: str, customer_id: str, now_ms: int) -> str:
        """The id of a request for their erasure, which is verified."""

    def has_failed(self, dynamodb: DynamoDBClient, table: str, *, request_id: str) -> bool:
        """Whether every attempt at a request failed."""

    def items_of(self, dynamodb: DynamoDBClient, table: str, *, secret: str, person: Person) -> Iterator[Item]:
        """Every item of theirs in a table, but for the tombstone and the request."""

    def is_refused(self, dynamodb: DynamoDBClient, table: str, *, secret: str, person: Person, now_ms: int) -> bool:
        """Whether writers refuse them."""

    def replay(self, dynamodb: DynamoDBClient, s3: S3Client, table: str, *, audit_bucket: str, secret: str) -> Replay:
        """The ledger of erasures as it is now, to be replayed onto a table."""

    def clean(self, dynamodb: DynamoDBClient, table: str, *, secret: str, person: Person) -> int:
        """Delete what is left of them; how many items that were."""


def rehearsal(root: Path) -> Rehearsal:
    """The project's rehearsal. Raises `ProjectError` if it has none, or it cannot be loaded."""
    from mangaobs.project.load import private_package
    from mangaobs.runtime import configure

    file = root / "handlers" / "subjects" / "rehearsal.py"
    if not file.is_file():
        raise ProjectError(
            "the project has nothing to rehearse an erasure with", right="docs/drill.md", place=Place(str(file))
        )
    # What functions log has no place among a command's results.
    configure(write=lambda _: None, tracer="off", environ={})
    try:
        return cast("Rehearsal", import_module(f"{private_package(root.resolve())}.{MODULE}"))
    except Exception as error:
        problem = f"it cannot be loaded: {type(error).__name__}"
        raise ProjectError(problem, right="pip install 'mangaobs[handlers]'", place=Place(str(file))) from error
