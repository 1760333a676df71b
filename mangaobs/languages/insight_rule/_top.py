"""Counts contributors over log events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from mangaobs.languages.insight_rule._rule import Filter, InsightRule

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_WORD = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')
_MISSING: Final = object()
_KEY_BYTES: Final = 1024


class Contributors:
    """The contributors of one rule, by their keys.

    Left open by AWS, and decided so: an event without a key, or without a number in ValueOf, does not count; a negative
    test of a field that is not there fails; `In` compares numbers as texts.
    """

    def __init__(self, rule: InsightRule) -> None:
        self.rule = rule
        self.values: dict[tuple[str, ...], float] = {}
        self.events = 0
        self._paths: dict[str, tuple[str | int, ...]] = {}

    def add(self, message: str) -> bool:
        """Count a log event; whether it counted."""
        rule = self.rule
        event = self._parsed(message)
        if event is _MISSING or not all(self._passes(event, one) for one in rule.contribution.filters):
            return False
        keys = tuple(_key(self._field(event, path)) for path in rule.contribution.keys)
        if None in keys:
            return False
        amount = 1.0
        if rule.contribution.value_of is not None:
            number = _number(self._field(event, rule.contribution.value_of))
            if number is None:
                return False
            amount = number
        named = tuple(key for key in keys if key is not None)
        self.values[named] = self.values.get(named, 0.0) + amount
        self.events += 1
        return True

    def top(self, count: int = 10) -> list[tuple[tuple[str, ...], float]]:
        """The greatest contributors, greatest first."""
        return sorted(self.values.items(), key=lambda one: (-one[1], one[0]))[:count]

    def _parsed(self, message: str) -> Any:  # noqa: ANN401 - whatever a log event holds
        if self.rule.log_format == "CLF":
            return [
                next((part for part in found.groups() if part is not None), "") for found in _WORD.finditer(message)
            ]
        import orjson

        try:
            event = orjson.loads(message)
        except (ValueError, UnicodeError):
            return _MISSING
        return event if isinstance(event, dict) else _MISSING

    def _field(self, event: Any, path: str) -> Any:  # noqa: ANN401 - whatever a log event holds
        if self.rule.log_format == "CLF":
            position = path if path.isdecimal() else self._alias(path)
            index = int(position) - 1 if position else -1
            return event[index] if 0 <= index < len(event) else _MISSING
        steps = self._paths.get(path)
        if steps is None:
            steps = self._paths[path] = tuple(int(index) if index else name for name, index in _STEP.findall(path))
        for step in steps:
            if isinstance(step, int):
                event = event[step] if isinstance(event, list) and step < len(event) else _MISSING
            else:
                event = event.get(step, _MISSING) if isinstance(event, dict) else _MISSING
        return event

    def _alias(self, name: str) -> str | None:
        return next((position for position, alias in self.rule.fields.items() if alias == name), None)

    def _passes(self, event: Any, test: Filter) -> bool:  # noqa: ANN401 - whatever a log event holds
        value = self._field(event, test.match)
        if test.is_present is not msgspec.UNSET:
            return (value is not _MISSING and not isinstance(value, (dict, list))) is test.is_present
        if value is _MISSING or isinstance(value, (dict, list)) or value is None:
            return False
        if test.in_ is not msgspec.UNSET:
            return _text(value) in map(_text, test.in_)
        if test.not_in is not msgspec.UNSET:
            return _text(value) not in map(_text, test.not_in)
        if test.starts_with is not msgspec.UNSET:
            return _text(value).startswith(tuple(test.starts_with))
        number = _number(value)
        return number is not None and _ordered(number, test)


def _ordered(number: float, test: Filter) -> bool:
    if test.greater_than is not msgspec.UNSET:
        return number > test.greater_than
    if test.less_than is not msgspec.UNSET:
        return number < test.less_than
    if test.equal_to is not msgspec.UNSET:
        return number == test.equal_to
    return number != test.not_equal_to


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _key(value: object) -> str | None:
    if value is _MISSING or value is None or isinstance(value, (dict, list)):
        return None
    return _text(value).encode()[:_KEY_BYTES].decode(errors="ignore")


def _number(value: object) -> float | None:
    if isinstance(value, bool) or value is _MISSING:
        return None
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None
