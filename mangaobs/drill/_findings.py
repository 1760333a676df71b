"""How a check says that it did not pass."""

from __future__ import annotations


class Finding(Exception):  # noqa: N818 - a result, and no error of ours
    """What was seen, and what would be right."""

    def __init__(self, seen: str, right: str = "") -> None:
        super().__init__(seen)
        self.seen = seen
        self.right = right


class Failed(Finding):
    """A check that failed."""


class Skipped(Finding):
    """A check that could not be made."""


def words(error: Exception) -> str:
    """AWS's code and the operation, or the kind of error; never a message, which may hold anything."""
    if isinstance(error, Finding):
        return error.seen
    response = getattr(error, "response", None)
    if response is None:
        return type(error).__name__
    code = response.get("Error", {}).get("Code", type(error).__name__)
    return f"{getattr(error, 'operation_name', 'the call')}: {code}"


def right_for(error: Exception) -> str:
    """What would be right where something else than a check's own finding was raised."""
    from botocore.exceptions import BotoCoreError

    if getattr(error, "response", None) is not None:
        return "names that are right, and a role that may do this: docs/drill.md"
    if isinstance(error, BotoCoreError):
        return "credentials that last, and a way to AWS"
    return "the project's handlers/subjects/rehearsal.py, which raised it"
