"""From a project's folder to everything that its observability consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from mangaobs.errors import MangaobsError, ProjectError, together
from mangaobs.model.alarm import Alarm, CompositeAlarm, Severity
from mangaobs.model.dashboard import Dashboard
from mangaobs.model.observability import LogGroup, Naming, Observability, Route, Subscriber
from mangaobs.model.query import InsightRule, SavedQuery
from mangaobs.model.runbook import Runbook
from mangaobs.model.scaling import TargetTracking
from mangaobs.model.trail import EventRule, MetricFilter
from mangaobs.model.value import ACCOUNT_ID, REGION
from mangaobs.project._read import read_configuration
from mangaobs.project.app import App, build_app
from mangaobs.project.load import find_root, load_definitions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mangaobs.project.configuration import Configuration

H = TypeVar("H", Alarm, CompositeAlarm, MetricFilter, EventRule)


def load_observability(project: Path | None = None, env: str | None = None, sets: Sequence[str] = ()) -> Observability:
    """Load the project at `project` (or the nearest one) for environment `env`.

    Raises `ProjectError`, `ConfigurationError` or `DefinitionError`, or `ManyErrors` with all that was found.
    """
    root = find_root(project)
    definitions = load_definitions(root)
    thresholds = definitions.thresholds()
    configuration = read_configuration(root, env=env, sets=sets, thresholds=thresholds)
    signals = definitions.signals()
    app = build_app(configuration, configuration.alarms, signals)

    def here(function: str, kind: type[H], *arguments: object) -> tuple[H, ...]:
        """What `function` of the alarms folder gives, less what watches the whole account if another stack does."""
        found = definitions.collect("alarms", function, kind, app, *arguments)
        return tuple(one for one in found if configuration.account.wide or not one.account_wide)

    alarms = here("alarms", Alarm)
    by_name = {alarm.name: alarm for alarm in alarms}
    composites = here("composites", CompositeAlarm, by_name)
    everything: dict[str, Alarm | CompositeAlarm] = {**by_name, **{one.name: one for one in composites}}
    return Observability(
        naming=_naming(configuration),
        root=str(root),
        tags=configuration.tags,
        routes=_routes(configuration),
        runbook_base_url=configuration.runbooks.base_url,
        signals=signals,
        alarms=alarms,
        composites=composites,
        filters=here("filters", MetricFilter),
        events=here("events", EventRule),
        scaling=tuple(definitions.collect("alarms", "scaling", TargetTracking, app)),
        dashboards=tuple(definitions.collect("dashboards", "dashboards", Dashboard, app, everything)),
        queries=tuple(definitions.collect("queries", "queries", SavedQuery, app)),
        insight_rules=tuple(definitions.collect("queries", "contributors", InsightRule, app)),
        runbooks=read_runbooks(root / "alarms" / "runbooks"),
        log_groups=_log_groups(configuration, app),
    )


def read_runbooks(folder: Path) -> dict[str, Runbook]:
    """Every runbook of `folder` by its name; raises with all that are not in order."""
    runbooks: dict[str, Runbook] = {}
    errors: list[MangaobsError] = []
    for file in sorted(folder.glob("*.md")):
        try:
            runbooks[file.stem] = Runbook.parse(file.stem, file.read_text(encoding="utf-8"), str(file))
        except UnicodeDecodeError:
            errors.append(ProjectError(f"{file} is not text in UTF-8", right="save it as UTF-8"))
        except MangaobsError as error:
            errors.append(error)
    if errors:
        raise together(errors)
    return runbooks


def _naming(configuration: Configuration) -> Naming:
    account = configuration.account
    return Naming(
        application=configuration.application,
        environment=configuration.environment,
        pattern=configuration.naming,
        dashboard_pattern=configuration.dashboard_naming,
        query_folder=configuration.query_folder,
        region=account.region or REGION,
        account=account.id or ACCOUNT_ID,
    )


def _routes(configuration: Configuration) -> dict[Severity, Route]:
    routes = {}
    for severity in Severity:
        route = getattr(configuration.routing, severity.value)
        routes[severity] = Route(
            topic=None if route.topic is None else route.topic.value(),
            subscribers=tuple(
                Subscriber(protocol=subscriber.protocol, endpoint=subscriber.endpoint.value())
                for subscriber in route.subscribers
            ),
            kms_key=None if route.kms_key is None else route.kms_key.value(),
        )
    return routes


def _log_groups(configuration: Configuration, app: App[object]) -> tuple[LogGroup, ...]:
    logs = configuration.logs
    if not logs.create:
        return ()
    key = None if logs.kms_key is None else logs.kms_key.value()
    named = [(f"function-{name}", function.log_group) for name, function in app.functions.items()]
    named += [
        (f"access-{name}", api.access_log_group) for name, api in app.apis.items() if api.access_log_group is not None
    ]
    once = {group: name for name, group in reversed(named)}  # several functions may share one
    return tuple(
        LogGroup(key=name, name=group, retention=logs.retention_days, kms_key=key)
        for name, group in named
        if once[group] == name
    )
