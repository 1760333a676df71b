"""A metric transformation that CloudWatch Logs refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mangaobs.languages import filter_pattern
from mangaobs.lint import _filters
from mangaobs.lint._app import FILTER
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import inside, listed, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Fields that exclude each other, and limits."""
    for one in _filters.filters(app):
        given = one.resource.properties.get("MetricTransformations")
        if one.resource.type != FILTER or not isinstance(given, list):
            continue
        if len(given) != 1:
            what = f"the filter has {len(given)} transformations"
            yield Found("MO405", one.resource, what, "exactly one", Spot.of("MetricTransformations"))
        for number_, made in enumerate(given):
            for key, what, right in _problems(inside(made), one.pattern):
                yield Found("MO405", one.resource, what, right, Spot.of("MetricTransformations", number_, key))


def _problems(made: Mapping[str, object], pattern: object) -> Iterator[tuple[str, str, str]]:
    dimensions = listed(made.get("Dimensions"))
    if dimensions and made.get("DefaultValue") is not None:
        yield "DefaultValue", "DefaultValue and Dimensions exclude each other", "one of them"
    if len(dimensions) > 3:
        yield "Dimensions", f"the metric has {len(dimensions)} dimensions", "at most 3"
    if dimensions and isinstance(pattern, (filter_pattern.Terms, filter_pattern.Everything)):
        yield "Dimensions", "a pattern of terms has no fields for dimensions", "a JSON or delimited pattern"
    for key in ("MetricNamespace", "MetricName"):
        value = text(made.get(key))
        if value is not None and re.search(r"[:*$]", value):
            yield key, f"{value!r} has a character that is not allowed", "none of : * $"
    if (text(made.get("MetricNamespace")) or "").startswith("AWS/"):
        yield "MetricNamespace", "namespaces that begin with AWS/ are AWS's own", "a namespace of your own"
