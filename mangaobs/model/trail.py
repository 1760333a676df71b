"""What watches logs and events: metric filters and EventBridge rules."""

from __future__ import annotations

import re

import msgspec

from mangaobs.errors import Place
from mangaobs.model._check import fail
from mangaobs.model._field import check_document, check_word
from mangaobs.model.alarm import Severity, check_name, check_summary
from mangaobs.model.metric import Metric
from mangaobs.model.pattern import Pattern
from mangaobs.model.place import written_at
from mangaobs.model.value import Value
from mangaobs.signals import UNITS

_VALUE = re.compile(r"[+-]?\d+(\.\d+)?|\$\..{1,97}")


class MetricFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A metric filter: each log event that matches `pattern` adds `value` to a metric.

    `value` is a number or a field (`$.duration_ms`). `default_value` is published for minutes with logs but no match;
    CloudWatch does not take it together with `dimensions` (name → JSON selector, at most 3).
    """

    name: str
    summary: str
    log_group: Value
    pattern: Pattern
    namespace: str
    metric_name: str
    value: str = "1"
    unit: str = "Count"
    default_value: float | None = None
    dimensions: tuple[tuple[str, str], ...] = ()
    account_wide: bool = False
    place: Place = msgspec.field(default_factory=written_at)

    def __post_init__(self) -> None:
        subject = f"metric filter {self.name!r}"
        check_name("metric filter", self.name)
        check_summary(subject, self.summary)
        for field, value in (("namespace", self.namespace), ("metric_name", self.metric_name)):
            if not 1 <= len(value) <= 255 or set(value) & set(":*$"):
                fail(subject, field, f"is {value!r}", "1 to 255 characters without : * $")
        if self.namespace.startswith("AWS/"):
            fail(subject, "namespace", "is AWS's own", "one of yours, for example MangaAssist/Security")
        check_word(subject, "unit", self.unit, tuple(sorted(UNITS)))
        if not _VALUE.fullmatch(self.value):
            fail(subject, "value", f"is {self.value!r}", "a number or a field such as $.duration_ms")
        if len(self.dimensions) > 3:
            fail(subject, "dimensions", f"has {len(self.dimensions)}", "at most 3")
        if self.dimensions and self.default_value is not None:
            fail(subject, "default_value", "is given together with dimensions", "one of the two")
        self.pattern.rendered()

    def metric(self) -> Metric:
        """The metric that it publishes, to alarm on; not for filters with dimensions, whose values are not known."""
        if self.dimensions:
            fail(
                f"metric filter {self.name!r}", "metric", "has dimensions whose values only the logs know", "drop them"
            )
        return Metric(self.namespace, self.metric_name, unit=self.unit, label=self.metric_name)


class EventRule(msgspec.Struct, frozen=True, kw_only=True):
    """An EventBridge rule on the default bus that tells a severity's topic at once.

    `pattern` is the event pattern as EventBridge takes it, with deploy-time values where names go.
    """

    name: str
    summary: str
    severity: Severity
    runbook: str
    pattern: dict[str, object]
    account_wide: bool = False
    place: Place = msgspec.field(default_factory=written_at)

    def __post_init__(self) -> None:
        subject = f"event rule {self.name!r}"
        check_name("event rule", self.name)
        check_summary(subject, self.summary)
        if not isinstance(self.severity, Severity):
            fail(subject, "severity", f"is {self.severity!r}", "Severity.CRITICAL, WARNING or INFO")
        if not isinstance(self.pattern, dict) or not self.pattern:
            fail(subject, "pattern", "is empty", "at least source and detail")
        for key in self.pattern:
            if key not in _EVENT_KEYS:
                fail(subject, "pattern", f"has {key!r}, which no event has", f"one of {', '.join(sorted(_EVENT_KEYS))}")
        check_document(subject, "pattern", self.pattern)


_EVENT_KEYS = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail", "$or"}
