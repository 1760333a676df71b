"""The whole: a template and a recording → transitions, notifications, contributors, and what was not evaluated."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mangaobs.errors import RecordingError
from mangaobs.languages import alarm_rule
from mangaobs.replay import _composites
from mangaobs.replay._definitions import CompositeAlarm, MetricAlarm, NotEvaluated, definitions
from mangaobs.replay._evaluation import Change, Evaluated, evaluate
from mangaobs.replay._ingest import Delays, Ingested, ingest
from mangaobs.replay._metrics import MINUTE_MS
from mangaobs.replay._mutes import mutes
from mangaobs.replay._states import State

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mangaobs.recording import Bad, Recording
    from mangaobs.replay._definitions import Acting
    from mangaobs.template import Template

_MOST_MINUTES: Final = 400 * 1440


@dataclass(frozen=True, slots=True)
class Options:
    """What AWS leaves open, each with its default.

    `range_more`: how many periods more than N the evaluation range has (the one documented instance is 5 for N = 3).
    `dynamodb_ignores`: whether alarms on AWS/DynamoDB ignore missing data whatever they say (the API reference) or only
    by default (the user guide).
    """

    range_more: int = 2
    dynamodb_ignores: bool = False
    delays: Delays = field(default_factory=Delays)


@dataclass(frozen=True, slots=True)
class AlarmCourse:
    """An alarm and its changes; `evaluated` holds the series of a metric alarm."""

    alarm: MetricAlarm | CompositeAlarm
    changes: list[Change]
    evaluated: Evaluated | None = None

    @property
    def name(self) -> str:
        """The alarm's name."""
        return self.alarm.acting.name


@dataclass(frozen=True, slots=True)
class Notification:
    """An action that ran at a time in ms, or would have: `suppressed_by` says what kept it, AWS's word or MuteRule."""

    at: int
    alarm: str
    state: State
    action: str
    subscribers: tuple[str, ...]
    reason: str
    severity: str | None = None
    suppressed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Where CloudWatch's own history and the replay differ; None: no such change."""

    alarm: str
    at: int
    cloudwatch: str | None
    replay: str | None


@dataclass
class Replay:
    """The answer. Times in ms; `first` and `last` are the first and last evaluation."""

    first: int
    last: int
    alarms: list[AlarmCourse] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    rules: dict[str, list[tuple[tuple[str, ...], float]]] = field(default_factory=dict)
    unevaluated: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    bad: Bad | None = None


def replay(template: Template, recording: Recording, options: Options | None = None) -> Replay:
    """Run a template's filters, rules and alarms over a recording. Raises `RecordingError` if it is empty."""
    options = options or Options()
    ingested = ingest(template, recording, options.delays)
    first, last = _bounds(recording, ingested)
    made = Replay(first, last, unevaluated=dict(ingested.unevaluated), warnings=ingested.warnings, bad=recording.bad)
    found = definitions(template, dynamodb_ignores=options.dynamodb_ignores)
    made.unevaluated |= found.unevaluated
    minutes = (last - first) // MINUTE_MS + 1
    states: dict[str, NDArray[np.int8]] = {}
    for alarm in found.metric_alarms:
        try:
            evaluated = evaluate(alarm, ingested.store, first, last, more=options.range_more)
        except NotEvaluated as why:
            made.unevaluated[alarm.acting.resource] = str(why)
            continue
        states[alarm.acting.name] = evaluated.states(first, minutes)
        made.alarms.append(AlarmCourse(alarm, evaluated.changes, evaluated))
    _all_composites(found.composites, states, made)
    _notify(template, states, made)
    made.rules = {name: contributors.top() for name, contributors in ingested.contributors.items()}
    _compare(recording, made)
    return made


