"""Metrics in the embedded metric format: counted up during an invocation, written as one line when it ends.

A document has at most 100 metrics and 100 values of each; its dimensions are those of the metrics' declarations, with
the values that are configured or given. It has the fields of every line, so that the request id finds it, and a level
and timestamp, without which Lambda's log level filter takes it for INFO and drops it.

Source: CloudWatch user guide, "Specification: Embedded metric format"; Lambda developer guide, "Log-level filtering".
"""

from __future__ import annotations

import json
import math

from mangaobs.runtime import _log
from mangaobs.runtime._context import CURRENT
from mangaobs.runtime._telemetry import INFO, LEVEL_PIECES, RESERVED, is_ours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._context import Invocation
    from mangaobs.runtime._telemetry import Telemetry
    from mangaobs.signals import MetricSignal

    Number = int | float
    # What identifies the series, its metric, the dimension values that were given, the value, and whether it is summed.
    Sample = tuple[object, MetricSignal, dict[str, str], Number, bool]
    Series = dict[object, tuple[MetricSignal, dict[str, str]]]
    # The names on every line, and the series of a document or several.
    Shape = tuple[frozenset[str], *tuple[object, ...]]

_MOST_METRICS = 100
_MOST_VALUES = 100
_LARGEST = 2.0**360  # CloudWatch's own bound
_MOST_FORMATS = 256
_MOST_SAMPLES = 5000  # that an invocation keeps before it writes some


def count(metric: MetricSignal, value: float = 1, **dimensions: str) -> None:
    """Count `value` of a metric up; what an invocation counts is written as one sum."""
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
    key: object = (id(metric), *sorted(dimensions.items())) if dimensions else id(metric)
    return key, metric, dimensions, value, summed


def _add(sample: Sample) -> None:
    value = sample[3]
    if (type(value) is not int and type(value) is not float) or not -_LARGEST < value < _LARGEST:
        number = _number(value)
        if number is None:
            _log.telemetry().problem("metric_value", sample[1].name)
            return
        sample = (*sample[:3], number, sample[4])
    frame = CURRENT.get()
    invocation = frame.invocation if frame is not None else None
    if invocation is None or invocation.closed:
        telemetry = _log.telemetry()
        telemetry.put(_lines(telemetry, invocation, [sample]))
        return
    # Threads may count at the same time: an append cannot be interrupted.
    samples = invocation.samples
    samples.append(sample)
    if len(samples) >= _MOST_SAMPLES:
        flush(_log.telemetry(), invocation)


def _number(value: object) -> Number | None:
    """`value` as a number that CloudWatch takes, or None."""
    try:
        number = int(value) if isinstance(value, int) else float(value)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - the caller's own type may do anything
        return None
    return number if math.isfinite(number) and abs(number) < _LARGEST else None


def flush(telemetry: Telemetry, invocation: Invocation) -> None:
    """Write what the invocation has counted."""
    lines = documents(telemetry, invocation)
    if lines:
        telemetry.put(lines)


def documents(telemetry: Telemetry, invocation: Invocation) -> bytes:
    """What the invocation has counted, as lines to write; it begins anew."""
    samples = invocation.samples
    taken = samples[:]
    if not taken:
        return b""
    del samples[: len(taken)]  # what was appended since stays
    if len(taken) == 1:
        key, _, _, value, summed = taken[0]
        layout = telemetry.formats.get((invocation.taken, key))
        if layout is not None and len(layout) == 1:
            # One metric whose document is known, as it is in most invocations.
            pattern, _, with_prefix = layout[0]
            now = telemetry.clock()
            prefix = invocation.prefix if with_prefix else b""
            found = value if summed else [value]
            return pattern % (telemetry.stamp(now), now % 1 * 1000, prefix, now * 1000, found)
    return _lines(telemetry, invocation, taken)


def _lines(telemetry: Telemetry, invocation: Invocation | None, samples: list[Sample]) -> bytes:
    try:
        if len(samples) == 1:
            ((key, metric, dimensions, value, summed),) = samples
            values: dict[object, object] = {key: value if summed else [value]}
            series: Series = {key: (metric, dimensions)}
        else:
            series, values = _summed_up(telemetry, invocation, samples)
        taken, prefix = (_NOTHING, telemetry.prefix) if invocation is None else (invocation.taken, invocation.prefix)
        shape: Shape = (taken, *values)
        layout = telemetry.formats.get(shape) or _layout(telemetry, shape, series)
        now = telemetry.clock()
        lines = b""
        for pattern, keys, with_prefix in layout:
            head = telemetry.stamp(now), now % 1 * 1000, prefix if with_prefix else b"", now * 1000
            lines += pattern % (*head, *[values[key] for key in keys])
    except Exception as error:
        if not is_ours(error):
            raise
        telemetry.problem("metrics", type(error).__name__)
        return b""
    return lines


