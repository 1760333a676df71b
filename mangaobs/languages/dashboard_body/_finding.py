"""What the checker reports, and the types of the tree that it reads."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias, TypeGuard

Json: TypeAlias = dict[str, object]
Level: TypeAlias = Literal["error", "warning"]


class Finding(NamedTuple):
    """Something wrong at `path`, a JSON pointer as AWS's own `dataPath`.

    `rule` is R1 to R17, or F1 to F4 for a single field: F1 its value, F2 missing, F3 unknown, F4 too few or too many.
    An error is rejected by CloudWatch; a warning is accepted and shows less than was meant, or nobody knows.
    """

    rule: str
    path: str
    message: str
    level: Level = "error"


def is_opaque(value: object) -> bool:
    """Whether `value` is no JSON at all: it stands for one that only the deployment knows, and is let through."""
    return not (value is None or isinstance(value, str | int | float | list | tuple | dict))


def is_object(value: object) -> TypeGuard[Json]:
    """Whether `value` is a JSON object."""
    return isinstance(value, dict)


def is_number(value: object) -> TypeGuard[float]:
    """Whether `value` is a JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_text(value: object) -> TypeGuard[str]:
    """Whether `value` is text that is known now, nothing in it left to the deployment."""
    return isinstance(value, str) and "${" not in value


def items(value: object) -> list[object]:
    """The items of an array; none of anything else."""
    return list(value) if isinstance(value, list | tuple) else []


def field(value: object, name: str) -> object:
    """A field of an object; None where either is missing."""
    return value.get(name) if isinstance(value, dict) else None


def escape(key: str) -> str:
    """`key` as a step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def show(value: object) -> str:
    """`value` as a message quotes it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
