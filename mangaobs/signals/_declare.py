"""The declarations.

Plain classes with slots in place of dataclasses: `dataclasses` loads `inspect`, which costs a cold start more than
everything else here together.
"""

from __future__ import annotations

import re

from mangaobs.errors import SignalError
from mangaobs.signals._units import UNITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Contract = dict[str, object]

_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TYPES = ("string", "number", "boolean")
_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")  # Lambda's own names
# A metric and its dimensions stand side by side with these in a document of the embedded metric format.
_IN_A_DOCUMENT = frozenset(("_aws", "event", "level", "timestamp"))


class _Frozen:
    """Equal by value, and never changed after it is made."""

    __slots__: tuple[str, ...] = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Frozen) and type(self) is type(other) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({fields})"


class MetricSignal(_Frozen):
    """A CloudWatch metric that code emits, in the embedded metric format.

    `dimensions` are the names of the one dimension set under which it is emitted; `unit` is one of `UNITS`.
    """

    __slots__ = ("description", "dimensions", "name", "namespace", "unit")

    namespace: str
    name: str
    unit: str
    dimensions: tuple[str, ...]
    description: str

    def __init__(
        self, namespace: str, name: str, unit: str, dimensions: tuple[str, ...] = (), description: str = ""
    ) -> None:
        if not 1 <= len(namespace) <= 255 or namespace.startswith("AWS/"):
            raise SignalError(
                f"metric {name!r}: namespace {namespace!r} is not one of ours", right="1 to 255 characters, not AWS/…"
            )
        if not 1 <= len(name) <= 255:
            raise SignalError(f"metric {name!r}: name has {len(name)} characters", right="1 to 255")
        if unit not in UNITS:
            raise SignalError(
                f"metric {name!r}: unit {unit!r} is not CloudWatch's", right="for example Count, Milliseconds, Bytes"
            )
        if not isinstance(dimensions, tuple):
            raise SignalError(f"metric {name!r}: dimensions {dimensions!r}", right='a tuple, such as ("Environment",)')
        if len(dimensions) > 30 or len(set(dimensions)) != len(dimensions):
            raise SignalError(f"metric {name!r}: dimensions {dimensions!r}", right="at most 30, each once")
        for dimension in dimensions:
            if not (dimension.isascii() and dimension.strip() and len(dimension) <= 255) or dimension[0] == ":":
                raise SignalError(
                    f"metric {name!r}: {dimension!r} is no name of a dimension",
                    right="1 to 255 ASCII characters, not blank, not beginning with a colon",
                )
        taken = _IN_A_DOCUMENT.intersection((name, *dimensions)) or {name}.intersection(dimensions)
        if taken:
            raise SignalError(
                f"metric {name!r}: {min(taken)!r} stands in its document for something else",
                right=f"a name and dimensions other than each other and {', '.join(sorted(_IN_A_DOCUMENT))}",
            )
        self._set(namespace=namespace, name=name, unit=unit, dimensions=dimensions, description=description)

    def contract(self) -> Contract:
        """What a template says of it."""
        return {"namespace": self.namespace, "name": self.name, "unit": self.unit, "dimensions": list(self.dimensions)}


class Field(_Frozen):
    """A field of a log line, at its top level: `type` is string, number or boolean.

    `optional` fields are missing from some lines of the event; `personal` ones may hold what belongs to a person and
    are redacted.
    """

    __slots__ = ("description", "name", "optional", "personal", "type")

    name: str
    type: str
    description: str
    optional: bool
    personal: bool

    def __init__(
        self,
        name: str,
        type: str,
        description: str = "",
        *,
        optional: bool = False,
        personal: bool = False,
    ) -> None:
        if not _FIELD_NAME.fullmatch(name):
            raise SignalError(
                f"field {name!r}: the name needs quoting in every query", right="a letter, then letters, digits and _"
            )
        if type not in _TYPES:
            raise SignalError(f"field {name!r}: type {type!r} does not exist", right=f"one of {', '.join(_TYPES)}")
        self._set(name=name, type=type, description=description, optional=optional, personal=personal)

    def contract(self) -> Contract:
        """What a template says of it."""
        return {"name": self.name, "type": self.type} | ({"optional": True} if self.optional else {})


