"""The data map: every store that can hold a person's data, and what becomes of it.

    python -m handlers.subjects.data_map

prints it as the table of docs/erasure.md.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class Store(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A store. `resources` are patterns of logical ids; `days` is how long what is not erased stays, at most."""

    name: str
    holds: str
    happens: Literal["erased", "expires", "pseudonymized", "kept", "never"]
    how: str
    resources: tuple[str, ...] = ()
    days: Annotated[int, Meta(ge=1)] | None = None


class _Map(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    store: tuple[Store, ...]


def stores() -> tuple[Store, ...]:
    """The stores, as data_map.toml has them."""
    return msgspec.toml.decode(files(__package__).joinpath("data_map.toml").read_bytes(), type=_Map).store


def table() -> str:
    """The map as a table in Markdown."""
    rows = [
        f"| {one.name} | {one.holds} | **{one.happens}** | {one.how} | {'' if one.days is None else one.days} |"
        for one in stores()
    ]
    return "\n".join(["| store | holds | erasure | how | days |", "|---|---|---|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201 - its result
