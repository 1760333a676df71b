"""Counts contributors over log events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from mangaobs.languages.delimited import words_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mangaobs.languages.insight_rule._rule import Filter, InsightRule

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_MISSING: Final = object()
_KEY_BYTES: Final = 1024
_MOST_FIELDS: Final = 1 << 30


class Contributors:
    """The contributors of one rule, by their keys.

    Left open by AWS, and decided so: an event without a key, or without a number in ValueOf, does not count; a negative
    test of a field that is not there fails; `In` compares numbers as texts.
    """

    def __init__(self, rule: InsightRule) -> None:
        self.rule = rule
        self.values: dict[tuple[str, ...], float] = {}
        self.events = 0
        contribution = rule.contribution
        self._tests = [(_steps(rule, one.match), _test(one)) for one in contribution.filters]
        self._keys = [_steps(rule, path) for path in contribution.keys]
        self._value = _steps(rule, contribution.value_of) if contribution.value_of is not None else None

    def add(self, message: str, document: object = None) -> bool:
        """Count a log event; whether it counted. `document` is the JSON that the message is, where that is known."""
        known = isinstance(document, dict) and self.rule.log_format == "JSON"
        event = document if known else self._parsed(message)
        for steps, passes in self._tests:
            if not passes(_field(event, steps)):
                return False
        keys = tuple(key for steps in self._keys if (key := _key(_field(event, steps))) is not None)
        amount = 1.0 if self._value is None else _number(_field(event, self._value))
        if len(keys) < len(self._keys) or amount is None:
            return False
        self.values[keys] = self.values.get(keys, 0.0) + amount
        self.events += 1
        return True

    def top(self, count: int = 10) -> list[tuple[tuple[str, ...], float]]:
        """The greatest contributors, greatest first."""
        return sorted(self.values.items(), key=lambda one: (-one[1], one[0]))[:count]

    def _parsed(self, message: str) -> object:
        if self.rule.log_format == "CLF":
            return words_of(message)
        import orjson

        try:
            return orjson.loads(message)
        except (ValueError, UnicodeError):
            return _MISSING


def _steps(rule: InsightRule, path: str) -> tuple[str | int, ...]:
    """The names and indexes of a path; in CLF the number of a field, or its alias, counts from 1."""
    if rule.log_format != "CLF":
        return tuple(int(index) if index else name for name, index in _STEP.findall(path))
    position = next((number for number, alias in rule.fields.items() if alias == path), path)
    return (int(position) - 1 if position.isdecimal() and int(position) else _MOST_FIELDS,)


def _field(event: object, steps: tuple[str | int, ...]) -> object:
    for step in steps:
        if type(step) is str:
            event = event.get(step, _MISSING) if isinstance(event, dict) else _MISSING
        elif isinstance(step, int):
            event = event[step] if isinstance(event, list) and step < len(event) else _MISSING
    return event


def _test(test: Filter) -> Callable[[object], bool]:
    """What a filter asks of the value of its field."""
    if test.is_present is not msgspec.UNSET:
        wanted = test.is_present
        return lambda value: (value is not _MISSING and not isinstance(value, (dict, list))) is wanted
    if test.in_ is not msgspec.UNSET:
        texts = frozenset(map(_text, test.in_))
        return lambda value: _is_scalar(value) and _text(value) in texts
    if test.not_in is not msgspec.UNSET:
        others = frozenset(map(_text, test.not_in))
        return lambda value: _is_scalar(value) and _text(value) not in others
    if test.starts_with is not msgspec.UNSET:
        beginnings = tuple(test.starts_with)
        return lambda value: _is_scalar(value) and _text(value).startswith(beginnings)

    def ordered(value: object) -> bool:
        number = _number(value)
        return number is not None and _ordered(number, test)

    return ordered


def _is_scalar(value: object) -> bool:
    return value is not _MISSING and value is not None and not isinstance(value, (dict, list))


def _ordered(number: float, test: Filter) -> bool:
    if test.greater_than is not msgspec.UNSET:
        return number > test.greater_than
    if test.less_than is not msgspec.UNSET:
        return number < test.less_than
    if test.equal_to is not msgspec.UNSET:
        return number == test.equal_to
    return number != test.not_equal_to


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _key(value: object) -> str | None:
    if not _is_scalar(value):
        return None
    text = _text(value)
    short = len(text) <= _KEY_BYTES // 4  # in UTF-8, too
    return text if short else text.encode(errors="replace")[:_KEY_BYTES].decode(errors="ignore")


def _number(value: object) -> float | None:
    if isinstance(value, bool) or value is _MISSING:
        return None
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None
