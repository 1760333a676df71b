"""Metrics in the embedded metric format: counted up during an invocation, written as one line when it ends.

A document has at most 100 metrics and 100 values of each; its dimensions are those of the metrics' declarations, with
the values that are configured or given. It has the fields of every line, so that the request id finds it, and a level
and timestamp, without which Lambda's log level filter takes it for INFO and drops it.

Source: CloudWatch user guide, "Specification: Embedded metric format"; Lambda developer guide, "Log-level filtering".
"""

from __future__ import annotations

import json

from mangaobs.runtime import _log
from mangaobs.runtime._context import CURRENT
from mangaobs.runtime._facts import type_name
from mangaobs.runtime._held import drained
from mangaobs.runtime._interruption import is_interruption
from mangaobs.runtime._log import INFO
from mangaobs.runtime._telemetry import LEVEL_PIECES, RESERVED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._context import Invocation
    from mangaobs.runtime._telemetry import Telemetry
    from mangaobs.signals import MetricSignal

    Number = int | float
    # What identifies the series, its metric, the dimension values that were given, the value, and whether it is summed.
    Sample = tuple[object, MetricSignal, dict[str, str], Number, bool]
    Series = dict[object, tuple[MetricSignal, dict[str, str]]]
    Batches = list[tuple[Series, dict[object, object]]]
    # The names on every line, and the series of a document or several.
    Shape = tuple[frozenset[str], *tuple[object, ...]]

_MOST_METRICS = 100
_MOST_VALUES = 100
_LARGEST = 2.0**360  # CloudWatch's own bound
_MOST_FORMATS = 256
_MOST_SAMPLES = 5000  # that an invocation keeps before it writes some


def count(metric: MetricSignal, value: float = 1, **dimensions: str) -> None:
    """Count `value` of a metric up; what an invocation counts is written as one sum."""
    # Most metrics have no dimensions of the moment: their key is made without a call.
    _add(
        (id(metric), metric, dimensions, value, True)
        if not dimensions
        else _keyed(metric, dimensions, value, summed=True)
    )


def measure(metric: MetricSignal, value: float, **dimensions: str) -> None:
    """Add a measured value, such as a duration, to a metric; every one is kept, for percentiles."""
    _add(_keyed(metric, dimensions, value, summed=False))


def flush_metrics() -> None:
    """Write what was counted so far; an invocation does so by itself when it ends."""
    frame = CURRENT.get()
    if frame is not None and frame.invocation is not None:
        flush(_log.assembled or _log.telemetry(), frame.invocation)


def _keyed(metric: MetricSignal, dimensions: dict[str, str], value: float, *, summed: bool) -> Sample:
    texts = {name: text for name, text in dimensions.items() if type(text) is str}
    # One that is no text is missing then, which is said where the document is made.
    key: object = (id(metric), *sorted(texts.items())) if dimensions else id(metric)
    return key, metric, texts, value, summed


def _add(sample: Sample) -> None:
    value = sample[3]
    if (type(value) is not int and type(value) is not float) or not -_LARGEST < value < _LARGEST:
        number = _number(value)
        if number is None:
            _log.telemetry().problem("metric_value", _name_of(sample[1]))
            return
        sample = (*sample[:3], number, sample[4])
    frame = CURRENT.get()
    invocation = frame.invocation if frame is not None else None
    if invocation is None or invocation.over:
        telemetry = _log.telemetry()
        telemetry.put(_lines(telemetry, invocation, [sample]))
        return
    # Threads may count at the same time: an append cannot be interrupted.
    samples = invocation.samples
    samples.append(sample)
    if len(samples) >= _MOST_SAMPLES:
        flush(_log.telemetry(), invocation)


def _name_of(metric: MetricSignal) -> str:
    name = getattr(metric, "name", None)
    return name if isinstance(name, str) else f"a {type_name(metric)}"


def _number(value: object) -> Number | None:
    """`value` as a number that CloudWatch takes, or None."""
    try:
        if isinstance(value, (str, bytes)):
            return None
        number = int(value) if isinstance(value, int) else float(value)  # type: ignore[arg-type]
    except BaseException as error:
        # The caller's own type may do anything.
        if is_interruption(error):
            raise
        return None
    return number if -_LARGEST < number < _LARGEST else None


def flush(telemetry: Telemetry, invocation: Invocation) -> None:
    """Write what the invocation has counted."""
    lines = documents(telemetry, invocation)
    if lines:
        telemetry.put(lines)


def documents(telemetry: Telemetry, invocation: Invocation) -> bytes:
    """What the invocation has counted, as lines to write; it begins anew."""
    taken = drained(invocation.samples)
    return _lines(telemetry, invocation, taken) if taken else b""


def _lines(telemetry: Telemetry, invocation: Invocation | None, samples: list[Sample]) -> bytes:
    if invocation is None:
        taken, prefix = RESERVED, telemetry.prefix
    else:
        taken, prefix = invocation.taken, invocation.prefix
    try:
        if len(samples) == 1:
            key, metric, dimensions, value, summed = samples[0]
            found = value if summed else [value]
            known = telemetry.formats.get((taken, key))
            if known is not None and len(known[1]) == 1:
                # One metric whose document is known, as in most invocations: nothing is to sum up.
                return known[1][0].line(telemetry, prefix, found)
            batches: Batches = [({key: (metric, dimensions)}, {key: found})]
        else:
            batches = _summed_up(telemetry, samples)
        lines = b""
        for series, values in batches:
            shape: Shape = (taken, *series)
            _, layout = telemetry.formats.get(shape) or _layout(telemetry, shape, series)
            for document in layout:
                lines += document.line(telemetry, prefix, *[values[key] for key in document.keys])
    except Exception as error:  # noqa: BLE001 - `failed` raises what is not telemetry's
        telemetry.failed("metrics", error)
        return b""
    return lines