class LogEvent(_Frozen):
    """A kind of log line: JSON whose field `event` is `name`, with these fields beside the ones that every line has."""

    __slots__ = ("description", "fields", "level", "name")

    name: str
    fields: tuple[Field, ...]
    level: str
    description: str

    def __init__(self, name: str, *fields: Field, level: str = "INFO", description: str = "") -> None:
        if not _FIELD_NAME.fullmatch(name):
            raise SignalError(f"log event {name!r}: not a name", right="for example dynamodb_operation")
        if level not in _LEVELS:
            raise SignalError(f"log event {name!r}: there is no level {level!r}", right=f"one of {', '.join(_LEVELS)}")
        _refuse_twice(f"log event {name!r}", fields)
        self._set(name=name, fields=fields, level=level, description=description)

    def with_fields(self, *fields: Field) -> LogEvent:
        """The same kind of line with more fields, as a project adds its own to those of the runtime."""
        return LogEvent(self.name, *self.fields, *fields, level=self.level, description=self.description)

    def contract(self) -> Contract:
        """What a template says of it."""
        return {"name": self.name, "level": self.level, "fields": [field.contract() for field in self.fields]}


class AccessLog(_Frozen):
    """API Gateway's access log: each field with the `$context` variable that fills it."""

    __slots__ = ("fields", "variables")

    fields: tuple[Field, ...]
    variables: tuple[str, ...]

    def __init__(self, fields: Mapping[Field, str]) -> None:
        for field, variable in fields.items():
            if not variable.startswith("$context."):
                raise SignalError(
                    f"access log field {field.name!r}: {variable!r} is not a variable", right="$context.…"
                )
        _refuse_twice("access log", tuple(fields))
        self._set(fields=tuple(fields), variables=tuple(fields.values()))

    def format(self) -> str:
        """The `Format` of the stage's access log settings: one line of JSON.

        Numbers are quoted too: API Gateway writes `-` where it has no value, which would break the line, and Logs
        Insights compares and adds up numeric strings as numbers.
        """
        pairs = (f'"{field.name}":"{variable}"' for field, variable in zip(self.fields, self.variables, strict=True))
        return "{" + ",".join(pairs) + "}"

    def contract(self) -> Contract:
        """What a template says of it."""
        return {"format": self.format(), "fields": [field.contract() for field in self.fields]}


class Signals(_Frozen):
    """Everything that a system emits: metrics, the fields of every log line, its log events, the access log."""

    __slots__ = ("access_log", "common", "events", "metrics")

    metrics: tuple[MetricSignal, ...]
    common: tuple[Field, ...]
    events: tuple[LogEvent, ...]
    access_log: AccessLog | None

    def __init__(
        self,
        *,
        metrics: tuple[MetricSignal, ...] = (),
        common: tuple[Field, ...] = (),
        events: tuple[LogEvent, ...] = (),
        access_log: AccessLog | None = None,
    ) -> None:
        names = [(metric.namespace, metric.name, metric.dimensions) for metric in metrics]
        if len(set(names)) != len(names):
            raise SignalError("a metric is declared twice", right="declare it once and import it")
        if len({event.name for event in events}) != len(events):
            raise SignalError("a log event is declared twice", right="declare it once and import it")
        for event in events:
            _refuse_twice(f"log event {event.name!r} with the common fields", (*common, *event.fields))
        self._set(metrics=metrics, common=common, events=events, access_log=access_log)

    def contract(self) -> Contract:
        """The signals as a template's contract holds them."""
        return {
            "metrics": [metric.contract() for metric in self.metrics],
            "fields": [field.contract() for field in self.common],
            "events": [event.contract() for event in self.events],
            **({"access_log": self.access_log.contract()} if self.access_log else {}),
        }


def _refuse_twice(subject: str, fields: tuple[Field, ...]) -> None:
    seen: set[str] = set()
    for field in fields:
        if field.name in seen:
            raise SignalError(f"{subject}: field {field.name!r} is there twice", right="one declaration a field")
        seen.add(field.name)
