"""Two small matchers of our own, written from AWS's pages: JSON filter patterns and EventBridge patterns.

They share nothing with the product, whose patterns they judge. Only what mangaobs renders is understood; anything
else is an error.

Sources: CloudWatch Logs User Guide, "Filter pattern syntax"; EventBridge User Guide, "Comparison operators".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Matcher = Callable[[Any], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<sign>&&|\|\||!=|=|\(|\)|\{|\})
      | (?P<selector>\$(?:\.[A-Za-z0-9_-]+|\[\*\]|\[\d+\])+)
      | (?P<text>"(?:[^"\\]|\\.)*")
      | (?P<word>NOT\ EXISTS)
    )""",
    re.VERBOSE,
)


def filter_pattern(pattern: str) -> Matcher:
    """The predicate that a metric filter's JSON pattern is."""
    tokens = list(_tokens(pattern))
    position = 0

    def take(expected: str | None = None) -> tuple[str, str]:
        nonlocal position
        token = tokens[position]
        assert expected is None or token[1] == expected, f"{token} where {expected} should be, in {pattern}"
        position += 1
        return token

    def any_() -> Matcher:
        parts = [all_()]
        while tokens[position][1] == "||":
            take()
            parts.append(all_())
        return lambda event: any(part(event) for part in parts)

    def all_() -> Matcher:
        parts = [one()]
        while tokens[position][1] == "&&":
            take()
            parts.append(one())
        return lambda event: all(part(event) for part in parts)

    def one() -> Matcher:
        kind, written = take()
        if written == "(":
            inner = any_()
            take(")")
            return inner
        assert kind == "selector", f"{written} in {pattern}"
        kind, operator = take()
        if operator == "NOT EXISTS":
            return lambda event: not list(_select(event, written))
        kind, value = take()
        assert kind == "text"
        parts = re.sub(r"\\(.)", r"\1", value[1:-1]).split("*")
        wanted = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
        if operator == "=":
            return lambda event: any(_equal(found, wanted) for found in _select(event, written))
        assert operator == "!="
        # where the field is absent `!=` does not match
        return lambda event: any(not _equal(found, wanted) for found in _select(event, written))

    take("{")
    matcher = any_()
    take("}")
    assert position == len(tokens), f"{tokens[position:]} after the pattern {pattern}"
    return matcher


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    position = 0
    text = pattern.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        assert found, f"{text[position:]!r} in {pattern}"
        kind = found.lastgroup or ""
        yield kind, found[kind]
        position = found.end()


def _select(event: Any, selector: str) -> Iterator[Any]:
    found = [event]
    for name, index in re.findall(r"\.([A-Za-z0-9_-]+)|\[(\*|\d+)\]", selector):
        if name:
            found = [one[name] for one in found if isinstance(one, dict) and name in one]
        elif index == "*":
            found = [inner for one in found if isinstance(one, list) for inner in one]
        else:
            found = [one[int(index)] for one in found if isinstance(one, list) and int(index) < len(one)]
    yield from found


def _equal(found: Any, wanted: re.Pattern[str]) -> bool:
    return isinstance(found, str) and wanted.fullmatch(found) is not None


def event_pattern(pattern: dict[str, Any], event: Any) -> bool:
    """Whether EventBridge's `pattern` takes `event`."""
    for key, rule in pattern.items():
        present = isinstance(event, dict) and key in event
        if isinstance(rule, dict):
            if not present or not event_pattern(rule, event[key]):
                return False
        elif not any(_takes(one, event[key] if present else None, present=present) for one in rule):
            return False
    return True


def _takes(rule: Any, value: Any, *, present: bool) -> bool:
    if isinstance(rule, dict):
        ((operator, wanted),) = rule.items()
        if operator == "exists":
            return present == wanted
        values = value if isinstance(value, list) else [value]
        if operator == "suffix":
            return present and any(isinstance(one, str) and one.endswith(wanted) for one in values)
        if operator == "prefix":
            return present and any(isinstance(one, str) and one.startswith(wanted) for one in values)
        raise AssertionError(f"{operator} is not known to this matcher")
    return present and (rule in value if isinstance(value, list) else rule == value)
