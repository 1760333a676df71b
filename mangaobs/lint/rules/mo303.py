"""A query on a field that no handler logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _queries
from mangaobs.lint._found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.lint._found import Severity


def check(app: App) -> Iterator[Found]:
    """Held against the contract that mangaobs renders; without one, against the lines of a recording."""
    for query in _queries.queries(app):
        fields, whose = _queries.fields_of(app, query)
        if fields is None:
            continue
        plain = {(one.error.start, one.error.problem) for one in _queries.check(query.text)}
        for finding in _queries.check(query.text, fields):
            if (finding.error.start, finding.error.problem) in plain or finding.severity != "error":
                continue
            what = f"{finding.error.problem}: {whose}"
            # A line that was not recorded may have it.
            severity: Severity | None = "warning" if app.contract is None else None
            yield Found("MO303", query.resource, what, finding.error.right, query.at(finding), severity=severity)
