"""The one page that matters: the chat is down. While it fires, its causes do not page.

Only a composite alarm can be suppressed, so each cause opens a ticket itself and pages through a composite of its
group, which the page above suppresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mangaobs.model.alarm import Alarm, CompositeAlarm, Severity, any_of
from mangaobs.project.app import App

from . import Thresholds

# Below CloudWatch's 100 alarms and 10,240 characters a rule, with long names.
_GROUP = 60


def composites(_: App[Thresholds], alarms: Mapping[str, Alarm]) -> Iterator[CompositeAlarm]:
    groups: dict[str, list[Alarm]] = {}
    for alarm in alarms.values():
        if alarm.through:
            groups.setdefault(alarm.through, []).append(alarm)
    down = None
    if symptoms := groups.pop("chat-is-down", None):
        down = CompositeAlarm(
            name="chat-is-down",
            rule=any_of(*symptoms),
            severity=Severity.CRITICAL,
            summary="Customers cannot chat: the API answers with errors.",
            runbook="chat-is-down",
            next_query="errors-by-effect",
        )
        yield down
    for group, causes in groups.items():
        for number, start in enumerate(range(0, len(causes), _GROUP), 1):
            yield CompositeAlarm(
                name=group if number == 1 else f"{group}-{number}",
                rule=any_of(*causes[start : start + _GROUP]),
                severity=Severity.CRITICAL,
                suppressor=down,
                wait=300,  # the symptom takes 3 of 5 minutes, its causes one
                extension=300,
                summary="Something that the chat rests on fails, while the chat itself still answers.",
                runbook="chat-is-down",
                next_query="errors-by-effect",
            )
