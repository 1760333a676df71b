"""A recording's logs, CloudTrail events and metrics → the metric store and the contributors of insight rules."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import orjson

from mangaobs.errors import MangaobsError
from mangaobs.languages import filter_pattern, insight_rule
from mangaobs.recording import Sample
from mangaobs.replay._metrics import MINUTE_MS, MetricId, Store
from mangaobs.replay._why import why
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from mangaobs.recording import Recording
    from mangaobs.template import Resource, Template

_TRAIL_FIELDS: Final = re.compile(r"\$\.(?:eventName|eventSource|errorCode|userIdentity)\b")


@dataclass
class Ingested:
    """What a recording came to: metrics, contributors by rule (logical id), the time in ms, what was left out."""

    store: Store = field(default_factory=Store)
    contributors: dict[str, insight_rule.Contributors] = field(default_factory=dict)
    start: int | None = None
    end: int | None = None
    unreadable: int = 0  # events with embedded metrics that are none
    unevaluated: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def saw(self, timestamp: int) -> None:
        """Widen the time that it covers."""
        self.start = timestamp if self.start is None else min(self.start, timestamp)
        self.end = timestamp if self.end is None else max(self.end, timestamp)


@dataclass
class _Filter:
    resource: str
    group: str
    pattern: filter_pattern.Pattern
    namespace: str
    metric: str
    value: str
    default: float | None
    dimensions: dict[str, str]
    unit: str | None
    selectors: dict[str, filter_pattern.Selector]
    matched: set[int] = field(default_factory=set)
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Delays:
    """How late an alarm sees what happened, in seconds, by where it comes from."""

    logs: int = 0
    cloudtrail: int = 0
    metrics: int = 0


def ingest(template: Template, recording: Recording, delays: Delays) -> Ingested:
    """Read a recording once, through the template's metric filters and insight rules."""
    made = Ingested()
    filters = [one for resource in template.of("AWS::Logs::MetricFilter") for one in _filters(resource, made)]
    rules = _rules(template, made)
    groups = recording.log_groups()
    for group in groups:
        reader = _Group(group, filters, rules, made, delays.logs)
        for _, event in recording.logs(group):
            reader.add(event.timestamp, event.message)
        reader.finish()
    trail = [
        _Group(group, filters, rules, made, delays.cloudtrail)
        for group in _trail_groups(template, filters, set(groups))
    ]
    if trail:
        for one in recording.cloudtrail():
            message = orjson.dumps(one.record).decode()
            for reader in trail:
                reader.add(one.timestamp, message, one.record)
        for reader in trail:
            reader.finish()
    _metrics(recording, made, delays.metrics)
    made.warnings += [
        f"{one.resource}: {one.failed:,} matched events have no number in {one.value}" for one in filters if one.failed
    ]
    if made.unreadable:
        made.warnings.append(f"{made.unreadable:,} events have embedded metrics that cannot be read")
    return made


def _metrics(recording: Recording, made: Ingested, delay: int) -> None:
    for one in recording.metrics():
        made.saw(one.timestamp)
        metric = MetricId.of(one.namespace, one.metric, one.dimensions)
        if isinstance(one, Sample):
            for value, count in zip(one.values, one.counts or [1.0] * len(one.values), strict=True):
                made.store.add(metric, one.timestamp, value, count, one.unit, delay)
        else:
            made.saw(one.timestamp + one.period * 1000 - 1)
            made.store.add_statistics(metric, one.timestamp, one.period, one.stats)


