"""What the rules ask about: the templates as one app, and what is known of it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar, cast

from mangaobs.lint import _alarms, _bodies
from mangaobs.lint._values import inside, listed, text
from mangaobs.template import Unknown, holds_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mangaobs.lint._alarms import Alarm, Composite
    from mangaobs.lint._bodies import Body
    from mangaobs.lint._observed import Observed
    from mangaobs.lint._reads import Read
    from mangaobs.lint._settings import Settings
    from mangaobs.template import Resource, Template

T = TypeVar("T")

ALARM, COMPOSITE, DASHBOARD = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::Dashboard"
FILTER = "AWS::Logs::MetricFilter"
TABLES: Final = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Serverless::SimpleTable")
FUNCTIONS: Final = ("AWS::Lambda::Function", "AWS::Serverless::Function")
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}")


class App:
    """The templates as one app, under one set of conditions. Everything is worked out when a rule first asks."""

    def __init__(self, template: Template, settings: Settings, observed: Observed | None = None) -> None:
        self.template = template
        self.settings = settings
        self.observed = observed
        self._made: dict[object, object] = {}

    def once(self, make: Callable[[App], T]) -> T:
        """What `make` makes of this app, made when it is first asked for."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast("T", self._made[make])

    def of(self, *types: str) -> list[Resource]:
        """The resources of some types."""
        return self.template.of(*types)

    @cached_property
    def alarms(self) -> list[Alarm]:
        """The metric alarms."""
        return [_alarms.alarm(one) for one in self.of(ALARM)]

    @cached_property
    def composites(self) -> list[Composite]:
        """The composite alarms."""
        return [_alarms.composite(one) for one in self.of(COMPOSITE)]

    @cached_property
    def bodies(self) -> list[Body]:
        """The dashboards' bodies."""
        return [_bodies.body(one) for one in self.of(DASHBOARD)]

    @cached_property
    def reads(self) -> list[Read]:
        """Every reading of a metric: by alarms first, then by widgets."""
        return [
            *(read for alarm in self.alarms for read in alarm.reads),
            *(read for body in self.bodies for read in body.reads),
        ]

    @cached_property
    def known_reads(self) -> frozenset[tuple[str, str] | None]:
        """Namespace and name of everything that is read; None among them where one is not known."""
        return frozenset(one.known for one in self.reads)

    # who is meant

    @cached_property
    def _by_id(self) -> dict[tuple[str, str], Resource]:
        return {(one.place.file, one.id): one for one in self.template.resources}

    @cached_property
    def _by_name(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for one in self.template.resources:
            if one.condition is not False and isinstance(one.name, str):
                found.setdefault(one.name, []).append(one)
        return found

    def meant(self, value: object) -> tuple[Resource, str] | None:
        """The resource that an unknown value is of, and which attribute (`""`: what Ref gives)."""
        if not isinstance(value, Unknown):
            return None
        found = _REFERENCE.fullmatch(value.expression)
        resource = self._by_id.get((value.place.file, found[1])) if found else None
        return (resource, found[2] or "") if found and resource is not None else None

    def find(self, value: object, *types: str) -> Resource | None:
        """The resource of these types that a name, an ARN or a reference means."""
        if meant := self.meant(value):
            return meant[0] if meant[0].type in types else None
        if not isinstance(value, str):
            return None
        names = [value]
        if value.startswith("arn:"):
            # An ARN ends in the name; a log group's in `:*`, a table's or alarm's after its kind.
            plain = value.removesuffix(":*")
            tail = plain.split(":", 5)[-1]
            names += [tail, tail.partition(":")[2], tail.partition("/")[2]]
        if value.startswith("https://sqs."):
            names.append(value.rpartition("/")[2])  # the URL of a queue
        return next((one for name in names for one in self._by_name.get(name, ()) if one.type in types), None)

    # what is emitted

    @cached_property
    def contract(self) -> Mapping[str, object] | None:
        """The signals that the handlers declare, if mangaobs rendered one of the templates."""
        for metadata in self.template.metadata:
            signals = inside(metadata, "mangaobs", "signals")
            if signals:
                return signals
        return None

    @cached_property
    def declared(self) -> dict[tuple[str, str], set[tuple[str, ...]]]:
        """The metrics of the contract, with their sets of dimension names."""
        found: dict[tuple[str, str], set[tuple[str, ...]]] = {}
        for one in listed((self.contract or {}).get("metrics")):
            if isinstance(one, dict):
                names = tuple(sorted(map(str, listed(one.get("dimensions")))))
                found.setdefault((str(one.get("namespace")), str(one.get("name"))), set()).add(names)
        return found

    @cached_property
    def filtered(self) -> dict[tuple[str, str], list[tuple[Resource, int, tuple[str, ...] | None]]]:
        """The metrics that filters make: the filter, the number of the transformation, and its dimensions' names."""
        found: dict[tuple[str, str], list[tuple[Resource, int, tuple[str, ...] | None]]] = {}
        for one in self.of(FILTER):
            for number, made in enumerate(listed(one.properties.get("MetricTransformations"))):
                given = made if isinstance(made, dict) else {}
                namespace, name = text(given.get("MetricNamespace")), text(given.get("MetricName"))
                if namespace is not None and name is not None:
                    dimensions = given.get("Dimensions")
                    names = None if holds_unknown(dimensions) else _names_of(dimensions)
                    found.setdefault((namespace, name), []).append((one, number, names))
        return found

    @cached_property
    def fields(self) -> set[str] | None:
        """The fields of the contract's log lines; None without a contract."""
        if self.contract is None:
            return None
        found: set[str] = set()
        lists = [self.contract.get("fields"), inside(self.contract, "access_log").get("fields")]
        lists += [one.get("fields") for one in listed(self.contract.get("events")) if isinstance(one, dict)]
        for fields in lists:
            found |= {str(one["name"]) for one in listed(fields) if isinstance(one, dict) and "name" in one}
        return found

    # who refers to whom

    @cached_property
    def references(self) -> dict[int, set[str]]:
        """Every text in the properties of each resource that no dashboard is, by its number in the template."""
        found: dict[int, set[str]] = {}
        for number, one in enumerate(self.template.resources):
            if one.type != DASHBOARD and one.condition is not False:
                found[number] = set(_texts(one.properties))
        return found


def _names_of(dimensions: object) -> tuple[str, ...]:
    keys = [one.get("Key") for one in listed(dimensions) if isinstance(one, dict)]
    return tuple(sorted(str(one) for one in keys))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Unknown):
        yield value.expression
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
