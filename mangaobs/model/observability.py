"""Everything that one system's observability consists of: what is loaded from a project and rendered."""

from __future__ import annotations

from typing import Literal

import msgspec

from mangaobs.errors import DefinitionError, Place
from mangaobs.model.alarm import Alarm, CompositeAlarm, Severity
from mangaobs.model.dashboard import Dashboard
from mangaobs.model.query import InsightRule, SavedQuery
from mangaobs.model.runbook import Runbook
from mangaobs.model.scaling import TargetTracking
from mangaobs.model.trail import EventRule, MetricFilter
from mangaobs.model.value import ACCOUNT_ID, REGION, Value, text
from mangaobs.signals import Signals


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """Who hears of a severity: an HTTPS endpoint (PagerDuty, Slack …), an e-mail address, a queue."""

    protocol: Literal["https", "email", "sqs"]
    endpoint: Value


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Where a severity goes: the ARN of a topic that exists, or one created here, with its subscribers."""

    topic: Value | None = None
    subscribers: tuple[Subscriber, ...] = ()
    kms_key: Value | None = None


class LogGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A log group that the template creates; `key` is its short name, `retention` in days."""

    key: str
    name: Value
    retention: int
    kms_key: Value | None = None


class Naming(msgspec.Struct, frozen=True, kw_only=True):
    """How deployed things are called, from the short names in the definitions."""

    application: str
    environment: str
    pattern: str = "{application}-{environment}-{name}"
    dashboard_pattern: str = "{application}-{environment}-{name}-{region}"
    query_folder: str = "{application}/{environment}"
    region: Value = REGION
    account: Value = ACCOUNT_ID

    def resource(self, name: str) -> str:
        """The name of an alarm, filter, rule or topic."""
        return self.pattern.format(application=self.application, environment=self.environment, name=name)

    def dashboard(self, name: str) -> Value:
        """The name of a dashboard: with its region, since dashboards are global to an account."""
        before, marker, after = self.dashboard_pattern.partition("{region}")
        fields = {"application": self.application, "environment": self.environment, "name": name}
        return text(before.format(**fields), self.region if marker else "", after.format(**fields))

    def query(self, name: str) -> str:
        """The name of a saved query, in its folder."""
        folder = self.query_folder.format(application=self.application, environment=self.environment)
        return f"{folder}/{name}" if folder else name


class Observability(msgspec.Struct, frozen=True, kw_only=True):
    """The whole: what to render, and how things are called, tagged and routed.

    `root` is the project's folder; places in the contract are relative to it.
    """

    naming: Naming
    root: str
    tags: dict[str, str] = {}
    routes: dict[Severity, Route] = {}
    runbook_base_url: str = ""
    signals: Signals = Signals()
    alarms: tuple[Alarm, ...] = ()
    composites: tuple[CompositeAlarm, ...] = ()
    filters: tuple[MetricFilter, ...] = ()
    events: tuple[EventRule, ...] = ()
    scaling: tuple[TargetTracking, ...] = ()
    dashboards: tuple[Dashboard, ...] = ()
    queries: tuple[SavedQuery, ...] = ()
    insight_rules: tuple[InsightRule, ...] = ()
    runbooks: dict[str, Runbook] = {}
    log_groups: tuple[LogGroup, ...] = ()

    def has_query(self, subject: str, name: str, place: Place) -> bool:
        """Whether query `name` is rendered: some are only where there is something to ask. Refuses a misspelled one."""
        names = [query.name for query in self.queries]
        if name in names:
            return True
        from difflib import get_close_matches

        if near := get_close_matches(name, names, 1, 0.9):
            raise DefinitionError(
                f"{subject}: next query {name!r} does not exist", right=f"did you mean {near[0]}?", place=place
            )
        return False

    def runbook(self, subject: str, name: str, place: Place) -> Runbook:
        """The runbook that `subject`, defined at `place`, links to."""
        if name not in self.runbooks:
            raise DefinitionError(
                f"{subject}: runbook {name!r} does not exist", right=f"write alarms/runbooks/{name}.md", place=place
            )
        return self.runbooks[name]
