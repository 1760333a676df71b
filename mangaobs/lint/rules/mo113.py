"""A metric of provisioned capacity on an on-demand table, or the reverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _emission, _tables
from mangaobs.lint._app import TABLES
from mangaobs.lint._found import Found
from mangaobs.lint._values import show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The table's billing mode, where the table is in the templates."""
    for read in app.reads:
        facts = _emission.facts_of(read)
        if facts is None or facts.emission not in ("provisioned-mode-only", "on-demand-with-max-only"):
            continue
        value = read.value("TableName")
        table = app.find(value, *TABLES)
        provisioned = facts.emission == "provisioned-mode-only"
        mode = _tables.billing(table) if table is not None else None
        if table is None or mode is None:
            what = f"whether table {show(value)} is {'provisioned' if provisioned else 'on demand'} is not known"
            yield Found("MO113", read.resource, what, spot=read.spot("name"), verdict="unproven")
        elif provisioned and mode == "on-demand":
            what = f"{table.id} is on demand, and {facts.name} exists for provisioned tables only"
            right = "alarm on throttle events, or on the maximum of on-demand capacity"
            yield Found("MO113", read.resource, what, right, read.spot("name"))
        elif not provisioned and mode == "provisioned":
            what = f"{table.id} is provisioned, and {facts.name} exists for on-demand tables only"
            yield Found("MO113", read.resource, what, "the provisioned capacity", read.spot("name"))
        elif not provisioned and not _tables.has_maximum(table):
            what = f"{table.id} has no maximum of on-demand capacity, which {facts.name} is"
            yield Found("MO113", read.resource, what, "OnDemandThroughput of the table", read.spot("name"))
