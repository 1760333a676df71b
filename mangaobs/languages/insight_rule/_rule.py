"""The schema of a rule's body, and its limits."""

from __future__ import annotations

import json
import re
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from mangaobs.errors import LanguageError

_LONGEST: Final = 8192
_LANGUAGE: Final = "insight rule"
_PATH = re.compile(r"\$(?:\.[^.\[\]\s]+|\[\d+\])+")

Texts = Annotated[list[str | float], Meta(min_length=1, max_length=10)]


class Filter(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """A test of one field; exactly one of the tests is given."""

    match: str
    in_: Texts | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="In")
    not_in: Texts | msgspec.UnsetType = msgspec.UNSET
    starts_with: Annotated[list[str], Meta(min_length=1, max_length=10)] | msgspec.UnsetType = msgspec.UNSET
    greater_than: float | msgspec.UnsetType = msgspec.UNSET
    less_than: float | msgspec.UnsetType = msgspec.UNSET
    equal_to: float | msgspec.UnsetType = msgspec.UNSET
    not_equal_to: float | msgspec.UnsetType = msgspec.UNSET
    is_present: bool | msgspec.UnsetType = msgspec.UNSET

    @property
    def tests(self) -> list[str]:
        """The tests that are given, by the name of the field here."""
        return [name for name in _TESTS if getattr(self, name) is not msgspec.UNSET]


_TESTS: Final = (
    "in_",
    "not_in",
    "starts_with",
    "greater_than",
    "less_than",
    "equal_to",
    "not_equal_to",
    "is_present",
)


class Contribution(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """Who contributes, and how much."""

    keys: Annotated[list[str], Meta(min_length=1, max_length=4)]
    value_of: str | None = None
    filters: Annotated[list[Filter], Meta(max_length=4)] = []


class _Schema(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    name: Literal["CloudWatchLogRule", "ServiceLogRule"]
    version: int


class InsightRule(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """A rule's body."""

    schema: _Schema
    log_format: Literal["JSON", "CLF"]
    contribution: Contribution
    aggregate_on: Literal["Count", "Sum"]
    log_group_names: list[str] = []
    log_group_arns: list[str] = msgspec.field(default=[], name="LogGroupARNs")
    fields: dict[str, str] = {}

    def covers(self, group: str) -> bool:
        """Whether the rule reads a log group; a `*` at the end of a name stands for anything."""
        names = [*self.log_group_names, *(arn.partition(":log-group:")[2] for arn in self.log_group_arns)]
        return any(
            group.startswith(name[:-1]) if name.endswith("*") else group == name.removesuffix(":") for name in names
        )


def parse(body: str) -> InsightRule:
    """The rule. Raises `LanguageError` with the offset in `body` where it is known."""
    if len(body) > _LONGEST or not body.isascii():
        what = "characters that are not ASCII" if not body.isascii() else f"{len(body):,} characters"
        raise _error(body, f"the rule has {what}", f"at most {_LONGEST:,} ASCII characters")
    try:
        json.loads(body)
        rule = msgspec.json.decode(body, type=InsightRule)
    except json.JSONDecodeError as error:
        raise _error(body, f"not JSON: {error.msg}", "", error.pos) from None
    except msgspec.ValidationError as error:
        raise _error(body, str(error), _hint(str(error))) from None
    except RecursionError:
        raise _error(body, "nested too deep", "a rule") from None
    _check(rule, body)
    return rule


def _hint(problem: str) -> str:
    if "aggregate_on" in problem or "AggregateOn" in problem:
        return "AggregateOn stands at the top level, beside Contribution"
    return ""


def _check(rule: InsightRule, body: str) -> None:
    contribution = rule.contribution
    if bool(rule.log_group_names) == bool(rule.log_group_arns):
        raise _error(body, "log groups are named by name or by ARN", "one of LogGroupNames and LogGroupARNs")
    if rule.aggregate_on == "Sum" and contribution.value_of is None:
        raise _error(body, "AggregateOn Sum without ValueOf", "ValueOf, or AggregateOn Count", body.find('"Sum"'))
    if rule.aggregate_on == "Count" and contribution.value_of is not None:
        raise _error(body, "ValueOf with AggregateOn Count", "AggregateOn Sum", body.find('"ValueOf"'))
    if rule.fields and rule.log_format != "CLF":
        raise _error(body, "Fields are for the format CLF", "no Fields", body.find('"Fields"'))
    for filter_ in contribution.filters:
        if len(filter_.tests) != 1:
            raise _error(body, f"a filter of {filter_.match} has {len(filter_.tests)} tests", "exactly one")
    if rule.log_format == "JSON":
        for path in [*contribution.keys, *(one.match for one in contribution.filters), contribution.value_of or "$.x"]:
            if not _PATH.fullmatch(path):
                raise _error(body, f"{path!r} is no path", "for example $.user.id", body.find(path))


def _error(body: str, problem: str, right: str, start: int = 0) -> LanguageError:
    start = max(start, 0)
    return LanguageError(
        problem, right=right, language=_LANGUAGE, source=body, start=start, end=min(start + 1, len(body))
    )
