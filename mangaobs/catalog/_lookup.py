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

    None where the catalog cannot tell: the metric is unverified, its sets are unknown, sources disagree about
    this set, or the metric is missing from a namespace that the catalog does not list in full. Sets that are
    only inferred are no proof that another combination of the namespace's dimensions is missing, so that too
    is None; a dimension that the namespace does not have at all is False.
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
    return False if _refutes(facts, asked) else None


def nearest(name: str, among: Iterable[str]) -> str | None:
    """The most similar of some names, for "did you mean"; None if nothing is close."""
    from difflib import get_close_matches

    names = list(among)
    # Difflib weighs case like any other difference; the usual slip (5xxError, function) is case alone.
    by_lower = {other.lower(): other for other in reversed(names)}
    close = get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[close[0]] if close else None


def did_you_mean(name: str, among: Iterable[str], otherwise: str = "") -> str:
    """What would be right in place of a name that is none of some: the most similar of them, or else `otherwise`."""
    near = nearest(name, among)
    return f"did you mean {near}?" if near else otherwise


def _refutes(facts: MetricFacts, asked: tuple[str, ...]) -> bool:
    """Whether these facts, which do not list the set asked for, prove that it is not emitted."""
    if asked in facts.unproven_sets:
        return False
    return facts.confidence == "documented" or not set(asked) <= _dimensions(facts.namespace)


def _dimensions(namespace: str) -> set[str]:
    """Every dimension name that any metric of the namespace has."""
    sets = [one for facts in metrics(namespace).values() for one in facts.dimension_sets + facts.unproven_sets]
    return {name for one in sets for name in one}
