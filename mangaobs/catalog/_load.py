"""Reads the data files: one for each namespace, on the first lookup in it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mangaobs.catalog._facts import MetricFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    shared = [file["shared"][item] for item in entry["dimension_sets"] if isinstance(item, str)]
    notes = [entry.get("note", ""), *(group["note"] for group in shared if "note" in group)]
    return MetricFacts(
        namespace=file["namespace"],
        name=name,
        dimension_sets=tuple(dict.fromkeys(_sets(file, entry))),
        unit=entry["unit"],
        statistics=tuple(entry["statistics"]),
        native_period=entry["period"],
        emission=entry["emission"],
        confidence=entry["confidence"],
        note=" ".join(note for note in notes if note),
        source=" ".join(entry.get("sources", file["sources"])),
    )


def _sets(file: dict[str, Any], entry: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The sets of one metric: a list is a set, a string names a group of sets that the file shares."""
    for item in entry["dimension_sets"]:
        group = file["shared"][item]["sets"] if isinstance(item, str) else [item]
        yield from (tuple(sorted(dimensions)) for dimensions in group)