def _summed_up(telemetry: Telemetry, samples: list[Sample]) -> Batches:
    """The samples by series, each a sum or a list of values; a list that is full is a batch of its own."""
    series: Series = {}
    values: dict[object, object] = {}
    batches = [(series, values)]
    for key, metric, dimensions, value, summed in samples:
        known = values.get(key)
        if known is None:
            series[key] = metric, dimensions
            values[key] = value if summed else [value]
        elif summed and not isinstance(known, list):
            total = _number(known + value)  # type: ignore[operator]
            if total is None:
                telemetry.problem("metric_value", metric.name)
            else:
                values[key] = total
        else:
            gathered = known if isinstance(known, list) else [known]
            gathered.append(value)
            values[key] = gathered
            if len(gathered) >= _MOST_VALUES:
                batches.append(({key: series.pop(key)}, {key: values.pop(key)}))
    return batches


class Document:
    """A document whose values are missing: `keys` are the series that they belong to, in order."""

    __slots__ = ("_pattern", "_with_prefix", "keys")

    def __init__(
        self, telemetry: Telemetry, members: list[tuple[object, MetricSignal, dict[str, str]]], taken: frozenset[str]
    ) -> None:
        _, first, dimensions = members[0]
        metrics = [metric for _, metric, _ in members]
        self.keys = tuple(key for key, _, _ in members)
        # A name that every line of the invocation has would be there twice: such a document goes without the others.
        self._with_prefix = taken.isdisjoint((*dimensions, *(metric.name for metric in metrics)))
        definition = [
            {
                "Namespace": first.namespace,
                "Dimensions": [list(dimensions)],
                "Metrics": [{"Name": metric.name, "Unit": metric.unit} for metric in metrics],
            }
        ]
        level = LEVEL_PIECES[max(INFO, telemetry.settings.platform_level)]
        pattern = b'%%b%%03d%b%%b"event":"metrics","_aws":{"Timestamp":%%d,"CloudWatchMetrics":%b}' % (
            _literal(level),
            _encoded(definition),
        )
        for name, value in dimensions.items():
            pattern += b",%b:%b" % (_encoded(name), _encoded(value))
        for metric in metrics:
            pattern += b",%b:%%a" % _encoded(metric.name)
        self._pattern = pattern + b"}\n"

    def line(self, telemetry: Telemetry, prefix: bytes, *values: object) -> bytes:
        """The document with its values, as a line."""
        now = telemetry.clock()
        prefix = prefix if self._with_prefix else b""
        return self._pattern % (telemetry.stamp(now), now % 1 * 1000, prefix, now * 1000, *values)


def _layout(telemetry: Telemetry, shape: Shape, series: Series) -> tuple[Series, list[Document]]:
    """The documents that these metrics make, with the metrics themselves: their identity is the key.

    Metrics share a document if they share the namespace, the dimensions and their values, and no name.
    """
    groups: dict[object, list[tuple[object, MetricSignal, dict[str, str]]]] = {}
    for key, (metric, given) in series.items():
        dimensions = _dimension_values(telemetry, metric, given)
        if dimensions is None:
            continue
        number = 0
        group = (metric.namespace, *dimensions.items())
        while True:
            members = groups.setdefault((group, number), [])
            if len(members) < _MOST_METRICS and all(other.name != metric.name for _, other, _ in members):
                break
            number += 1
        members.append((key, metric, dimensions))
    layout = [Document(telemetry, members, shape[0]) for members in groups.values()]
    if len(telemetry.formats) >= _MOST_FORMATS:
        telemetry.formats.clear()
    telemetry.formats[shape] = series, layout
    return series, layout


def _literal(text: bytes) -> bytes:
    return text.replace(b"%", b"%%")


def _encoded(value: object) -> bytes:
    return _literal(json.dumps(value, separators=(",", ":")).encode())


def _dimension_values(telemetry: Telemetry, metric: MetricSignal, given: dict[str, str]) -> dict[str, str] | None:
    """The value of each declared dimension; without one, the metric would be another than the one that is watched."""
    if not hasattr(metric, "namespace"):
        telemetry.problem("metric", f"{_name_of(metric)} is no MetricSignal")
        return None
    values = {}
    for name in metric.dimensions:
        value = given.get(name) or telemetry.settings.dimensions.get(name)
        if not isinstance(value, str) or not value.strip():
            telemetry.problem("metric_dimension", f"{metric.name}: {name} has no value; MANGAOBS_DIMENSIONS={name}=…")
            return None
        values[name] = telemetry.scrub(value[:1024])
    unknown = given.keys() - set(metric.dimensions)
    if unknown:
        telemetry.problem("metric_dimension", f"{metric.name}: {min(unknown)} is not declared")
    return values
