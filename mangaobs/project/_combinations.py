"""Values that are each fine and impossible together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mangaobs.project._name import Fault

if TYPE_CHECKING:
    from mangaobs.project._name import Name
    from mangaobs.project._positions import Path
    from mangaobs.project.configuration import Api, Cache, Capacity, Configuration, Function, Index, Logs, Route, Table

_TEMPLATES = {
    "naming": ("application", "environment", "name"),
    "dashboard_naming": ("application", "environment", "name", "region"),
    "query_folder": ("application", "environment"),
}
# Patterns are compiled where they are first needed, which for most configurations is never.
_FIELD = r"\{([^{}]*)\}"
_MAPPED = ("dynamodb-stream", "kinesis", "sqs")
_ENDPOINTS = {
    "https": (r"https://[^\s/]+\S*", "an https:// address"),
    "email": (r"[^@\s]+@[^@\s]+", "an e-mail address"),
    "sqs": (r"arn:.+", "the queue's ARN"),
}


def combination_faults(configuration: Configuration) -> Iterator[Fault]:
    """Every impossible combination, with the path of the value that is to be changed."""
    yield from _templates(configuration)
    for severity in ("critical", "warning", "info"):
        yield from _route(getattr(configuration.routing, severity), ("routing", severity))
    for key, table in configuration.tables.items():
        yield from _table(table, ("tables", key))
    for key, function in configuration.functions.items():
        yield from _function(function, ("functions", key))
        yield from _reads(configuration, function, ("functions", key))
    for key, api in configuration.apis.items():
        yield from _api(api, ("apis", key))
    for key, machine in configuration.state_machines.items():
        yield from _arn(machine.arn, ("state_machines", key, "arn"))
    for key, cache in configuration.caches.items():
        yield from _cache(cache, ("caches", key))
    yield from _logs(configuration.logs)
    yield from _twice(configuration)
    yield from _same_keys(configuration)


def _templates(configuration: Configuration) -> Iterator[Fault]:
    for key, fields in _TEMPLATES.items():
        template = getattr(configuration, key)
        shown = ", ".join(f"{{{field}}}" for field in fields)
        used = re.findall(_FIELD, template)
        for field in used:
            if field not in fields:
                yield Fault((key,), f"uses {{{field}}}", f"it has {shown}")
        rest = re.sub(_FIELD, "", template)
        if "{" in rest or "}" in rest:
            yield Fault((key,), "has a brace without its partner", shown)
        elif "name" in fields and "name" not in used:
            yield Fault((key,), "lacks {name}: everything would have the same name", "put {name} in it")
        elif key != "query_folder" and not re.fullmatch(r"[A-Za-z0-9_-]*", rest):
            yield Fault((key,), f"is {template!r}", "letters, digits, - and _: all that each of the services takes")
        elif not used and not rest:
            yield Fault((key,), "is empty", shown)


def _route(route: Route, path: Path) -> Iterator[Fault]:
    if route.topic is not None:
        yield from _arn(route.topic, (*path, "topic"))
        if route.subscribers:
            yield Fault(
                (*path, "subscribers"),
                "cannot go with topic: the topic exists already, and has its own",
                "subscribe to the existing topic where it is made, or leave topic out",
                at_key=True,
            )
        if route.kms_key is not None:
            yield Fault(
                (*path, "kms_key"),
                "cannot go with topic: the topic exists already",
                "leave kms_key or topic out",
                at_key=True,
            )
    elif route.kms_key is not None:
        yield from _arn(route.kms_key, (*path, "kms_key"))
    seen: set[Any] = set()
    for place, subscriber in enumerate(route.subscribers):
        endpoint = (*path, "subscribers", place, "endpoint")
        pattern, right = _ENDPOINTS[subscriber.protocol]
        text = subscriber.endpoint.written
        if isinstance(text, str) and not re.fullmatch(pattern, text):
            yield Fault(endpoint, f"is {text!r}, and the protocol {subscriber.protocol}", right)
        if (who := (subscriber.protocol, subscriber.endpoint)) in seen:
            yield Fault(endpoint, "is subscribed twice", "leave one out")
        seen.add(who)


def _arn(name: Name, path: Path) -> Iterator[Fault]:
    if isinstance(name.written, str) and not name.written.startswith("arn:"):
        yield Fault(path, f"is {name.written!r}", 'an ARN, or a table such as { import = "…" }')


def _table(table: Table, path: Path) -> Iterator[Fault]:
    yield from _capacities(table, table, path)
    for key, index in table.indexes.items():
        yield from _capacities(table, index, (*path, "indexes", key))
    for field in ("max_read_request_units", "max_write_request_units"):
        if table.provisioned and getattr(table, field) is not None:
            yield Fault(
                (*path, field), "cannot be: the table is provisioned", "it limits on-demand tables", at_key=True
            )
    if table.auto_scaling and not table.provisioned:
        yield Fault((*path, "auto_scaling"), "cannot be: the table is on-demand", "leave it out", at_key=True)
    for place, operation in enumerate(table.operations):
        if operation in table.operations[:place]:
            yield Fault((*path, "operations", place), f"is {operation!r} once more", "each operation once")
        if operation == "GetRecords" and not table.stream:
            yield Fault((*path, "operations", place), "is 'GetRecords', which reads a stream", "add stream = true")
    names = (((*path, "indexes", key, "name"), index.name) for key, index in table.indexes.items())
    yield from _repeated(names, "another index")


def _capacities(table: Table, owner: Table | Index, path: Path) -> Iterator[Fault]:
    for field in ("read_capacity", "write_capacity"):
        capacity: Capacity | None = getattr(owner, field)
        where = (*path, field)
        if capacity is None:
            if table.provisioned:
                right = f"add {field} = {{ min = …, max = … }}: the table is provisioned"
                yield Fault(path, f"has no {field}", right, missing=True)
        elif not table.provisioned:
            right = 'billing = "provisioned", or leave it out'
            yield Fault(where, "cannot be: the table is on-demand", right, at_key=True)
        elif capacity.min > capacity.max:
            yield Fault((*where, "min"), f"is {capacity.min}, more than max = {capacity.max}", "min up to max")


def _function(function: Function, path: Path) -> Iterator[Fault]:
    source = function.event_source
    if function.event_source_mapping is not None and source not in _MAPPED:
        yield Fault(
            (*path, "event_source_mapping"),
            f"cannot go with event_source = {source!r}",
            f"only {', '.join(_MAPPED)} have a mapping",
            at_key=True,
        )
    if function.asynchronous and source in (*_MAPPED, "authorizer"):
        yield Fault(
            (*path, "asynchronous"),
            f"cannot go with event_source = {source!r}: it waits for the answer",
            "leave it out",
            at_key=True,
        )


def _reads(configuration: Configuration, function: Function, path: Path) -> Iterator[Fault]:
    if function.event_source == "dynamodb-stream":
        sources = [key for key, table in configuration.tables.items() if table.stream]
    elif function.event_source == "kinesis":
        sources = list(configuration.streams)
    elif function.reads is not None:
        right = "only dynamodb-stream and kinesis read one"
        yield Fault((*path, "reads"), f"cannot go with event_source = {function.event_source!r}", right, at_key=True)
        return
    else:
        return
    if function.reads is None and len(sources) > 1:
        yield Fault(
            (*path, "event_source"), "could read any of several streams", f"add reads = one of {', '.join(sources)}"
        )
    elif function.reads is not None and function.reads not in sources:
        known = ", ".join(sources) or "nothing that has a stream"
        yield Fault((*path, "reads"), f"is {function.reads!r}, which is no stream", f"one of {known}")


def _only(kind: str, thing: Any, needs: tuple[str, ...], forbids: tuple[str, ...], path: Path) -> Iterator[Fault]:  # noqa: ANN401
    for key in needs:
        if not getattr(thing, key):
            yield Fault(path, f"has no {key}", f"add {key} = …: kind is {kind!r}", missing=True)
    for key in forbids:
        if getattr(thing, key):
            yield Fault((*path, key), f"cannot go with kind = {kind!r}", f"it takes {' and '.join(needs)}", at_key=True)


def _api(api: Api, path: Path) -> Iterator[Fault]:
    if api.kind == "rest":
        yield from _only("rest", api, ("name", "stage"), ("id",), path)
    else:
        yield from _only("http", api, ("id",), ("name",), path)


def _cache(cache: Cache, path: Path) -> Iterator[Fault]:
    needs, forbids = ("clusters", "name") if cache.kind == "node" else ("name", "clusters")
    yield from _only(cache.kind, cache, (needs,), (forbids,), path)


def _logs(logs: Logs) -> Iterator[Fault]:
    if logs.kms_key is not None:
        yield from _arn(logs.kms_key, ("logs", "kms_key"))


def _twice(configuration: Configuration) -> Iterator[Fault]:
    """The same physical thing under two keys would have each of its alarms twice, or once by chance."""
    for section, things in configuration.sections().items():
        named: list[tuple[Path, Any]] = []
        for key, thing in things.items():
            field, identity = _identity(section, thing)
            named.append(((section, key, field), identity))
        yield from _repeated(named, f"another of [{section}]")
    for section, field in (("caches", "clusters"), ("dax", "nodes"), ("user_pools", "clients")):
        yield from _repeated(
            (
                ((section, key, field, place), name)
                for key, thing in configuration.sections()[section].items()
                for place, name in enumerate(getattr(thing, field))
            ),
            f"another of the {field}",
        )


# The fields that tell things of a section apart, where it is not `name` alone; the first is to blame.
_IDENTITIES = {
    "models": ("id",),
    "state_machines": ("arn",),
    "rules": ("name", "bus"),
    "dax": ("cluster",),
    "user_pools": ("id",),
}


def _identity(section: str, thing: Any) -> tuple[str, Any]:  # noqa: ANN401 - any section's struct
    fields = _IDENTITIES.get(section, ("name",))
    if section == "apis":
        fields = ("name" if thing.kind == "rest" else "id", "stage")
    first = getattr(thing, fields[0])
    return fields[0], first and tuple(getattr(thing, field) for field in fields)


def _repeated(named: Iterable[tuple[Path, Any]], what: str) -> Iterator[Fault]:
    seen: dict[Any, Path] = {}
    for path, name in named:
        if name is not None and seen.setdefault(name, path) != path:
            where = ".".join(str(part) for part in seen[name])
            yield Fault(path, f"is the same as {where}", f"{what} has it already")


def _same_keys(configuration: Configuration) -> Iterator[Fault]:
    """Logical ids are made of letters and digits, so `by-day` and `by_day` would be one."""
    tables = [(("tables", key, "indexes"), table.indexes) for key, table in configuration.tables.items()]
    keyed: list[tuple[Path, Mapping[str, Any]]] = [
        ((section,), things) for section, things in configuration.sections().items()
    ]
    for path, things in [*keyed, *tables]:
        seen: dict[str, str] = {}
        for key in things:
            squeezed = key.replace("-", "").replace("_", "").lower()
            if seen.setdefault(squeezed, key) != key:
                yield Fault(
                    (*path, key),
                    f"is too like {seen[squeezed]}",
                    "logical ids keep letters and digits only",
                    at_key=True,
                )
