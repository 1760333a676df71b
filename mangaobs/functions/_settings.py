"""What a function reads from its environment: a `msgspec.Struct`, whose fields are the variables in lower case.

    class Settings(msgspec.Struct, frozen=True):
        session_table: Annotated[str, Meta(description="Name of the table of sessions")]
        context_turns: Annotated[int, Meta(ge=1, le=100, description="Newest turns the model gets")] = 20

The types say what is valid, the descriptions what is meant; `docs/handlers.md` is made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeVar, get_args, get_type_hints

import msgspec

from mangaobs.errors import ConfigurationError

if TYPE_CHECKING:
    S = TypeVar("S", bound=msgspec.Struct)

_CHOICE = "Invalid enum value"  # the one message of msgspec that has the value in it


class Variable(NamedTuple):
    """A variable of a function's environment; `default` is None where it must be set."""

    name: str
    description: str
    default: str | None


def read(kind: type[S], environ: Mapping[str, str]) -> S:
    """The settings in `environ`; other variables are passed over, and one that is empty counts as not set.

    Raises `ConfigurationError` that names everything that is missing or wrong at once, never a value: it may be secret.
    """
    fields = msgspec.structs.fields(kind)
    given = {field.name: environ.get(field.encode_name.upper(), "") for field in fields}
    given = {name: value for name, value in given.items() if value}
    problems = []
    for variable, field in zip(variables(kind), fields, strict=True):
        if field.name in given:
            try:
                msgspec.convert(given[field.name], field.type, strict=False)
            except msgspec.ValidationError as error:
                what = _CHOICE if str(error).startswith(_CHOICE) else str(error)
                problems.append(f"{variable.name} is wrong: {what} ({variable.description})")
        elif field.required:
            problems.append(f"{variable.name} is not set ({variable.description})")
    if problems:
        raise ConfigurationError(
            "; ".join(problems), right="set them in the function's environment: docs/handlers.md lists them"
        )
    return msgspec.convert(given, kind, strict=False)


def variables(kind: type[msgspec.Struct]) -> tuple[Variable, ...]:
    """The variables that `kind` reads, in its order."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        Variable(
            field.encode_name.upper(),
            next(
                (meta.description or "" for meta in get_args(hints[field.name]) if isinstance(meta, msgspec.Meta)), ""
            ),
            None if field.required else _text(field.default),
        )
        for field in msgspec.structs.fields(kind)
    )


def _text(default: object) -> str:
    if default is None:
        return ""
    return default if isinstance(default, str) else str(msgspec.json.encode(default), "ascii")
