"""A division by what is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.languages import metric_math
from mangaobs.lint import _emission, _graph
from mangaobs.lint._found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.lint._reads import Read


def check(app: App) -> Iterator[Found]:
    """Points of a division by zero, or by nothing, are dropped."""
    for alarm in app.alarms:
        reads = {read.id: read for read in alarm.reads}
        for query in alarm.queries or ():
            if query.tree is None:
                continue
            for division in _graph.divisions(query.tree):
                why = _absent(division.right, reads)
                if why:
                    span = division.right.span
                    spot = query.expression_spot._replace(offset=span.start, length=span.end - span.start)
                    yield Found("MO121", alarm.resource, f"{why}, and such points are dropped", "", spot)


def _absent(node: metric_math.Expression, reads: dict[str, Read]) -> str:
    if isinstance(node, metric_math.Number) and node.value == 0:
        return "this divides by zero"
    if not isinstance(node, metric_math.Name) or node.name not in reads:
        return ""
    read = reads[node.name]
    facts = _emission.facts_of(read)
    if facts is not None and facts.emission == "only-during-gsi-build":
        return f"this divides by {facts.name}, which is there during the build of an index only"
    return ""
