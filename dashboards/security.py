"""Who touched what: the trail's filters, hot keys, what people ask of their data, sign-ins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mangaobs.model.alarm import Alarm, CompositeAlarm
from mangaobs.model.dashboard import Dashboard, Section, row, section
from mangaobs.model.metric import DAY, HOUR, MINUTE, MetricStat, signal_metric
from mangaobs.model.widget import AlarmStatus, Graph, Line, TextWidget
from mangaobs.project.app import App

from ..handlers import signals


def dashboards(app: App[object], alarms: Mapping[str, Alarm | CompositeAlarm]) -> Iterator[Dashboard]:
    trail = [alarm for name, alarm in alarms.items() if name.startswith("trail-") and isinstance(alarm, Alarm)]
    watched = [alarm.condition.series for alarm in trail]
    drawn = [series for series in watched if isinstance(series, MetricStat)]
    hot = [
        signal_metric(signal, Environment=app.environment)
        for signal in (signals.HOT_KEYS, signals.BLOCKED_SESSIONS, signals.ROUTING_FALLBACKS)
    ]
    sections = []
    if trail:
        sections.append(section("Alarms", row(AlarmStatus(title="Trail", alarms=tuple(trail[:100]), height=4))))
    # A graph of many counters cannot be read; four on each.
    graphs = [
        Graph(
            title="Trail events" if start == 0 else f"Trail events ({start // 4 + 1})",
            left=tuple(
                series.metric.sum(series.period).named(series.metric.name) for series in drawn[start : start + 4]
            ),
            shows="Events that a filter matched in five minutes; a trail delivers minutes late.",
            normal="0; a deployment changes tables and keys.",
        )
        for start in range(0, min(len(drawn), 48), 4)
    ]
    if graphs:
        sections.append(section("Trail", *(row(*graphs[start : start + 3]) for start in range(0, len(graphs), 3))))
    sections.append(
        section(
            "Hot keys",
            row(
                Graph(
                    title="Hot sessions",
                    left=(hot[0].maximum(MINUTE).named("hot"), hot[1].sum(5 * MINUTE).named("blocked")),
                    shows="Sessions that the responder found hot, and those that it blocked.",
                    normal="0.",
                ),
                Graph(
                    title="Without flags",
                    left=(hot[2].sum(5 * MINUTE).named("messages"),),
                    shows="Messages that went on without their routing flag, since Redis did not answer.",
                    normal="0; some when a function starts.",
                ),
                *(
                    Graph(
                        title=f"{key}: hot partitions",
                        left=tuple(
                            table.key_range_throttle_events(access).sum(MINUTE).named(f"{access.lower()}s")
                            for access in ("Read", "Write")
                        ),
                        shows="Reads and writes that one partition could not take: DynamoDB's own sign of a hot key.",
                        normal="0.",
                    )
                    for key, table in list(app.tables.items())[:2]
                ),
            ),
        )
    )
    sections.append(_data_requests(app))
    if app.user_pool_clients:
        clients = list(app.user_pool_clients.values())[:10]
        sections.append(
            section(
                "Sign-in",
                row(
                    Graph(
                        title="Sign-ins",
                        left=tuple(client.sign_in_successes().sum(MINUTE) for client in clients),
                        shows="Successful sign-ins, a minute.",
                        normal="the day's curve.",
                    ),
                    Graph(
                        title="Throttled",
                        left=tuple(
                            metric.sum(MINUTE).named(f"{metric.label} {metric.name}")
                            for client in clients
                            for metric in (client.sign_in_throttles(), client.token_refresh_throttles())
                        ),
                        shows="Sign-ins and token refreshes that Cognito throttled, a minute.",
                        normal="0.",
                    ),
                ),
            )
        )
    heading = "# Security\nWhat CloudTrail, the hot-key responder, requests of people and Cognito report."
    yield Dashboard(name="security", content=(TextWidget(width=24, height=2, markdown=heading), *sections))


def _data_requests(app: App[object]) -> Section:
    erasures, failures, age = (
        signal_metric(signal, Environment=app.environment)
        for signal in (signals.ERASURES, signals.DATA_REQUEST_FAILURES, signals.DATA_REQUEST_AGE)
    )
    return section(
        "Requests of people for their data",
        row(
            Graph(
                title="Erasures",
                left=(
                    erasures.sum(HOUR).named("people erased"),
                    failures.sum(HOUR).named("given up").colored("#d13212"),
                ),
                shows="People whose data was erased, and erasures that every attempt failed at, an hour.",
                normal="none given up.",
            ),
            Graph(
                title="Oldest open request",
                left=(age.maximum(HOUR).named("age"),),
                # February's: the law counts in months.
                lines=(Line(value=28 * DAY, label="a month at its shortest", color="#d62728"),),
                shows="Seconds since the person asked; an open request tells it once a day at least.",
                normal="minutes, or nothing at all; below the line.",
            ),
        ),
    )
