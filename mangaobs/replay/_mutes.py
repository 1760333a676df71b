"""Alarm mute rules: when an alarm's actions do not run. Its states go on changing.

Source: CloudWatch User Guide, "Alarm mute rules": a schedule, cron of five fields or `at(…)`, a duration, a time zone.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mangaobs.replay._metrics import MINUTE_MS

if TYPE_CHECKING:
    from mangaobs.template import Resource, Template

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_SCHEDULE = re.compile(r"(cron|at)\(\s*(.+?)\s*\)")
_PART = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?")
_BOUNDS: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_NAMES: Final = {
    name: number
    for names, first in (("sun mon tue wed thu fri sat", 0), ("jan feb mar apr may jun jul aug sep oct nov dec", 1))
    for number, name in enumerate(names.split(), first)
}


class _WrongError(Exception):
    """Why a rule is not evaluated."""


def mutes(template: Template, first: int, last: int, unevaluated: dict[str, str]) -> dict[str, list[tuple[int, int]]]:
    """When alarms are muted in [first, last] ms: begin and end in ms, by the alarm's name."""
    found: dict[str, list[tuple[int, int]]] = {}
    for resource in template.of("AWS::CloudWatch::AlarmMuteRule"):
        try:
            windows = _windows(resource, first, last)
        except _WrongError as why:
            unevaluated[resource.id] = str(why)
            continue
        for alarm in _alarms(resource):
            found.setdefault(alarm, []).extend(windows)
    return found


def _alarms(resource: Resource) -> list[str]:
    targets = resource.properties.get("MuteTargets")
    names = targets.get("AlarmNames", []) if isinstance(targets, dict) else []
    return [str(name).partition(":alarm:")[2] or str(name) for name in names] if isinstance(names, list) else []


def _windows(resource: Resource, first: int, last: int) -> list[tuple[int, int]]:
    rule = resource.properties.get("Rule")
    schedule = rule.get("Schedule") if isinstance(rule, dict) else None
    if not isinstance(schedule, dict):
        raise _WrongError("it has no schedule")
    length = _milliseconds(str(schedule.get("Duration")))
    try:
        zone = ZoneInfo(str(schedule.get("Timezone", "UTC")))
    except (ZoneInfoNotFoundError, ValueError):
        raise _WrongError(f"the time zone {schedule.get('Timezone')}") from None
    expression = _SCHEDULE.fullmatch(str(schedule.get("Expression")))
    if expression is None:
        raise _WrongError(f"the schedule {schedule.get('Expression')}")
    earliest, latest = _bound(resource, "StartDate", first - length), _bound(resource, "ExpireDate", last)
    if expression[1] == "at":
        begins = [_time(expression[2], zone)]
    else:
        begins = _cron(expression[2], max(first - length, earliest), min(last, latest), zone)
    return [(begin, min(begin + length, latest + 1)) for begin in begins if earliest <= begin <= latest]


def _bound(resource: Resource, name: str, default: int) -> int:
    value = resource.properties.get(name)
    return default if value is None else _time(str(value), ZoneInfo("UTC"))


def _time(text: str, zone: ZoneInfo) -> int:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise _WrongError(f"the time {text}") from None
    return int((time if time.tzinfo else time.replace(tzinfo=zone)).timestamp() * 1000)


def _milliseconds(text: str) -> int:
    found = _DURATION.fullmatch(text)
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    length = int(timedelta(days=days, hours=hours, minutes=minutes).total_seconds() * 1000)
    if not MINUTE_MS <= length <= 15 * 1440 * MINUTE_MS:
        raise _WrongError(f"the duration {text}, which is none of PT1M to P15D")
    return length


def _cron(text: str, first: int, last: int, zone: ZoneInfo) -> list[int]:
    """The minutes in [first, last] ms that five fields name: minute, hour, day, month, day of the week."""
    parts = text.split()
    if len(parts) != len(_BOUNDS):
        raise _WrongError(f"the schedule {text} has {len(parts)} fields, not 5")
    minute, hour, day, month, weekday = (_field(part, *bounds) for part, bounds in zip(parts, _BOUNDS, strict=True))
    either = parts[2] not in "*?" and parts[4] not in "*?"  # as in cron: both given, one of them is enough
    found: list[int] = []
    for at in range(-(-first // MINUTE_MS) * MINUTE_MS, last + 1, MINUTE_MS):
        local = datetime.fromtimestamp(at / 1000, zone)
        if local.minute not in minute or local.hour not in hour or local.month not in month:
            continue
        days = (local.day in day, (local.weekday() + 1) % 7 in weekday)
        if any(days) if either else all(days):
            found.append(at)
    return found


def _field(text: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in text.lower().replace("?", "*").split(","):
        matched = _PART.fullmatch(part)
        if matched is None:
            raise _WrongError(f"the schedule's {text}")
        begin, end, step = matched.groups()
        first = low if begin == "*" else _number(begin, text)
        last = _number(end, text) if end else high if begin == "*" or step else first
        if not low <= first <= last <= high or step == "0":
            raise _WrongError(f"the schedule's {text}")
        found |= set(range(first, last + 1, int(step or 1)))
    return {0 if high == 7 and one == 7 else one for one in found}


def _number(text: str, field: str) -> int:
    if text.isdecimal():
        return int(text)
    if text in _NAMES:
        return _NAMES[text]
    raise _WrongError(f"the schedule's {field}")


def mute_problem(resource: Resource) -> str | None:
    """Why a mute rule mutes nothing: its schedule, its duration or its time zone; None if it can be read."""
    try:
        _windows(resource, 0, 0)
    except _WrongError as why:
        return str(why)
    return None