def _bounds(recording: Recording, ingested: Ingested) -> tuple[int, int]:
    """The first and the last evaluation: the minutes after the first and the last thing that happened."""
    start = _ms(recording.information.start) or ingested.start
    end = _ms(recording.information.end) or (ingested.end + 1 if ingested.end is not None else None)
    if start is None or end is None:
        raise RecordingError(
            f"{recording.folder} holds no event and no metric", right="logs, CloudTrail files or metrics"
        )
    first = start // MINUTE_MS * MINUTE_MS + MINUTE_MS
    last = max(-(-end // MINUTE_MS) * MINUTE_MS, first)
    if (last - first) // MINUTE_MS > _MOST_MINUTES:
        raise RecordingError(
            f"the recording goes from {start} to {end} ms",
            right=f"at most {_MOST_MINUTES // 1440} days; are times in ms?",
        )
    return first, last


def _ms(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise RecordingError(f"recording.json: {text!r} is no time", right="for example 2026-01-01T00:00:00Z") from None


def _all_composites(composites: list[CompositeAlarm], states: dict[str, NDArray[np.int8]], made: Replay) -> None:
    import numpy as np

    ordered, cyclic = _composites.order(composites)
    for one in cyclic:
        made.unevaluated[one.acting.resource] = "it rests on itself through other composites"
    minutes = (made.last - made.first) // MINUTE_MS + 1
    for one in ordered:
        missing = [name for name in alarm_rule.children(one.rule) if name not in states]
        if one.suppressor is not None and one.suppressor not in states:
            missing.append(one.suppressor)
        if missing:
            made.unevaluated[one.acting.resource] = (
                f"it rests on {missing[0]}, which is not evaluated or in no template"
            )
            continue
        holds = _composites.holds(one.rule, states, minutes)
        mine = np.where(holds, np.int8(State.ALARM), np.int8(State.OK))
        states[one.acting.name] = mine
        before = np.concatenate(([np.int8(State.INSUFFICIENT_DATA)], mine[:-1]))
        changes = [
            Change(
                made.first + at * MINUTE_MS,
                State(int(before[at])),
                State(int(mine[at])),
                _composites.reason(one.rule, states, at),
            )
            for at in np.flatnonzero(mine != before).tolist()
        ]
        made.alarms.append(AlarmCourse(one, changes))


def _notify(template: Template, states: dict[str, NDArray[np.int8]], made: Replay) -> None:
    subscribers = _subscribers(template)
    muted = mutes(template, made.first, made.last, made.unevaluated)
    for course in made.alarms:
        acting = course.alarm.acting
        if not acting.enabled:
            continue
        reasons = {change.at: change.reason for change in course.changes}
        for at, state, kept_by in _runs(course, states, made.first):
            is_muted = any(begin <= at < end for begin, end in muted.get(acting.name, ()))
            because = next((reasons[time] for time in sorted(reasons, reverse=True) if time <= at), "")
            made.notifications += [
                _notification(at, acting, state, action, subscribers, because, "MuteRule" if is_muted else kept_by)
                for action in acting.actions.get(state.name, ())
            ]
    made.notifications.sort(key=lambda one: (one.at, one.alarm, one.action))


def _notification(
    at: int,
    acting: Acting,
    state: State,
    action: str,
    subscribers: dict[str, tuple[str, ...]],
    reason: str,
    suppressed_by: str | None,
) -> Notification:
    told = subscribers.get(action, ())
    return Notification(at, acting.name, state, action, told, reason, acting.severity, suppressed_by)


def _runs(course: AlarmCourse, states: dict[str, NDArray[np.int8]], first: int) -> list[tuple[int, State, str | None]]:
    alarm = course.alarm
    if isinstance(alarm, CompositeAlarm) and alarm.suppressor is not None:
        found = _composites.runs(
            states[alarm.acting.name],
            states[alarm.suppressor],
            -(-alarm.wait * 1000 // MINUTE_MS),
            -(-alarm.extension * 1000 // MINUTE_MS),
        )
        return [(first + one.at * MINUTE_MS, one.state, one.suppressed_by) for one in found]
    return [(change.at, change.after, None) for change in course.changes]


def _subscribers(template: Template) -> dict[str, tuple[str, ...]]:
    """Who hears of a topic: `protocol endpoint` of each subscription, by the topic as actions name it."""
    found: dict[str, list[str]] = {}
    for one in template.of("AWS::SNS::Subscription"):
        told = f"{one.properties.get('Protocol')} {one.properties.get('Endpoint')}"
        found.setdefault(str(one.properties.get("TopicArn")), []).append(told)
    for topic in template.of("AWS::SNS::Topic"):
        inline = topic.properties.get("Subscription")
        for entry in inline if isinstance(inline, list) else ():
            if isinstance(entry, dict):
                told = f"{entry.get('Protocol')} {entry.get('Endpoint')}"
                found.setdefault(str(topic.ref), []).append(told)
    return {topic: tuple(told) for topic, told in found.items()}


def _compare(recording: Recording, made: Replay) -> None:
    """Where CloudWatch's own history differs: a change that only one of the two has, within a minute."""
    history: dict[str, list[tuple[int, str]]] = {}
    for one in recording.alarm_history():
        history.setdefault(one.name, []).append((one.timestamp, one.state))
    for course in made.alarms:
        theirs = history.get(course.name)
        if theirs is None:
            continue
        ours = [(change.at, change.after.name) for change in course.changes]
        for at, state in theirs:
            match = next((one for one in ours if one[1] == state and abs(one[0] - at) <= MINUTE_MS), None)
            if match is None:
                made.differences.append(Difference(course.name, at, state, None))
            else:
                ours.remove(match)
        made.differences += [Difference(course.name, at, None, state) for at, state in ours]
    made.differences.sort(key=lambda one: (one.at, one.alarm))
