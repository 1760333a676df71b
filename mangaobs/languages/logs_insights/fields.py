"""The fields that CloudWatch itself gives a log event. The list is `fields.tsv`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple


class SystemField(NamedTuple):
    """A field that starts with `@`: `kind` is text, number or time, `where` says which events have it."""

    name: str
    kind: str
    where: str


@cache
def system_fields() -> dict[str, SystemField]:
    """Each by its name, which is case-sensitive."""
    rows = Path(__file__).with_name("fields.tsv").read_text(encoding="utf-8").splitlines()
    made = (SystemField(*row.split("\t")) for row in rows if not row.startswith("#"))
    return {one.name: one for one in made}
