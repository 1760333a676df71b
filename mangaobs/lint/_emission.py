"""Whether anything emits a metric, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs import catalog
from mangaobs.lint._values import either

if TYPE_CHECKING:
    from mangaobs.catalog import MetricFacts
    from mangaobs.lint._app import App
    from mangaobs.lint._reads import Read


def is_aws(namespace: str) -> bool:
    """Whether a service of AWS's publishes under this namespace."""
    return namespace.startswith("AWS/") or namespace in catalog.namespaces()


def facts_of(read: Read) -> MetricFacts | None:
    """The catalog's facts of what is read, if it is published under exactly these dimensions."""
    known, names = read.known, read.names
    if known is None or names is None or catalog.emits(*known, names) is not True:
        return None
    return catalog.find(*known)


def recorded(app: App, read: Read) -> bool | None:
    """Whether a recording has what is read: True; False if it has the metric under other dimensions only; else None."""
    if app.observed is None or read.known is None or read.names is None:
        return None
    found = app.observed.metrics.get(read.known)
    return None if found is None else read.names in found


def under(names: tuple[str, ...]) -> str:
    """A set of dimension names as a sentence says it."""
    return " and ".join(names) if names else "no dimensions"


def sets_of(facts: MetricFacts) -> str:
    """The sets under which a metric is published."""
    return either([under(one) for one in facts.dimension_sets[:4]]) if facts.dimension_sets else "nothing"


def alike(name: str, other: str, least: float = 0.8) -> bool:
    """Whether two names differ by a slip: case, a letter or two."""
    from difflib import SequenceMatcher

    lower = name.lower(), other.lower()
    return lower[0] == lower[1] or SequenceMatcher(None, *lower).ratio() >= least


def meant_instead(app: App, read: Read) -> tuple[str, str] | None:
    """The metric of a filter that a read of nobody's metric means: under another namespace, or but for a slip."""
    if read.known is None or read.known in app.filtered or read.known in app.declared:
        return None
    namespace, name = read.known
    for one, other in app.filtered:
        same = (other == name and one != namespace) or (one == namespace and alike(name, other))
        if same and (one, other) not in app.known_reads:
            return one, other
    return None
