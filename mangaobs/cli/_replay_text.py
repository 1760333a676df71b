"""A replay as an on-call engineer reads it: what fired and why, who was told, what was not evaluated."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.replay import AlarmCourse, Change, Replay

_BARS: Final = "▁▂▃▄▅▆▇█"
_WIDTH: Final = 60


def iso(at: int) -> str:
    """A time in ms as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def text(made: Replay) -> Iterator[str]:
    """The lines."""
    fired = [course for course in made.alarms if any(map(_fires, course.changes))]
    yield f"{iso(made.first)} to {iso(made.last)}, {len(made.alarms)} alarms evaluated"
    for course in fired:
        yield from ("", course.name)
        yield from _course(course)
    yield from _section("Notifications", _notifications(made))
    for name, top in made.rules.items():
        yield from _section(f"Contributors: {name}", (f"{value:>12,.6g}  {' '.join(keys)}" for keys, value in top[:5]))
    yield from _section("Differences from CloudWatch's own history", _differences(made))
    yield from _section("Not evaluated", (f"{name}: {why}" for name, why in made.unevaluated.items()))
    quiet = len(made.alarms) - len(fired)
    yield ""
    yield f"{len(fired)} alarms fired, {quiet} did not, {len(made.unevaluated)} resources were not evaluated"


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    """A title and its lines; nothing if there are none."""
    for number, line in enumerate(lines):
        if number == 0:
            yield from ("", title)
        yield f"  {line}"


def _fires(change: Change) -> bool:
    return change.after.name == "ALARM"


def _course(course: AlarmCourse) -> Iterator[str]:
    for change in course.changes:
        marks = (" (AWS leaves this open)" if change.open else "") + (" (approximate)" if change.approximate else "")
        yield f"  {iso(change.at)}  {change.before.name} → {change.after.name}{marks}: {change.reason}"
        if _fires(change):
            yield from _chart(course, change.at)


def _notifications(made: Replay) -> Iterator[str]:
    for one in made.notifications:
        if one.state.name != "ALARM":
            continue
        told = ", ".join(one.subscribers) or "nobody in these templates"
        kept = f", kept back by {one.suppressed_by}" if one.suppressed_by else ""
        yield f"{iso(one.at)}  {one.severity or 'alarm'}  {one.alarm} → {one.action} ({told}){kept}"


def _differences(made: Replay) -> Iterator[str]:
    for one in made.differences:
        theirs, ours = one.cloudwatch or "no change", one.replay or "no change"
        yield f"{iso(one.at)}  {one.alarm}: CloudWatch {theirs}, replay {ours}"


def _chart(course: AlarmCourse, at: int) -> Iterator[str]:
    """The series around a moment; `│` stands after the newest point that the evaluation saw."""
    evaluated = course.evaluated
    if evaluated is None:
        return
    step = evaluated.ends.step
    middle = (at - evaluated.ends.start) // step
    begin = max(middle - _WIDTH * 2 // 3, evaluated.lead)
    values = evaluated.values[begin : begin + _WIDTH].tolist()
    real = [value for value in values if not math.isnan(value)]
    if not real:
        return
    threshold = float(getattr(course.alarm, "threshold", 0.0))
    low, high = min(*real, threshold), max(*real, threshold)
    spread = (high - low) or 1
    bars = [" " if math.isnan(value) else _BARS[int((value - low) / spread * (len(_BARS) - 1))] for value in values]
    cut = middle - begin + 1
    start = iso(evaluated.ends.start + begin * step)[11:16]
    scale = f"{low:.4g} to {high:.4g}, threshold {threshold:g}"
    yield f"      {start} {''.join(bars[:cut])}│{''.join(bars[cut:])}  {scale}"
