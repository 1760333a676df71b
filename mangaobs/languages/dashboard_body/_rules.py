"""The rules by which a finding goes, each with what it asks."""

from __future__ import annotations

RULES: dict[str, str] = {
    # One field by itself; the facts are in `_facts`.
    "required": "a field that must be there",
    "type": "a field holds the kind of value that it takes",
    "value": "a field holds one of its values, or matches its format",
    "range": "a number, a length or a count is inside its limits",
    "unknown": "a key is one that the service knows",
    "statistic": "a statistic exists",
    "label": "a dynamic label uses tokens that exist, and no more than may be",
    "expression": "a metric math expression uses functions that exist",
    "row": "a row of `metrics` is [namespace, metric, (dimension, value)*, options] or [options with an expression]",
    "no-effect": "an option has an effect in the view that it is given for",
    "unique": "the ids of variables differ",
    # Across fields; the ids are those of the project's fact table.
    "R1": "`end` needs `start`, and with `end` both are absolute times",
    "R2": "a relative `start` is -PT<n>M or -PT<n>H, or -P<n>D, -P<n>W or -P<n>M",
    "R3": "`x` and `y` are both given or both left out, and a widget ends inside the 24 columns",
    "R4": "a metric widget has a region and metrics, or an alarm annotation",
    "R5": "an alarm annotation stands alone: no metrics, no horizontal or vertical annotation",
    "R6": "a gauge has both ends of its left axis",
    "R7": "a sparkline does not go with setPeriodToTimeRange",
    "R8": "ids are unique in a widget, and math refers to ids that exist",
    "R9": "a widget has at most one Metrics Insights query, which shares its expression with no math",
    "R10": "a select or radio variable has values, or a search and populateFrom; an input has no values",
    "R11": "the default of a variable is one of its values; __FIRST needs a search",
    "R12": "a variable has a property or a pattern, as its type says",
    "R13": "a SEARCH has at most 1,024 characters, a graph at most 100 of them",
    "R14": "the query of a log widget starts with SOURCE",
    "R15": "widgets do not overlap",
    "R16": "a metric's dimensions are pairs, at most 30, and AWS publishes the metric under them",
    "R17": "hidden rows stand after visible ones: colors go by row, hidden ones included",
}