class _Group:
    """A log group: its events go through its filters, to the rules that cover it, and to the metrics within them."""

    def __init__(
        self,
        group: str,
        filters: list[_Filter],
        rules: dict[str, insight_rule.InsightRule],
        made: Ingested,
        delay: int,
    ) -> None:
        self._filters = [one for one in filters if one.group == group]
        self._compiled = filter_pattern.Compiled([one.pattern for one in self._filters])
        self._contributors = [made.contributors[name] for name, rule in rules.items() if rule.covers(group)]
        self._made = made
        self._delay = delay
        self._minutes: set[int] = set()

    def add(self, timestamp: int, message: str, document: object = None) -> None:
        """An event, and the JSON that it is, where that is known."""
        made = self._made
        made.saw(timestamp)
        self._minutes.add(timestamp // MINUTE_MS)
        if document is None and (self._filters or self._contributors):
            document = _parsed(message)
        if self._filters:
            for number in self._compiled.matched(message, document):
                _count(self._filters[number], timestamp, message, document, made.store, self._delay)
        for one in self._contributors:
            one.add(message, document)
        if '"_aws"' in message:
            made.unreadable += not _embedded(timestamp, message, made.store, self._delay)

    def finish(self) -> None:
        """A filter's default stands for minutes that had logs and no match."""
        for one in self._filters:
            if one.default is None:
                continue
            metric = MetricId.of(one.namespace, one.metric, {})
            for minute in self._minutes - one.matched:
                self._made.store.add(metric, minute * MINUTE_MS, one.default, 1, one.unit, self._delay)


def _parsed(message: str) -> object:
    """The JSON that a message is; None if it is none."""
    try:
        return orjson.loads(message)
    except (ValueError, UnicodeError):
        return None


def _count(filter_: _Filter, timestamp: int, message: str, document: object, store: Store, delay: int) -> None:
    """One matched event of a metric filter."""
    filter_.matched.add(timestamp // MINUTE_MS)
    found: dict[str, str] | None = None
    if filter_.value.startswith("$") or filter_.dimensions:
        found = _fields(filter_, message, document)
    value = _number(found[filter_.value] if found and filter_.value in found else filter_.value)
    if value is None:
        filter_.failed += 1
        return
    dimensions = {name: found.get(field, "") for name, field in filter_.dimensions.items()} if found else {}
    if filter_.dimensions and not all(dimensions.values()):
        filter_.failed += 1
        return
    store.add(MetricId.of(filter_.namespace, filter_.metric, dimensions), timestamp, value, 1, filter_.unit, delay)


def _fields(filter_: _Filter, message: str, document: object) -> dict[str, str]:
    """The fields of an event that a filter's value and dimensions name."""
    if not isinstance(filter_.pattern, filter_pattern.Json):
        return filter_pattern.Matcher(filter_.pattern).match(message).extracted
    found: dict[str, str] = {}
    for name, selector in filter_.selectors.items():
        values = filter_pattern.select(document, selector)
        if values and isinstance(values[0], (str, int, float)):
            found[name] = str(values[0])
    return found


def _selectors(*names: str) -> dict[str, filter_pattern.Selector]:
    """The selectors among the value and the dimensions of a filter; what is none names no field."""
    found: dict[str, filter_pattern.Selector] = {}
    for name in names:
        with suppress(MangaobsError):
            found[name] = filter_pattern.parse_selector(name)
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _embedded(timestamp: int, message: str, store: Store, delay: int) -> bool:
    """Metrics in the embedded metric format; whether they could be read.

    Source: CloudWatch User Guide, "Specification: Embedded metric format".
    """
    try:
        event = orjson.loads(message)
        aws = event["_aws"]
        at = int(aws.get("Timestamp", timestamp))
        for directive in aws["CloudWatchMetrics"]:
            for dimensions in directive.get("Dimensions") or [[]]:
                pairs = {name: str(event[name]) for name in dimensions}
                for metric in directive["Metrics"]:
                    values = event[metric["Name"]]
                    identity = MetricId.of(directive["Namespace"], metric["Name"], pairs)
                    for value in values if isinstance(values, list) else [values]:
                        store.add(identity, at, float(value), 1, metric.get("Unit"), delay)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return False
    return True


def _filters(resource: Resource, made: Ingested) -> list[_Filter]:
    properties = resource.properties
    group, text = properties.get("LogGroupName"), properties.get("FilterPattern", "")
    transformations = properties.get("MetricTransformations")
    if isinstance(group, Unknown) or isinstance(text, Unknown) or not isinstance(transformations, list):
        made.unevaluated[resource.id] = "its log group or pattern is not known"
        return []
    try:
        pattern = filter_pattern.parse(str(text))
    except MangaobsError as error:
        made.unevaluated[resource.id] = f"its pattern: {why(resource, error, 'FilterPattern')}"
        return []
    found: list[_Filter] = []
    for one in transformations:
        if not isinstance(one, dict):
            continue
        pairs = one.get("Dimensions")
        dimensions = {
            str(pair["Key"]): str(pair["Value"])
            for pair in (pairs if isinstance(pairs, list) else ())
            if isinstance(pair, dict) and {"Key", "Value"} <= set(pair)
        }
        default, unit, value = one.get("DefaultValue"), one.get("Unit"), str(one.get("MetricValue", "1"))
        found.append(
            _Filter(
                resource.id,
                str(group),
                pattern,
                str(one.get("MetricNamespace")),
                str(one.get("MetricName")),
                value,
                _number(str(default)) if default is not None else None,
                dimensions,
                unit if isinstance(unit, str) else None,
                _selectors(value, *dimensions.values()),
            )
        )
    return found


def _rules(template: Template, made: Ingested) -> dict[str, insight_rule.InsightRule]:
    found: dict[str, insight_rule.InsightRule] = {}
    for resource in template.of("AWS::CloudWatch::InsightRule"):
        body = resource.properties.get("RuleBody")
        if not isinstance(body, str):
            made.unevaluated[resource.id] = "its body is not known"
            continue
        try:
            found[resource.id] = insight_rule.parse(body)
        except MangaobsError as error:
            made.unevaluated[resource.id] = f"its body: {why(resource, error, 'RuleBody')}"
            continue
        made.contributors[resource.id] = insight_rule.Contributors(found[resource.id])
    return found


def _trail_groups(template: Template, filters: list[_Filter], recorded: set[str]) -> list[str]:
    """The log groups that get CloudTrail's events: of the trails, and of filters on CloudTrail's fields.

    The second, since a trail is often in another template: a log group that the recording does not have, and whose
    filters name fields of CloudTrail's records.
    """
    groups: dict[str, None] = {}
    for trail in template.of("AWS::CloudTrail::Trail"):
        arn = trail.properties.get("CloudWatchLogsLogGroupArn")
        if isinstance(arn, str) and ":log-group:" in arn:
            groups[arn.partition(":log-group:")[2].removesuffix(":*")] = None
    for one in filters:
        if one.group not in recorded and _TRAIL_FIELDS.search(one.pattern.text):
            groups[one.group] = None
    return list(groups)


def emitted(template: Template, recording: Recording, delays: Delays) -> list[tuple[str, str, tuple[str, ...]]]:
    """The metrics that a recording has, of its own, in log lines, or made by the template's filters.

    Each with its namespace, its name and the names of its dimensions.
    """
    made = ingest(template, recording, delays)
    return [(one.namespace, one.name, tuple(name for name, _ in one.dimensions)) for one in made.store]
