"""A query that does otherwise than it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _queries
from mangaobs.lint._found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """What the language's checker warns of."""
    for query in _queries.queries(app):
        for finding in _queries.check(query.text):
            if finding.severity == "warning" and "documentation" not in finding.error.problem:
                yield Found("MO302", query.resource, finding.error.problem, finding.error.right, query.at(finding))