_NOTHING: frozenset[str] = frozenset()


def _summed_up(
    telemetry: Telemetry, invocation: Invocation | None, samples: list[Sample]
) -> tuple[Series, dict[object, object]]:
    """The samples by series: a sum, or a list of values; lists that are full are written at once."""
    series: Series = {}
    values: dict[object, object] = {}
    for key, metric, dimensions, value, summed in samples:
        known = values.get(key)
        if known is None:
            series[key] = metric, dimensions
            values[key] = value if summed else [value]
        elif summed and not isinstance(known, list):
            values[key] = known + value  # type: ignore[operator]
        else:
            gathered = known if isinstance(known, list) else [known]
            gathered.append(value)
            values[key] = gathered
            if len(gathered) >= _MOST_VALUES:
                _write_full(telemetry, invocation, key, (metric, dimensions), values.pop(key))
    return series, values


def _write_full(
    telemetry: Telemetry,
    invocation: Invocation | None,
    key: object,
    series: tuple[MetricSignal, dict[str, str]],
    values: object,
) -> None:
    taken, prefix = (_NOTHING, telemetry.prefix) if invocation is None else (invocation.taken, invocation.prefix)
    shape: Shape = (taken, key)
    layout = telemetry.formats.get(shape) or _layout(telemetry, shape, {key: series})
    now = telemetry.clock()
    for pattern, _, with_prefix in layout:
        head = telemetry.stamp(now), now % 1 * 1000, prefix if with_prefix else b"", now * 1000
        telemetry.put(pattern % (*head, values))


def _layout(telemetry: Telemetry, shape: Shape, series: Series) -> list[tuple[bytes, tuple[object, ...], bool]]:
    """The documents that these metrics make: a pattern for the changing parts, the keys of its values.

    Metrics share a document if they share the namespace, the dimensions and their values, and no name.
    """
    documents: dict[object, list[tuple[object, MetricSignal, dict[str, str]]]] = {}
    for key in shape[1:]:
        metric, given = series[key]
        dimensions = _dimension_values(telemetry, metric, given)
        if dimensions is None:
            continue
        number = 0
        group = (metric.namespace, *dimensions.items())
        while True:
            members = documents.setdefault((group, number), [])
            if len(members) < _MOST_METRICS and all(other.name != metric.name for _, other, _ in members):
                break
            number += 1
        members.append((key, metric, dimensions))
    layout = [_document(telemetry, members, shape[0]) for members in documents.values()]
    if len(telemetry.formats) >= _MOST_FORMATS:
        telemetry.formats.clear()
    telemetry.formats[shape] = layout
    return layout


def _document(
    telemetry: Telemetry, members: list[tuple[object, MetricSignal, dict[str, str]]], taken: frozenset[str]
) -> tuple[bytes, tuple[object, ...], bool]:
    _, first, values = members[0]
    names = {metric.name for _, metric, _ in members} | set(values)
    definition = [
        {
            "Namespace": first.namespace,
            "Dimensions": [list(values)],
            "Metrics": [{"Name": metric.name, "Unit": metric.unit} for _, metric, _ in members],
        }
    ]
    level = LEVEL_PIECES[max(INFO, telemetry.settings.platform_level)]
    pattern = b'%%b%%03d%b%%b"event":"metrics","_aws":{"Timestamp":%%d,"CloudWatchMetrics":%b}' % (
        _literal(level),
        _literal(json.dumps(definition, separators=(",", ":")).encode()),
    )
    for name, value in values.items():
        pattern += b",%b:%b" % (_literal(json.dumps(name).encode()), _literal(json.dumps(value).encode()))
    for _, metric, _ in members:
        pattern += b",%b:%%a" % _literal(json.dumps(metric.name).encode())
    # A metric named as a field of every line would be there twice, so such a document goes without those.
    return pattern + b"}\n", tuple(key for key, _, _ in members), names.isdisjoint(taken or RESERVED)


def _literal(text: bytes) -> bytes:
    return text.replace(b"%", b"%%")


def _dimension_values(telemetry: Telemetry, metric: MetricSignal, given: dict[str, str]) -> dict[str, str] | None:
    """The value of each declared dimension; without one, the metric would be another than the one that is watched."""
    values = {}
    for name in metric.dimensions:
        value = given.get(name) or telemetry.settings.dimensions.get(name)
        if not isinstance(value, str) or not value.strip():
            telemetry.problem("metric_dimension", f"{metric.name}: {name} has no value; MANGAOBS_DIMENSIONS={name}=…")
            return None
        values[name] = value[:1024]
    unknown = given.keys() - set(metric.dimensions)
    if unknown:
        telemetry.problem("metric_dimension", f"{metric.name}: {min(unknown)} is not declared")
    return values
