"""Metric filters, subscription filters and insight rules as a template has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mangaobs.errors import LanguageError, ManyErrors
from mangaobs.languages import filter_pattern, insight_rule
from mangaobs.lint._values import text
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from mangaobs.languages.filter_pattern import Pattern
    from mangaobs.lint._app import App
    from mangaobs.template import Resource

METRIC: Final = "AWS::Logs::MetricFilter"
SUBSCRIPTION: Final = "AWS::Logs::SubscriptionFilter"
RULE: Final = "AWS::CloudWatch::InsightRule"


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter: its pattern's tree, or what is wrong with it. `source` is None where the pattern is not known."""

    resource: Resource
    source: str | None
    pattern: Pattern | None
    errors: list[LanguageError]

    @property
    def group(self) -> object:
        """The log group that it reads."""
        return self.resource.properties.get("LogGroupName")


@dataclass(frozen=True, slots=True)
class Rule:
    """An insight rule: its body, or what is wrong with it."""

    resource: Resource
    source: str | None
    rule: insight_rule.InsightRule | None
    error: LanguageError | None


def filters(app: App) -> list[Filter]:
    """The metric filters and subscription filters."""
    return app.once(_filters)


def rules(app: App) -> list[Rule]:
    """The insight rules."""
    return app.once(_rules)


def _filters(app: App) -> list[Filter]:
    return [_filter(one) for one in app.of(METRIC, SUBSCRIPTION)]


def _rules(app: App) -> list[Rule]:
    return [_rule(one) for one in app.of(RULE)]


def _filter(resource: Resource) -> Filter:
    given = resource.properties.get("FilterPattern")
    source = given.expression if isinstance(given, Unknown) else text(given) if given is not None else None
    if source is None:
        return Filter(resource, None, None, [])
    try:
        return Filter(resource, source, filter_pattern.parse(source), [])
    except ManyErrors as many:
        errors = [one for one in many.errors if isinstance(one, LanguageError)]
    except LanguageError as error:
        errors = [error]
    return Filter(resource, source, None, [] if isinstance(given, Unknown) else errors)


def _rule(resource: Resource) -> Rule:
    given = resource.properties.get("RuleBody")
    source = given.expression if isinstance(given, Unknown) else text(given)
    if source is None or (isinstance(given, Unknown) and not source.lstrip().startswith("{")):
        return Rule(resource, None, None, None)
    try:
        return Rule(resource, source, insight_rule.parse(source), None)
    except LanguageError as error:
        return Rule(resource, source, None, None if isinstance(given, Unknown) else error)
