"""What AWS's Service Authorization Reference says of actions: `data/actions.tsv`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Action(NamedTuple):
    """An action: the types of `resources` that it may be limited to, the service's own context `keys` it may have."""

    name: str
    access: str
    resources: tuple[str, ...]
    keys: frozenset[str]


def actions(service: str) -> tuple[Action, ...]:
    """All actions of a service whose reference is carried here, by name; empty for another."""
    return tuple(one for one in _all().values() if one.name.startswith(f"{service}:"))


def known(action: str) -> Action | None:
    """An action as the reference has it, whatever its case; None where the reference of its service is not carried."""
    return _all().get(action.lower())


def is_carried(service: str) -> bool:
    """Whether the reference of a service is carried here."""
    return service in _services()


def absent_keys(action: str) -> frozenset[str]:
    """The service's own context keys that a request of this action never has."""
    found = known(action)
    if found is None:
        return frozenset()
    return _services()[found.name.partition(":")[0]] - found.keys


@cache
def _all() -> dict[str, Action]:
    lines = files("mangaobs.iam").joinpath("data/actions.tsv").read_text(encoding="utf-8").splitlines()
    found: dict[str, Action] = {}
    for line in [one for one in lines if not one.startswith("#")][1:]:
        name, access, resources, keys = line.split("\t")
        service = name.partition(":")[0]
        full = frozenset(f"{service}:{key}" for key in keys.split())
        found[name.lower()] = Action(name, access, tuple(resources.split()), full)
    return found


@cache
def _services() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for one in _all().values():
        service = one.name.partition(":")[0]
        found[service] = found.get(service, frozenset()) | one.keys
    return found
