"""Dashboards, each graph with the thresholds of the alarms on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import cloudwatch

from mangaobs.errors import DefinitionError, RenderError
from mangaobs.model.alarm import Severity
from mangaobs.model.body import body
from mangaobs.model.metric import MetricStat, Series, identity
from mangaobs.model.value import Value, arn, shown, text
from mangaobs.model.widget import Line
from mangaobs.render._pieces import Piece, identify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mangaobs.errors import Place
    from mangaobs.model.alarm import Alarm, CompositeAlarm
    from mangaobs.model.dashboard import Dashboard
    from mangaobs.render._pieces import Context

_COLORS = {Severity.CRITICAL: "#d13212", Severity.WARNING: "#ff9900", Severity.INFO: "#1f77b4"}


def render(context: Context) -> Iterator[Piece]:
    """Every dashboard."""
    naming = context.observability.naming
    thresholds = _thresholds(context)
    rendered = {alarm.name for alarm in context.observability.alarms}
    rendered |= {composite.name for composite in context.observability.composites}
    seen: dict[str, tuple[str, Place]] = {}

    before_name = arn("cloudwatch", "alarm:", region=naming.region, account=naming.account)

    def alarm_arn(alarm: Alarm | CompositeAlarm) -> Value:
        if alarm.name not in rendered:
            raise RenderError(
                f"a dashboard names alarm {alarm.name!r}, which is not rendered",
                right="yield it from alarms(app)",
                place=alarm.place,
            )
        return text(before_name, naming.resource(alarm.name))

    for dashboard in context.observability.dashboards:
        id = identify("Dashboard", dashboard.name, dashboard.place, seen)
        name = naming.dashboard(dashboard.name)
        if len(shown(name)) > 255:
            raise RenderError(
                f"dashboard {dashboard.name!r}: its name would be {shown(name)!r}",
                right="at most 255 characters",
                place=dashboard.place,
            )

        def lines(series: Series, dashboard: Dashboard = dashboard) -> Sequence[Line]:
            context.emitted.check(f"a graph of dashboard {dashboard.name!r}", dashboard.place, series)
            return thresholds.get(_key(series), ())

        try:
            document = body(dashboard, region=naming.region, alarm_arn=alarm_arn, thresholds=lines)
        except DefinitionError as error:
            error.place = error.place or dashboard.place
            raise
        resource = cloudwatch.Dashboard(
            id,
            DashboardName=context.values.render(name),
            DashboardBody=context.values.render_json(document),
            **context.tags(),
        )
        yield Piece(id, resource, context.contract(dashboard.place, name=dashboard.name))


def _thresholds(context: Context) -> dict[tuple[object, ...], list[Line]]:
    """The lines of the alarms, by the series that they watch."""
    lines: dict[tuple[object, ...], list[Line]] = {}
    for alarm in context.observability.alarms:
        condition = alarm.condition
        if condition.threshold is not None:
            upward = condition.operator.startswith("Greater")
            line = Line(
                value=condition.threshold,
                label=f"{alarm.severity.value}: {alarm.name}",
                color=_COLORS[alarm.severity],
                fill="above" if upward else "below",
            )
            lines.setdefault(_key(condition.series), []).append(line)
    return lines


def _key(series: Series) -> tuple[object, ...]:
    key = identity(series)
    # A mean or a percentile keeps its threshold at another period; a sum does not.
    return key[:-1] if isinstance(series, MetricStat) and series.stat not in {"Sum", "SampleCount"} else key
