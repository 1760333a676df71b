"""Questions to the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.catalog._load import complete, metrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mangaobs.catalog._facts import MetricFacts


def find(namespace: str, name: str) -> MetricFacts | None:
    """The facts of one metric, or None if the catalog does not list it. Names are case-sensitive, as in AWS."""
    return metrics(namespace).get(name)


def emits(namespace: str, name: str, dimensions: Iterable[str]) -> bool | None:
    """Whether AWS publishes this metric under exactly these dimension names.

    None where the catalog cannot tell: the metric is unverified, its sets are unknown, or it is missing from
    a namespace that the catalog does not list in full. Where the sets are inferred, they are no proof that
    another combination of the namespace's dimensions is missing, so that too is None; a dimension that the
    namespace does not have at all is False.
    """
    facts = find(namespace, name)
    if facts is None:
        return False if complete(namespace) else None
    if facts.emission == "never":
        return False
    if not facts.dimension_sets or facts.confidence == "unverified":
        return None
    asked = tuple(sorted(set(dimensions)))
    if asked in facts.dimension_sets:
        return True
    if facts.confidence == "documented":
        return False
    return None if set(asked) <= _dimensions(namespace) else False


def nearest(name: str, among: Iterable[str]) -> str | None:
    """The most similar of some names, for "did you mean"; None if nothing is close."""
    from difflib import get_close_matches

    names = list(among)
    # Difflib weighs case like any other difference; the usual slip (5xxError, function) is case alone.
    by_lower = {other.lower(): other for other in reversed(names)}
    close = get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[close[0]] if close else None


def _dimensions(namespace: str) -> set[str]:
    """Every dimension name that any metric of the namespace has."""
    return {name for facts in metrics(namespace).values() for one in facts.dimension_sets for name in one}
