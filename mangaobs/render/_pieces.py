"""What the renderers of each kind share: the pieces that they make, and what they need to make them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import msgspec
import troposphere
from troposphere import cloudwatch

from mangaobs.errors import Place, RenderError
from mangaobs.render._logical_id import logical_id
from mangaobs.render._values import Values

if TYPE_CHECKING:
    from collections.abc import Container

    from mangaobs.model.alarm import Alarm, CompositeAlarm, Severity
    from mangaobs.model.metric import Metric
    from mangaobs.model.observability import Observability
    from mangaobs.model.value import Value
    from mangaobs.render._emitted import Emitted


# Source: PutMetricAlarm, PutCompositeAlarm, PutRule, PutMetricFilter, PutInsightRule, PutScalingPolicy.
_LONGEST = {"alarm": 255, "event rule": 64, "metric filter": 512, "insight rule": 128, "target tracking": 256}

Stage: TypeAlias = Literal["shared", "shard", "composites"]


class Piece(NamedTuple):
    """A resource on its way into a template.

    Pieces of one `group` go into one shard (`""`: a group of its own). `stage` says in which lot of shards: the lots
    are deployed one after the other. `needs` are the ids of what must exist before it, `parameters` the stack's
    parameters that it uses.
    """

    id: str
    resource: troposphere.AWSObject
    metadata: dict[str, object] | None = None
    group: str = ""
    stage: Stage = "shard"
    needs: tuple[str, ...] = ()
    parameters: frozenset[str] = frozenset()

    def tree(self, here: Container[str]) -> dict[str, Any]:
        """The resource as CloudFormation takes it, told to wait for what it needs of the resources `here`."""
        tree: dict[str, Any] = self.resource.to_dict()
        if needs := sorted(need for need in self.needs if need in here):
            tree["DependsOn"] = needs
        if self.metadata is not None:
            # Set here: it is plain already, and troposphere would walk through it again.
            tree["Metadata"] = self.metadata
        return tree


class Context(msgspec.Struct):
    """One rendering: the definitions, the topics by severity, and the values of the template in the making."""

    observability: Observability
    values: Values
    topics: dict[Severity, Value]
    emitted: Emitted
    _files: dict[str, str] = {}
    _queries: dict[str, bool] = {}
    _dimensions: dict[tuple[str, Value], cloudwatch.MetricDimension] = {}
    _tags: dict[str, troposphere.Tags] | None = None

    def contract(self, place: Place, **entries: str | None) -> dict[str, object]:
        """The `Metadata` of a resource: what it is for, and the line that defines it, relative to the project."""
        file = self._files.get(place.file)
        if file is None:
            root = self.observability.root
            inside = root and place.file.startswith(root)
            file = self._files[place.file] = Path(place.file).relative_to(root).as_posix() if inside else place.file
        said = {key: value for key, value in entries.items() if value}
        return {"mangaobs": {**said, "file": file, "line": place.line}}

    def name(self, kind: str, name: str, place: Place) -> str:
        """What a resource is called when it is deployed; refuses what its service would."""
        deployed = self.observability.naming.resource(name)
        if len(deployed) > _LONGEST[kind]:
            raise RenderError(
                f"{kind} {name!r}: its name would be {deployed!r}, {len(deployed)} characters",
                right=f"at most {_LONGEST[kind]}: a shorter name, application or environment",
                place=place,
            )
        return deployed

    def next_query(self, alarm: Alarm | CompositeAlarm) -> str | None:
        """The query that an alarm names, if it is rendered."""
        name = alarm.next_query
        if name is None:
            return None
        if name not in self._queries:
            self._queries[name] = self.observability.has_query(f"alarm {alarm.name!r}", name, alarm.place)
        return name if self._queries[name] else None

    def tags(self) -> dict[str, troposphere.Tags]:
        """The configured tags as a property, or nothing."""
        if self._tags is None:
            tags = self.observability.tags
            self._tags = {"Tags": troposphere.Tags(**tags)} if tags else {}
        return self._tags

    def dimensions(self, metric: Metric) -> dict[str, list[cloudwatch.MetricDimension]]:
        """The dimensions of `metric` as a property, or nothing; the same ones are made once."""
        made = []
        for pair in metric.dimensions:
            value = self.values.render(pair[1])
            if pair not in self._dimensions:
                self._dimensions[pair] = cloudwatch.MetricDimension(Name=pair[0], Value=value)
            made.append(self._dimensions[pair])
        return {"Dimensions": made} if made else {}


def identify(kind: str, name: str, place: Place, seen: dict[str, tuple[str, Place]]) -> str:
    """The logical id of a definition; refuses two definitions of one name."""
    id = logical_id(kind, name)
    if id in seen:
        other, first = seen[id]
        raise RenderError(
            f"{kind.lower()} {name!r} is defined twice; first as {other!r} at {first}",
            right="give one another name",
            place=place,
        )
    seen[id] = (name, place)
    return id
