"""Reads the data files: one for each namespace, on the first lookup in it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mangaobs.catalog._facts import MetricFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DATA = Path(__file__).parent / "data"


class _Namespace(NamedTuple):
    complete: bool
    metrics: Mapping[str, MetricFacts]


_UNKNOWN = _Namespace(complete=False, metrics=MappingProxyType({}))


@cache
def namespaces() -> tuple[str, ...]:
    """Every namespace in the catalog, sorted; reads file names, no file."""
    return tuple(sorted(path.stem.replace(".", "/") for path in _DATA.glob("*.json")))


def metrics(namespace: str) -> Mapping[str, MetricFacts]:
    """The metrics of a namespace by name, in the order of its file; empty if the namespace is unknown."""
    return _read(namespace).metrics


def complete(namespace: str) -> bool:
    """Whether the catalog lists every metric that AWS documents for this namespace.

    Only then does a name's absence from the catalog say that the metric does not exist.
    """
    return _read(namespace).complete


@cache
def _read(namespace: str) -> _Namespace:
    # Asking the list, not the file system: on a case-insensitive disk "aws/lambda" would open AWS.Lambda.json.
    if namespace not in namespaces():
        return _UNKNOWN
    import json

    text = (_DATA / f"{namespace.replace('/', '.')}.json").read_text(encoding="utf-8")
    file: dict[str, Any] = json.loads(text)
    facts = {name: _facts(file, name, entry) for name, entry in file["metrics"].items()}
    return _Namespace(complete=file["complete"], metrics=MappingProxyType(facts))


def _facts(file: dict[str, Any], name: str, entry: dict[str, Any]) -> MetricFacts:
    # In an entry's dimension sets, a list is one set and a string names a group of sets that the file shares.
    groups = [file["shared"][item] for item in entry["dimension_sets"] if isinstance(item, str)]
    own = [item for item in entry["dimension_sets"] if not isinstance(item, str)]
    proven = _distinct([*(one for group in groups for one in group["sets"]), *own])
    unproven = [*(one for group in groups for one in group.get("unproven", ())), *entry.get("unproven", ())]
    notes = [entry.get("note", ""), *(group.get("note", "") for group in groups)]
    return MetricFacts(
        namespace=file["namespace"],
        name=name,
        dimension_sets=proven,
        unit=entry["unit"],
        statistics=tuple(entry["statistics"]),
        native_period=entry["period"],
        emission=entry["emission"],
        confidence=entry["confidence"],
        note=" ".join(note for note in notes if note),
        source=" ".join(entry.get("sources", file["sources"])),
        unproven_sets=tuple(one for one in _distinct(unproven) if one not in proven),
    )


def _distinct(sets: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(tuple(sorted(one)) for one in sets))
