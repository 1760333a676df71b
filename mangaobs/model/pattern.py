"""JSON filter patterns, built so that they parse: `all_of(equal("$.eventName", "Scan"), …)`.

Source: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters".
"""

from __future__ import annotations

import re

import msgspec

from mangaobs.model._check import fail
from mangaobs.model.value import Text, Value, shown, text

_SELECTOR = re.compile(r"\$(?:\.[A-Za-z0-9_-]+|\.\*|\.\['[^']+'\]|\[\d+\]|\[\*\])+")
_WILDCARD = re.compile(r"\$\S*(?:\[\*\]|\.\*)")


class Pattern(msgspec.Struct, frozen=True):
    """A JSON filter pattern; `body` is what stands between the braces and may hold deploy-time values."""

    body: Value
    joined: bool = False

    def rendered(self) -> Value:
        """The pattern as CloudWatch takes it: at most 1,024 characters."""
        whole = text("{ ", self.body, " }")
        if len(shown(whole)) > 1024:
            fail(
                "filter pattern",
                "length",
                f"is {len(shown(whole))} characters",
                "at most 1,024: split it into two filters",
            )
        wildcards = len(_WILDCARD.findall(shown(whole)))
        if wildcards > 3:
            fail("filter pattern", "wildcard selectors", f"are {wildcards}", "at most 3: split it into two filters")
        return whole

    def __str__(self) -> str:
        return shown(self.rendered())


def equal(selector: str, *values: Value) -> Pattern:
    """The field has one of `values`; `*` in a value stands for anything."""
    tests = [text(f"{_selector(selector)} = ", _quoted(value)) for value in values]
    return _join("||", [Pattern(test) for test in tests])


def unequal(selector: str, value: Value) -> Pattern:
    """The field is there with another value. (Where the field is absent, CloudWatch's `!=` does not match.)"""
    return Pattern(text(f"{_selector(selector)} != ", _quoted(value)))


def absent(selector: str) -> Pattern:
    """The field is not there."""
    return Pattern(f"{_selector(selector)} NOT EXISTS")


def is_true(selector: str) -> Pattern:
    """The field is the JSON boolean true; CloudTrail writes some flags as the string "true": use `equal` for those."""
    return Pattern(f"{_selector(selector)} IS TRUE")


def is_false(selector: str) -> Pattern:
    """The field is the JSON boolean false."""
    return Pattern(f"{_selector(selector)} IS FALSE")


def all_of(*patterns: Pattern) -> Pattern:
    """Every one matches."""
    return _join("&&", patterns)


def any_of(*patterns: Pattern) -> Pattern:
    """At least one matches."""
    return _join("||", patterns)


def _join(operator: str, patterns: tuple[Pattern, ...] | list[Pattern]) -> Pattern:
    if not patterns:
        fail("filter pattern", "parts", "are missing", "at least one")
    if len(patterns) == 1:
        return patterns[0]
    parts: list[Value] = []
    for pattern in patterns:
        parts += [f" {operator} ", "(" if pattern.joined else "", pattern.body, ")" if pattern.joined else ""]
    return Pattern(text(*parts[1:]), joined=True)


def _selector(selector: str) -> str:
    if not _SELECTOR.fullmatch(selector):
        fail(
            "filter pattern",
            f"selector {selector!r}",
            "is not one",
            "for example $.userIdentity.type or $.resources[*].ARN",
        )
    return selector


def _quoted(value: Value) -> Value:
    if isinstance(value, str):
        return '"' + value.replace('"', '\\"') + '"'
    return text('"', *(value.parts if isinstance(value, Text) else (value,)), '"')
